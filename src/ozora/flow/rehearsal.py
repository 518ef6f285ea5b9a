"""Rehearsal: a blocking is painted, looked at, and painted again from other noise where it is not what was asked for.

Choosing among several samples by a verifier is as old as sampling; here what is verified costs half of a clip's steps
and none of its pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from torch import Tensor

from ozora.flow.solvers import Solver, Velocity


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where painting is: ``step`` steps are done in rehearsal ``turn``, and give ``x``.

    ``best`` is the settled state of an earlier turn that was worth most, namely ``worth`` (``None``: there is none).
    """

    step: int = 0
    turn: int = 0
    x: Tensor
    best: Tensor | None = None
    worth: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """How a state is painted whose first channels lead.

    ``begin(turn)`` is what a later rehearsal starts from, ``fresh(turn, step)`` new noise after a step of one,
    ``worth`` says how much of what is asked for a settled blocking shows, 0 to 1 (``None``: nobody asks).
    """

    velocity: Velocity
    solver: Solver
    times: Tensor
    begin: Callable[[int], Tensor]
    fresh: Callable[[int, int], Tensor]
    worth: Callable[[Tensor], float] | None = None

    def states(self, state: State, *, turns: int) -> Iterator[State]:
        """The state after every step that follows ``state``.

        The picture is painted from the first blocking that shows all, or else, after ``turns`` of them, from the best.
        Going on from what was yielded gives the same states.
        """
        steps = len(self.times) - 1
        settled = int(self.times.flatten(1)[:, 0].count_nonzero())
        while state.step < steps:
            if state.step == settled and turns > 1:
                state = self._judged(state, turns)
            first, turn = state.step, state.turn
            until = settled if first < settled else steps
            states = self.solver(self.velocity, state.x, self.times[first : until + 1], self._fresh(turn, first))
            for step, x in enumerate(states, start=first + 1):
                state = replace(state, step=step, x=x)
                yield state

    def _judged(self, state: State, turns: int) -> State:
        """The settled state that the picture is painted from, or the beginning of the next turn."""
        worth = 1.0 if self.worth is None else self.worth(state.x)
        best = state.x
        if state.best is not None and state.worth >= worth:
            best, worth = state.best, state.worth
        if worth < 1 and state.turn + 1 < turns:
            return State(turn=state.turn + 1, x=self.begin(state.turn + 1), best=best, worth=worth)
        return replace(state, x=best, best=None, worth=worth)

    def _fresh(self, turn: int, first: int) -> Callable[[int], Tensor]:
        return lambda step: self.fresh(turn, first + step)
