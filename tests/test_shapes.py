from __future__ import annotations

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozora.shapes import Compression, LatentShape, VideoShape

SIDES = st.integers(1, 4096)
SHAPES = st.builds(
    VideoShape,
    frames=st.integers(1, 2000),
    height=SIDES,
    width=SIDES,
    fps=st.fractions(min_value=Fraction(1, 10), max_value=240, max_denominator=1001),
)
COMPRESSIONS = st.builds(
    Compression, time=st.integers(1, 8), space=st.sampled_from([4, 8, 16, 32]), channels=st.integers(1, 64)
)


@given(SHAPES)
def test_round_trip_through_json(shape: VideoShape) -> None:
    assert VideoShape.from_dict(json.loads(json.dumps(shape.to_dict()))) == shape


@given(SHAPES, COMPRESSIONS)
def test_rounding_gives_what_divides_and_no_more_than_needed(shape: VideoShape, fold: Compression) -> None:
    frames = fold.round_frames(shape.frames)
    height, width = fold.round_side(shape.height), fold.round_side(shape.width)
    assert shape.frames <= frames < shape.frames + fold.time
    assert shape.height <= height < shape.height + fold.space
    latent = fold.latent(VideoShape(frames=frames, height=height, width=width, fps=shape.fps))
    assert latent.frames == 1 + (frames - 1) // fold.time
    assert latent.tokens == latent.frames * (height // fold.space) * (width // fold.space)
    assert latent.channels == fold.channels


def test_one_image_is_one_latent_frame() -> None:
    fold = Compression(time=4, space=16, channels=32)
    image = VideoShape(frames=1, height=256, width=448, fps=Fraction(24))
    assert fold.latent(image) == LatentShape(frames=1, height=16, width=28, channels=32)
    assert image.duration_s == Fraction(1, 24)
    assert fold.round_frames(0) == 1
    assert fold.round_side(0) == 16


@pytest.mark.parametrize(("frames", "height", "width"), [(2, 32, 32), (1, 33, 32), (1, 32, 40)])
def test_what_does_not_divide_is_refused(frames: int, height: int, width: int) -> None:
    with pytest.raises(ValueError, match="does not divide"):
        Compression(time=4, space=16, channels=8).latent(
            VideoShape(frames=frames, height=height, width=width, fps=Fraction(24))
        )
