from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from cryptography import x509

from ozora.errors import TrustError
from ozora.trust.identity import init, load


def test_init_makes_a_chain_and_keys_that_only_the_owner_reads(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    identity = init(home)
    leaf, root = x509.load_pem_x509_certificates(identity.chain_pem)
    leaf.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)
    assert identity.algorithm == b"es256"
    assert len(identity.watermark_key) == 32
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (home / "identity").iterdir()}
    assert {name for name, mode in modes.items() if mode == 0o600} == {"leaf.key", "root.key", "watermark.key"}
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
