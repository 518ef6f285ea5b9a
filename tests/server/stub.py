"""A backend without a model: a few numbers that each step stirs, so that a lost or doubled step shows in the pixels."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial

import numpy as np

from ozora.backends import Capabilities, Frames, Stroke
from ozora.edit.given import Given, Reference
from ozora.errors import SizeError, SnapshotError, WeightsError
from ozora.plan import Plan
from ozora.shapes import VideoShape

PLAN_WORDS_THAT_FAIL: dict[str, type[Exception]] = {
    "unlucky": WeightsError,
    "unfit": SizeError,
    "cursed": ValueError,
    "greedy": MemoryError,
}
HUNGER_BYTES = 8 << 30  # asked for and given back at once, so that nothing of it is really used


class StubBackend:
    """Paints 16 x 16 noise at 4 frames a second; ``step_s`` is how long a step takes.

    The prompt may hold a word that makes it fail: "unlucky" and "greedy" on our side, "unfit" on the user's, "cursed"
    nobody knows; a "hungry" one takes much memory for a moment. With ``sees`` it can be shown how a thing looks.
    ``at_end`` is called when the last step is painted.
    """

    weights_sha256 = "0" * 64

    def __init__(self, step_s: float = 0.0) -> None:
        self.step_s = step_s
        self.strokes: list[int] = []
        self.sees = False
        self.at_end: Callable[[], object] = lambda: None

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            name="stub",
            title="Stub",
            summary="noise for tests",
            sizes=("16x16",),
            max_seconds=Fraction(8),
            default_seconds=Fraction(1),
            fps=("4",),
            steps=4,
            draft_steps=4,
            best_steps=4,
            guidance=1.0,
            conditions=(
                *("image", "frames", "init_video", "regions", "prompts", "shots"),
                *(("references",) if self.sees else ()),
            ),
            device="cpu",
            installed=True,
            license="Apache-2.0",
        )

    @property
    def machine(self) -> dict[str, str]:
        return {}

    def native(self, shape: VideoShape) -> VideoShape:
        if shape.duration_s > 8:
            raise SizeError("the stub paints up to 8 seconds; ask for less")
        frames = max(1, round(shape.duration_s * 4))
        return VideoShape(frames=frames, height=16, width=16, fps=Fraction(4))

    def notes(self, plan: Plan) -> tuple[str, ...]:
        return ()

    def load(self) -> None:
        """Nothing to load."""

    def paint(
        self,
        plan: Plan,
        shape: VideoShape,
        given: tuple[Given, ...],
        *,
        init_video: Frames | None = None,
        references: tuple[Reference, ...] = (),
        preview: bool,
        resume: bytes | None = None,
    ) -> Iterator[Stroke | Frames]:
        owner = hashlib.sha256(repr((plan.seed, plan.prompts, shape, [item.frame for item in given])).encode()).digest()
        state, first = owner, 0
        if resume is not None:
            if resume[:32] != owner:
                raise SnapshotError("the snapshot is of another plan; start the job again")
            first, state = resume[32], resume[33:]
        for word, error in PLAN_WORDS_THAT_FAIL.items():
            if word in plan.prompts[0].text:
                raise error(f"this is {word}")
        for step in range(first, plan.sampler.steps):
            time.sleep(self.step_s)
            state = hashlib.sha256(state).digest()
            self.strokes.append(step + 1)
            saved = owner + bytes([step + 1]) + state
            yield Stroke(stage="paint", done=step + 1, total=plan.sampler.steps, save=partial(bytes, saved))
        self.at_end()
        if "hungry" in plan.prompts[0].text:
            np.empty(HUNGER_BYTES, np.uint8)
        yield Stroke(stage="decode", done=1, total=1)
        random = np.random.default_rng(list(state))
        frames = random.integers(0, 256, (shape.frames, shape.height, shape.width, 3), dtype=np.uint8)
        yield Stroke(stage="decode", done=1, total=1)
        yield frames
