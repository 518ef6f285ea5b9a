from __future__ import annotations

from fractions import Fraction
from functools import partial
from pathlib import Path

import pytest
from c2pa import Reader

from ozora.errors import TrustError
from ozora.media import read_video, write_image, write_video
from ozora.media.master_file import Kind, MasterForm, write_master
from ozora.trust import audit
from ozora.trust.credential import read_credential
from ozora.trust.derivative import derive_file, derive_published, mark_again
from ozora.trust.file_hash import hash_files
from ozora.trust.identity import init
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
    assert made.is_signed and not made.notes
    credential = read_credential(path, init(home))
    assert credential is not None
    assert credential.state == "trusted"
    assert credential.generation["watermark"] == f"{payload:08x}"
    verdict = verify(path, home=home)
    assert verdict.entry is not None
    assert verdict.entry.payload == payload
    assert [line["event"] for line in audit.read(home)][-1] == "derived"
    assert [item.name for item in (tmp_path / "out").iterdir()] == ["a.mov"]


@pytest.mark.parametrize(("kind", "suffix", "is_signed"), [("png", "png", True), ("exr", "exr", False)])
def test_each_numbered_picture_carries_its_credentials_where_the_format_does(
    tmp_path: Path, kind: Kind, suffix: str, is_signed: bool
) -> None:
    home, source, path = tmp_path / "home", tmp_path / "a.mp4", tmp_path / "out" / f"%04d.{suffix}"
    _publish(source, home)

    def write(draft: Path) -> None:
        frames = read_video(source)[0][:3]
        form = MasterForm(kind=kind, height=frames.shape[1], width=frames.shape[2], fps=FPS, timecode="")
        write_master(frames, draft, form)

    made = derive_file(source, path, "c2pa.transcoded", write=write, home=home)
    assert made.is_signed is is_signed
    assert sorted(item.name for item in (tmp_path / "out").iterdir()) == [f"000{n}.{suffix}" for n in (1, 2, 3)]
    if not is_signed:
        assert "carries no content credentials" in made.notes[0]
        return
    for picture in (tmp_path / "out").iterdir():  # a reader that is not ours, on the real file
        with Reader(str(picture)) as reader:
            assert reader.get_validation_state() == "Valid"
            assert reader.is_embedded()
    assert verify(path, home=home).origin == "signed"
    second = tmp_path / "out" / "0002.png"
    content = bytearray(second.read_bytes())
    content[content.index(b"IDAT") + 40] ^= 1
    second.write_bytes(content)
    credential = read_credential(path)
    assert credential is not None
    assert credential.state == "invalid"


def test_of_a_file_of_others_only_the_change_is_said(tmp_path: Path) -> None:
    home, source, path = tmp_path / "home", tmp_path / "a.mp4", tmp_path / "b.mp4"
    init(home)
    write_video(CLIP, FPS, source)
    derive_file(source, path, "c2pa.resized", write=lambda draft: write_video(CLIP[:2], FPS, draft), home=home)
    credential = read_credential(path)
    assert credential is not None
    assert (credential.state, credential.generation) == ("valid", {})
    assert b"c2pa.resized" in path.read_bytes()
    assert b"trainedAlgorithmicMedia" not in path.read_bytes()


@pytest.mark.parametrize("name", ["b.webm", "b.mp4"])
@pytest.mark.parametrize("is_ours", [False, True])
def test_a_webm_stays_the_parent(tmp_path: Path, name: str, is_ours: bool) -> None:
    home, source, path = tmp_path / "home", tmp_path / "a.webm", tmp_path / name
    payload = _publish(source, home) if is_ours else 0
    if not is_ours:
        write_video(CLIP, FPS, source)
    made = derive_file(source, path, "c2pa.resized", write=lambda draft: write_video(CLIP[:2], FPS, draft), home=home)
    assert len(read_video(path)[0]) == 2
    assert made.is_signed is (name == "b.mp4")
    if name == "b.webm":
        assert "carries no content credentials" in made.notes[0]
        assert read_credential(path) is None
        return
    with Reader(str(path)) as reader:
        manifest = reader.get_active_manifest()
    assert manifest is not None
    assert [item["format"] for item in manifest["ingredients"]] == ["video/webm"]
    assert [item["relationship"] for item in manifest["ingredients"]] == ["parentOf"]
    credential = read_credential(path, init(home))
    assert credential is not None
    assert credential.generation.get("watermark") == (f"{payload:08x}" if is_ours else None)


def test_of_what_was_published_here_only_the_very_bytes_are_taken(tmp_path: Path) -> None:
    home, clip, picture = tmp_path / "home", tmp_path / "a.mp4", tmp_path / "a.webp"
    entry = publish(CLIP, RECORD, clip, open=film, terms=Terms(home=home))
    write = partial(write_image, CLIP[0])
    derive_published(clip, "c2pa.converted", {picture: write}, home=home)
    credential = read_credential(picture, init(home))
    assert credential is not None and credential.state == "trusted"
    assert credential.generation["parents"] == [entry.file_sha256]
    assert credential.generation["watermark"] == f"{entry.payload:08x}"
    clip.write_bytes(clip.read_bytes() + b"x")
    picture.unlink()
    with pytest.raises(TrustError, match="published"):
        derive_published(clip, "c2pa.converted", {picture: write}, home=home)
    assert not picture.exists()


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
