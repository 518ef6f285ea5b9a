from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from ozora.media import read_video, write_video
from ozora.media.master_file import MasterForm, write_master
from ozora.trust import audit
from ozora.trust.derivative import derive_file, mark_again
from ozora.trust.identity import init
from ozora.trust.manifest import hash_files, read
from ozora.trust.publish import Terms, publish
from ozora.trust.verify import verify
from tests.trust.clips import draw_clip, film
from tests.trust.records import RECORD

CLIP = draw_clip(0)
FPS = Fraction(12)


def _publish(path: Path, home: Path) -> int:
    return publish(CLIP, RECORD, path, open=film, terms=Terms(home=home)).payload


def _transcode(source: Path, path: Path) -> None:
    frames = read_video(source)[0]
    form = MasterForm(kind="prores", height=frames.shape[1], width=frames.shape[2], fps=FPS, timecode="01:00:00:00")
    write_master(frames, path, form)


def test_a_file_made_of_a_published_one_is_found_again(tmp_path: Path) -> None:
    home, source, path = tmp_path / "home", tmp_path / "a.mp4", tmp_path / "out" / "a.mov"
    payload = _publish(source, home)
    made = derive_file(source, path, "c2pa.transcoded", write=lambda draft: _transcode(source, draft), home=home)
    assert made.signed == "inside" and not made.notes
    credential = read(path, (home / "identity" / "root.pem").read_bytes())
    assert credential is not None
    assert credential.state == "trusted"
    assert credential.generation["watermark"] == f"{payload:08x}"
    verdict = verify(path, home=home)
    assert verdict.entry is not None
    assert verdict.entry.payload == payload
    assert [line["event"] for line in audit.read(home)][-1] == "derived"
    assert [item.name for item in (tmp_path / "out").iterdir()] == ["a.mov"]


def test_numbered_pictures_have_the_manifest_beside_them(tmp_path: Path) -> None:
    home, source, path = tmp_path / "home", tmp_path / "a.mp4", tmp_path / "out" / "%04d.png"
    _publish(source, home)

    def write(draft: Path) -> None:
        frames = read_video(source)[0][:3]
        form = MasterForm(kind="png", height=frames.shape[1], width=frames.shape[2], fps=FPS, timecode="")
        write_master(frames, draft, form)

    made = derive_file(source, path, "c2pa.transcoded", write=write, home=home)
    assert made.signed == "beside"
    assert "record.c2pa" in made.notes[0]
    credential = read(path)
    assert credential is not None
    assert credential.state == "valid"
    (tmp_path / "out" / "0002.png").write_bytes((tmp_path / "out" / "0001.png").read_bytes())
    changed = read(path)
    assert changed is not None
    assert changed.state == "invalid"


def test_of_a_file_of_others_only_the_change_is_said(tmp_path: Path) -> None:
    home, source, path = tmp_path / "home", tmp_path / "a.mp4", tmp_path / "b.mp4"
    init(home)
    write_video(CLIP, FPS, source)
    derive_file(source, path, "c2pa.resized", write=lambda draft: write_video(CLIP[:2], FPS, draft), home=home)
    credential = read(path)
    assert credential is not None
    assert (credential.state, credential.generation) == ("valid", {})
    assert b"c2pa.resized" in path.read_bytes()
    assert b"trainedAlgorithmicMedia" not in path.read_bytes()


@pytest.mark.parametrize("name", ["b.webm", "b.mp4"])
def test_what_cannot_be_signed_is_written_and_said(tmp_path: Path, name: str) -> None:
    home, source, path = tmp_path / "home", tmp_path / "a.webm", tmp_path / name
    write_video(CLIP, FPS, source)
    made = derive_file(source, path, "c2pa.resized", write=lambda draft: write_video(CLIP[:2], FPS, draft), home=home)
    assert made.signed == ""
    assert "is not signed" in made.notes[0]
    assert len(read_video(path)[0]) == 2
    assert read(path) is None


@pytest.mark.parametrize("name", ["b.webm", "b.mp4"])
def test_a_published_webm_is_a_parent_too(tmp_path: Path, name: str) -> None:
    home, source, path = tmp_path / "home", tmp_path / "a.webm", tmp_path / name
    payload = _publish(source, home)
    made = derive_file(source, path, "c2pa.resized", write=lambda draft: write_video(CLIP[:2], FPS, draft), home=home)
    assert made.signed == ("inside" if name == "b.mp4" else "beside")
    credential = read(path)
    assert credential is not None
    assert (credential.state, credential.generation["watermark"]) == ("valid", f"{payload:08x}")


def test_a_file_may_take_the_place_of_its_parent(tmp_path: Path) -> None:
    home, path = tmp_path / "home", tmp_path / "a.mp4"
    _publish(path, home)
    before = hash_files([path])
    derive_file(path, path, "c2pa.edited", write=lambda draft: write_video(CLIP[:2], FPS, draft), home=home)
    line = audit.read(home)[-1]
    assert before in str(line)
    assert hash_files([path]) in str(line)


def test_nothing_half_done_stays(tmp_path: Path) -> None:
    home, source = tmp_path / "home", tmp_path / "a.mp4"
    write_video(CLIP, FPS, source)

    def fail(draft: Path) -> None:
        draft.write_bytes(b"half")
        raise KeyboardInterrupt

    for name in ("b.mov", "b.webm", "c/%04d.exr"):
        with pytest.raises(KeyboardInterrupt):
            derive_file(source, tmp_path / name, "c2pa.transcoded", write=fail, home=home)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["a.mp4", "home"]


def test_what_others_made_is_not_marked(tmp_path: Path) -> None:
    source = tmp_path / "a.mp4"
    write_video(CLIP, FPS, source)
    init(tmp_path / "home")
    frames = list(CLIP)
    again = list(mark_again(source, iter(frames), home=tmp_path / "home"))
    assert all(left is right for left, right in zip(again, frames, strict=True))
