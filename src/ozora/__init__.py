"""Ozora: open, self-hosted text-to-video.

    import ozora
    take = ozora.generate("a red ball rolls left past a blue cube", output="ball.mp4")

Importing this package is instant: the model and its libraries are loaded by the first ``generate``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from os import PathLike
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ozora.pipeline import Progress, Take

__version__ = "0.1.0"
__all__ = ["__version__", "generate"]


def generate(
    prompt: str,
    *,
    output: str | PathLike[str] | None = None,
    seconds: str | float | Fraction | None = None,
    size: str | None = None,
    fps: str | float | Fraction | None = None,
    seed: int | None = None,
    steps: int | None = None,
    quality: str = "default",
    guidance: float | None = None,
    negative: str = "",
    image: str | PathLike[str] | None = None,
    references: Sequence[str | PathLike[str]] = (),
    model: str = "maquette",
    takes: int = 1,
    progress: Callable[[Progress], None] | None = None,
) -> Take:
    """Paint a video of ``prompt``; ``output`` writes it to a file as well, with its record beside it.

    What is left out takes the model's default. ``size`` is ``"448x256"`` or ``"16:9"``; ``quality`` is ``"draft"``,
    ``"default"`` or ``"best"``; ``image`` is the first frame, ``references`` are pictures of what is to be seen;
    ``negative`` says what is not wanted; of several ``takes`` that which shows most of the prompt is kept, and
    ``take.record.findings`` says what it shows; ``progress`` is called after each step. ``UserError`` when the request
    cannot be met, before work begins.
    """
    from pathlib import Path

    from ozora import pipeline
    from ozora.media import check_output

    plan = pipeline.make_plan(
        prompt,
        model=model,
        seconds=None if seconds is None else str(seconds),
        size=size,
        fps=None if fps is None else str(fps),
        seed=seed,
        steps=steps,
        quality=quality,
        guidance=guidance,
        negative=negative,
        image=None if image is None else Path(image),
        references=[Path(path) for path in references],
    )
    if output is not None:
        check_output(Path(output), frames=plan.shape.frames)
    for event in pipeline.run(plan, takes=takes):
        if isinstance(event, pipeline.Take):
            if output is not None:
                pipeline.write(event, Path(output))
            return event
        if progress is not None:
            progress(event)
    raise AssertionError("a run ends with its take")
