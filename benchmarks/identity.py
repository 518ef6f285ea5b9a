"""The cast across a cut: kind, color and size class of a toy, a person or an animal before and after, in boards of
two shots.

    python benchmarks/identity.py [--boards 100] [--seconds 2] [--shown]

Two shots of two seconds at 224x128: 100 boards take about 6 minutes on two idle cores. Prints how many boards keep
each. What has no color of its own keeps it. A size class is right when the thing's area changes by less than a factor
of 2.

``--shown``: the cards do not say the color; a picture of the cast does. Prints how many first shots have it, and how
many boards keep it.
"""

from __future__ import annotations

import argparse
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from ozora import pipeline
from ozora.edit.storyboard import parse_board, storyboard
from ozora.language.captions import article
from ozora.language.cast import CAST, kind
from ozora.language.vocabulary import TOYS
from ozora.media import write_image
from ozora.perception.parser import Parser, load_parser
from ozora.perception.tracking import ParsedClip, parse_clip
from ozora.shapes import VideoShape
from ozora.stage.drawing import draw as drawn
from ozora.stage.renderer import Renderer
from ozora.stage.sampling import stage_setup
from ozora.stage.scene import Thing
from ozora.stage.scene_templates import Setup, rest_yaw

SHAPE = VideoShape(frames=1, height=128, width=224, fps=Fraction(12))


def portrait(parser: Parser, noun: str, color: str, number: int) -> NDArray[np.uint8]:
    """A picture of a thing of the stage."""
    rng = np.random.default_rng([number, 5])
    thing = Thing(noun=noun, color=color, yaw=rest_yaw(rng, noun))
    scene, _ = stage_setup(rng, Setup(things=(thing,)), parser.vocabulary, seed=number)
    drawing = drawn(scene, np.zeros(1), SHAPE.width / SHAPE.height)
    picture: NDArray[np.uint8] = Renderer(SHAPE.height, SHAPE.width).render(drawing).rgb[0]
    return picture


def two_shots(
    parser: Parser, number: int, seconds: int, folder: Path | None
) -> tuple[tuple[str, str], ParsedClip, ParsedClip]:
    """Noun and color, a thing that has them in one place, and after a cut the same thing in another. With a ``folder``
    for pictures its color is shown and not told."""
    draw = np.random.default_rng(number)
    vocabulary = parser.vocabulary
    members = [
        name for name, member in CAST.items() if member.family in ("person", "animal") and len(member.places) > 1
    ]
    noun = str(draw.choice(members if number % 2 else list(TOYS)))
    member = CAST.get(noun)
    color = str(draw.choice(vocabulary.colors)) if member is None or member.dyed else ""
    places = vocabulary.places if member is None else member.places
    first, second = (str(place) for place in draw.choice(places, size=2, replace=False))
    look: object = article(f"{color} {noun}" if member is None else member.called(color))
    if folder is not None:
        write_image(portrait(parser, noun, color, number), folder / f"{number}.png")
        look = {"text": article(noun), "image": f"{number}.png"}
    board = parse_board(
        {
            "cast": {"hero": look},
            "cards": [
                {"at": 0, "text": f"@hero stands, {first}"},
                {"at": seconds, "duration": seconds, "text": f"@hero stands, {second}"},
            ],
        }
    )
    composition = storyboard(board, SHAPE, folder=folder or Path())
    *_, take = pipeline.run(pipeline.make_plan("", composition=composition, seed=number))
    assert isinstance(take, pipeline.Take)
    cut = seconds * 12
    return (noun, color), parse_clip(parser, take.frames[:cut]), parse_clip(parser, take.frames[cut:])


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--boards", type=int, default=100)
    arguments.add_argument("--seconds", type=int, default=2, help="of each shot")
    arguments.add_argument("--shown", action="store_true", help="the color is in a picture, not in the words")
    wishes = arguments.parse_args()
    count: int = wishes.boards
    parser = load_parser()
    kept = dict.fromkeys(("noun", "color", "size", "all", "noun as asked", "color as asked"), 0)
    folder = tempfile.TemporaryDirectory() if wishes.shown else None
    for number in track(range(count), "boards", transient=True):
        asked, before, after = two_shots(parser, number, wishes.seconds, None if folder is None else Path(folder.name))
        if before.tracks:
            kept["noun as asked"] += kind(before.tracks[0].noun) == kind(asked[0])
            kept["color as asked"] += asked[1] in ("", before.tracks[0].color)
        if not (before.tracks and after.tracks):
            continue
        one, other = before.tracks[0], after.tracks[0]
        areas = sorted(float(np.nanmedian(found.area)) for found in (one, other))
        same = {
            "noun": kind(one.noun) == kind(other.noun),
            "color": not asked[1] or one.color == other.color,
            "size": areas[1] < 2 * areas[0],
        }
        for name, holds in {**same, "all": all(same.values())}.items():
            kept[name] += holds
    print("| kept across the cut; in the first shot | boards |\n|---|---|")
    for name, number in kept.items():
        print(f"| {name} | {number} of {count} |")


if __name__ == "__main__":
    main()
