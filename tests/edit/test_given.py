from __future__ import annotations

import hashlib
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ozora.edit import extend, read_source
from ozora.edit.given import Given, read_given, read_init_video, read_references, retime, to_native
from ozora.errors import SizeError, UserError
from ozora.media import read_video, write_image, write_video
from ozora.plan import Box, Hole, Plan, Prompt, ReferenceCondition
from ozora.shapes import VideoShape
from tests.edit.clips import make_clip


def plan(layout_shape: VideoShape, *conditions: object) -> Plan:
    return Plan(prompts=(Prompt(text="a ball"),), shape=layout_shape, model="maquette", seed=1, conditions=conditions)  # type: ignore[arg-type]


def test_given_frames_are_the_files_frames(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", 13)
    layout = extend(source, before_s=Fraction(1, 2))
    given = read_given(plan(layout.shape, *layout.conditions))
    (piece,) = given
    assert piece.frame == 6
    assert np.array_equal(piece.pictures, read_video(source.path)[0])


def test_another_rate_takes_the_nearest_frames(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", 24, fps=Fraction(24))
    shape = replace(source.shape, frames=30, fps=Fraction(12))
    given = read_given(plan(shape, source.given(frame=0)))
    assert np.array_equal(given[0].pictures, read_video(source.path)[0][::2])


def test_files_that_changed_overlap_or_do_not_fit_are_refused(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", 13)
    long = replace(source.shape, frames=40)
    with pytest.raises(SizeError, match="overlaps"):
        read_given(plan(long, source.given(frame=0), source.given(frame=12)))
    with pytest.raises(SizeError, match="fit into"):
        read_given(plan(source.shape, source.given(frame=1)))
    with pytest.raises(SizeError, match="no piece"):
        read_given(plan(long, replace(source.given(frame=0), start_s=Fraction(2))))
    with pytest.raises(UserError, match="not the file"):
        read_given(plan(long, replace(source.given(frame=0), sha256="00" * 32)))


def test_runs_move_to_another_timeline() -> None:
    run = np.arange(24, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)
    (moved,) = retime([Given(frame=24, pictures=run)], Fraction(24), Fraction(12), 49)
    assert moved.frame == 12
    assert moved.pictures[:, 0, 0, 0].tolist() == list(range(0, 24, 2))
    (picture,) = retime([Given(frame=24, pictures=run[:1])], Fraction(24), Fraction(12), 49)
    assert (picture.frame, len(picture.pictures)) == (12, 1)
    (short,) = retime([Given(frame=3, pictures=run)], Fraction(12), Fraction(12), 10)
    assert len(short.pictures) == 7


def test_a_hole_is_not_given_in_its_time(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", 12)
    box = Box(left=Fraction(1, 4), right=Fraction(3, 4), top=Fraction(1, 2))
    hole = Hole(box=box, start_s=Fraction(1, 2))
    (given,) = read_given(plan(source.shape, replace(source.given(frame=0), hole=hole)))
    assert given.known is not None
    assert given.known[:6].all()
    assert not given.known[6:, 32:, 24:72].any()
    assert given.known[6:, :32].all() and given.known[6:, :, :24].all() and given.known[6:, :, 72:].all()


def test_the_white_of_a_mask_is_a_hole(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", 3)
    mask = np.zeros((64, 96, 3), np.uint8)
    mask[10:20, 30:50] = 255
    write_image(mask, tmp_path / "mask.png")
    digest = hashlib.sha256((tmp_path / "mask.png").read_bytes()).hexdigest()
    hole = Hole(mask=str(tmp_path / "mask.png"), sha256=digest)
    (given,) = read_given(plan(source.shape, replace(source.given(frame=0), hole=hole)))
    assert given.known is not None
    assert np.array_equal(~given.known, np.broadcast_to(mask[..., 0] > 0, (3, 64, 96)))
    with pytest.raises(UserError, match="not the file"):
        read_given(plan(source.shape, replace(source.given(frame=0), hole=replace(hole, sha256="00" * 32))))


def test_a_clip_lands_in_a_part_of_the_picture(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", 3)
    shape = replace(source.shape, height=128)
    into = Box(top=Fraction(1, 4), bottom=Fraction(3, 4))
    (given,) = read_given(plan(shape, replace(source.given(frame=0), into=into)))
    assert given.known is not None
    assert given.known[:, 32:96].all() and not given.known[:, :32].any() and not given.known[:, 96:].any()
    assert np.array_equal(given.pictures[:, 32:96], read_video(source.path)[0])
    outside = replace(source.given(frame=0), into=Box(right=Fraction(3, 2)))
    with pytest.raises(SizeError, match="not in the picture"):
        read_given(plan(shape, outside))


def test_a_tall_clip_is_known_in_the_middle_of_a_wide_painting() -> None:
    wide = VideoShape(frames=2, height=32, width=64, fps=Fraction(12))
    tall = VideoShape(frames=2, height=64, width=32, fps=Fraction(12))
    pictures = np.full((2, 64, 32, 3), 200, np.uint8)
    (given,) = to_native((Given(frame=0, pictures=pictures),), tall, wide)
    assert given.pictures.shape == (2, 32, 64, 3)
    assert given.known is not None
    assert given.known[:, :, 24:40].all() and given.known.sum() == 2 * 32 * 16
    (plain,) = to_native((Given(frame=0, pictures=pictures),), tall, tall)
    assert plain.known is None


def test_sketches_are_mixed_by_their_weights(tmp_path: Path) -> None:
    bright, dark = (
        replace(source.given(frame=0), strength=Fraction(1, 2))
        for source in (make_clip(tmp_path / "a.mp4", 13), make_clip(tmp_path / "b.mp4", 13))
    )
    write_video(np.full((13, 64, 96, 3), 10, np.uint8), Fraction(12), tmp_path / "b.mp4")
    dark = replace(read_source(tmp_path / "b.mp4").given(frame=0), strength=Fraction(1, 2))
    falling = ((Fraction(0), Fraction(1)), (Fraction(1), Fraction(0)))
    rising = ((Fraction(0), Fraction(0)), (Fraction(1), Fraction(1)))
    shape = VideoShape(frames=13, height=64, width=96, fps=Fraction(12))
    mixed = read_init_video(plan(shape, replace(bright, weights=falling), replace(dark, weights=rising)))
    assert mixed is not None
    first, second = (read_video(Path(item.path))[0].astype(float) for item in (bright, dark))
    assert np.abs(mixed[0] - first[0]).max() <= 1
    assert np.abs(mixed[12] - second[12]).max() <= 1
    assert np.abs(mixed[6] - (first[6] + second[6]) / 2).max() <= 1
    nothing = tuple((time_s, Fraction(0)) for time_s, _ in rising)
    with pytest.raises(SizeError, match="weights"):
        read_init_video(plan(shape, replace(bright, weights=nothing)))


def test_a_reference_is_no_frame_of_the_clip(tmp_path: Path) -> None:
    path = tmp_path / "red.png"
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:, 48:] = (200, 20, 20)
    write_image(picture, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    shape = VideoShape(frames=24, height=64, width=96, fps=Fraction(12))
    right = ReferenceCondition(path=str(path), sha256=digest, crop=Box(left=Fraction(1, 2)), end_s=Fraction(1))
    wish = plan(shape, right)
    assert read_given(wish) == ()
    assert wish.needs == {"references"}
    (reference,) = read_references(wish)
    assert reference.picture.shape == (64, 48, 3)
    assert (reference.picture == (200, 20, 20)).all()
    assert reference.holds(Fraction(0)) and not reference.holds(Fraction(1))
    with pytest.raises(UserError, match="not the file"):
        read_references(plan(shape, replace(right, sha256="0" * 64)))
