from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from ozora.model.transformer import Transformer, TransformerConfig, positions, rotate, rotations

CONFIG = TransformerConfig(channels=5, blocking=3, text_width=12, width=32, layers=2, heads=2, hidden=24)
G, I, J = 3, 2, 4  # noqa: E741 - rows of tokens
N, M = G * I * J, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    x_t: Tensor
    lead: Tensor
    known: Tensor
    text: Tensor
    place: Tensor


def network() -> Transformer:
    """All weights random: the zeros of the start would hide most of what is tested."""
    torch.manual_seed(0)
    model = Transformer(CONFIG).eval()
    with torch.no_grad():
        for value in model.parameters():
            value.normal_(std=0.2)
    return model.requires_grad_(False)


def inputs(batch: int = 2) -> Inputs:
    draw = torch.Generator().manual_seed(1)
    return Inputs(
        x_t=torch.randn(batch, N, 8, generator=draw),
        lead=torch.full((batch,), 0.4),
        known=torch.zeros(batch, N),
        text=torch.randn(batch, M, 12, generator=draw),
        place=positions(G, I, J, seconds_a_frame=0.5),
    )


def run(model: Transformer, given: Inputs, t: Tensor) -> Tensor:
    result: Tensor = model(given.x_t, t, given.lead, given.known, given.text, given.place)
    return result


def test_a_fresh_network_says_zero() -> None:
    given = inputs()
    result = run(Transformer(CONFIG), given, torch.full((2, 1), 0.5))
    assert result.shape == given.x_t.shape
    assert result.eq(0).all()


@pytest.mark.parametrize("levels", [G, N])
def test_equal_levels_may_be_given_once_a_frame_or_a_token(levels: int) -> None:
    model, given = network(), inputs()
    t = torch.tensor([[0.3], [0.8]])
    torch.testing.assert_close(run(model, given, t.expand(2, levels)), run(model, given, t), rtol=1e-4, atol=1e-5)


def test_levels_of_frames_are_levels_of_their_tokens() -> None:
    model, given = network(), inputs()
    frames = torch.tensor([[0.02, 0.5, 0.9], [1.0, 0.1, 0.4]])
    tokens = frames.repeat_interleave(I * J, dim=1)
    one, other = run(model, given, frames), run(model, given, tokens)
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(one, run(model, given, frames.flip(1)), atol=1e-3)


@pytest.mark.parametrize("what", ["x_t", "lead", "known", "text"])
def test_everything_that_is_given_matters_to_its_own_clip_only(what: str) -> None:
    model, given, t = network(), inputs(), torch.full((2, 1), 0.5)
    before = run(model, given, t)
    getattr(given, what)[1] += 1.0
    after = run(model, given, t)
    torch.testing.assert_close(after[0], before[0])
    assert not torch.allclose(after[1], before[1], atol=1e-3)


def test_positions_are_seconds_and_shares_of_the_height() -> None:
    place = positions(G, I, J, seconds_a_frame=0.5).view(G, I, J, 3)
    assert place[:, 0, 0, 0].tolist() == [0.0, 0.5, 1.0]
    assert place[0, :, 0, 1].tolist() == [-0.25, 0.25]
    assert place[0, 0, :, 2].tolist() == [-0.75, -0.25, 0.25, 0.75], "a token is as wide as it is high"


def _scores(place: Tensor) -> Tensor:
    """Attention scores of all pairs of tokens at these places, for fixed queries and keys."""
    draw = torch.Generator().manual_seed(2)
    q, k = (torch.randn(1, 1, len(place), 16, generator=draw, dtype=torch.float64) for _ in range(2))
    cos, sin = rotations(place, 16)
    return rotate(q, cos, sin) @ rotate(k, cos, sin).mT


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_attention_depends_on_relative_positions_only(axis: int) -> None:
    place = positions(G, I, J, seconds_a_frame=0.5).double()
    shift = torch.zeros(3, dtype=torch.float64)
    shift[axis] = 0.7
    torch.testing.assert_close(_scores(place + shift), _scores(place))
    stretched = place.clone()
    stretched[:, axis] *= 1.3
    assert not torch.allclose(_scores(stretched), _scores(place), atol=1e-2)


def test_rotation_keeps_lengths_and_leaves_text_alone() -> None:
    x = torch.randn(2, 3, N + M, 16, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    turned = rotate(x, *rotations(positions(G, I, J, seconds_a_frame=0.5).double(), 16))
    torch.testing.assert_close(turned.norm(dim=-1), x.norm(dim=-1))
    assert torch.equal(turned[:, :, N:], x[:, :, N:])
    assert not torch.allclose(turned[:, :, :N], x[:, :, :N])


def test_config_survives_json() -> None:
    assert TransformerConfig.from_dict(json.loads(json.dumps(CONFIG.to_dict()))) == CONFIG
