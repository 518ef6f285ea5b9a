"""Rehearsal: a blocking is painted, looked at, and painted again from other noise where it is not good.

Choosing among several samples by a verifier is as old as sampling; here what is verified costs half of a clip's steps
and none of its pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from torch import Tensor

from ozora.flow.solvers import Solver, Velocity


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """How a state is painted whose first channels lead.

    ``begin(turn)`` is what a later rehearsal starts from, ``fresh(turn, step)`` new noise after a step of one, ``good``
    says whether a settled blocking may stay (``None``: any may).
    """

    velocity: Velocity
    solver: Solver
    times: Tensor
    begin: Callable[[int], Tensor]
    fresh: Callable[[int, int], Tensor]
    good: Callable[[Tensor], bool] | None = None

    def states(self, step: int, turn: int, x: Tensor, *, turns: int) -> Iterator[tuple[int, int, Tensor]]:
        """Step, turn and state after every step from ``step`` on; after the last of ``turns`` any blocking stays.

        Going on from what was yielded gives the same states.
        """
        steps = len(self.times) - 1
        settled = int(self.times.flatten(1)[:, 0].count_nonzero())
        while step < steps:
            if step == settled and turn + 1 < turns and self.good is not None and not self.good(x):
                step, turn, x = 0, turn + 1, self.begin(turn + 1)
            first, until = step, settled if step < settled else steps
            states = self.solver(self.velocity, x, self.times[first : until + 1], self._fresh(turn, first))
            for step, x in enumerate(states, start=first + 1):
                yield step, turn, x

    def _fresh(self, turn: int, first: int) -> Callable[[int], Tensor]:
        return lambda step: self.fresh(turn, first + step)
