"""What a backend is: a model that can paint a plan, and that says beforehand what it can do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ozora.edit.given import Given, Reference
from ozora.errors import UnknownNameError
from ozora.plan import Plan
from ozora.shapes import VideoShape

Frames = NDArray[np.uint8]
"""uint8 RGB [f, h, w, 3]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a backend can do. The first of ``sizes`` and ``fps`` is its default; ``draft_steps`` are for a quick look,
    ``best_steps`` for the best that is worth its time. ``license`` is that of the
    weights, ``credit`` the sentence that it asks for.

    ``conditions``: "image" (a first frame may be given), "frames" (any frames may be), "regions" (parts of pictures
    may be), "init_video" (a clip may be painted over), "references" (it may be shown how a thing looks), "prompts"
    (there may be several over time), "shots" (and cuts), "negative" (what is not wanted may be said). ``is_checkable``:
    it paints the stage, which the scene parser can read.
    """

    name: str
    title: str
    summary: str
    sizes: tuple[str, ...]
    max_seconds: Fraction
    default_seconds: Fraction
    fps: tuple[str, ...]
    steps: int
    draft_steps: int
    best_steps: int
    guidance: float
    solver: str = "euler"
    conditions: tuple[str, ...]
    device: str
    installed: bool
    license: str
    credit: str = ""
    is_checkable: bool = False

    def steps_of(self, quality: str) -> int:
        """Steps of a quality: "draft", "default" or "best". ``UnknownNameError`` for another word."""
        steps = {"draft": self.draft_steps, "default": self.steps, "best": self.best_steps}
        if quality not in steps:
            raise UnknownNameError(
                f"there is no quality '{quality}'; choose one of {', '.join(steps)}", param="quality"
            )
        return steps[quality]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """A step of painting is done: ``done`` of ``total``; ``preview`` [h, w, 3] if one was asked for.

    ``save``, called before the next stroke, gives a snapshot from which ``paint`` can go on; ``None`` where it cannot.
    """

    stage: str
    done: int
    total: int
    preview: NDArray[np.uint8] | None = None
    save: Callable[[], bytes] | None = None


class Backend(Protocol):
    """A model behind the one pipeline."""

    @property
    def capabilities(self) -> Capabilities:
        """Known without loading anything heavy."""
        ...

    @property
    def weights_sha256(self) -> str:
        """What exactly paints; known after ``load``."""
        ...

    @property
    def machine(self) -> dict[str, str]:
        """How it computes here, for the record: threads, kind of arithmetic; known after ``load``."""
        ...

    def native(self, shape: VideoShape) -> VideoShape:
        """The extent that is really painted for a wanted one; ``SizeError`` when it is out of reach."""
        ...

    def notes(self, plan: Plan) -> tuple[str, ...]:
        """What the user should know before the work starts, in plain sentences."""
        ...

    def load(self) -> None:
        """Get ready to paint. ``WeightsError`` when the weights are missing or damaged."""
        ...

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
        """Paint at native extent, a stroke at a time. Frames come in pieces, in order, as soon as nothing that is
        painted later can change them; all pieces together are the clip, and the last item is one.

        ``given`` is what is known, at native size and rate. ``init_video`` are the frames of a whole clip, to be
        painted over with ``plan.strength``; ``references`` are pictures of what is to be seen, of any size.
        ``resume`` is a snapshot of the same plan: painting goes on from there, to the same pixels, and all pieces come
        again.
        ``UserError`` when it is of another plan or model; ``PaintingError`` when what comes out are no finite numbers.
        """
        ...
