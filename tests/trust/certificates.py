"""Certificates as an office gives them out, good and bad."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ozora.trust.identity import PrivateKey

NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


def issue(
    home: Path,
    *,
    key: PrivateKey | None = None,
    form: serialization.PrivateFormat = serialization.PrivateFormat.PKCS8,
    leaf: tuple[datetime.datetime, datetime.datetime] = (NOW - DAY, NOW + DAY),
    authority: tuple[datetime.datetime, datetime.datetime] = (NOW - DAY, NOW + DAY),
    leaf_first: bool = True,
    name: str = "studio",
) -> None:
    """Write a certificate and its authority, such as an office gives out, and settings that name them."""
    home.mkdir(exist_ok=True)
    own = key or ec.generate_private_key(ec.SECP256R1())
    certificates = certify(own, leaf=leaf, authority=authority, name=name)
    (home / "chain.pem").write_bytes(b"".join(certificates if leaf_first else reversed(certificates)))
    plain = own.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (home / "office.key").write_bytes(plain)
    (home / "office.key").chmod(0o600)
    settings = {"certificate": str(home / "chain.pem"), "key": str(home / "office.key")}
    (home / "trust.json").write_text(json.dumps(settings))


def certify(
    key: PrivateKey,
    *,
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.EMAIL_PROTECTION,
    leaf: tuple[datetime.datetime, datetime.datetime] = (NOW - DAY, NOW + DAY),
    authority: tuple[datetime.datetime, datetime.datetime] = (NOW - DAY, NOW + DAY),
    name: str = "studio",
) -> list[bytes]:
    """The certificate of a key, and that of the office that signed it, in PEM."""
    office = ec.generate_private_key(ec.SECP256R1())
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in (name, "office")]
    certificates = []
    for subject, public, (begins, ends), is_authority in (
        (names[0], key.public_key(), leaf, False),
        (names[1], office.public_key(), authority, True),
    ):
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(names[1])
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(office.public_key()), critical=False)
            .add_extension(_usage(is_authority=is_authority), critical=True)
        )
        if not is_authority:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage([usage]), critical=usage == ExtendedKeyUsageOID.TIME_STAMPING
            )
        certificates.append(builder.sign(office, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return certificates


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
