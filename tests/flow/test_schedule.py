from __future__ import annotations

import itertools

import pytest
import torch

from ozora.flow.schedule import Times, draw_times, layout_first, shift, split_steps, times


def test_times_fall_from_noise_to_data() -> None:
    assert times(8) == tuple(1 - i / 8 for i in range(9))


@pytest.mark.parametrize("factor", [1.0, 2.0, 5.0])
def test_shifted_times_keep_their_ends_and_their_order(factor: float) -> None:
    grid = times(10, factor=factor)
    assert (grid[0], grid[-1]) == (1.0, 0.0)
    assert all(after < before for before, after in itertools.pairwise(grid))


def test_shift_leans_toward_noise() -> None:
    inside = times(10)[1:-1]
    assert all(shift(t, 1.0) == t and shift(t, 2.0) > t for t in inside)
    assert shift(0.5, 3.0) == pytest.approx(0.75)


def test_shifts_combine_by_product() -> None:
    """Equation 23 composes: the noise-to-data ratio is multiplied each time."""
    for t in times(10)[1:-1]:
        assert shift(shift(t, 2.0), 1.5) == pytest.approx(shift(t, 3.0))


@pytest.mark.parametrize(
    ("steps", "parts"),
    [(2, (1, 1)), (3, (2, 1)), (4, (3, 1)), (6, (4, 2)), (10, (6, 4)), (14, (8, 6)), (200, (101, 99))],
)
def test_steps_are_split_between_layout_and_picture(steps: int, parts: tuple[int, int]) -> None:
    assert split_steps(steps) == parts


@pytest.mark.parametrize("steps", [2, 3, 6, 10, 31])
def test_the_layout_is_done_before_the_picture_begins(steps: int) -> None:
    grid = layout_first(steps, layout_shift=5.0, shift=2.5)
    assert len(grid) == steps + 1
    assert (grid[0], grid[-1]) == (Times(layout=1.0, picture=1.0), Times(layout=0.0, picture=0.0))
    assert all(at.layout == 0 or at.picture == 1 for at in grid)
    for before, after in itertools.pairwise(grid):
        assert (after.layout < before.layout) != (after.picture < before.picture), "one of them moves, never both"


@pytest.mark.parametrize(("steps", "layout", "picture"), [(6, 2, 2), (10, 3, 4), (14, 4, 6), (1, 1, 1)])
def test_a_window_that_goes_on_takes_half_of_the_steps_for_its_layout(steps: int, layout: int, picture: int) -> None:
    grid = layout_first(steps, layout_shift=5.0, shift=2.5, goes_on=True)
    assert sum(at.layout > 0 for at in grid) == layout
    assert sum(at.picture > 0 for at in grid if at.layout == 0 or steps == 1) == picture
    assert (grid[0], grid[-1]) == (Times(layout=1.0, picture=1.0), Times(layout=0.0, picture=0.0))


def test_a_single_step_takes_both_at_once() -> None:
    grid = layout_first(1, layout_shift=5.0, shift=2.5)
    assert grid == (Times(layout=1.0, picture=1.0), Times(layout=0.0, picture=0.0))


@pytest.mark.parametrize("start", [0.05, 0.4, 0.9])
def test_a_clip_that_is_painted_over_begins_on_the_way(start: float) -> None:
    grid = layout_first(14, layout_shift=5.0, shift=2.5, start=start)
    assert {at.picture for at in grid if at.layout > 0} == {start}
    late = [at.picture for at in grid if at.layout == 0]
    assert late[0] == start and late[-1] == 0 and late == sorted(set(late), reverse=True), "no step on the spot"


def test_drawn_times_are_seeded_and_inside() -> None:
    first = draw_times((4000,), torch.Generator().manual_seed(3))
    assert torch.equal(first, draw_times((4000,), torch.Generator().manual_seed(3)))
    assert not torch.equal(first, draw_times((4000,), torch.Generator().manual_seed(4)))
    assert first.min() > 0 and first.max() < 1


@pytest.mark.parametrize("mean", [-1.0, 0.0, 0.4])
def test_drawn_times_are_logit_normal(mean: float) -> None:
    logits = torch.logit(draw_times((20000,), torch.Generator().manual_seed(0), mean=mean, spread=0.5))
    assert logits.mean().item() == pytest.approx(mean, abs=0.02)
    assert logits.std().item() == pytest.approx(0.5, abs=0.02)
