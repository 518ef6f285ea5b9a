from __future__ import annotations

import datetime
import json
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from ozora.errors import TrustError
from ozora.trust.identity import PrivateKey, init, load, renew
from ozora.trust.manifest import prove_signature
from tests.trust.certificates import DAY, NOW, issue


def test_init_makes_a_chain_and_keys_that_only_the_owner_reads(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    identity = init(home)
    leaf, root = x509.load_pem_x509_certificates(identity.chain_pem)
    leaf.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)
    assert identity.algorithm == b"es256"
    assert len(identity.watermark_key) == 32
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (home / "identity").iterdir()}
    assert {name: mode for name, mode in modes.items() if name.endswith(".key")} == {
        "leaf.key": 0o600,
        "root.key": 0o600,
        "watermark.key": 0o600,
    }
    assert [path.name for path in home.iterdir()] == ["identity"]


def test_init_keeps_what_is_there(tmp_path: Path) -> None:
    assert init(tmp_path) == init(tmp_path) == load(tmp_path)
    assert init(tmp_path / "other") != init(tmp_path)


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    assert "PRIVATE" not in repr(init(tmp_path))


def test_a_missing_identity_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(TrustError, match="ozora trust init"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("watermark.key", b"short", "damaged"),
        ("leaf.key", b"-----BEGIN", "no PEM"),
        ("chain.pem", b"", "no PEM"),
    ],
)
def test_a_damaged_identity_is_refused(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    init(tmp_path)
    (tmp_path / "identity" / name).write_bytes(content)
    with pytest.raises(TrustError, match=says):
        load(tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    init(tmp_path)
    (tmp_path / "identity" / "leaf.key").unlink()
    with pytest.raises(TrustError, match="key cannot be read"):
        load(tmp_path)


def test_keys_open_to_others_are_refused(tmp_path: Path) -> None:
    init(tmp_path)
    (tmp_path / "identity" / "leaf.key").chmod(0o644)
    with pytest.raises(TrustError, match="chmod 600"):
        load(tmp_path)


def test_a_real_certificate_takes_the_place_of_our_own(tmp_path: Path) -> None:
    own, other = init(tmp_path / "own"), init(tmp_path / "other")
    folder = tmp_path / "other" / "identity"
    settings = {"certificate": str(folder / "chain.pem"), "key": str(folder / "leaf.key")}
    (tmp_path / "own" / "trust.json").write_text(json.dumps(settings))
    identity = load(tmp_path / "own")
    assert identity.chain_pem == other.chain_pem
    assert identity.watermark_key == own.watermark_key
    settings["key"] = str(folder / "root.key")
    (tmp_path / "own" / "trust.json").write_text(json.dumps(settings))
    with pytest.raises(TrustError, match="not the key of"):
        load(tmp_path / "own")


@pytest.mark.parametrize("form", [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize("kind", ["ec", "ec-384", "rsa"])
def test_a_key_of_any_form_signs(tmp_path: Path, kind: str, form: serialization.PrivateFormat) -> None:
    keys: dict[str, PrivateKey] = {
        "ec": ec.generate_private_key(ec.SECP256R1()),
        "ec-384": ec.generate_private_key(ec.SECP384R1()),
        "rsa": rsa.generate_private_key(65537, 2048),
    }
    issue(tmp_path, key=keys[kind], form=form)
    prove_signature(init(tmp_path))


def test_an_ed25519_key_signs(tmp_path: Path) -> None:
    issue(tmp_path, key=ed25519.Ed25519PrivateKey.generate())
    prove_signature(init(tmp_path))


def test_a_key_that_c2pa_does_not_sign_with_is_refused(tmp_path: Path) -> None:
    issue(tmp_path, key=ec.generate_private_key(ec.SECP256K1()))
    with pytest.raises(TrustError, match="EC P-256"):
        init(tmp_path)


@pytest.mark.parametrize("whose", ["leaf", "authority"])
@pytest.mark.parametrize(
    ("span", "says"),
    [((NOW + DAY, NOW + 2 * DAY), "not yet valid"), ((NOW - 2 * DAY, NOW - DAY), "expired")],
)
def test_each_certificate_must_hold_now(
    tmp_path: Path, whose: str, span: tuple[datetime.datetime, datetime.datetime], says: str
) -> None:
    issue(tmp_path, leaf=span) if whose == "leaf" else issue(tmp_path, authority=span)
    with pytest.raises(TrustError, match=says):
        init(tmp_path)


def test_the_leaf_comes_first(tmp_path: Path) -> None:
    issue(tmp_path, leaf_first=False)
    with pytest.raises(TrustError, match="leaf first"):
        init(tmp_path)


def test_a_chain_of_strangers_is_refused(tmp_path: Path) -> None:
    issue(tmp_path)
    own = (tmp_path / "chain.pem").read_bytes()
    issue(tmp_path / "other")
    leaf, end = own[: own.index(b"END CERTIFICATE-----") + 21], (tmp_path / "other" / "chain.pem").read_bytes()
    (tmp_path / "chain.pem").write_bytes(leaf + end[end.index(b"END CERTIFICATE-----") + 21 :])
    (tmp_path / "office.key").write_bytes((tmp_path / "office.key").read_bytes())
    with pytest.raises(TrustError, match="did not sign it"):
        init(tmp_path)


def test_new_certificates_take_the_place_of_old_ones_and_the_watermark_stays(tmp_path: Path) -> None:
    old = init(tmp_path)
    new = renew(tmp_path)
    assert new.serial != old.serial
    assert new.watermark_key == old.watermark_key
    assert old.anchor_pem in new.earlier_pem
    prove_signature(new)
    (place,) = (tmp_path / "identity").glob("replaced-*")
    assert (place / "chain.pem").read_bytes() == old.chain_pem
    assert renew(tmp_path / "fresh").serial == load(tmp_path / "fresh").serial


def test_the_end_of_every_chain_that_signed_is_remembered(tmp_path: Path) -> None:
    own = init(tmp_path)
    issue(tmp_path)
    first = init(tmp_path)
    issue(tmp_path)
    second = init(tmp_path)
    assert len({own.anchor_pem, first.anchor_pem, second.anchor_pem}) == 3
    assert all(one.anchor_pem in second.earlier_pem for one in (own, first, second))
