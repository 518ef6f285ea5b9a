from __future__ import annotations

import json

import torch
from torch import Tensor

from ozora.flow.path import mix, velocity_from_data
from ozora.flow.schedule import times
from ozora.flow.solvers import euler
from ozora.model.autoencoder import AutoencoderConfig
from ozora.model.maquette import Maquette, MaquetteConfig, Painter
from ozora.model.text import TextConfig, tokenize
from ozora.model.transformer import TransformerConfig, positions

CONFIG = MaquetteConfig(
    autoencoder=AutoencoderConfig(
        time=3,
        space=16,
        channels=6,
        motion=2,
        encoder_width=24,
        motion_width=16,
        decoder_widths=(8, 12, 16),
        mover_widths=(16, 8, 8, 8),
    ),
    text=TextConfig(words=("red", "blue", "ball"), length=6, width=16, layers=1, heads=2),
    transformer=TransformerConfig(channels=6, blocking=0, text_width=16, width=32, layers=2, heads=2, hidden=48),
    height=32,
    width=48,
)
G, I, J = 2, 2, 3  # noqa: E741 - rows of tokens
PROMPTS = ["a red ball", "a blue ball"]


def clips() -> Tensor:
    """The data of each prompt, [b, n, k]: one color of its own."""
    return torch.randn(2, 1, 6, generator=torch.Generator().manual_seed(5)).expand(2, G * I * J, 6).contiguous()


def overfit(painter: Painter, data: Tensor, steps: int) -> list[float]:
    """Flow matching on two clips; returns the losses."""
    words = tokenize(PROMPTS, CONFIG.text)
    place, known = positions(G, I, J, seconds_a_frame=0.25), torch.zeros(2, G * I * J)
    draw = torch.Generator().manual_seed(6)
    optimizer = torch.optim.Adam(painter.parameters(), lr=4e-3)
    losses = []
    for _ in range(steps):
        t = torch.rand(2, 1, generator=draw)
        x_t = mix(data, torch.randn(data.shape, generator=draw), t[..., None])
        loss = (painter(x_t, t, t[:, 0], known, words, place) - data).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def test_a_tiny_painter_learns_one_clip_a_prompt_and_paints_it() -> None:
    torch.manual_seed(0)
    painter, data = Painter(CONFIG.text, CONFIG.transformer), clips()
    losses = overfit(painter, data, 100)
    assert losses[-1] < 0.05 * losses[0], f"{losses[0]:.3f} -> {losses[-1]:.3f}"
    place, known = positions(G, I, J, seconds_a_frame=0.25), torch.zeros(1, G * I * J)
    words = tokenize(PROMPTS[1:], CONFIG.text)

    def velocity(x: Tensor, t: Tensor) -> Tensor:
        return velocity_from_data(painter(x, t.view(1, 1), t.view(1), known, words, place), x, t)

    with torch.inference_mode():
        *_, painted = euler(velocity, torch.randn(1, G * I * J, 6), times(8), torch.tensor)
    assert (painted[0] - data[1]).square().mean() < 0.1 * (painted[0] - data[0]).square().mean()


def test_latents_come_back_from_their_unit_scale() -> None:
    model = Maquette(CONFIG)
    model.latent_mean.copy_(torch.linspace(-2, 2, 6))
    model.latent_std.copy_(torch.linspace(0.1, 3, 6))
    latent = torch.randn(2, 6, G, I, J)
    scaled = model.normalize(latent)
    torch.testing.assert_close(scaled[0, 3], (latent[0, 3] - 0.4) / model.latent_std[3])
    torch.testing.assert_close(model.denormalize(scaled), latent)


def test_the_scale_is_part_of_the_weights() -> None:
    assert {"latent_mean", "latent_std"} <= set(Maquette(CONFIG).state_dict())


def test_config_survives_json() -> None:
    assert MaquetteConfig.from_dict(json.loads(json.dumps(CONFIG.to_dict()))) == CONFIG
