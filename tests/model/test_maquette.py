from __future__ import annotations

import itertools
import json

import torch
from torch import Tensor

from ozora.flow.path import mix, move
from ozora.flow.schedule import times
from ozora.model.autoencoder import AutoencoderConfig
from ozora.model.maquette import Denoiser, Maquette, MaquetteConfig
from ozora.model.text import TextConfig, tokenize
from ozora.model.transformer import TransformerConfig, positions
from ozora.model.upscaler import UpscalerConfig

CONFIG = MaquetteConfig(
    autoencoder=AutoencoderConfig(channels=6, width=16, encoder_widths=(8, 8, 8), decoder_widths=(8, 8, 8, 8)),
    text=TextConfig(words=("red", "blue", "ball"), length=6, width=16, layers=1, heads=2),
    transformer=TransformerConfig(channels=6, layout=0, text_width=16, width=32, layers=2, heads=2, hidden=48),
    height=64,
    width=96,
    enlarger=UpscalerConfig(width=8, blocks=1),
)
G, I, J = 2, 2, 3  # noqa: E741 - rows of tokens
PROMPTS = ["a red ball", "a blue ball"]


def clips() -> Tensor:
    """The data of each prompt, [b, n, k]: one color of its own."""
    return torch.randn(2, 1, 6, generator=torch.Generator().manual_seed(5)).expand(2, G * I * J, 6).contiguous()


def overfit(denoiser: Denoiser, data: Tensor, steps: int) -> list[float]:
    """Flow matching on two clips; returns the losses."""
    words = tokenize(PROMPTS, CONFIG.text)
    place, known = positions(G, I, J, seconds_a_frame=0.25), torch.zeros(2, G * I * J)
    draw = torch.Generator().manual_seed(6)
    optimizer = torch.optim.Adam(denoiser.parameters(), lr=4e-3)
    losses = []
    for _ in range(steps):
        t = torch.rand(2, generator=draw)
        x_t = mix(data, torch.randn(data.shape, generator=draw), t[:, None, None])
        loss = (denoiser(x_t, t[:, None].expand(2, G), t, known, words, place) - data).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def test_a_tiny_denoiser_learns_one_clip_a_prompt_and_paints_it() -> None:
    torch.manual_seed(0)
    denoiser, data = Denoiser(CONFIG.text, CONFIG.transformer), clips()
    losses = overfit(denoiser, data, 100)
    assert losses[-1] < 0.05 * losses[0], f"{losses[0]:.3f} -> {losses[-1]:.3f}"
    place, known = positions(G, I, J, seconds_a_frame=0.25), torch.zeros(1, G * I * J)
    words = tokenize(PROMPTS[1:], CONFIG.text)

    painted = torch.randn(1, G * I * J, 6)
    with torch.inference_mode():
        for t, t_next in itertools.pairwise(times(8)):
            level = torch.full((1, G), t)
            painted = move(painted, denoiser(painted, level, level[:, 0], known, words, place), t, t_next)
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
