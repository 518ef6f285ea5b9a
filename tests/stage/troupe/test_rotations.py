from __future__ import annotations

import numpy as np
import pytest

from ozora.stage.troupe import rotations as rot
from ozora.stage.troupe.rotations import Rigid


def some(seed: int, count: int = 5) -> Rigid:
    dice = np.random.default_rng(seed)
    turns = rot.normalize(dice.normal(size=(count, 4)).astype(np.float32))
    return Rigid(places=dice.normal(size=(count, 3)).astype(np.float32), turns=turns)


def test_inverse_undoes() -> None:
    one = some(1)
    both = rot.compose(one, rot.invert(one))
    np.testing.assert_allclose(both.places, 0.0, atol=1e-5)
    np.testing.assert_allclose(np.abs(both.turns[:, 3]), 1.0, atol=1e-5)


def test_composition_is_application_twice() -> None:
    points = np.random.default_rng(3).normal(size=(5, 3)).astype(np.float32)
    outer, inner = some(1), some(2)
    np.testing.assert_allclose(
        rot.apply(rot.compose(outer, inner), points), rot.apply(outer, rot.apply(inner, points)), atol=1e-5
    )


def test_matrices_act_like_the_transforms() -> None:
    points = np.random.default_rng(3).normal(size=(5, 3)).astype(np.float32)
    one = some(4)
    matrices = rot.to_matrices(one)
    np.testing.assert_allclose(
        np.einsum("nij,nj->ni", matrices[..., :3], points) + matrices[..., 3], rot.apply(one, points), atol=1e-5
    )


def test_blend_goes_the_short_way() -> None:
    start = rot.identity(1)
    end = Rigid(places=np.ones((1, 3), np.float32), turns=-start.turns)
    half = rot.blend(start, end, 0.5)
    np.testing.assert_allclose(half.places, 0.5)
    np.testing.assert_allclose(half.turns, start.turns)


def test_no_length_is_no_turn() -> None:
    assert rot.normalize(np.zeros((1, 4), np.float32))[0] == pytest.approx([0, 0, 0, 1])
