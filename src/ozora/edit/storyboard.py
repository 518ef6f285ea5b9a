"""Storyboards: cards on a timeline, whose spacing is timing, and a cast that looks the same in every shot.

A card says what happens from its time on. Cards that touch are cut; in a gap between two the model writes the way from
one to the other. The same format in YAML and JSON; ``docs/storyboard.schema.json`` is its schema.
"""

from __future__ import annotations

import hashlib
import re
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from ozora.edit.source import read_source
from ozora.errors import MediaError, SizeError, UserError
from ozora.media import check_picture
from ozora.plan import Box, Composition, Condition, Frames, ImageCondition, Prompt, ReferenceCondition
from ozora.shapes import VideoShape
from ozora.timecode import exact

LAST_CARD_S = Fraction(4)
"""How long the last card holds when it does not say."""
TOUCHING_S = Fraction(1, 4)
"""Up to this gap two cards touch."""
MAX_BYTES = 1_000_000
KINDS = {
    "model_type": "fields by name, such as {at: 0, text: a red ball}",
    "tuple_type": "a list, such as [{at: 0, text: a red ball}]",
    "dict_type": "names with what they stand for",
    "string_type": "a text",
}
"""What would work, by what pydantic says is wrong."""


def _seconds(value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError("give seconds, such as 4 or 2.5")
    try:
        return exact(str(value))
    except ValueError:
        raise ValueError("give seconds, such as 4 or 2.5") from None


Seconds = Annotated[
    Fraction,
    BeforeValidator(_seconds, json_schema_input_type=float | str),
    Field(ge=0, le=3600),
]
Share = Annotated[float, Field(ge=0, le=1)]


class Crop(BaseModel):
    """The part of a picture that is meant, in shares of its sides."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    left: Share = 0.0
    top: Share = 0.0
    right: Share = 1.0
    bottom: Share = 1.0


class Card(BaseModel):
    """What happens from ``at`` seconds on, for ``duration`` (default: up to the next card).

    ``image`` is shown at that time; of ``video`` the seconds ``in`` to ``out`` are. ``transition`` is how it begins:
    "cut", "dissolve", or "write" (the model goes there from the card before).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)

    at: Seconds
    duration: Seconds | None = None
    text: str = ""
    camera: str = ""
    image: Path | None = None
    video: Path | None = None
    start: Seconds = Field(default=Fraction(0), alias="in")
    end: Seconds | None = Field(default=None, alias="out")
    crop: Crop | None = None
    transition: Literal["cut", "write", "dissolve"] | None = None


class Look(BaseModel):
    """How somebody of the cast looks: in words, and in a picture of them where there is one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Annotated[str, Field(min_length=1)]
    image: Path | None = None
    crop: Crop | None = None


def _in_words(value: object) -> object:
    return {"text": value} if isinstance(value, str) else value


class Board(BaseModel):
    """A storyboard. ``cast`` maps a name to how it looks, in words or with a picture; ``@name`` in a card stands for
    that."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cards: tuple[Card, ...] = Field(min_length=1, max_length=200)
    cast: dict[str, Annotated[Look, BeforeValidator(_in_words, json_schema_input_type=str | Look)]] = Field(
        default_factory=dict
    )
    size: str | None = None
    fps: str | None = None


def read_board(path: Path) -> Board:
    """A storyboard file; ``UserError`` names the field that is wrong and what would work."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as text: give a storyboard in YAML or JSON") from error
    if len(text) > MAX_BYTES:
        raise UserError(f"{path} is larger than a storyboard can be ({MAX_BYTES // 1000} kB)")
    try:
        return parse_board(yaml.safe_load(text))
    except (yaml.YAMLError, RecursionError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" (line {where.line + 1})" if where else ""
        raise UserError(f"{path} is neither YAML nor JSON{line}: give a storyboard with a list of cards") from error


def parse_board(data: Any) -> Board:  # noqa: ANN401 - whatever a file holds
    """A storyboard from plain data; ``UserError`` names the field that is wrong."""
    try:
        return Board.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UserError(f"storyboard, {_field(first['loc'])}: {_reason(first)}") from error


def _field(place: tuple[int | str, ...]) -> str:
    """A place as a person counts: ("cards", 1, "at") is "card 2, at"."""
    words = [f"card {part + 1}" if isinstance(part, int) else part for part in place if part != "cards"]
    return ", ".join(map(str, words)) or "cards"


def _reason(error: Any) -> str:  # noqa: ANN401 - pydantic's own dictionary
    if error["type"] == "extra_forbidden":
        return "there is no such field"
    if error["type"] == "missing":
        return "it is missing"
    if error["type"] in KINDS:
        return f"give {KINDS[error['type']]}"
    return str(error["msg"]).removeprefix("Value error, ").lower()


def storyboard(board: Board, shape: VideoShape, *, folder: Path = Path()) -> Composition:
    """The clip of a board at the size and rate of ``shape``. Files are looked up from ``folder``.

    ``UserError`` names the card that overlaps another, has no text or speaks of somebody who is not in the cast.
    """
    cards = sorted(board.cards, key=lambda card: card.at)
    if cards[0].at > 0:
        raise SizeError(f"storyboard, card 1: it begins at {float(cards[0].at):g} s; the first card is at 0")
    ends = _ends(cards)
    texts = _texts(cards, {name: who.text for name, who in board.cast.items()})
    prompts: list[Prompt] = []
    for number, (card, end_s, text) in enumerate(zip(cards, ends, texts, strict=True)):
        if number and _is_written(card, ends[number - 1]):
            if card.at > ends[number - 1]:
                between = f"{texts[number - 1]}, then {text}"
                prompts.append(Prompt(text=between, start_s=ends[number - 1], end_s=card.at))
            prompts.append(Prompt(text=text, start_s=card.at, end_s=end_s))
        else:
            if prompts:
                prompts[-1] = Prompt(**{**_fields(prompts[-1]), "end_s": card.at})
            enter = "" if not number else card.transition or "cut"
            prompts.append(Prompt(text=text, start_s=card.at, end_s=end_s, enter=enter))
    frames = max(1, round(ends[-1] * shape.fps))
    whole = VideoShape(frames=frames, height=shape.height, width=shape.width, fps=shape.fps)
    conditions: list[Condition] = []
    free = 0  # the first frame that is not given yet
    for number, card in enumerate(cards, start=1):
        for item in _given(card, number, whole, folder):
            if item.frame < free:
                raise SizeError(
                    f"storyboard, card {number}: what is shown before it lasts to {free / float(whole.fps):g} s; "
                    f"shorten it or move the card"
                )
            free = item.frame + _frames(item, whole)
            if free > frames:
                raise SizeError(f"storyboard, card {number}: its video is longer than the board; give it a duration")
            conditions.append(item)
    conditions += _shown(cards, ends, board.cast, folder)
    return Composition(shape=whole, prompts=tuple(prompts), conditions=tuple(conditions))


def _fields(prompt: Prompt) -> dict[str, Any]:
    return {name: getattr(prompt, name) for name in prompt.__slots__}


def _ends(cards: list[Card]) -> list[Fraction]:
    """When each card is over."""
    ends = []
    for number, card in enumerate(cards):
        following = cards[number + 1].at if number + 1 < len(cards) else None
        length = LAST_CARD_S if following is None else following - card.at
        end_s = card.at + (length if card.duration is None else card.duration)
        if following is not None and end_s > following:
            raise SizeError(
                f"storyboard, card {number + 1}: it lasts to {float(end_s):g} s and overlaps the next one at "
                f"{float(following):g} s; shorten it or move the next"
            )
        if end_s == card.at:
            raise SizeError(f"storyboard, card {number + 1}: it has no time; give a duration, or another time to one")
        ends.append(end_s)
    return ends


def _is_written(card: Card, before_s: Fraction) -> bool:
    """Whether the model goes on to it in the same shot: as it says, or because there is a gap."""
    return card.transition == "write" if card.transition else card.at - before_s > TOUCHING_S


def _texts(cards: list[Card], cast: dict[str, str]) -> list[str]:
    """What each card says, with the cast written out; a card without words goes on with those of the one before."""
    texts: list[str] = []
    for number, card in enumerate(cards, start=1):
        text = card.text.strip() or (texts[-1] if texts else "")
        if not text:
            raise UserError(f"storyboard, card {number}, text: it is empty; say what to see")
        said = re.sub(r"@(\w+)", lambda match, number=number: _look(match[1], number, cast), text)  # type: ignore[misc]
        texts.append(f"{said}, {card.camera.strip()}" if card.camera.strip() and card.text.strip() else said)
    return texts


def _shown(cards: list[Card], ends: list[Fraction], cast: dict[str, Look], folder: Path) -> list[ReferenceCondition]:
    """The pictures of the cast, where a card speaks of them."""
    references = []
    said: list[str] = []
    for card, end_s in zip(cards, ends, strict=True):
        said = re.findall(r"@(\w+)", card.text) if card.text.strip() else said
        for name in dict.fromkeys(said):
            who = cast[name]
            if who.image is not None:
                picture, crop = folder / who.image, _box(who.crop)
                try:
                    check_picture(picture)
                except MediaError as error:
                    raise UserError(f"storyboard, cast, {name}: {error}") from error
                digest = hashlib.sha256(picture.read_bytes()).hexdigest()
                references.append(
                    ReferenceCondition(path=str(picture), sha256=digest, crop=crop, start_s=card.at, end_s=end_s)
                )
    return references


def _box(crop: Crop | None) -> Box | None:
    return None if crop is None else Box(**{side: Fraction(value) for side, value in crop.model_dump().items()})


def _look(name: str, number: int, cast: dict[str, str]) -> str:
    if name not in cast:
        known = ", ".join(f"@{other}" for other in cast) or "nobody yet: add a cast"
        raise UserError(f"storyboard, card {number}, text: @{name} is not in the cast; there is {known}")
    return cast[name]


def _given(card: Card, number: int, shape: VideoShape, folder: Path) -> list[Frames]:
    """What a card shows."""
    frame = min(round(card.at * shape.fps), shape.frames - 1)
    crop = _box(card.crop)
    try:
        if card.image is not None and card.video is not None:
            raise UserError("it has an image and a video; give one of them")
        if card.image is not None:
            path = folder / card.image
            check_picture(path)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            return [ImageCondition(path=str(path), sha256=digest, frame=frame, crop=crop)]
        if card.video is not None:
            source = read_source(folder / card.video)
            end_s = source.shape.duration_s if card.end is None else card.end
            return [source.piece(frame=frame, start_s=card.start, end_s=end_s, crop=crop)]
    except (MediaError, SizeError, UserError) as error:
        raise UserError(f"storyboard, card {number}: {error}") from error
    return []


def _frames(item: Frames, shape: VideoShape) -> int:
    """How many frames of the board it takes."""
    if isinstance(item, ImageCondition):
        return 1
    assert item.end_s is not None, "a card's video ends somewhere"
    return round((item.end_s - item.start_s) * shape.fps)


def board_schema() -> dict[str, Any]:
    """The JSON schema of a storyboard."""
    return Board.model_json_schema(by_alias=True)
