"""Who signs: this installation's certificate chain, and the secret key of its watermark.

The chain is a root of our own and a leaf that signs, both on the curve P-256. The leaf may sign mail, because C2PA's
default profile asks for that use and takes no own one. A file that is signed with it is intact beyond doubt; that it
comes from here is shown only to those who have the root. A real certificate takes its place by a setting.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ozora.errors import TrustError
from ozora.trust.settings import TrustSettings, read_settings

FOLDER = "identity"
WATERMARK_KEY_BYTES = 32
_YEARS = 10
_CURVES = {"secp256r1": b"es256", "secp384r1": b"es384", "secp521r1": b"es512"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """``chain_pem`` leaf first; ``anchor_pem`` is the certificate at its end; ``algorithm`` in C2PA's words.

    ``key_pem`` and ``watermark_key`` are secrets and are not shown.
    """

    name: str
    algorithm: bytes
    chain_pem: bytes
    anchor_pem: bytes
    key_pem: bytes
    watermark_key: bytes

    def __repr__(self) -> str:
        return f"Identity({self.name!r})"


def init(home: Path) -> Identity:
    """Make the certificates and the watermark key in ``home`` if there are none; what exists is never replaced."""
    folder = home / FOLDER
    if not folder.exists():
        draft = home / f".{FOLDER}-{secrets.token_hex(4)}"
        try:
            draft.mkdir(mode=0o700, parents=True)
            _make(draft)
            with contextlib.suppress(OSError):  # another process was faster; its identity is the one
                draft.rename(folder)
        except OSError as error:
            raise TrustError(f"{home} cannot be written to ({error.strerror}): set OZORA_HOME to a folder") from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return load(home)


def load(home: Path) -> Identity:
    """The identity in ``home``, or the real certificate that its settings name; ``TrustError`` says what to do."""
    folder = home / FOLDER
    settings = read_settings(home)
    if not folder.exists():
        raise TrustError(f"there is no identity in {home}: run `ozora trust init`")
    _check_modes(folder)
    chain_path, key_path = _signing_files(folder, settings)
    try:
        watermark_key = (folder / "watermark.key").read_bytes()
        chain_pem, key_pem = chain_path.read_bytes(), key_path.read_bytes()
    except OSError as error:
        raise TrustError(f"{error.filename} cannot be read ({error.strerror}): restore it from a backup") from error
    if len(watermark_key) != WATERMARK_KEY_BYTES:
        raise TrustError(f"{folder / 'watermark.key'} is damaged: restore it from a backup")
    return _check(chain_pem, key_pem, watermark_key, chain_path, key_path)


def _signing_files(folder: Path, settings: TrustSettings) -> tuple[Path, Path]:
    if settings.certificate:
        return Path(settings.certificate), Path(settings.key)
    return folder / "chain.pem", folder / "leaf.key"


def _check_modes(folder: Path) -> None:
    for path in folder.glob("*.key"):
        if path.stat().st_mode & 0o077:
            raise TrustError(f"{path} can be read by others: run chmod 600 {path}")


def _check(chain_pem: bytes, key_pem: bytes, watermark_key: bytes, chain_path: Path, key_path: Path) -> Identity:
    try:
        chain = x509.load_pem_x509_certificates(chain_pem)
        key = serialization.load_pem_private_key(key_pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise TrustError(f"{chain_path} or {key_path} is no PEM file that can be used: restore it") from error
    leaf = chain[0]
    if key.public_key() != leaf.public_key():
        raise TrustError(f"{key_path} is not the key of {chain_path}: give the two that belong together")
    if leaf.not_valid_after_utc < datetime.datetime.now(datetime.UTC):
        raise TrustError(f"the certificate in {chain_path} has expired: renew it")
    return Identity(
        name=leaf.subject.rfc4514_string(),
        algorithm=_algorithm(key, key_path),
        chain_pem=chain_pem,
        anchor_pem=chain[-1].public_bytes(serialization.Encoding.PEM),
        key_pem=key_pem,
        watermark_key=watermark_key,
    )


def _algorithm(key: object, path: Path) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return _CURVES[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return b"ed25519"
    if isinstance(key, rsa.RSAPrivateKey):
        return b"ps256"
    raise TrustError(f"{path} is of a kind that C2PA does not sign with: use an EC P-256 key")


def _make(folder: Path) -> None:
    number = secrets.token_hex(4)
    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name, leaf_name = _name(f"Ozora root {number}"), _name(f"Ozora {number}")
    root = _sign(root_name, root_name, root_key.public_key(), root_key)
    leaf = _sign(leaf_name, root_name, leaf_key.public_key(), root_key)
    chain = [certificate.public_bytes(serialization.Encoding.PEM) for certificate in (leaf, root)]
    _write(folder / "chain.pem", b"".join(chain), 0o644)
    _write(folder / "root.pem", chain[1], 0o644)
    _write(folder / "leaf.key", _pem(leaf_key), 0o600)
    _write(folder / "root.key", _pem(root_key), 0o600)
    _write(folder / "watermark.key", secrets.token_bytes(WATERMARK_KEY_BYTES), 0o600)


def _name(common_name: str) -> x509.Name:
    parts = [(NameOID.ORGANIZATION_NAME, "Ozora installation"), (NameOID.COMMON_NAME, common_name)]
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in parts])


def _sign(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, by: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    """A certificate by ``by``; one that names itself as its issuer is the root."""
    is_root = subject == issuer
    now = datetime.datetime.now(datetime.UTC)
    usage = x509.KeyUsage(
        digital_signature=not is_root,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_root,
        crl_sign=is_root,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=365 * _YEARS))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    )
    if not is_root:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    return builder.sign(by, hashes.SHA256())


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
