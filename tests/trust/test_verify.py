from __future__ import annotations

import datetime
import json
import sqlite3
import time
import zlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ozora.errors import MediaError, TrustError
from ozora.media import read_image, read_video, write_image, write_video
from ozora.trust.identity import init, renew
from ozora.trust.publish import Terms, publish
from ozora.trust.verify import OTHER_BYTES, OTHER_RECORD, verify
from tests.trust.certificates import issue
from tests.trust.clips import draw_clip, film
from tests.trust.records import RECORD, record_of

CLIP = draw_clip(5)


def _write(frames: NDArray[np.uint8], path: Path) -> None:
    write_video(frames, Fraction(12), path)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.mark.parametrize("name", ["a.mp4", "a.gif"])
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
    assert verdict.sentence == "ours, without its signature"
    assert verdict.credential is None
    assert verdict.watermark is not None
    assert verdict.entry == entry
    assert verdict.to_dict()["watermark"]["payload"] == f"{entry.payload:08x}"


def test_edited_is_said_where_a_hash_proves_it(tmp_path: Path, home: Path) -> None:
    entry = publish(CLIP, RECORD, tmp_path / "a.mp4", open=film, terms=Terms(home=home))
    content = bytearray((tmp_path / "a.mp4").read_bytes())
    content[-1] ^= 1
    (tmp_path / "a.mp4").write_bytes(content)
    verdict = verify(tmp_path / "a.mp4", home=home)
    assert (verdict.origin, verdict.entry) == ("edited", entry)
    assert verdict.credential is not None
    assert verdict.credential.problems == ("assertion.bmffHash.mismatch",)


@pytest.mark.parametrize("kind", [b"free", b"skip"])
def test_nothing_can_be_put_into_a_film_unnoticed(tmp_path: Path, home: Path, kind: bytes) -> None:
    publish(CLIP, RECORD, tmp_path / "a.mp4", open=film, terms=Terms(home=home))
    with (tmp_path / "a.mp4").open("ab") as file:
        file.write((16).to_bytes(4, "big") + kind + b"12345678")
    assert verify(tmp_path / "a.mp4", home=home).origin == "edited"


def test_what_the_hash_leaves_out_is_said(tmp_path: Path, home: Path) -> None:
    """The credentials themselves can be padded differently under the same signature."""
    publish(CLIP[:1], record_of(frames=1), tmp_path / "a.png", open=film, terms=Terms(home=home))
    assert verify(tmp_path / "a.png", home=home).notes == ()
    content = (tmp_path / "a.png").read_bytes()
    place = content.index(b"caBX") - 4
    size = int.from_bytes(content[place : place + 4], "big")
    chunk = bytearray(content[place + 8 : place + 8 + size])
    pad = chunk.rindex(b"pad") + 4
    chunk[pad + 4] ^= 1  # zeros that nothing covers, behind the word in the signature's box
    check = zlib.crc32(b"caBX" + chunk).to_bytes(4, "big")
    changed = content[: place + 8] + bytes(chunk) + check + content[place + 12 + size :]
    (tmp_path / "a.png").write_bytes(changed)
    verdict = verify(tmp_path / "a.png", home=home)
    assert (verdict.origin, verdict.notes) == ("signed", (OTHER_BYTES,))


def test_what_carries_no_signature_is_known_by_its_hash(tmp_path: Path, home: Path) -> None:
    entry = publish(CLIP, RECORD, tmp_path / "a.webm", open=film, terms=Terms(home=home))
    verdict = verify(tmp_path / "a.webm", home=home)
    assert (verdict.origin, verdict.entry, verdict.credential) == ("as_published", entry, None)


def _change_nothing(home: Path) -> None:
    """The same certificate."""


def _renew(home: Path) -> None:
    renew(home)


def _take_another(home: Path) -> None:
    issue(home)


def _take_another_and_lose_the_list(home: Path) -> None:
    """An installation from before the ends of earlier chains were kept, whose own root is lost too."""
    issue(home)
    for name in ("root.pem", "earlier.pem"):
        (home / "identity" / name).unlink(missing_ok=True)


@pytest.mark.parametrize("change", [_change_nothing, _renew, _take_another, _take_another_and_lose_the_list])
@pytest.mark.parametrize("name", ["a.mp4", "a.png"])
def test_an_untouched_file_is_intact_whoever_signs_now(
    tmp_path: Path, home: Path, change: Callable[[Path], None], name: str
) -> None:
    frames = 1 if name == "a.png" else len(CLIP)
    entry = publish(CLIP[:frames], record_of(frames=frames), tmp_path / name, open=film, terms=Terms(home=home))
    change(home)
    verdict = verify(tmp_path / name, home=home)
    origin = "signed" if change is _change_nothing else "signed_earlier"
    assert (verdict.origin, verdict.entry) == (origin, entry)


def test_a_certificate_that_has_expired_since_makes_nothing_edited(tmp_path: Path, home: Path) -> None:
    now = datetime.datetime.now(datetime.UTC)
    soon = now + datetime.timedelta(seconds=2)
    issue(home, leaf=(now - datetime.timedelta(days=1), soon))
    entry = publish(CLIP, RECORD, tmp_path / "a.mp4", open=film, terms=Terms(home=home))
    time.sleep(max(0, (soon - datetime.datetime.now(datetime.UTC)).total_seconds() + 1.1))
    verdict = verify(tmp_path / "a.mp4", home=home)
    assert (verdict.origin, verdict.entry) == ("signed_earlier", entry)
    with pytest.raises(TrustError, match="expired"):
        publish(CLIP, RECORD, tmp_path / "b.mp4", open=film, terms=Terms(home=home))


def test_a_mark_that_was_lifted_onto_another_picture_shows_nobodys_prompt(tmp_path: Path, home: Path) -> None:
    publish(CLIP, RECORD, tmp_path / "a.mp4", open=film, terms=Terms(home=home))
    lifted = read_video(tmp_path / "a.mp4")[0].astype(np.int16) - CLIP
    other = np.clip(draw_clip(9) + lifted, 0, 255).astype(np.uint8)
    _write(other, tmp_path / "b.mp4")
    verdict = verify(tmp_path / "b.mp4", home=home)
    assert verdict.sentence == "a mark of ours on another picture, or on a changed copy"
    assert verdict.entry is None
    assert verdict.watermark is not None


@pytest.mark.parametrize("piece", [CLIP[4:8], CLIP[::2]], ids=["cut", "every other"])
def test_a_piece_of_a_clip_is_still_ours(tmp_path: Path, home: Path, piece: NDArray[np.uint8]) -> None:
    entry = publish(CLIP, RECORD, tmp_path / "a.mp4", open=film, terms=Terms(home=home))
    frames = read_video(tmp_path / "a.mp4")[0]
    start, step = (4, 1) if len(piece) == 4 else (0, 2)
    _write(frames[start : start + len(piece) * step : step], tmp_path / "b.mp4")
    verdict = verify(tmp_path / "b.mp4", home=home)
    assert (verdict.origin, verdict.entry) == ("unsigned", entry)


@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
def test_a_ledger_that_was_changed_shows_no_prompt(tmp_path: Path, home: Path, name: str) -> None:
    publish(CLIP, RECORD, tmp_path / name, open=film, terms=Terms(home=home))
    _write(read_video(tmp_path / name)[0], tmp_path / "copy.mp4")
    with sqlite3.connect(home / "ledger.db") as ledger:
        ledger.execute("UPDATE published SET record = replace(record, 'a red ball', 'a blue cube')")
    for path in (tmp_path / name, tmp_path / "copy.mp4"):
        verdict = verify(path, home=home)
        assert verdict.entry is None
        assert OTHER_RECORD in verdict.notes
        assert "blue cube" not in json.dumps(verdict.to_dict())
    assert verify(tmp_path / name, home=home).origin in ("signed", "as_published")


@pytest.mark.parametrize("mirrored", [False, True])
def test_without_its_watermark_it_is_known_by_its_looks(tmp_path: Path, home: Path, mirrored: bool) -> None:
    entry = publish(CLIP, RECORD, tmp_path / "a.mp4", open=film, terms=Terms(home=home))
    _write(np.ascontiguousarray(CLIP[:, :, ::-1] if mirrored else CLIP), tmp_path / "b.mp4")
    verdict = verify(tmp_path / "b.mp4", home=home)
    assert (verdict.origin, verdict.watermark, verdict.entry) == ("look_alike", None, entry)
    assert verdict.looks is not None


def test_a_still_is_verified_too(tmp_path: Path, home: Path) -> None:
    entry = publish(CLIP[:1], record_of(frames=1), tmp_path / "a.png", open=film, terms=Terms(home=home))
    assert verify(tmp_path / "a.png", home=home).origin == "signed"
    write_image(read_image(tmp_path / "a.png"), tmp_path / "b.jpg")
    verdict = verify(tmp_path / "b.jpg", home=home)
    assert (verdict.origin, verdict.entry) == ("unsigned", entry)


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
