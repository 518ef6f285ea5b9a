"""The fields of each call on the wire: one table for reading them, refusing others, and the OpenAPI page."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from ozora.errors import RequestError
from ozora.server.forms import parse_json
from ozora.server.uploads import Upload


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field: ``kind`` is one of ``READERS``; "source" is a file or where to get it.

    ``example`` is for the OpenAPI page, ``most`` the characters that a text may have; a field that is ``required`` may
    be left out where the one that ``unless`` names is given.
    """

    kind: str
    help: str
    example: object
    required: bool = False
    most: int | None = None
    unless: str = ""


PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AAAAMBAQAY3Y2wAAAAAElFTkSuQmCC"
)
PROMPT = Field(
    kind="text", help="What to see, in words; up to 2000 characters.", example="a red ball rolls left", required=True
)
MODEL = Field(
    kind="text",
    help="A name of /v1/models; sora-2 and sora-2-pro are mapped to one of ours.",
    example="sora-2",
    most=100,
)
SECONDS = Field(kind="text", help='How long, as text such as "4" or "2.5".', example="4", most=20)
BETWEEN = Field(kind="text", help='How many new seconds, as text such as "2".', example="2", most=20)
VIDEO = Field(kind="source", help='A clip: a file, or {"id": "video_..."}.', example={"id": "video_0"}, required=True)
OTHER = replace(VIDEO, help='The second clip: a file, or {"id": "video_..."}.')
TOLD = replace(PROMPT, help="What to see, in words; default: as the video of this id was asked for.", required=False)
SAMPLING = {
    "seed": Field(
        kind="integer", help="Chooses among all clips of a prompt; the same seed gives the same pixels.", example=7
    ),
    "quality": Field(kind="text", help="draft, default or best: how many steps.", example="draft", most=20),
    "num_inference_steps": Field(kind="integer", help="Number of steps, 1 to 200, in place of a quality.", example=8),
    "variants": Field(
        kind="integer", help="Paint so many clips, 1 to 16, and keep the one that shows most of the prompt.", example=1
    ),
    "guidance_scale": Field(kind="number", help="How strongly the prompt is followed, 0 to 20.", example=3.0),
    "negative_prompt": Field(kind="text", help="What not to see.", example=""),
}
STRENGTH = Field(kind="number", help="How much a given clip may change, 0 to 1.", example=0.5)
OURS = {**SAMPLING, "strength": STRENGTH}
BOARD = {
    "cast": {"hero": "a yellow robot"},
    "cards": [
        {"at": 0, "duration": 2, "text": "@hero walks left in a meadow"},
        {"at": 2, "duration": 2, "text": "@hero jumps in the snow", "transition": "dissolve"},
    ],
}
FIELDS: dict[str, dict[str, Field]] = {
    "create": {
        "prompt": replace(PROMPT, unless="storyboard"),
        "model": MODEL,
        "seconds": SECONDS,
        "size": Field(kind="text", help="Pixels such as 1280x720.", example="448x256", most=20),
        "input_reference": Field(
            kind="source",
            help='The first frame: a file, {"image_url": "https://... or data:..."} or {"file_id": "..."}.',
            example={"image_url": PIXEL},
        ),
        "last_frame": Field(
            kind="source", help="The last frame, given as the first one is.", example={"image_url": PIXEL}
        ),
        "keyframes": Field(
            kind="list",
            help='Pictures to pass through: [{"image": "file_...", "at": 2.5}], at most 20.',
            example=[{"image": "file_0", "at": 2.5}],
        ),
        "storyboard": Field(
            kind="object",
            help="Cards on a timeline, instead of a prompt (which then is a title); an image or video of a card is the "
            "id of a file or video. See docs/verbs.md.",
            example=BOARD,
        ),
        "characters": Field(kind="list", help='[{"id": "char_..."}], at most two.', example=[]),
        "fps": Field(kind="text", help="Frames a second, such as 12 or 29.97.", example="12", most=20),
        **OURS,
    },
    "remix": {"prompt": PROMPT, "model": MODEL, **OURS},
    "edit": {
        "prompt": PROMPT,
        "video": VIDEO,
        "model": MODEL,
        **OURS,
        "region": Field(
            kind="object",
            help="Only this part is painted, anew: shares of the picture from its upper left corner.",
            example={"left": 0.25, "top": 0.5, "right": 0.75, "bottom": 1},
        ),
        "mask": Field(
            kind="source",
            help='Only what is white in this picture or clip is painted, anew: a file, or {"file_id": "..."}.',
            example={"file_id": "file_0"},
        ),
        "start": Field(kind="text", help="A region or mask holds from this second on.", example="0.5", most=20),
        "end": Field(kind="text", help="A region or mask holds up to this second.", example="2", most=20),
    },
    "extend": {"prompt": PROMPT, "video": VIDEO, "seconds": SECONDS, "model": MODEL, **OURS},
    "loop": {"prompt": TOLD, "video": VIDEO, "seconds": BETWEEN, "model": MODEL, **SAMPLING},
    "connect": {
        "prompt": TOLD,
        "video": VIDEO,
        "other_video": OTHER,
        "seconds": BETWEEN,
        "model": MODEL,
        **SAMPLING,
    },
    "blend": {
        "prompt": TOLD,
        "video": VIDEO,
        "other_video": OTHER,
        "preset": Field(kind="text", help="transition, mix or sample.", example="transition", most=20),
        "curve": Field(
            kind="list",
            help="Instead of a preset: pairs of time and influence of the second clip, from 0 to 1.",
            example=[[0, 0], [0.5, 1], [1, 0]],
        ),
        "model": MODEL,
        **OURS,
    },
    "reframe": {
        "prompt": TOLD,
        "video": VIDEO,
        "size": Field(
            kind="text", help="The new shape, such as 9:16 or 1:1, or pixels.", example="1:1", required=True, most=20
        ),
        "x": Field(kind="number", help="Where the clip lies: 0 left to 1 right.", example=0.5),
        "y": Field(kind="number", help="Where the clip lies: 0 top to 1 bottom.", example=0.5),
        "model": MODEL,
        **SAMPLING,
    },
    "recut": {
        "prompt": PROMPT,
        "pieces": Field(
            kind="list",
            help='What stays, and where: [{"video": "video_...", "at": 0, "in": 1, "out": 2.5}], at most 20.',
            example=[{"video": "video_0", "at": 0, "in": 0, "out": 1}, {"video": "video_0", "at": 2, "in": 1}],
            required=True,
        ),
        "seconds": replace(SECONDS, help="How long the whole is; default: to the end of the last piece."),
        "model": MODEL,
        **SAMPLING,
    },
    "restyle": {
        "style": Field(
            kind="text",
            help='How it looks now, such as "at night in the snow".',
            example="at night in the snow",
            required=True,
            most=500,
        ),
        "prompt": replace(TOLD, most=2000),
        "video": VIDEO,
        "model": MODEL,
        **OURS,
    },
    "character": {
        "name": Field(kind="text", help="Its name in prompts.", example="Mo", required=True),
        "video": Field(
            kind="source",
            help='A clip or picture that shows it: a file, or {"id": "video_..."}.',
            example={"id": "video_0"},
            required=True,
        ),
        "description": Field(
            kind="text", help='What it is, such as "a red robot"; up to 500 characters.', example="a red robot"
        ),
        "person": Field(
            kind="text", help="The real person that it shows, if it does; needs a record of consent.", example=""
        ),
    },
    "file": {
        "file": Field(kind="source", help="The file.", example={}, required=True),
        "purpose": Field(
            kind="text", help='What it is for, such as "user_data" or "batch".', example="user_data", required=True
        ),
    },
    "provenance": {
        "file": Field(kind="source", help='The file to check, or {"file_id": "..."}.', example={"file_id": "file_0"}),
        "file_id": Field(kind="text", help="A file of /v1/files instead.", example="file_0"),
    },
    "batch": {
        "input_file_id": Field(kind="text", help="A file of JSON lines.", example="file_0", required=True),
        "endpoint": Field(kind="text", help="/v1/videos", example="/v1/videos", required=True),
        "completion_window": Field(kind="text", help="24h", example="24h", required=True),
        "metadata": Field(kind="object", help="Up to 16 texts of your own.", example={"show": "one"}),
    },
    "endpoint": {
        "url": Field(kind="text", help="Where events go.", example="https://example.org/", required=True, most=2000),
        "name": Field(kind="text", help="A name for people.", example="mine", most=200),
        "event_types": Field(kind="list", help='["video.completed", "video.failed"]', example=["video.completed"]),
    },
    "change": {
        "url": Field(kind="text", help="Where events go.", example="https://example.org/", most=2000),
        "name": Field(kind="text", help="A name for people.", example="mine", most=200),
        "event_types": Field(kind="list", help='["video.completed", "video.failed"]', example=["video.completed"]),
    },
    "rotate": {
        "keep_old_secret_active_for_24_hours": Field(
            kind="boolean", help="Sign with the old secret as well for a day.", example=True
        )
    },
    "test": {"event_type": Field(kind="text", help="The event to send.", example="video.completed")},
    "none": {},
}
MAX_NUMBER = 2**63
MAX_DIGITS = 40


def read(verb: str, body: dict[str, Any]) -> dict[str, Any]:
    """The fields of a call with their right types; ``RequestError`` names the field that is wrong."""
    known = FIELDS[verb]
    _check_texts(body)
    for name in body:
        if name not in known:
            there = ", ".join(known) or "none"
            raise RequestError(
                f"there is no field '{name[:80]}' here; there are: {there}", code="unknown_parameter", param=name[:80]
            )
    values = {name: READERS[known[name].kind](name, value) for name, value in body.items() if value is not None}
    for name, field in known.items():
        if field.most is not None and len(str(values.get(name, ""))) > field.most:
            raise _wrong(name, f"has at most {field.most} characters")
        if field.required and name not in values and field.unless not in values:
            raise RequestError(
                f"the field '{name}' is missing: {field.help}", code="missing_required_parameter", param=name
            )
    return values


def _check_texts(value: Any) -> None:  # noqa: ANN401 - whatever the wire brought
    """Texts can be stored and told: half a surrogate pair is no UTF-8, and PostgreSQL keeps no NUL."""
    try:
        if isinstance(value, str) and b"\0" in value.encode():
            raise RequestError("a text holds the character NUL; leave it out")
        if isinstance(value, dict):
            _check_texts([*value.keys(), *value.values()])
        if isinstance(value, list):
            for item in value:
                _check_texts(item)
    except (UnicodeEncodeError, RecursionError) as error:
        raise RequestError("a text is no Unicode, or the body is nested too deeply; correct it") from error


def _text(name: str, value: Any) -> str:  # noqa: ANN401 - whatever the wire brought
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _wrong(name, "must be text")
    return str(value)


def _integer(name: str, value: Any) -> int:  # noqa: ANN401
    number = _number(name, value)
    if number != int(number) or abs(number) > MAX_NUMBER:
        raise _wrong(name, "must be a whole number")
    return int(value) if isinstance(value, int | str) and str(value).strip().lstrip("+-").isdigit() else int(number)


def _number(name: str, value: Any) -> float:  # noqa: ANN401
    try:
        is_one = isinstance(value, str | int | float) and not isinstance(value, bool) and len(str(value)) <= MAX_DIGITS
        number = float(value) if is_one else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise _wrong(name, "must be a number")
    return number


def _boolean(name: str, value: Any) -> bool:  # noqa: ANN401
    if value in (True, "true", "1"):
        return True
    if value in (False, "false", "0"):
        return False
    raise _wrong(name, "must be true or false")


def _source(name: str, value: Any) -> Upload | dict[str, Any]:  # noqa: ANN401
    opened = _opened(name, value)
    if isinstance(opened, Upload | dict):
        return opened
    raise _wrong(name, "must be a file or an object")


def _object(name: str, value: Any) -> dict[str, Any]:  # noqa: ANN401
    opened = _opened(name, value)
    if isinstance(opened, dict):
        return opened
    raise _wrong(name, "must be an object")


def _list(name: str, value: Any) -> list[Any]:  # noqa: ANN401
    opened = _opened(name, value)
    if isinstance(opened, list):
        return opened
    raise _wrong(name, "must be a list")


def _opened(name: str, value: Any) -> Any:  # noqa: ANN401
    """A form can carry structure as one field of JSON."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            value = parse_json(value)
        except (ValueError, RecursionError):
            raise _wrong(name, "is no JSON") from None
        _check_texts(value)
    return value


def _wrong(name: str, what: str) -> RequestError:
    return RequestError(f"the field '{name}' {what}", param=name)


READERS = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "source": _source,
    "object": _object,
    "list": _list,
}
