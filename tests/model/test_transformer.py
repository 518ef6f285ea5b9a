from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from ozora.model.transformer import Block, Transformer, TransformerConfig, positions, rotate, rotations

CONFIG = TransformerConfig(channels=5, layout=3, text_width=12, width=32, layers=3, heads=2, hidden=24)
G, I, J = 3, 2, 4  # noqa: E741 - rows of tokens
N, M = G * I * J, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    x_t: Tensor
    layout_t: Tensor
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
        layout_t=torch.full((batch,), 0.4),
        known=torch.zeros(batch, N),
        text=torch.randn(batch, M, 12, generator=draw),
        place=positions(G, I, J, seconds_a_frame=0.5),
    )


def run(model: Transformer, given: Inputs, t: Tensor) -> Tensor:
    result: Tensor = model(given.x_t, t, given.layout_t, given.known, given.text, given.place)
    return result


def test_a_fresh_network_says_zero() -> None:
    given = inputs()
    result = run(Transformer(CONFIG), given, torch.full((2, 1), 0.5))
    assert result.shape == given.x_t.shape
    assert result.eq(0).all()


def test_every_latent_frame_has_its_own_level() -> None:
    model, given = network(), inputs()
    frames = torch.tensor([[0.02, 0.5, 0.9], [1.0, 0.1, 0.4]])
    one, other = run(model, given, frames), run(model, given, frames.flip(1))
    assert not torch.allclose(one, other, atol=1e-3)


def test_one_block_of_three_looks_at_all_latent_frames() -> None:
    joint = [block.joint for block in Transformer(replace(CONFIG, layers=8)).blocks]
    assert joint == [False, True, False, False, True, False, False, True]
    assert all(block.joint for block in Transformer(replace(CONFIG, joint_every=1)).blocks)


def test_a_local_block_keeps_latent_frames_apart_and_a_joint_one_does_not() -> None:
    draw = torch.Generator().manual_seed(4)
    x, text = torch.randn(1, G, I * J, 32, generator=draw), torch.randn(1, M, 32, generator=draw)
    level = torch.randn(1, G, 1, 6, 32, generator=draw)
    cos, sin = rotations(positions(G, I, J, seconds_a_frame=0.5), 16)
    changed = x.clone()
    changed[:, 2] += 1.0
    for joint in (False, True):
        torch.manual_seed(0)
        block = Block(CONFIG, joint=joint).requires_grad_(False)
        one, words = block(x, text, level, cos, sin)
        other, other_words = block(changed, text, level, cos, sin)
        assert torch.allclose(one[:, :2], other[:, :2]) != joint
        assert torch.allclose(words, other_words) != joint
        assert not torch.allclose(one[:, 2], other[:, 2])


def test_a_single_latent_frame_needs_no_local_attention() -> None:
    draw = torch.Generator().manual_seed(4)
    x, text = torch.randn(2, 1, I * J, 32, generator=draw), torch.randn(2, M, 32, generator=draw)
    level, (cos, sin) = torch.randn(2, 1, 1, 6, 32), rotations(positions(1, I, J, seconds_a_frame=0.5), 16)
    torch.manual_seed(0)
    joint = Block(CONFIG, joint=True).requires_grad_(False)
    torch.manual_seed(0)
    local = Block(CONFIG, joint=False).requires_grad_(False)
    for one, other in zip(joint(x, text, level, cos, sin), local(x, text, level, cos, sin), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("what", ["x_t", "layout_t", "known", "text"])
def test_everything_that_is_given_matters_to_its_own_clip_only(what: str) -> None:
    model, given, t = network(), inputs(), torch.full((2, G), 0.5)
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
