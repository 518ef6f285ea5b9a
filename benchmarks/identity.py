"""The cast across a cut: noun, color and size class of a thing before and after, in boards of two shots.

    python benchmarks/identity.py [--boards 100] [--seconds 2]

Two shots of two seconds at 224x128: 100 boards take about 6 minutes on two idle cores. Prints how many boards keep
each. A size class is right when the thing's area changes by less than a factor of 2.
"""

from __future__ import annotations

import argparse
from fractions import Fraction

import numpy as np
from rich.progress import track

from ozora import pipeline
from ozora.edit.storyboard import parse_board, storyboard
from ozora.evaluate.parser import Parser, load_parser
from ozora.evaluate.tracking import ParsedClip, parse_clip
from ozora.shapes import VideoShape
from ozora.world.captions import article

SHAPE = VideoShape(frames=1, height=128, width=224, fps=Fraction(12))


def two_shots(parser: Parser, number: int, seconds: int) -> tuple[ParsedClip, ParsedClip]:
    """A thing in one place, a cut, and the same thing in another."""
    draw = np.random.default_rng(number)
    vocabulary = parser.vocabulary
    noun, color = str(draw.choice(vocabulary.nouns)), str(draw.choice(vocabulary.colors))
    first, second = (str(place) for place in draw.choice(vocabulary.places, size=2, replace=False))
    board = parse_board(
        {
            "cast": {"hero": article(f"{color} {noun}")},
            "cards": [
                {"at": 0, "text": f"@hero stands, {first}"},
                {"at": seconds, "duration": seconds, "text": f"@hero stands, {second}"},
            ],
        }
    )
    *_, take = pipeline.run(pipeline.make_plan("", layout=storyboard(board, SHAPE), seed=number))
    assert isinstance(take, pipeline.Take)
    cut = seconds * 12
    return parse_clip(parser, take.frames[:cut]), parse_clip(parser, take.frames[cut:])


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--boards", type=int, default=100)
    arguments.add_argument("--seconds", type=int, default=2, help="of each shot")
    wishes = arguments.parse_args()
    count: int = wishes.boards
    parser = load_parser()
    kept = dict.fromkeys(("noun", "color", "size", "all"), 0)
    for number in track(range(count), "boards", transient=True):
        before, after = two_shots(parser, number, wishes.seconds)
        if not (before.tracks and after.tracks):
            continue
        one, other = before.tracks[0], after.tracks[0]
        areas = sorted(float(np.nanmedian(found.area)) for found in (one, other))
        same = {"noun": one.noun == other.noun, "color": one.color == other.color, "size": areas[1] < 2 * areas[0]}
        for name, holds in {**same, "all": all(same.values())}.items():
            kept[name] += holds
    print("| kept across the cut | boards |\n|---|---|")
    for name, number in kept.items():
        print(f"| {name} | {number} of {count} |")


if __name__ == "__main__":
    main()
