"""Samples of the stage: clips and their captions, as files that a person can look at.

Letters: ``f`` frames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ozora.errors import UnknownNameError
from ozora.language.captions import write_caption
from ozora.language.vocabulary import FULL, TOY_WORLD, Vocabulary
from ozora.media import SheetRow, check_output, write_contact_sheet, write_video
from ozora.media.output_file import whole_file, writing
from ozora.shapes import VideoShape
from ozora.stage.drawing import Drawing, draw
from ozora.stage.renderer import Renderer
from ozora.stage.sampling import draw_scene
from ozora.stage.troupe.pack import Pack, find_pack

SHAPE = VideoShape(frames=49, height=256, width=448, fps=Fraction(12))
TIMES_S: NDArray[np.float64] = np.arange(SHAPE.frames) / float(SHAPE.fps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A clip ready to render, and what can be said of it."""

    caption: str
    drawing: Drawing


def write_samples(out: Path, *, count: int, seed: int, cast: str) -> None:
    """Write ``count`` clips of random scenes to the folder ``out``, with ``captions.txt`` and a contact sheet.

    Raises UserError when ``cast`` is unknown, its pack is missing, or ``out`` cannot be written. Takes about a second
    a clip.
    """
    if cast not in CASTS:
        raise UnknownNameError(f"there is no cast {cast!r}; choose one of {', '.join(CASTS)}")
    check_output(out / "sheet.png")
    draw_clip = CASTS[cast]()
    renderer = Renderer(SHAPE.height, SHAPE.width)
    rows = list(_write_clips(out, (draw_clip(seed + number) for number in range(count)), renderer))
    lines = [f"{number:04d}.mp4\t{row.caption}\n" for number, row in enumerate(rows)]
    with whole_file(out / "captions.txt") as draft, writing(out / "captions.txt"):
        draft.write_text("".join(lines))
    write_contact_sheet(rows, out / "sheet.png")


def _write_clips(out: Path, samples: Iterator[Sample], renderer: Renderer) -> Iterator[SheetRow]:
    """Write one video after the other; of each only what the sheet shows is kept."""
    for number, sample in enumerate(samples):
        frames = renderer.render(sample.drawing).rgb
        write_video(frames, SHAPE.fps, out / f"{number:04d}.mp4", metadata={"description": sample.caption})
        yield SheetRow(caption=sample.caption, frames=frames[:: SHAPE.frames // 6])


def draw_sample(seed: int, vocabulary: Vocabulary, pack: Pack | None = None) -> Sample:
    """A random scene of a vocabulary; what it shows of the cast is in ``pack``."""
    scene, statement = draw_scene(seed, vocabulary)
    caption = write_caption(np.random.default_rng([seed, 11, 0]), statement).text
    return Sample(caption=caption, drawing=draw(scene, TIMES_S, SHAPE.width / SHAPE.height, pack))


CASTS: dict[str, Callable[[], Callable[[int], Sample]]] = {
    "toys": lambda: partial(draw_sample, vocabulary=TOY_WORLD),
    "troupe": lambda: partial(draw_sample, vocabulary=FULL, pack=find_pack()),
}
"""Who plays: what draws a sample by its seed. Opening the troupe's pack raises UserError where there is none."""
