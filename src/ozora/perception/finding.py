"""Where a thing is in a clip, found by its words: "the red ball"."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ozora.errors import UserError
from ozora.language.cast import kind
from ozora.language.facts import Ref
from ozora.language.prompt_parser import parse_prompt
from ozora.perception.parser import Maps, Parser, load_parser
from ozora.perception.tracking import Track, track_things
from ozora.perception.verifiers import fits
from ozora.plan import Box

MARGIN = 0.03
"""Share of the picture that is added to every side."""


def find_thing(frames: NDArray[np.uint8], words: str, *, parser: Parser | None = None) -> Box:
    """The part of the picture that a thing of the stage moves in, over all ``frames`` [f, h, w, 3].

    ``UserError`` when the words name no thing, or what was seen instead of it.
    """
    parser = load_parser() if parser is None else parser
    track = _best(parser, parser.read(frames), _thing(words), words)
    sides = np.concatenate([np.nanmin(track.box[:, :2], axis=0) - MARGIN, np.nanmax(track.box[:, 2:], axis=0) + MARGIN])
    left, top, right, bottom = (Fraction(float(side)).limit_denominator(1000) for side in sides.clip(0, 1))
    return Box(left=left, top=top, right=right, bottom=bottom)


def find_matte(frames: NDArray[np.uint8], words: str, *, parser: Parser | None = None) -> NDArray[np.uint8]:
    """How much of each pixel [f, h, w] a thing covers, 0 to 255; the parser answers at 112 x 64 pixels, and so soft
    edges.

    ``UserError`` as in ``find_thing``.
    """
    parser = load_parser() if parser is None else parser
    thing, covered = _thing(words), []
    alike = [number for number, noun in enumerate(parser.vocabulary.nouns, start=1) if kind(noun) == kind(thing.noun)]

    def watched() -> Iterator[Maps]:
        for maps in parser.read(frames):
            covered.append(maps.votes[..., alike].sum(-1, dtype=np.float32))
            yield maps

    track = _best(parser, watched(), thing, words)
    votes = np.concatenate(covered)
    height, width = votes.shape[1:]
    result = np.zeros(frames.shape[:3], np.uint8)
    for number, (vote, box) in enumerate(zip(votes, track.box, strict=True)):
        if np.isnan(box).any():
            continue
        left, top, right, bottom = (box + np.array([-MARGIN, -MARGIN, MARGIN, MARGIN])).clip(0, 1)
        inside = np.zeros_like(vote)
        part = (slice(int(top * height), round(bottom * height)), slice(int(left * width), round(right * width)))
        inside[part] = vote[part]
        picture = Image.fromarray((inside * 255).round().astype(np.uint8))
        result[number] = np.asarray(picture.resize((frames.shape[2], frames.shape[1]), Image.Resampling.BICUBIC))
    return result


def _thing(words: str) -> Ref:
    things = parse_prompt(words).statement.things
    if not things:
        raise UserError(f"'{words}' names no thing of the stage; give a box or a mask instead")
    return things[0]


def _best(parser: Parser, parts: Iterator[Maps], thing: Ref, words: str) -> Track:
    """The most visible thing that is what is meant."""
    tracks = track_things(parts, parser.vocabulary).tracks
    found = [track for track in tracks if fits(track.noun, track.color, thing)]
    if not found:
        seen = ", ".join(f"a {track.called}" for track in tracks) or "nothing that it knows"
        raise UserError(f"'{words}' is not found in the clip; the parser sees {seen}; give a box instead")
    return found[0]
