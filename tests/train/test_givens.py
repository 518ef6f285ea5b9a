from __future__ import annotations

import torch

from ozora.train.givens import draw_givens, draw_passing, draw_regions


def test_every_kind_comes_up_and_something_is_left_to_paint() -> None:
    known = draw_givens(2000, 9, 0.5, torch.Generator().manual_seed(1))
    given = known.any(1)
    assert 0.45 < given.float().mean() < 0.55
    assert not known.all(1).any()
    rows = {tuple(row) for row in known[given].int().tolist()}
    first, last = (1, *[0] * 8), (*[0] * 8, 1)
    assert {first, last, (1, *[0] * 7, 1), (1, 1, 1, *[0] * 6), (*[0] * 6, 1, 1, 1)} <= rows
    assert sum(row == list(first) for row in known.int().tolist()) > 0.15 * 2000


def test_short_clips_keep_an_unknown_frame() -> None:
    generator = torch.Generator().manual_seed(2)
    assert draw_givens(50, 1, 1.0, generator).sum() == 0
    for frames in (2, 3):
        known = draw_givens(200, frames, 1.0, generator)
        assert not known.all(1).any()
        assert known[:, 0].mean() > 0.4


def test_passing_clips_are_known_at_one_end() -> None:
    known = draw_passing(500, 9, torch.Generator().manual_seed(4))
    assert (known.diff(dim=1).abs().sum(1) == 1).all(), "one border each"
    assert 0.5 < known[:, 0].mean() < 0.7
    assert (known[:, 0] + known[:, -1] == 1).all()


def test_regions_are_boxes_and_their_surroundings() -> None:
    known = draw_regions(3000, 4, 7, 0.5, torch.Generator().manual_seed(3))
    given = known[known.flatten(1).any(1)]
    assert 0.4 < len(given) / 3000 < 0.55
    assert not known.flatten(1).all(1).any()
    corners = given[:, 0, 0] + given[:, 0, -1] + given[:, -1, 0] + given[:, -1, -1]
    assert (corners >= 2).float().mean() > 0.5, "most keep what is around a box"
    inside = given[(corners == 0)]
    assert len(inside) > 20, "some keep a box in the middle alone"
