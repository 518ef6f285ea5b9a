from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch

from ozora.backends.canvases import cut_out, develop, fill, strips
from ozora.edit.given import Given
from ozora.errors import PaintingError
from ozora.flow.windows import Window, cut
from ozora.model.maquette import Maquette
from ozora.model.upscaler import UpscalerConfig
from ozora.shapes import VideoShape
from tests.model.tiny import CONFIG

SHAPE = VideoShape(frames=13, height=64, width=96, fps=Fraction(12))
SHOTS = cut(SHAPE, [Fraction(1, 2)], time=6)


def model() -> Maquette:
    torch.manual_seed(0)
    return Maquette(CONFIG).eval()


def test_a_group_is_known_when_all_its_frames_are() -> None:
    pictures = np.full((8, 64, 96, 3), 90, np.uint8)
    canvas = fill(model(), SHAPE, cut(SHAPE, [], time=6), (Given(frame=5, pictures=pictures),))
    assert canvas.known.all(dim=(1, 2)).tolist() == [False, False, True]


def test_a_shot_that_ends_early_repeats_its_last_picture() -> None:
    """Six frames are two latent frames: a picture, and a group whose sixth frame belongs to the next shot."""
    assert [(shot.first, shot.frames, shot.group) for shot in SHOTS] == [(0, 6, 0), (6, 7, 2)]
    pictures = np.full((6, 64, 96, 3), 90, np.uint8)
    canvas = fill(model(), SHAPE, SHOTS, (Given(frame=0, pictures=pictures),))
    assert canvas.known.all(dim=(1, 2)).tolist() == [True, True, False, False]


def test_a_group_of_which_little_is_missing_is_completed() -> None:
    """Clips of four seconds end one frame before a group does."""
    pictures = np.full((12, 64, 96, 3), 90, np.uint8)
    shots = cut(SHAPE, [], time=6)
    nearly = fill(model(), SHAPE, shots, (Given(frame=0, pictures=pictures),))
    whole = fill(model(), SHAPE, shots, (Given(frame=0, pictures=np.full((13, 64, 96, 3), 90, np.uint8)),))
    assert torch.equal(nearly.value, whole.value) and nearly.known.all()
    half = fill(model(), SHAPE, shots, (Given(frame=0, pictures=pictures[:10]),))
    assert half.known.all(dim=(1, 2)).tolist() == [True, True, False]


def test_a_picture_alone_is_known() -> None:
    picture = Given(frame=9, pictures=np.full((1, 64, 96, 3), 90, np.uint8))
    canvas = fill(model(), SHAPE, cut(SHAPE, [], time=6), (picture,))
    assert canvas.known.all(dim=(1, 2)).tolist() == [False, False, True]


def test_a_token_is_known_when_all_its_pixels_are() -> None:
    pictures, known = np.full((13, 64, 96, 3), 90, np.uint8), np.ones((13, 64, 96), bool)
    known[3, 40, 50] = False
    canvas = fill(model(), SHAPE, cut(SHAPE, [], time=6), (Given(frame=0, pictures=pictures, known=known),))
    unknown = (~canvas.known).nonzero().tolist()
    assert unknown == [[1, 1, 1]]
    assert not canvas.value[:, 1, 1, 1].any()


def test_a_later_window_begins_with_a_picture() -> None:
    maquette = model()
    pictures = np.full((13, 64, 96, 3), 90, np.uint8)
    canvas = fill(maquette, SHAPE, cut(SHAPE, [], time=6), (Given(frame=0, pictures=pictures),))
    opening = cut_out(maquette, canvas, Window(first=0, size=2, stop=2, opens=True))
    assert torch.equal(opening.value, canvas.value[:, :2])
    later = cut_out(maquette, canvas, Window(first=1, size=2, stop=3, opens=False))
    assert later.known[0].all() and not torch.equal(later.value[:, 0], canvas.value[:, 1])
    assert torch.equal(later.value[:, 1], canvas.value[:, 2])


def test_every_shot_is_developed_to_its_own_length() -> None:
    maquette = model()
    value = torch.randn(CONFIG.autoencoder.channels, 4, 2, 3)
    frames = develop(maquette, value, SHOTS, size=3, large=False)
    assert frames.shape == (13, 64, 96, 3)
    alone = develop(
        maquette,
        value[:, 2:],
        cut(VideoShape(frames=7, height=64, width=96, fps=Fraction(12)), [], time=6),
        size=3,
        large=False,
    )
    assert np.array_equal(frames[6:], alone)


def test_strips_meet_as_if_they_were_one() -> None:
    maquette = model()
    for weight in maquette.autoencoder.parameters():
        torch.nn.init.normal_(weight, std=0.1)
    shots = cut(VideoShape(frames=40, height=64, width=96, fps=Fraction(12)), [Fraction(3)], time=6)
    value = torch.randn(CONFIG.autoencoder.channels, sum(shot.groups for shot in shots), 2, 3)
    whole, parts = (develop(maquette, value, shots, size=size, large=False) for size in (9, 2))
    assert np.abs(whole.astype(int) - parts).max() <= 1


def test_each_window_completes_a_strip() -> None:
    (shot,) = cut(VideoShape(frames=241, height=64, width=96, fps=Fraction(12)), [], time=6)
    parts = strips([shot], size=9, step=6)
    assert [(strip.first, strip.stop, strip.sees) for strip in parts][:3] == [(0, 8, 9), (8, 14, 15), (14, 20, 21)]
    assert [strip.first for strip in parts[1:]] == [strip.stop for strip in parts[:-1]] and parts[-1].stop == 41
    (short,) = cut(VideoShape(frames=49, height=64, width=96, fps=Fraction(12)), [], time=6)
    assert [(strip.first, strip.stop) for strip in strips([short], size=9, step=6)] == [(0, 9)]


@pytest.mark.parametrize("large", [False, True])
def test_what_is_no_picture_is_not_developed(large: bool) -> None:
    """A clamp would make white of what is infinite, and a byte black of what is no number."""
    torch.manual_seed(0)
    painter = Maquette(replace(CONFIG, upscaler=UpscalerConfig(width=8, blocks=1) if large else None)).eval()
    shots, config = cut(SHAPE, [], time=6), CONFIG.autoencoder
    value = torch.zeros(config.channels, 3, SHAPE.height // config.space, SHAPE.width // config.space)
    with torch.inference_mode():
        assert len(develop(painter, value, shots, size=9, large=large)) == 13
        value[0, 1, 0, 0] = float("nan")
        with pytest.raises(PaintingError):
            develop(painter, value, shots, size=9, large=large)
        value[0, 1, 0, 0] = 0
        if painter.upscaler is not None:
            next(painter.upscaler.parameters()).fill_(float("inf"))
            with pytest.raises(PaintingError):
                develop(painter, value, shots, size=9, large=large)
