from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path

import pytest
from c2pa import Reader

from ozora.errors import TimeAuthorityError, TrustError
from ozora.media import write_video
from ozora.plan import FrameOrigins
from ozora.trust import manifest
from ozora.trust.claims import claim_origin, describe_take
from ozora.trust.credential import read_credential
from ozora.trust.identity import init
from ozora.trust.manifest import Manifest, prove_signature, sign_file
from tests.trust.clips import draw_clip
from tests.trust.foreign import shoot
from tests.trust.records import RECORD
from tests.trust.time_authority import stamping

CLAIM = claim_origin(FrameOrigins(painted=12), ())
MANIFEST = Manifest(definition=describe_take(RECORD, CLAIM, (), payload=0xABC, show_prompt=False))


@pytest.mark.parametrize("kind", ["mp4", "mov", "gif", "png", "jpeg", "webp", "tiff"])
def test_a_file_carries_its_manifest_which_a_reader_that_is_not_ours_takes(tmp_path: Path, kind: str) -> None:
    identity, source, target = init(tmp_path / "home"), shoot(kind, tmp_path), tmp_path / f"b.{kind}"
    sign_file(source, target, MANIFEST, identity)
    with Reader(str(target)) as reader:
        assert reader.get_validation_state() == "Valid"
        assert reader.is_embedded()
        shown = reader.get_active_manifest()
    assert shown is not None
    credential = read_credential(target, identity)
    assert credential is not None
    assert (credential.state, credential.problems) == ("trusted", ())
    assert credential.generation["watermark"] == "00000abc"
    assert "AI" in credential.generation["disclosure"]
    assert b"a red ball" not in target.read_bytes()
    assert read_credential(source) is None


def test_each_picture_of_a_sequence_carries_it(tmp_path: Path) -> None:
    source, target = tmp_path / "plain" / "%04d.png", tmp_path / "signed" / "%04d.png"
    write_video(draw_clip(0, frames=3, height=64, width=96), Fraction(12), source)
    target.parent.mkdir()
    sign_file(source, target, MANIFEST, init(tmp_path / "home"))
    for number in (1, 2, 3):
        with Reader(str(tmp_path / "signed" / f"000{number}.png")) as reader:
            assert reader.get_validation_state() == "Valid"


def test_what_is_no_film_cannot_be_signed(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no film")
    with pytest.raises(TrustError, match="cannot be signed"):
        sign_file(tmp_path / "a.mp4", tmp_path / "b.mp4", MANIFEST, init(tmp_path / "home"))


def test_a_signature_is_proved_on_one_pixel(tmp_path: Path) -> None:
    identity = init(tmp_path)
    prove_signature(identity)
    with pytest.raises(TrustError, match="does not hold"):
        prove_signature(dataclasses.replace(identity, anchor_pem=init(tmp_path / "other").anchor_pem))
    with pytest.raises(TrustError, match="cannot be signed"):
        prove_signature(dataclasses.replace(identity, key_pem=b"no key"))


def test_a_time_stamp_is_in_the_file(tmp_path: Path) -> None:
    with stamping(tmp_path / "clock") as authority:
        sign_file(
            shoot("png", tmp_path),
            tmp_path / "b.png",
            MANIFEST,
            init(tmp_path / "home"),
            time_authority=authority.address,
        )
        assert authority.num_asked == 1
    with Reader(str(tmp_path / "b.png")) as reader:
        shown = reader.get_active_manifest()
        assert shown is not None
        assert shown["signature_info"]["time"].startswith("20")


@pytest.mark.parametrize("answer", ["refuse", "nonsense", "hang", "away"])
def test_a_service_that_fails_is_told_from_a_signature_that_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr(manifest, "TIME_AUTHORITY_S", 1.0)
    identity = init(tmp_path / "home")
    with stamping(tmp_path / "clock") as authority:
        authority.answer = answer
        address = "http://127.0.0.1:9/" if answer == "away" else authority.address
        with pytest.raises(TimeAuthorityError, match="time stamp"):
            prove_signature(identity, time_authority=address)
        with pytest.raises(TrustError, match="cannot be signed"):
            broken = dataclasses.replace(identity, key_pem=b"no key")
            prove_signature(broken, time_authority="http://127.0.0.1:9/")
