from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from ozora.errors import DamageError
from ozora.plan import ClipCondition, Hole, ImageCondition, Plan
from ozora.server.inputs import bring, stow
from ozora.server.seals import seal_of
from ozora.server.store import Store
from tests.server.samples import plan

PIXELS, FRAMES = seal_of(b"pixels").sha256, seal_of(b"frames").sha256


@pytest.mark.parametrize("url", ["{}/files", "memory://inputs"])
def test_given_files_come_back_in_the_same_place(url: str, tmp_path: Path) -> None:
    picture = tmp_path / "given.png"
    picture.write_bytes(b"pixels")
    given = dataclasses.replace(plan(), conditions=(ImageCondition(path=str(picture), sha256=PIXELS),))
    store = Store(url.format(tmp_path))
    stowed = stow(store, given, "video_1")
    picture.unlink()
    assert stowed.conditions[0].path == "store:videos/video_1/input-0"
    brought = bring(store, stowed)
    assert Path(brought.conditions[0].path).read_bytes() == b"pixels"
    assert brought == bring(store, stowed)


@pytest.mark.parametrize("url", ["{}/files", "memory://masks"])
def test_masks_go_with_their_clip_and_no_file_is_kept_twice(url: str, tmp_path: Path) -> None:
    clip, mask = tmp_path / "video.mp4", tmp_path / "mask.png"
    clip.write_bytes(b"frames")
    mask.write_bytes(b"pixels")
    hole = Hole(mask=str(mask), sha256=PIXELS)
    first = ClipCondition(path=str(clip), sha256=FRAMES, hole=hole)
    given = dataclasses.replace(plan(), conditions=(first, dataclasses.replace(first, frame=9)))
    store = Store(url.format(tmp_path))
    stowed = Plan.from_dict(stow(store, given, "video_1").to_dict())
    paths = {item.path for item in stowed.conditions}
    assert paths == {"store:videos/video_1/input-0"}
    clip.unlink()
    mask.unlink()
    for item in bring(store, stowed).conditions:
        assert isinstance(item, ClipCondition) and item.hole is not None
        assert Path(item.path).read_bytes() == b"frames"
        assert Path(item.hole.mask).read_bytes() == b"pixels"
        assert Path(item.hole.mask).suffix == ".png"


@pytest.mark.parametrize("url", ["{}/files", "memory://damaged"])
def test_a_damaged_input_is_our_fault(url: str, tmp_path: Path) -> None:
    picture = tmp_path / "given.png"
    picture.write_bytes(b"pixels")
    given = dataclasses.replace(plan(), conditions=(ImageCondition(path=str(picture), sha256=PIXELS),))
    store = Store(url.format(tmp_path))
    stowed = stow(store, given, "video_1")
    for damaged, says in ((b"pix", "damaged"), (b"", "empty")):
        store.write("videos/video_1/input-0", damaged)
        with pytest.raises(DamageError, match=says):
            bring(store, stowed)
    store.remove("videos/video_1")
    with pytest.raises(DamageError, match="gone"):
        bring(store, stowed)
