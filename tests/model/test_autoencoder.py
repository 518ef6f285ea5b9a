from __future__ import annotations

import json
from fractions import Fraction

import pytest
import torch
from torch import Tensor

from ozora.model.autoencoder import TIME, Autoencoder, AutoencoderConfig, threes
from ozora.shapes import VideoShape

CONFIG = AutoencoderConfig(channels=12, width=24, encoder_widths=(8, 12, 16), decoder_widths=(8, 8, 12, 16))
FRAMES, HEIGHT, WIDTH = 13, 64, 96


def network() -> Autoencoder:
    """All weights random: the zeros of the start would hide most of what is tested."""
    torch.manual_seed(0)
    model = Autoencoder(CONFIG).eval()
    with torch.no_grad():
        for value in model.parameters():
            value.normal_(std=0.1)
    return model.requires_grad_(False)


def clip(frames: int = FRAMES) -> Tensor:
    """Smooth waves that drift, in [-1, 1]."""
    f, y, x = torch.meshgrid(torch.arange(frames), torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    waves = [torch.sin(x / 12 + f / 3), torch.cos(y / 10 - f / 4), torch.sin((x + y) / 18 + f / 2)]
    return 0.8 * torch.stack(waves)[None]


def test_sizes_are_those_of_the_compression() -> None:
    model, video = network(), clip()
    shape = CONFIG.compression.latent(VideoShape(frames=FRAMES, height=HEIGHT, width=WIDTH, fps=Fraction(12)))
    latent = model.encode(video)
    assert latent.shape == (1, shape.channels, shape.frames, shape.height, shape.width) == (1, 12, 4, 2, 3)
    assert model.decode(latent).shape == video.shape


def test_an_image_is_a_video_of_one_frame() -> None:
    model, video = network(), clip()
    alone = model.encode(video[:, :, :1])
    assert alone.shape[2] == 1
    torch.testing.assert_close(alone, model.encode(video)[:, :, :1])
    assert model.decode(alone).shape[2] == 1


@pytest.mark.parametrize("group", [0, 1, 2, 3])
def test_a_group_of_frames_decides_its_own_latent_only(group: int) -> None:
    model, video = network(), clip()
    for frame in range(1 + TIME * (group - 1), 1 + TIME * group) if group else range(1):
        changed = video.clone()
        changed[:, :, frame] *= -1
        same = (model.encode(changed) == model.encode(video)).all(dim=1).all(dim=-1).all(dim=-1)[0]
        assert same.tolist() == [number != group for number in range(4)]


@pytest.mark.parametrize("group", [0, 1, 2, 3])
def test_a_picture_depends_on_three_latent_frames(group: int) -> None:
    model = network()
    latent = model.encode(clip())
    changed = latent.clone()
    changed[:, :, group] += 1.0
    differs = (model.decode(latent) != model.decode(changed)).flatten(3).any(3).any(1)[0].tolist()
    seen = [{-1, 0, 1}] + [{own - 1, own, own + 1} for own in (1, 2, 3) for _ in range(TIME)]
    assert differs == [group in groups for groups in seen]


def test_what_is_beside_a_clip_is_zero() -> None:
    latent = torch.ones(1, 3, 2, 1, 1)
    assert threes(latent)[0, :, :, 0, 0].tolist() == [[0, 0, 1, 1, 1, 1], [1] * 6, [1, 1, 1, 1, 0, 0]]


def test_clips_of_a_batch_do_not_touch() -> None:
    model, video = network(), clip()
    both = model.encode(torch.cat([video, -video]))
    torch.testing.assert_close(both[:1], model.encode(video))
    torch.testing.assert_close(model.decode(both)[1:], model.decode(both[1:]))


def test_a_start_from_the_corpus_is_centered_and_half_white() -> None:
    torch.manual_seed(0)
    model = Autoencoder(CONFIG)
    video = torch.cat([clip(), clip().flip(-1), clip().flip(2), 0.5 * clip()])
    size = model.start_from(video + 0.1 * torch.randn(video.shape))
    with torch.no_grad():
        latent = model.encode(video)
        error = (model.decode(latent) - video).square().mean()
    channels = latent.transpose(0, 1).flatten(1)
    assert size.diff().le(0).all() and size.min() > 0
    assert channels.mean(1).abs().max() < 0.2
    torch.testing.assert_close(channels[:4].std(1), size[:4].sqrt(), rtol=0.25, atol=0)
    assert error < 0.3 * video.var()


def test_the_convolutions_begin_silent() -> None:
    torch.manual_seed(0)
    model = Autoencoder(CONFIG).requires_grad_(False)
    latent = torch.randn(1, 12, 3, 2, 3)
    assert not model.decoder(threes(latent.transpose(1, 2)).flatten(0, 1)).any()
    assert not model.encoder(torch.randn(2, 3, TIME, 32, 48)).any()


def test_a_tiny_model_overfits_one_clip() -> None:
    torch.manual_seed(0)
    model, video = Autoencoder(CONFIG), clip(5)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    losses = []
    for _ in range(60):
        loss = (model.decode(model.encode(video)) - video).square().mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0], f"{losses[0]:.3f} -> {losses[-1]:.3f}"


def test_config_survives_json() -> None:
    assert AutoencoderConfig.from_dict(json.loads(json.dumps(CONFIG.to_dict()))) == CONFIG
