"""The fields of each call on the wire: one table for reading them, refusing others, and the OpenAPI page."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from ozora.errors import RequestError
from ozora.server.uploads import Upload


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field: ``kind`` is "text", "integer", "number", "source" (a file or where to get it) or "list"."""

    kind: str
    help: str
    required: bool = False


PROMPT = Field(kind="text", help="What to see, in words; up to 2000 characters.", required=True)
MODEL = Field(kind="text", help="A name of /v1/models; sora-2 and sora-2-pro are mapped to one of ours.")
SECONDS = Field(kind="text", help='How long, as text such as "4" or "2.5".')
VIDEO = Field(kind="source", help='A clip: a file, or {"id": "video_..."}.', required=True)
OURS = {
    "seed": Field(kind="integer", help="Chooses among all clips of a prompt; the same seed gives the same pixels."),
    "num_inference_steps": Field(kind="integer", help="Painting steps, 1 to 200."),
    "guidance_scale": Field(kind="number", help="How strongly the prompt is followed, 0 to 20."),
    "negative_prompt": Field(kind="text", help="What not to see."),
    "strength": Field(kind="number", help="How much a given clip may change, 0 to 1."),
}
FIELDS: dict[str, dict[str, Field]] = {
    "create": {
        "prompt": PROMPT,
        "model": MODEL,
        "seconds": SECONDS,
        "size": Field(kind="text", help="Pixels such as 1280x720."),
        "input_reference": Field(
            kind="source",
            help='The first frame: a file, {"image_url": "https://... or data:..."} or {"file_id": "..."}.',
        ),
        "characters": Field(kind="list", help='[{"id": "char_..."}], at most two.'),
        "fps": Field(kind="text", help="Frames a second, such as 12 or 29.97."),
        **OURS,
    },
    "remix": {"prompt": PROMPT, "model": MODEL, **OURS},
    "edit": {"prompt": PROMPT, "video": VIDEO, "model": MODEL, **OURS},
    "extend": {"prompt": PROMPT, "video": VIDEO, "seconds": SECONDS, "model": MODEL, **OURS},
    "character": {
        "name": Field(kind="text", help="Its name in prompts.", required=True),
        "video": Field(
            kind="source", help='A clip or picture that shows it: a file, or {"id": "video_..."}.', required=True
        ),
        "description": Field(kind="text", help='What it is, such as "a red robot"; up to 500 characters.'),
        "person": Field(kind="text", help="The real person that it shows, if it does; needs a record of consent."),
    },
    "file": {
        "file": Field(kind="source", help="The file.", required=True),
        "purpose": Field(kind="text", help='What it is for, such as "user_data" or "batch".', required=True),
    },
    "provenance": {
        "file": Field(kind="source", help='The file to check, or {"file_id": "..."}.'),
        "file_id": Field(kind="text", help="A file of /v1/files instead."),
    },
    "batch": {
        "input_file_id": Field(kind="text", help="A file of JSON lines.", required=True),
        "endpoint": Field(kind="text", help="/v1/videos", required=True),
        "completion_window": Field(kind="text", help="24h", required=True),
        "metadata": Field(kind="object", help="Up to 16 texts of your own."),
    },
    "endpoint": {
        "url": Field(kind="text", help="Where events go.", required=True),
        "name": Field(kind="text", help="A name for people."),
        "event_types": Field(kind="list", help='["video.completed", "video.failed"]'),
    },
    "change": {
        "url": Field(kind="text", help="Where events go."),
        "name": Field(kind="text", help="A name for people."),
        "event_types": Field(kind="list", help='["video.completed", "video.failed"]'),
    },
    "rotate": {
        "keep_old_secret_active_for_24_hours": Field(kind="boolean", help="Sign with the old secret as well for a day.")
    },
    "test": {"event_type": Field(kind="text", help="The event to send.")},
    "none": {},
}
MAX_NUMBER = 2**63


def read(verb: str, body: dict[str, Any]) -> dict[str, Any]:
    """The fields of a call with their right types; ``RequestError`` names the field that is wrong."""
    known = FIELDS[verb]
    for name in body:
        if name not in known:
            there = ", ".join(known) or "none"
            raise RequestError(
                f"there is no field '{name[:80]}' here; there are: {there}", code="unknown_parameter", param=name[:80]
            )
    values = {name: READERS[known[name].kind](name, value) for name, value in body.items() if value is not None}
    for name, field in known.items():
        if field.required and name not in values:
            raise RequestError(
                f"the field '{name}' is missing: {field.help}", code="missing_required_parameter", param=name
            )
    return values


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
        number = math.nan if isinstance(value, bool) or not isinstance(value, str | int | float) else float(value)
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
            return json.loads(value)
        except (ValueError, RecursionError):
            raise _wrong(name, "is no JSON") from None
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
