from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ozora.flow.rehearsal import Rehearsal, State
from ozora.flow.schedule import staggered
from ozora.flow.solvers import SOLVERS

STEPS, AHEAD, CHANNELS, TURNS = 6, 2, 5, 4


def draw(turn: int, step: int) -> Tensor:
    return torch.randn(CHANNELS, 1, 2, 2, generator=torch.Generator().manual_seed(100 * turn + step + 1))


def rehearsal(solver: str, worths: list[float], settled: list[Tensor]) -> Rehearsal:
    """The settled blockings come to ``settled`` and are worth ``worths``; the velocity keeps some of the noise."""

    def worth(x: Tensor) -> float:
        settled.append(x)
        return worths[len(settled) - 1]

    return Rehearsal(
        velocity=lambda x, t: x.tanh() - 0.3,
        solver=SOLVERS[solver],
        times=staggered(STEPS, AHEAD, CHANNELS, lead=3.0, factor=2.0),
        begin=lambda turn: draw(turn, -1),
        fresh=draw,
        worth=worth,
    )


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(
    ("worths", "last", "chosen"),
    [([1.0], 0, 0), ([0.5, 0.2, 1.0], 2, 2), ([0.1, 0.7, 0.3, 0.7], 3, 1), ([0.0, 0.0, 0.0, 0.5], 3, 3)],
)
def test_blockings_are_tried_until_one_shows_all_or_the_best_is_taken(
    solver: str, worths: list[float], last: int, chosen: int
) -> None:
    settled: list[Tensor] = []
    states = list(rehearsal(solver, worths, settled).states(State(x=draw(0, -1)), turns=TURNS))
    assert [state.turn for state in states if state.step == 1] == list(range(last + 1))
    assert [state.step for state in states if state.turn == last] == list(range(1, STEPS + 1))
    assert all(state.step <= STEPS // 2 for state in states if state.turn < last)
    assert torch.equal(states[-1].x[:AHEAD], settled[chosen][:AHEAD])


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_was_tried_before_leaves_no_trace(solver: str) -> None:
    states = list(rehearsal(solver, [0.1, 0.2, 1.0], []).states(State(x=draw(0, -1)), turns=TURNS))
    alone = list(rehearsal(solver, [1.0], []).states(State(turn=2, x=draw(2, -1)), turns=TURNS))
    assert torch.equal(states[-1].x, alone[-1].x)


@pytest.mark.parametrize("solver", SOLVERS)
def test_it_goes_on_from_any_state(solver: str) -> None:
    worths = [0.1, 0.7, 0.3, 0.2]
    whole = list(rehearsal(solver, worths, []).states(State(x=draw(0, -1)), turns=TURNS))
    for place, state in enumerate(whole[:-1]):
        rest = list(rehearsal(solver, worths[state.turn :], []).states(state, turns=TURNS))
        assert [(item.step, item.turn) for item in rest] == [(item.step, item.turn) for item in whole[place + 1 :]]
        assert torch.equal(rest[-1].x, whole[-1].x)


def test_where_nobody_judges_there_is_one_turn() -> None:
    work = rehearsal("euler", [], [])
    free = Rehearsal(velocity=work.velocity, solver=work.solver, times=work.times, begin=work.begin, fresh=work.fresh)
    assert [state.turn for state in free.states(State(x=free.begin(0)), turns=TURNS)] == [0] * STEPS
