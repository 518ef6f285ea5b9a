from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ozora.flow.best_of_n import Sampling, State
from ozora.flow.schedule import Times, layout_first
from ozora.flow.solvers import SOLVERS

STEPS, SETTLED, LAYOUT, CHANNELS, CANDIDATES = 8, 5, 2, 5, 4


def draw(candidate: int, step: int) -> Tensor:
    return torch.randn(CHANNELS, 1, 2, 2, generator=torch.Generator().manual_seed(100 * candidate + step + 1))


def sampling(solver: str, scores: list[float], finished: list[Tensor], seen: list[Times] | None = None) -> Sampling:
    """Finished layouts come to ``finished`` and get ``scores``; the prediction keeps some of the noise."""

    def score(x: Tensor) -> float:
        finished.append(x)
        return scores[len(finished) - 1]

    def predict(x: Tensor, times: Times) -> Tensor:
        if seen is not None:
            seen.append(times)
        return x.tanh() - 0.3

    return Sampling(
        predict=predict,
        times=layout_first(STEPS, layout_shift=5.0, shift=2.5),
        layout=LAYOUT,
        begin=lambda candidate: draw(candidate, -1),
        fresh=draw,
        score=score,
        solver=SOLVERS[solver],
    )


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(
    ("scores", "last", "chosen"),
    [([1.0], 0, 0), ([0.5, 0.2, 1.0], 2, 2), ([0.1, 0.7, 0.3, 0.7], 3, 1), ([0.0, 0.0, 0.0, 0.5], 3, 3)],
)
def test_layouts_are_tried_until_one_shows_all_or_the_best_is_taken(
    solver: str, scores: list[float], last: int, chosen: int
) -> None:
    finished: list[Tensor] = []
    states = list(sampling(solver, scores, finished).states(State(x=draw(0, -1)), candidates=CANDIDATES))
    assert [state.candidate for state in states if state.step == 1] == list(range(last + 1))
    assert [state.step for state in states if state.candidate == last] == list(range(1, STEPS + 1))
    assert all(state.step <= SETTLED for state in states if state.candidate < last)
    assert torch.equal(states[-1].x[:LAYOUT], finished[chosen][:LAYOUT])


@pytest.mark.parametrize("solver", SOLVERS)
def test_earlier_candidates_leave_no_trace(solver: str) -> None:
    states = list(sampling(solver, [0.1, 0.2, 1.0], []).states(State(x=draw(0, -1)), candidates=CANDIDATES))
    alone = list(sampling(solver, [1.0], []).states(State(candidate=2, x=draw(2, -1)), candidates=CANDIDATES))
    assert torch.equal(states[-1].x, alone[-1].x)


@pytest.mark.parametrize("solver", SOLVERS)
def test_it_goes_on_from_any_state(solver: str) -> None:
    scores = [0.1, 0.7, 0.3, 0.2]
    whole = list(sampling(solver, scores, []).states(State(x=draw(0, -1)), candidates=CANDIDATES))
    for place, state in enumerate(whole[:-1]):
        rest = list(sampling(solver, scores[state.candidate :], []).states(state, candidates=CANDIDATES))
        steps = [(item.step, item.candidate) for item in whole[place + 1 :]]
        assert [(item.step, item.candidate) for item in rest] == steps
        assert torch.equal(rest[-1].x, whole[-1].x)


def test_the_picture_stays_noise_until_the_layout_is_done_and_the_layout_stays_after() -> None:
    states = list(sampling("dpm-2m", [1.0], []).states(State(x=draw(0, -1)), candidates=1))
    for state in states:
        if state.step <= SETTLED:
            assert torch.equal(state.x[LAYOUT:], draw(0, -1)[LAYOUT:])
        else:
            assert torch.equal(state.x[:LAYOUT], states[SETTLED - 1].x[:LAYOUT])


def test_where_nobody_scores_there_is_one_candidate() -> None:
    work = sampling("euler", [], [])
    free = Sampling(predict=work.predict, times=work.times, layout=LAYOUT, begin=work.begin, fresh=work.fresh)
    assert [state.candidate for state in free.states(State(x=draw(0, -1)), candidates=CANDIDATES)] == [0] * STEPS


@pytest.mark.parametrize(("solver", "evaluations"), [("dpm-2m", STEPS), ("heun", STEPS + 2)])
def test_the_network_is_asked_once_a_step(solver: str, evaluations: int) -> None:
    seen: list[Times] = []
    list(sampling(solver, [1.0], [], seen).states(State(x=draw(0, -1)), candidates=1))
    assert len(seen) == evaluations


def test_a_single_step_takes_layout_and_picture_at_once() -> None:
    work = sampling("dpm-2m", [], [])
    one = Sampling(
        predict=work.predict,
        times=layout_first(1, layout_shift=5.0, shift=2.5),
        layout=LAYOUT,
        begin=work.begin,
        fresh=work.fresh,
    )
    (state,) = one.states(State(x=draw(0, -1)), candidates=3)
    torch.testing.assert_close(state.x, draw(0, -1).tanh() - 0.3)
