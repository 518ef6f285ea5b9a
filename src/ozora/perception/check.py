"""The check of what came: which facts that a plan asks for the painted frames do not show.

It reads four pictures a second while they are painted: about 30 ms each on two cores. A verdict is
as good as the verifiers: how many true facts of a kind they recognise on renders of the stage is in the parser's card,
and goes with each finding.

Letters: ``f`` frames, ``h w`` rows and columns.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ozora.language.adaptation import adapt
from ozora.language.facts import Fact, Statement
from ozora.language.prompt_parser import parse_prompt
from ozora.language.sentences import name_fact
from ozora.perception.parser import Parser, load_parser
from ozora.perception.tracking import Tracker
from ozora.perception.verifiers import Verdict, category, verify
from ozora.plan import Finding, Plan

RATE = 4
"""Pictures that are read of a second."""
LEAST = 6
"""Pictures that motion, camera and events need."""
IN_TIME = ("motion", "camera", "event")


class Check:
    """Takes the frames of a plan piece by piece; ``findings`` says what they show.

    Each prompt is checked on the frames of its own time. Frames that are given in whole are not looked at: nobody
    painted them. ``WeightsError`` without a scene parser.
    """

    def __init__(self, plan: Plan, *, given: NDArray[np.bool_] | None = None, parser: Parser | None = None) -> None:
        self._parser = load_parser() if parser is None else parser
        self._plan = plan
        looked_at = np.arange(plan.shape.frames) % max(round(plan.shape.fps / RATE), 1) == 0
        self._looked_at = looked_at if given is None else looked_at & ~given
        self._trackers = [Tracker(self._parser.vocabulary) for _ in plan.prompts]
        self._prompt_of = prompt_numbers(plan)
        self._count = np.zeros(len(plan.prompts), int)
        self._at = 0

    def add(self, frames: NDArray[np.uint8]) -> None:
        """The next frames [f, h, w, 3]."""
        numbers = self._at + np.flatnonzero(self._looked_at[self._at : self._at + len(frames)])
        for prompt in np.unique(self._prompt_of[numbers]):
            chosen = numbers[self._prompt_of[numbers] == prompt]
            for maps in self._parser.read(frames[chosen - self._at]):
                self._trackers[prompt].add(maps)
            self._count[prompt] += len(chosen)
        self._at += len(frames)

    def findings(self) -> tuple[Finding, ...]:
        """What each prompt states, and whether it shows; what hangs on a thing that is not seen is left out."""
        found: list[Finding] = []
        for number, prompt in enumerate(self._plan.prompts):
            statement = _checkable(adapt(parse_prompt(prompt.text), self._parser.vocabulary), int(self._count[number]))
            if self._count[number] and statement.facts:
                verdicts = verify(statement, self._trackers[number].parsed())
                found += [self._finding(number, statement, verdict) for verdict in _told(verdicts)]
        return tuple(found)

    def _finding(self, prompt: int, statement: Statement, verdict: Verdict) -> Finding:
        known = self._parser.card.get("recognised", {}).get(category(verdict.fact, statement))
        return Finding(prompt=prompt, fact=name_fact(verdict.fact, statement), shows=verdict.holds, recognised=known)


def prompt_numbers(plan: Plan) -> NDArray[np.int64]:
    """The number of the prompt that each frame belongs to."""
    times = np.arange(plan.shape.frames) / float(plan.shape.fps)
    starts = np.array([float(prompt.start_s) for prompt in plan.prompts])
    return np.clip(np.searchsorted(starts, times + 1e-9, side="right") - 1, 0, None)


def _checkable(statement: Statement, pictures: int) -> Statement:
    """What so many pictures can show."""
    facts = tuple(fact for fact in statement.facts if pictures >= LEAST or fact.kind not in IN_TIME)
    return replace(statement, facts=facts)


def _told(verdicts: tuple[Verdict, ...]) -> list[Verdict]:
    """Verdicts but for those on things that are not there."""
    missing = {v.fact.subject for v in verdicts if v.fact.kind == "exists" and v.holds is False}

    def hangs(fact: Fact) -> bool:
        return fact.kind != "exists" and bool({fact.subject, fact.object} & missing)

    return [verdict for verdict in verdicts if not hangs(verdict.fact)]
