from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path

import pytest

from ozora.errors import TrustError
from ozora.media import write_image, write_video
from ozora.trust.identity import init
from ozora.trust.manifest import beside, hash_files, is_embedded, list_files, read, sign, sign_beside
from tests.trust.clips import draw_clip
from tests.trust.records import RECORD

CLIP = draw_clip(0, frames=3, height=64, width=96)


def _write(path: Path) -> Path:
    if path.suffix in (".mp4", ".webm", ".gif"):
        write_video(CLIP, Fraction(12), path)
    else:
        write_image(CLIP[0], path)
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".gif", ".png", ".jpg", ".webp"])
def test_a_file_carries_its_manifest(tmp_path: Path, suffix: str) -> None:
    identity, source, target = init(tmp_path), _write(tmp_path / f"a{suffix}"), tmp_path / f"b{suffix}"
    sign(source, target, RECORD, identity, payload=0xABC)
    credential = read(target, identity.anchor_pem)
    assert credential is not None
    assert (credential.state, credential.problems) == ("trusted", ())
    assert credential.generation["weights_sha256"] == RECORD.weights_sha256
    assert credential.generation["watermark"] == "00000abc"
    assert credential.generation["prompt_sha256"] == hashlib.sha256(b"a red ball rolls left").hexdigest()
    assert "AI" in credential.generation["disclosure"]
    assert b"a red ball" not in target.read_bytes().replace(source.read_bytes(), b"")
    assert read(source) is None


def test_who_does_not_know_us_sees_a_valid_signature(tmp_path: Path) -> None:
    sign(_write(tmp_path / "a.mp4"), tmp_path / "b.mp4", RECORD, init(tmp_path), payload=1)
    credential = read(tmp_path / "b.mp4", init(tmp_path / "other").anchor_pem)
    assert credential is not None
    assert credential.state == "valid"
    assert credential.problems == ("signingCredential.untrusted",)


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    identity = init(tmp_path)
    sign(_write(tmp_path / "a.mp4"), tmp_path / "b.mp4", RECORD, identity, payload=1)
    content = bytearray((tmp_path / "b.mp4").read_bytes())
    content[-5] ^= 1
    (tmp_path / "b.mp4").write_bytes(content)
    credential = read(tmp_path / "b.mp4", identity.anchor_pem)
    assert credential is not None
    assert credential.state == "invalid"
    assert "assertion.bmffHash.mismatch" in credential.problems


def test_the_prompt_is_shown_when_asked_for(tmp_path: Path) -> None:
    sign(_write(tmp_path / "a.png"), tmp_path / "b.png", RECORD, init(tmp_path), payload=1, show_prompt=True)
    credential = read(tmp_path / "b.png")
    assert credential is not None
    assert credential.generation["prompt"] == "a red ball rolls left"


@pytest.mark.parametrize("first", [".mp4", ".webm"])
def test_a_parent_becomes_an_ingredient(tmp_path: Path, first: str) -> None:
    identity, parent = init(tmp_path), _write(tmp_path / f"parent{first}")
    sign(_write(tmp_path / "a.mp4"), tmp_path / "b.mp4", RECORD, identity, payload=2, parents=[parent])
    credential = read(tmp_path / "b.mp4", identity.anchor_pem)
    assert credential is not None
    assert credential.state == "trusted"
    assert credential.generation["parents"] == [hash_files([parent])]


def test_what_cannot_carry_a_manifest_has_it_beside(tmp_path: Path) -> None:
    identity, path = init(tmp_path), _write(tmp_path / "a.webm")
    assert not is_embedded(path)
    assert read(path) is None
    beside(path).write_bytes(sign_beside([path], RECORD, identity, payload=3))
    credential = read(path, identity.anchor_pem)
    assert credential is not None
    assert (credential.state, credential.generation["watermark"]) == ("trusted", "00000003")
    path.write_bytes(path.read_bytes() + b"\0")
    changed = read(path, identity.anchor_pem)
    assert changed is not None
    assert (changed.state, changed.problems) == ("invalid", ("org.ozora.file.mismatch",))
    beside(path).write_bytes(b"nonsense")
    damaged = read(path, identity.anchor_pem)
    assert damaged is None or damaged.state == "invalid"


def test_numbered_pictures_have_one_manifest_beside_them(tmp_path: Path) -> None:
    identity, path = init(tmp_path), tmp_path / "%04d.png"
    write_video(CLIP, Fraction(12), path)
    assert len(list_files(path)) == 3
    assert beside(path) == tmp_path / "record.c2pa"
    beside(path).write_bytes(sign_beside(list_files(path), RECORD, identity, payload=4))
    credential = read(path, identity.anchor_pem)
    assert credential is not None
    assert credential.state == "trusted"


def test_what_cannot_be_signed_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no film")
    with pytest.raises(TrustError, match="cannot be signed"):
        sign(tmp_path / "a.mp4", tmp_path / "b.mp4", RECORD, init(tmp_path), payload=1)
