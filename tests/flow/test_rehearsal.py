from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ozora.flow.rehearsal import Rehearsal
from ozora.flow.schedule import staggered
from ozora.flow.solvers import SOLVERS

STEPS, AHEAD, CHANNELS = 6, 2, 5


def draw(turn: int, step: int) -> Tensor:
    return torch.randn(CHANNELS, 1, 2, 2, generator=torch.Generator().manual_seed(100 * turn + step + 1))


def rehearsal(solver: str, wanted: int, asked: list[int]) -> Rehearsal:
    """The first blocking that is good is the one of turn ``wanted``; the velocity keeps some of the noise."""

    def good(x: Tensor) -> bool:
        asked.append(len(asked))
        return len(asked) > wanted

    return Rehearsal(
        velocity=lambda x, t: x.tanh() - 0.3,
        solver=SOLVERS[solver],
        times=staggered(STEPS, AHEAD, CHANNELS, lead=3.0, factor=2.0),
        begin=lambda turn: draw(turn, -1),
        fresh=draw,
        good=good,
    )


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(("wanted", "last"), [(0, 0), (2, 2), (9, 3)])
def test_a_blocking_is_tried_until_it_is_good_or_time_is_up(solver: str, wanted: int, last: int) -> None:
    work = rehearsal(solver, wanted, [])
    states = list(work.states(0, 0, work.begin(0), turns=4))
    assert [turn for step, turn, _ in states if step == 1] == list(range(last + 1))
    assert [step for step, turn, _ in states if turn == last] == list(range(1, STEPS + 1))
    assert all(step <= STEPS // 2 for step, turn, _ in states if turn < last)
    alone = list(rehearsal(solver, 0, []).states(0, last, draw(last, -1), turns=4))
    assert torch.equal(states[-1][2], alone[-1][2]), "what was tried before leaves no trace"


@pytest.mark.parametrize("solver", SOLVERS)
def test_it_goes_on_from_any_state(solver: str) -> None:
    whole = list(rehearsal(solver, 2, []).states(0, 0, draw(0, -1), turns=4))
    for place, (step, turn, x) in enumerate(whole[:-1]):
        asked = list(range(turn))
        rest = list(rehearsal(solver, 2, asked).states(step, turn, x, turns=4))
        assert [item[:2] for item in rest] == [item[:2] for item in whole[place + 1 :]]
        assert torch.equal(rest[-1][2], whole[-1][2])


def test_where_nobody_judges_there_is_one_turn() -> None:
    work = rehearsal("euler", 9, [])
    free = Rehearsal(velocity=work.velocity, solver=work.solver, times=work.times, begin=work.begin, fresh=work.fresh)
    assert [turn for _, turn, _ in free.states(0, 0, free.begin(0), turns=4)] == [0] * STEPS
