"""Sampling, layout first: a layout that does not show what the prompt asks for is sampled again from other noise, and
the picture is painted from the best.

Choosing among several samples by a score is as old as sampling; here a candidate costs the layout's steps and none of
the picture's.

Letter: ``k`` channels of layout and picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ozora.flow.guidance import Predict
from ozora.flow.schedule import Times
from ozora.flow.solvers import SOLVERS, Solver, Step, ancestral


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where sampling is: ``step`` steps are done of candidate ``candidate``, and give ``x`` [k, ...].

    ``best`` is the finished layout of an earlier candidate with the highest ``score``; ``data`` [k, ...] what the
    network predicted in the step before. ``None`` where there is none.
    """

    step: int = 0
    candidate: int = 0
    x: Tensor
    best: Tensor | None = None
    score: float = 0.0
    data: Tensor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How a state is sampled whose first ``layout`` channels come first.

    ``times`` are those of the states. ``begin(candidate)`` is what a later candidate starts from, ``fresh(candidate,
    step)`` new noise [k, ...] after a step of one. ``score`` says how much of what is asked for a layout shows, 0 to 1
    (``None``: all). ``finish`` changes the layout once when it is done (``None``: not).
    """

    predict: Predict
    times: tuple[Times, ...]
    layout: int
    begin: Callable[[int], Tensor]
    fresh: Callable[[int, int], Tensor]
    score: Callable[[Tensor], float] | None = None
    finish: Callable[[Tensor], Tensor] | None = None
    solver: Solver = SOLVERS["dpm-2m"]

    def states(self, state: State, *, candidates: int) -> Iterator[State]:
        """The state after every step that follows ``state``.

        The picture is painted from the first layout that shows all, or else, after ``candidates`` of them, from the
        best. Going on from what was yielded gives the same states.
        """
        settled = sum(times.layout > 0 for times in self.times)
        while state.step < len(self.times) - 1:
            if state.step == settled and settled > 0:
                state = self._choose(state, candidates)
            state = self._advance(state)
            yield state

    def _choose(self, state: State, candidates: int) -> State:
        """The finished layout that the picture is painted from, or the beginning of the next candidate."""
        score = 1.0 if self.score is None or candidates == 1 else self.score(state.x)
        best = state.x
        if state.best is not None and state.score >= score:
            best, score = state.best, state.score
        if score < 1 and state.candidate + 1 < candidates:
            number = state.candidate + 1
            return State(candidate=number, x=self.begin(number), best=best, score=score)
        return replace(state, x=best if self.finish is None else self.finish(best), best=None, score=score, data=None)

    def _advance(self, state: State) -> State:
        now, then = self.times[state.step], self.times[state.step + 1]
        data = self.predict(state.x, now)
        layout, picture = state.x[: self.layout], state.x[self.layout :]

        def fresh() -> Tensor:
            return self.fresh(state.candidate, state.step)

        def ask(x: Tensor, t: float) -> Tensor:
            return self.predict(torch.cat([layout, x]), Times(layout=now.layout, picture=t))[self.layout :]

        if then.layout < now.layout:
            step = Step(
                x=layout,
                data=data[: self.layout],
                t=now.layout,
                t_next=then.layout,
                predict=ask,
                fresh=lambda: fresh()[: self.layout],
            )
            layout = ancestral(step)
        if then.picture < now.picture:
            before = self.times[max(0, state.step - 1)].picture
            moved = state.data is not None and before > now.picture
            step = Step(
                x=picture,
                data=data[self.layout :],
                t=now.picture,
                t_next=then.picture,
                earlier=state.data[self.layout :] if moved and state.data is not None else None,
                earlier_t=before,
                predict=ask,
                fresh=lambda: fresh()[self.layout :],
            )
            picture = self.solver(step)
        return replace(state, step=state.step + 1, x=torch.cat([layout, picture]), data=data)
