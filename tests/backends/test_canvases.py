from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch

from ozora.backends.canvases import cut_out, decode_chunk, decode_chunks, encode_image, fill, to_frames
from ozora.edit.given import Given
from ozora.errors import PaintingError
from ozora.flow.windows import Window, cut
from ozora.model.engine import PlainEngine
from ozora.model.maquette import Maquette
from ozora.shapes import VideoShape
from tests.model.tiny import CONFIG

SHAPE = VideoShape(frames=13, height=64, width=96, fps=Fraction(12))
SHOTS = cut(SHAPE, [Fraction(1, 2)], time=4)


def model() -> Maquette:
    torch.manual_seed(0)
    network = Maquette(CONFIG).eval()
    for weight in network.autoencoder.parameters():
        torch.nn.init.normal_(weight, std=0.1)
    return network.requires_grad_(False)


def gray(count: int) -> np.ndarray:
    return np.full((count, 64, 96, 3), 90, np.uint8)


def test_a_group_is_known_when_all_its_frames_are() -> None:
    canvas = fill(model(), SHAPE, cut(SHAPE, [], time=4), (Given(frame=5, pictures=gray(8)),))
    assert canvas.known.all(dim=(1, 2)).tolist() == [False, False, True, True]


def test_a_shot_that_ends_early_repeats_its_last_picture() -> None:
    """Six frames are three latent frames: a picture, a group, and one whose last three frames are of the next shot."""
    assert [(shot.first, shot.frames, shot.group, shot.groups) for shot in SHOTS] == [(0, 6, 0, 3), (6, 7, 3, 3)]
    canvas = fill(model(), SHAPE, SHOTS, (Given(frame=0, pictures=gray(6)),))
    assert canvas.known.all(dim=(1, 2)).tolist() == [True] * 3 + [False] * 3


def test_a_group_of_which_little_is_missing_is_completed() -> None:
    """Clips of four seconds end one frame before a group does."""
    shots, network = cut(SHAPE, [], time=4), model()
    nearly = fill(network, SHAPE, shots, (Given(frame=0, pictures=gray(12)),))
    whole = fill(network, SHAPE, shots, (Given(frame=0, pictures=gray(13)),))
    assert torch.equal(nearly.value, whole.value) and nearly.known.all()
    half = fill(network, SHAPE, shots, (Given(frame=0, pictures=gray(11)),))
    assert half.known.all(dim=(1, 2)).tolist() == [True, True, True, False]


def test_a_picture_alone_is_known() -> None:
    picture = Given(frame=9, pictures=gray(1))
    canvas = fill(model(), SHAPE, cut(SHAPE, [], time=4), (picture,))
    assert canvas.known.all(dim=(1, 2)).tolist() == [False, False, False, True]


def test_a_token_is_known_when_all_its_pixels_are() -> None:
    known = np.ones((13, 64, 96), bool)
    known[3, 40, 50] = False
    canvas = fill(model(), SHAPE, cut(SHAPE, [], time=4), (Given(frame=0, pictures=gray(13), known=known),))
    unknown = (~canvas.known).nonzero().tolist()
    assert unknown == [[1, 1, 1]]
    assert not canvas.value[:, 1, 1, 1].any()


def test_a_later_window_begins_with_a_picture() -> None:
    maquette = model()
    engine = PlainEngine(maquette)
    canvas = fill(maquette, SHAPE, cut(SHAPE, [], time=4), (Given(frame=0, pictures=gray(13)),))
    opening = cut_out(maquette, engine, canvas, Window(first=0, size=2, stop=2, opens=True))
    assert torch.equal(opening.value, canvas.value[:, :2])
    later = cut_out(maquette, engine, canvas, Window(first=1, size=2, stop=3, opens=False))
    assert later.known[0].all() and torch.equal(later.value[:, 1], canvas.value[:, 2])
    last = to_frames(engine.decode(canvas.value, 1, 2))[-1]
    assert torch.equal(later.value[:, :1], encode_image(maquette, last))


def test_every_shot_is_decoded_to_its_own_length() -> None:
    engine = PlainEngine(model())
    value = torch.randn(CONFIG.autoencoder.channels, 6, 2, 3)
    chunks = decode_chunks(SHOTS, size=7, step=3)
    first, second = (decode_chunk(engine, value, chunk) for chunk in chunks)
    assert (first.shape, second.shape) == ((6, 64, 96, 3), (7, 64, 96, 3))
    (alone,) = cut(VideoShape(frames=7, height=64, width=96, fps=Fraction(12)), [], time=4)
    (chunk,) = decode_chunks([alone], size=7, step=3)
    assert np.array_equal(second, decode_chunk(engine, value[:, 3:], chunk)), "a shot sees nothing of the one before"


def test_chunks_meet_as_if_they_were_one() -> None:
    engine = PlainEngine(model())
    shots = cut(VideoShape(frames=40, height=64, width=96, fps=Fraction(12)), [Fraction(3)], time=4)
    value = torch.randn(CONFIG.autoencoder.channels, sum(shot.groups for shot in shots), 2, 3)
    whole, parts = (
        np.concatenate([decode_chunk(engine, value, chunk) for chunk in decode_chunks(shots, size=size, step=step)])
        for size, step in ((20, 20), (3, 2))
    )
    assert whole.shape == (40, 64, 96, 3)
    assert np.abs(whole.astype(int) - parts).max() <= 1


def test_each_window_completes_a_chunk() -> None:
    (shot,) = cut(VideoShape(frames=241, height=64, width=96, fps=Fraction(12)), [], time=4)
    chunks = decode_chunks([shot], size=13, step=9)
    assert [(chunk.first, chunk.stop, chunk.sees) for chunk in chunks][:3] == [(0, 12, 13), (12, 21, 22), (21, 30, 31)]
    assert [chunk.first for chunk in chunks[1:]] == [chunk.stop for chunk in chunks[:-1]] and chunks[-1].stop == 61
    (short,) = cut(VideoShape(frames=49, height=64, width=96, fps=Fraction(12)), [], time=4)
    assert [(chunk.first, chunk.stop) for chunk in decode_chunks([short], size=13, step=9)] == [(0, 13)]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_picture_is_not_shown(value: float) -> None:
    """A clamp would make white of what is infinite, and a byte black of what is no number."""
    (shot,) = cut(SHAPE, [], time=4)
    (chunk,) = decode_chunks([shot], size=7, step=3)
    latent = torch.zeros(CONFIG.autoencoder.channels, 4, 2, 3)
    engine = PlainEngine(model())
    assert len(decode_chunk(engine, latent, chunk)) == 13
    latent[0, 1, 0, 0] = value
    with pytest.raises(PaintingError):
        decode_chunk(engine, latent, chunk)
