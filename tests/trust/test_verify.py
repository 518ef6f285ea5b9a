from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ozora.errors import MediaError
from ozora.media import read_image, read_video, write_image, write_video
from ozora.trust.identity import init
from ozora.trust.publish import Terms, publish
from ozora.trust.verify import verify
from tests.trust.clips import draw_clip, film
from tests.trust.records import RECORD, record_of

CLIP = draw_clip(5)


def _write(frames: NDArray[np.uint8], path: Path) -> None:
    write_video(frames, Fraction(12), path)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.mark.parametrize("name", ["a.mp4", "a.gif", "a.webm"])
def test_what_was_published_is_signed_and_intact(tmp_path: Path, home: Path, name: str) -> None:
    entry = publish(CLIP, RECORD, tmp_path / name, open=film, terms=Terms(home=home))
    verdict = verify(tmp_path / name, home=home)
    assert (verdict.origin, verdict.sentence) == ("signed", "signed and intact")
    assert verdict.entry == entry
    assert json.loads(json.dumps(verdict.to_dict()))["published"]["record"]["plan"]["seed"] == 7


def test_what_was_encoded_again_is_known_by_its_watermark(tmp_path: Path, home: Path) -> None:
    entry = publish(CLIP, RECORD, tmp_path / "a.mp4", open=film, terms=Terms(home=home))
    _write(read_video(tmp_path / "a.mp4")[0], tmp_path / "b.webm")
    verdict = verify(tmp_path / "b.webm", home=home)
    assert verdict.sentence == "ours, but stripped or edited"
    assert verdict.credential is None
    assert verdict.watermark is not None
    assert verdict.entry == entry
    assert verdict.to_dict()["watermark"]["payload"] == f"{entry.payload:08x}"


def test_what_was_changed_is_not_intact(tmp_path: Path, home: Path) -> None:
    publish(CLIP, RECORD, tmp_path / "a.mp4", open=film, terms=Terms(home=home))
    content = bytearray((tmp_path / "a.mp4").read_bytes())
    content[-1] ^= 1
    (tmp_path / "a.mp4").write_bytes(content)
    verdict = verify(tmp_path / "a.mp4", home=home)
    assert verdict.origin == "ours"
    assert verdict.credential is not None
    assert verdict.credential.state == "invalid"


def test_what_lost_its_manifest_is_known_by_its_hash_or_mark(tmp_path: Path, home: Path) -> None:
    entry = publish(CLIP, RECORD, tmp_path / "a.webm", open=film, terms=Terms(home=home))
    (tmp_path / "a.webm.c2pa").unlink()
    assert verify(tmp_path / "a.webm", home=home).origin == "ours"
    assert verify(tmp_path / "a.webm", home=home).entry == entry


@pytest.mark.parametrize("mirrored", [False, True])
def test_without_its_watermark_it_is_known_by_its_looks(tmp_path: Path, home: Path, mirrored: bool) -> None:
    entry = publish(CLIP, RECORD, tmp_path / "a.mp4", open=film, terms=Terms(home=home))
    _write(np.ascontiguousarray(CLIP[:, :, ::-1] if mirrored else CLIP), tmp_path / "b.mp4")
    verdict = verify(tmp_path / "b.mp4", home=home)
    assert (verdict.origin, verdict.watermark, verdict.entry) == ("ours", None, entry)
    assert verdict.looks is not None


def test_a_still_is_verified_too(tmp_path: Path, home: Path) -> None:
    entry = publish(CLIP[:1], record_of(frames=1), tmp_path / "a.png", open=film, terms=Terms(home=home))
    assert verify(tmp_path / "a.png", home=home).origin == "signed"
    write_image(read_image(tmp_path / "a.png"), tmp_path / "b.jpg")
    verdict = verify(tmp_path / "b.jpg", home=home)
    assert (verdict.origin, verdict.entry) == ("ours", entry)


def test_the_files_of_others_are_unknown(tmp_path: Path, home: Path) -> None:
    publish(CLIP, RECORD, tmp_path / "a.mp4", open=film, terms=Terms(home=home))
    _write(draw_clip(6), tmp_path / "b.mp4")
    assert verify(tmp_path / "b.mp4", home=home).origin == "unknown"
    other = verify(tmp_path / "a.mp4", home=tmp_path / "other")
    assert other.origin == "unknown"
    assert other.credential is not None
    assert other.credential.state == "valid"
    init(tmp_path / "third")
    assert verify(tmp_path / "a.mp4", home=tmp_path / "third").origin == "unknown"


def test_what_cannot_be_read_is_said(tmp_path: Path, home: Path) -> None:
    with pytest.raises(MediaError, match="does not exist"):
        verify(tmp_path / "no.mp4", home=home)
    with pytest.raises(MediaError, match="does not exist"):
        verify(tmp_path / "%04d.png", home=home)
    (tmp_path / "a.mp4").write_text("no film")
    with pytest.raises(MediaError, match="no video"):
        verify(tmp_path / "a.mp4", home=home)
