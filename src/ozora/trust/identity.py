"""Who signs: this installation's certificate chain, and the secret key of its watermark.

The chain is a root of our own and a leaf that signs, both on the curve P-256. The leaf may sign mail, because C2PA's
default profile asks for that use and takes no own one. A file that is signed with it is intact beyond doubt; that it
comes from here is shown only to those who have the root. A real certificate takes its place by a setting.
"""

from __future__ import annotations

import contextlib
import datetime
import itertools
import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ozora.errors import TrustError
from ozora.trust.home import open_home, write_whole
from ozora.trust.settings import TrustSettings, read_settings

FOLDER = "identity"
WATERMARK_KEY = "watermark.key"
ROOT = "root.pem"
EARLIER = "earlier.pem"
WATERMARK_KEY_BYTES = 32
_YEARS = 10
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
PRIVATE_KEYS = (ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey, rsa.RSAPrivateKey)
_CURVES = {"secp256r1": b"es256", "secp384r1": b"es384", "secp521r1": b"es512"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """``chain_pem`` leaf first; ``anchor_pem`` is the certificate at its end; ``algorithm`` in C2PA's words.

    ``serial`` is the number of the leaf in decimal digits, as C2PA's reader gives it; ``earlier_pem`` are the ends of
    the chains that have signed here before. ``key_pem`` (PKCS #8) and ``watermark_key`` are secrets and are not shown.
    """

    name: str
    algorithm: bytes
    serial: str
    chain_pem: bytes
    anchor_pem: bytes
    earlier_pem: bytes
    key_pem: bytes
    watermark_key: bytes

    def __repr__(self) -> str:
        return f"Identity({self.name!r})"


def init(home: Path) -> Identity:
    """Make the certificates and the watermark key in ``home`` if there are none; what exists is never replaced.

    The end of the chain that signs from now on is written down, so that its files are known when another one does.
    """
    folder = open_home(home) / FOLDER
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
    identity = load(home)
    if identity.anchor_pem in identity.earlier_pem:
        return identity
    _remember(folder, identity.anchor_pem)
    return load(home)


def renew(home: Path) -> Identity:
    """Make new certificates in place of the own ones, which stay beside them; the watermark key stays as it is.

    For certificates that have expired, or that a wrong clock made. Files that the old ones signed are known further on.
    """
    folder = home / FOLDER
    if not folder.exists():
        return init(home)
    place = folder / f"replaced-{secrets.token_hex(4)}"
    draft = folder / f".new-{secrets.token_hex(4)}"
    try:
        _remember(folder, (folder / ROOT).read_bytes())
        draft.mkdir(mode=0o700)
        place.mkdir(mode=0o700)
        _make(draft)
        (draft / WATERMARK_KEY).unlink()
        for new in draft.iterdir():  # key and chain change one after the other: whoever signs now may fail once
            (folder / new.name).rename(place / new.name)
            new.rename(folder / new.name)
    except OSError as error:
        raise TrustError(f"{error.filename} cannot be replaced ({error.strerror}): see {place}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return init(home)


def load(home: Path, *, is_to_sign: bool = True) -> Identity:
    """The identity in ``home``, or the real certificate that its settings name; ``TrustError`` says what to do.

    What is not ``is_to_sign`` but only knows files again may have expired.
    """
    folder = home / FOLDER
    settings = read_settings(home)
    if not folder.exists():
        raise TrustError(f"there is no identity in {home}: run `ozora trust init`")
    _check_modes(folder)
    chain_path, key_path = _signing_files(folder, settings)
    try:
        watermark_key = (folder / WATERMARK_KEY).read_bytes()
        chain_pem, key_pem = chain_path.read_bytes(), key_path.read_bytes()
        earlier = [path.read_bytes() for path in (folder / EARLIER, folder / ROOT) if path.exists()]
    except OSError as error:
        raise TrustError(f"{error.filename} cannot be read ({error.strerror}): restore it from a backup") from error
    if len(watermark_key) != WATERMARK_KEY_BYTES:
        raise TrustError(f"{folder / WATERMARK_KEY} is damaged: restore it from a backup")
    chain, key = _parse_pem(chain_pem, key_pem, chain_path, key_path)
    if is_to_sign:
        _check_chain(chain, chain_path)
    leaf = chain[0]
    return Identity(
        name=leaf.subject.rfc4514_string(),
        algorithm=_algorithm(key, key_path),
        serial=str(leaf.serial_number),
        chain_pem=b"".join(_to_pem(certificate) for certificate in chain),
        anchor_pem=_to_pem(chain[-1]),
        earlier_pem=b"".join(dict.fromkeys(_split_pem(b"\n".join(earlier)))),
        key_pem=_pem(key),
        watermark_key=watermark_key,
    )


def _signing_files(folder: Path, settings: TrustSettings) -> tuple[Path, Path]:
    if settings.certificate:
        return Path(settings.certificate), Path(settings.key)
    return folder / "chain.pem", folder / "leaf.key"


def _check_modes(folder: Path) -> None:
    for path in folder.glob("*.key"):
        if path.stat().st_mode & 0o077:
            raise TrustError(f"{path} can be read by others: run chmod 600 {path}")


def _parse_pem(
    chain_pem: bytes, key_pem: bytes, chain_path: Path, key_path: Path
) -> tuple[list[x509.Certificate], PrivateKey]:
    """The chain and the key that belongs to it, in whichever form of PEM they are."""
    try:
        chain = x509.load_pem_x509_certificates(chain_pem)
        key = serialization.load_pem_private_key(key_pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise TrustError(f"{chain_path} or {key_path} is no PEM file that can be used: restore it") from error
    if not isinstance(key, PRIVATE_KEYS):
        raise TrustError(f"{key_path} is of a kind that C2PA does not sign with: use an EC P-256 key")
    if key.public_key() != chain[0].public_key():
        raise TrustError(f"{key_path} is not the key of the first certificate in {chain_path}: put the leaf first")
    return chain, key


def _check_chain(chain: Sequence[x509.Certificate], path: Path) -> None:
    """Each certificate holds now, and each is signed by the next."""
    now = datetime.datetime.now(datetime.UTC)
    for certificate in chain:
        begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        if now < begins:
            raise TrustError(
                f"the certificate in {path} is not yet valid, it begins on {begins:%Y-%m-%d}: set this machine's "
                f"clock, or, if the clock was wrong when our own certificate was made, run `ozora trust renew`"
            )
        if ends < now:
            raise TrustError(
                f"the certificate in {path} has expired on {ends:%Y-%m-%d}: set this machine's clock or renew the "
                f"certificate; `ozora trust renew` does so with our own"
            )
    for certificate, issuer in itertools.pairwise(chain):
        try:
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature) as error:
            name = certificate.subject.rfc4514_string()
            raise TrustError(f"in {path} the certificate behind {name} did not sign it: put them in order") from error


def _remember(folder: Path, anchor_pem: bytes) -> None:
    """Write down that a chain with this end has signed here."""
    path = folder / EARLIER
    try:
        known = _split_pem(path.read_bytes()) if path.exists() else []
        new = [pem for pem in _split_pem(anchor_pem) if pem not in known]
        if new:
            write_whole(path, b"".join([*known, *new]).decode())
    except OSError as error:
        raise TrustError(f"{path} cannot be written ({error.strerror}): make room in {folder}") from error


def _split_pem(content: bytes) -> list[bytes]:
    """Each certificate of a PEM file in one form."""
    try:
        return [_to_pem(certificate) for certificate in x509.load_pem_x509_certificates(content)] if content else []
    except ValueError:
        return []


def _to_pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _algorithm(key: PrivateKey, path: Path) -> bytes:
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
    _write(folder / ROOT, chain[1], 0o644)
    _write(folder / "leaf.key", _pem(leaf_key), 0o600)
    _write(folder / "root.key", _pem(root_key), 0o600)
    _write(folder / WATERMARK_KEY, secrets.token_bytes(WATERMARK_KEY_BYTES), 0o600)


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


def _pem(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
