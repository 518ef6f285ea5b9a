from __future__ import annotations

import json
from fractions import Fraction

import pytest
import torch
from torch import Tensor

from ozora.model.autoencoder import Autoencoder, AutoencoderConfig
from ozora.shapes import VideoShape

CONFIG = AutoencoderConfig(
    time=3,
    space=16,
    channels=8,
    motion=2,
    encoder_width=24,
    motion_width=16,
    decoder_widths=(8, 12, 16),
    mover_widths=(16, 8, 8, 8),
    enlarge=2,
)
FRAMES, HEIGHT, WIDTH = 10, 32, 48


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
    waves = [torch.sin(x / 6 + f / 3), torch.cos(y / 5 - f / 4), torch.sin((x + y) / 9 + f / 2)]
    return 0.8 * torch.stack(waves)[None]


def test_sizes_are_those_of_the_compression() -> None:
    model, video = network(), clip()
    shape = CONFIG.compression.latent(VideoShape(frames=FRAMES, height=HEIGHT, width=WIDTH, fps=Fraction(12)))
    latent = model.encode(video)
    assert latent.shape == (1, shape.channels, shape.frames, shape.height, shape.width) == (1, 8, 4, 2, 3)
    assert model.decode(latent).shape == video.shape


def test_an_image_is_a_video_of_one_frame() -> None:
    model, video = network(), clip()
    alone = model.encode(video[:, :, :1])
    assert alone.shape[2] == 1
    torch.testing.assert_close(alone, model.encode(video)[:, :, :1])
    assert model.decode(alone).shape[2] == 1


def test_the_first_latent_depends_on_the_first_frame_only() -> None:
    model, video = network(), clip()
    changed = video.clone()
    changed[:, :, 1:] += 0.5
    before, after = model.encode(video), model.encode(changed)
    assert torch.equal(before[:, :, 0], after[:, :, 0])
    changed[:, :, 0, :1, :1] += 0.5
    assert not torch.equal(after[:, :, 0], model.encode(changed)[:, :, 0]), "a single pixel must matter"


@pytest.mark.parametrize("group", [1, 2, 3])
def test_a_group_of_frames_decides_its_own_latent_only(group: int) -> None:
    model, video = network(), clip()
    for frame in range(1 + 3 * (group - 1), 1 + 3 * group):
        changed = video.clone()
        changed[:, :, frame] *= -1
        same = (model.encode(changed) == model.encode(video)).all(dim=1).all(dim=-1).all(dim=-1)[0]
        assert same.tolist() == [number != group for number in range(4)]


@pytest.mark.parametrize("group", [0, 1, 2, 3])
def test_a_picture_depends_on_three_latent_frames(group: int) -> None:
    """On its own and on those beside it; the first picture on its own alone."""
    model = network()
    latent = model.encode(clip())
    changed = latent.clone()
    changed[:, :, group] += 1.0
    differs = (model.decode(latent) != model.decode(changed)).flatten(3).any(3).any(1)[0].tolist()
    seen = [{0}] + [{own - 1, own, own + 1} for own in (1, 2, 3) for _ in range(3)]
    assert differs == [group in groups for groups in seen]


def test_a_later_part_of_a_clip_decodes_as_in_the_whole() -> None:
    model = network()
    latent = model.encode(clip())
    whole, part = model.decode(latent), model.decode(latent[:, :, 1:], opens=False)
    torch.testing.assert_close(part[:, :, 1:], whole[:, :, 4:])
    assert not torch.equal(model.decode(latent[:, :, 1:])[:, :, 1:], part[:, :, 1:]), "what opens a clip is a picture"


def test_what_stands_still_has_no_movement() -> None:
    model = network()
    still = clip()[:, :, :1].expand(-1, -1, FRAMES, -1, -1)
    assert not model.encode(still)[:, 6:].any()
    assert model.encode(clip())[:, 6:, 1:].abs().amax(dim=(0, 2, 3, 4)).min() > 0
    looks = model.encode(still)[:, :6]
    torch.testing.assert_close(looks[:, :, 1:], looks[:, :, :1].expand(-1, -1, 3, -1, -1))


def test_the_look_of_a_group_is_that_of_its_middle_frame() -> None:
    model, video = network(), clip()
    latent = model.encode(video)
    for group in range(1, 4):
        alone = model.encode(video[:, :, 3 * group - 1 : 3 * group])
        torch.testing.assert_close(latent[:, :6, group], alone[:, :6, 0])


def test_the_flow_says_where_the_pixels_come_from() -> None:
    """A mover that says "from so much further left" shifts the middle picture to the right; one that says that the
    other is seen shows the next middle picture."""
    torch.manual_seed(0)
    model = Autoencoder(CONFIG).requires_grad_(False)
    model.start_from(clip().repeat(2, 1, 1, 1, 1) + 0.1 * torch.randn(2, 3, FRAMES, HEIGHT, WIDTH))
    latent = model.encode(clip())
    before = model.decode(latent)
    middles = torch.stack([model.decode(latent[:, :, group : group + 1])[:, :, 0] for group in range(4)], dim=2)
    assert torch.equal(model.flow(latent), torch.zeros(1, 4, FRAMES - 1, HEIGHT // 4, WIDTH // 4))
    torch.testing.assert_close(before[:, :, -1], middles[:, :, 3], msg="nothing has moved yet")
    last = model.move.body[-1]
    assert isinstance(last, torch.nn.Conv2d) and last.bias is not None
    last.bias[:2] = torch.tensor([-4 / HEIGHT, 0])
    last.bias[2] = -4 / HEIGHT
    after = model.decode(latent)
    torch.testing.assert_close(model.flow(latent)[:, [0, 2]], torch.full((1, 2, FRAMES - 1, 8, 12), -4 / HEIGHT))
    torch.testing.assert_close(after[:, :, 1:, :, 4:], before[:, :, 1:, :, :-4])
    assert torch.equal(after[:, :, 0], before[:, :, 0])
    last.bias[:5] = torch.tensor([0.0, 0, 0, 0, 40])
    others = model.decode(latent)
    torch.testing.assert_close(others[:, :, 1:4], middles[:, :, [0, 2, 2]], atol=1e-4, rtol=0)


def test_clips_of_a_batch_do_not_touch() -> None:
    model, video = network(), clip()
    both = model.encode(torch.cat([video, -video]))
    torch.testing.assert_close(both[:1], model.encode(video))
    torch.testing.assert_close(model.decode(both)[1:], model.decode(both[1:]))


def test_a_start_from_the_corpus_is_centered_and_of_unit_size() -> None:
    torch.manual_seed(0)
    model = Autoencoder(CONFIG)
    video = torch.cat([clip(), clip().flip(-1), clip().flip(2), 0.5 * clip()])
    video = video + 0.1 * torch.randn(video.shape)
    model.start_from(video)
    with torch.no_grad():
        latent = model.encode(video)
        error = (model.decode(latent) - video).square().mean()
        images = [model.encode(video[:, :, frame : frame + 1]) for frame in range(FRAMES)]
    channels = torch.cat(images, dim=2)[:, :6].transpose(0, 1).flatten(1)
    torch.testing.assert_close(channels.mean(1), torch.zeros(6), rtol=0, atol=0.06)
    torch.testing.assert_close(channels.std(1), torch.ones(6), rtol=0, atol=0.02)
    torch.testing.assert_close(channels.cov(), torch.eye(6), rtol=0, atol=0.05)
    assert error < 0.3 * video.var()


def test_a_tiny_model_overfits_one_clip() -> None:
    torch.manual_seed(0)
    model, video = Autoencoder(CONFIG), clip(7)
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
