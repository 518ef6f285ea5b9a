"""Samples of the stage: clips and their captions, as files that a person can look at.

Letters: ``f`` frames.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ozora.errors import UnknownNameError
from ozora.language.captions import PLACE_PHRASES, TIME_PHRASES, article, write_caption
from ozora.language.random_choice import Rng, pick
from ozora.language.vocabulary import FULL, TIMES
from ozora.media import SheetRow, check_output, write_contact_sheet, write_video
from ozora.media.output_file import whole_file, writing
from ozora.shapes import VideoShape
from ozora.stage.drawing import Drawing, draw
from ozora.stage.renderer import Renderer
from ozora.stage.sampling import draw_scene
from ozora.stage.scene import Scene, Shot
from ozora.stage.troupe.figure import REST, Appearance, Member, appear
from ozora.stage.troupe.pack import Entry, Pack, read_pack

SHAPE = VideoShape(frames=49, height=256, width=448, fps=Fraction(12))
TIMES_S: NDArray[np.float64] = np.arange(SHAPE.frames) / float(SHAPE.fps)
PACK = Path("out/troupe.pack")
GAITS = {"walk": "walks", "run": "runs", "hop": "hops"}
"""Clips that carry a member over the ground, and how a caption says them."""
TALLEST_M = 2.7
OPEN_PLACES = ("meadow", "desert", "snow", "city street")
BACKDROP_Z_M = -2.4


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
    draw_sample = CASTS[cast]()
    renderer = Renderer(SHAPE.height, SHAPE.width)
    rows = list(_write_clips(out, (draw_sample(seed + number) for number in range(count)), renderer))
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


def _aspect() -> float:
    return SHAPE.width / SHAPE.height


def draw_toys(seed: int) -> Sample:
    """A random scene of everything that the toys can do."""
    scene, statement = draw_scene(seed, FULL)
    caption = write_caption(np.random.default_rng([seed, 11, 0]), statement).text
    return Sample(caption=caption, drawing=draw(scene, TIMES_S, _aspect()))


def draw_troupe(pack: Pack, seed: int) -> Sample:
    """One member that walks by, and scenery behind it."""
    rng = np.random.default_rng([seed, 17])
    walker = pack.member(pick(rng, [entry.name for entry in pack.entries.values() if _walks(entry)]))
    backdrop = pack.member(pick(rng, [entry.name for entry in pack.entries.values() if _stands(entry)]))
    gait = pick(rng, [clip for clip in GAITS if clip in walker.clips and walker.clips[clip].stride_m > 0])
    way = pick(rng, ["left", "right"])
    scene = Scene(
        things=(),
        place=pick(rng, OPEN_PLACES),
        time=pick(rng, TIMES),
        shots=(Shot(eye=(0.0, 1.7, 8.2), target=(0.0, 1.05, 0.0)),),
        seed=seed,
    )
    figures = (_pass_by(walker, gait, way, thing=1), _stand(rng, backdrop, thing=2))
    setting = f"{pick(rng, PLACE_PHRASES[scene.place])} {pick(rng, TIME_PHRASES[scene.time])}"
    caption = f"{article(walker.name)} {GAITS[gait]} to the {way} past {article(backdrop.name)} {setting}"
    return Sample(caption=caption, drawing=replace(draw(scene, TIMES_S, _aspect()), figures=figures))


def _walks(entry: Entry) -> bool:
    return entry.height_m <= TALLEST_M and any(
        clip in GAITS and stride > 0 for clip, (_, _, stride) in entry.clips.items()
    )


def _stands(entry: Entry) -> bool:
    return entry.family in ("plant", "building")


def _placements(position: NDArray[np.float64], yaw: float, scale: float = 1.0) -> NDArray[np.float64]:
    """Model matrices [f, 3, 4] of a member that is at ``position`` [f, 3] and turned by ``yaw`` degrees."""
    c, s = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
    result = np.zeros((len(position), 3, 4))
    result[:, :, :3] = scale * np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    result[:, :, 3] = position
    return result


def _pass_by(member: Member, gait: str, way: str, *, thing: int) -> Appearance:
    """The member goes past the middle at the pace of its own legs; slower in time where that would be too fast."""
    clip = member.clips[gait]
    pace = min(1.0, 1.1 * clip.duration_s / clip.stride_m)  # at most 1.1 m/s: four seconds stay in the picture
    sign = 1.0 if way == "right" else -1.0
    position = np.zeros((len(TIMES_S), 3))
    position[:, 0] = sign * pace * clip.stride_m / clip.duration_s * (TIMES_S - TIMES_S[-1] / 2)
    return appear(member, gait, TIMES_S * pace, _placements(position, 0.0 if sign > 0 else 180.0), thing=thing)


def _stand(rng: Rng, member: Member, *, thing: int) -> Appearance:
    """Scenery behind the middle, made small enough to be seen whole."""
    scale = min(1.0, 2.8 / member.height_m)
    place = [float(rng.uniform(-1.4, 1.4)), 0.0, BACKDROP_Z_M]
    position = np.tile(np.array(place), (len(TIMES_S), 1))
    clip = REST if not member.clips else next(iter(member.clips))
    return appear(member, clip, TIMES_S, _placements(position, float(rng.uniform(-110, -70)), scale), thing=thing)


CASTS: dict[str, Callable[[], Callable[[int], Sample]]] = {
    "toys": lambda: draw_toys,
    "troupe": lambda: partial(draw_troupe, read_pack(PACK)),
}
"""Who plays: what draws a sample by its seed. Opening the troupe's pack raises UserError where there is none."""
