"""Fields that are lists or objects: keyframes, pieces, a region, a curve, a storyboard; checked, and made into values.

Pictures and clips in them are named by the id of a file or video of this server, never by a path.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic import Field as Limit

from ozora.edit.blend import CURVES, Curve
from ozora.edit.storyboard import Board, Crop, Look, Seconds, Share, parse_board
from ozora.errors import RequestError, UserError
from ozora.pipeline import MAX_PROMPT
from ozora.plan import Box
from ozora.timecode import exact

MAX_GIVEN = 20
"""Pictures and clips that one request may name."""
MAX_CAST, MAX_LOOK = 20, 500
FINEST = 10_000
"""Shares are told apart down to this part of a whole."""

T = TypeVar("T")


class Keyframe(BaseModel):
    """A picture that the clip passes through ``at`` seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    image: str
    at: Seconds


class Cut(BaseModel):
    """Seconds ``in`` to ``out`` of a video, landing ``at`` seconds of the new one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    video: str
    at: Seconds
    start: Seconds = Limit(default=Fraction(0), alias="in")
    end: Seconds | None = Limit(default=None, alias="out")


KEYFRAMES = TypeAdapter(Annotated[tuple[Keyframe, ...], Limit(min_length=1, max_length=MAX_GIVEN)])
PIECES = TypeAdapter(Annotated[tuple[Cut, ...], Limit(min_length=1, max_length=MAX_GIVEN)])
REGION = TypeAdapter(Crop)
CURVE = TypeAdapter(Annotated[tuple[tuple[Share, Share], ...], Limit(min_length=1, max_length=100)])


def read_keyframes(value: object) -> tuple[Keyframe, ...]:
    """``[{"image": "file_...", "at": 2.5}]``."""
    return _read("keyframes", KEYFRAMES, value)


def read_pieces(value: object) -> tuple[Cut, ...]:
    """``[{"video": "video_...", "at": 0, "in": 1, "out": 2.5}]``."""
    return _read("pieces", PIECES, value)


def read_region(value: object) -> Box:
    """``{"left": 0.25, "top": 0.5, "right": 0.75, "bottom": 1}``."""
    crop = _read("region", REGION, value)
    return Box(**{side: share_of(share) for side, share in crop.model_dump().items()})


def read_curve(value: object) -> Curve:
    """``[[0, 0], [1, 1]]``: share of the duration, which rises, and influence of the second clip."""
    curve = tuple((share_of(time), share_of(influence)) for time, influence in _read("curve", CURVE, value))
    if any(later <= earlier for (earlier, _), (later, _) in pairwise(curve)):
        raise RequestError("the times of a curve must rise; put its pairs in order", param="curve")
    return curve


def read_preset(name: str) -> Curve:
    """The curve of this name."""
    if name not in CURVES:
        there = ", ".join(CURVES)
        raise RequestError(f"there is no preset '{name[:40]}'; there are: {there}", param="preset")
    return CURVES[name]


def share_of(value: float) -> Fraction:
    """A share as a plan has it."""
    return Fraction(value).limit_denominator(FINEST)


def read_place(name: str, value: float) -> Fraction:
    """Where a clip lies; ``RequestError`` names the field."""
    if not 0 <= value <= 1:
        raise RequestError(f"the place '{name}' is {value:g}; give a number from 0 to 1", param=name)
    return share_of(value)


def read_seconds(name: str, text: str) -> Fraction:
    """A time or duration; ``RequestError`` names the field."""
    try:
        return exact(text)
    except ValueError:
        raise RequestError(f"'{text[:40]}' is no duration; give seconds, such as 4 or 2.5", param=name) from None


def read_board(value: dict[str, Any]) -> Board:
    """A storyboard within the limits of a server; ``RequestError`` names the field that is wrong."""
    try:
        board = parse_board(value)
    except UserError as error:
        raise RequestError(str(error), param="storyboard") from error
    _check_cast(board.cast)
    longest = max((len(who.text) for who in board.cast.values()), default=0)
    for number, card in enumerate(board.cards, start=1):
        told = max(len(card.text), card.text.count("@") * longest // 10)  # each name becomes a look
        for field, length in (("text", told), ("camera", len(card.camera))):
            if length > MAX_PROMPT:
                raise _wrong_board(f"card {number}, {field}: it is too long; shorten it to {MAX_PROMPT} characters")
        _check_crop(card.crop, f"card {number}")
    if sum(card.image is not None or card.video is not None for card in board.cards) > MAX_GIVEN:
        raise _wrong_board(f"cards: at most {MAX_GIVEN} of them can show a picture or clip")
    return board


def _check_cast(cast: dict[str, Look]) -> None:
    if len(cast) > MAX_CAST or any(len(who.text) > MAX_LOOK for who in cast.values()):
        raise _wrong_board(f"cast: it is up to {MAX_CAST} names, each with up to {MAX_LOOK} characters")
    for name, who in cast.items():
        _check_crop(who.crop, f"cast, {name}")


def _check_crop(crop: Crop | None, where: str) -> None:
    if crop is not None and not (crop.left < crop.right and crop.top < crop.bottom):
        raise _wrong_board(f"{where}, crop: it holds nothing; give left < right and top < bottom")


def _wrong_board(what: str) -> RequestError:
    return RequestError(f"storyboard, {what}", param="storyboard")


def _read(name: str, adapter: TypeAdapter[T], value: object) -> T:
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = "".join(f", {part + 1 if isinstance(part, int) else part}" for part in first["loc"])
        reason = str(first["msg"]).removeprefix("Value error, ").lower()
        raise RequestError(f"the field '{name}'{place}: {reason}", param=name) from error
