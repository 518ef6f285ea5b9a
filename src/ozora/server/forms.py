"""The body of a call: JSON, or a form whose brackets are folded into the same structure.

The SDKs send ``input_reference[image_url]`` and ``characters[][id]`` in forms; a name per bracket, a list where one is
empty. Lists of objects with several keys cannot be told apart that way and come as one field of JSON.
"""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from ozora.errors import RequestError
from ozora.server.uploads import Upload, plain_name

MAX_FIELD_BYTES = 45_000_000  # a picture as a data: URL
MAX_JSON_BYTES = 64_000_000
MAX_PARTS = 200_000  # of JSON; a list of 30 million empty lists is 90 MB on the wire and 2 GB in memory
MAX_FIELDS = 200
MAX_DEPTH = 4
MAX_NAME = 200


async def read_body(request: Request) -> dict[str, Any]:
    """The body of any POST as one object; ``RequestError`` when it is malformed."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
        return await _form(request)
    raw = await _raw(request)
    if not raw.strip():
        return {}
    if kind not in ("application/json", "") and not kind.endswith("+json"):
        raise RequestError(f"a body of type {kind[:60]} is not read here; send JSON or multipart/form-data", status=415)
    return _json(raw)


async def _raw(request: Request) -> bytes:
    """A body that is no form, no more of it than JSON may have."""
    raw = bytearray()
    length = request.headers.get("content-length", "0")
    too_large = length.isdigit() and int(length) > MAX_JSON_BYTES
    async for piece in request.stream():
        too_large = too_large or len(raw) + len(piece) > MAX_JSON_BYTES
        if too_large:
            limit = f"{MAX_JSON_BYTES // 1_000_000} MB"
            message = f"a body of JSON has up to {limit}; send files as a form"
            raise RequestError(message, status=413, code="too_large")
        raw += piece
    return bytes(raw)


def fold(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Nested values of a form: ``a[b]=1`` becomes ``{"a": {"b": 1}}``, ``a[]=1`` becomes ``{"a": [1]}``."""
    result: dict[str, Any] = {}
    for name, value in pairs:
        parts = re.findall(r"[^\[\]]+|(?<=\[)(?=\])", name) if len(name) <= MAX_NAME else []
        if not parts or not parts[0] or len(parts) > (1 if isinstance(value, Upload) else MAX_DEPTH):
            raise RequestError(f"the field name '{name[:80]}' cannot be read", param=name[:80])
        _place(result, parts, value, name)
    return result


def _place(result: dict[str, Any], parts: list[str], value: Any, name: str) -> None:  # noqa: ANN401 - text or a file
    here: Any = result
    for part, following in zip(parts, [*parts[1:], None], strict=True):
        last = following is None
        fresh: Any = value if last else ([] if following == "" else {})
        if isinstance(here, list):
            if last or not (here and isinstance(here[-1], dict) and following not in here[-1]):
                here.append(fresh)
            here = here[-1]
        elif isinstance(here, dict) and part not in here:
            here[part] = fresh
            here = fresh
        elif isinstance(here, dict) and not last:
            here = here[part]
        else:
            raise RequestError(f"the field '{name[:80]}' is given twice", param=name[:80])


def parse_json(raw: bytes | str) -> Any:  # noqa: ANN401 - whatever the wire brought
    """``json.loads`` of a bounded number of parts; ``ValueError`` or ``RecursionError`` when it is no JSON."""
    plain = raw.encode(errors="surrogatepass") if isinstance(raw, str) else raw
    if sum(plain.count(mark) for mark in (b"[", b"{", b",")) > MAX_PARTS:
        raise RequestError(f"this JSON has more than {MAX_PARTS} parts; send less", status=413, code="too_large")
    return json.loads(raw)


def _json(raw: bytes) -> dict[str, Any]:
    try:
        body = parse_json(raw)
    except (ValueError, RecursionError):
        raise RequestError("the body is no JSON; check its quotes and brackets") from None
    if not isinstance(body, dict):
        raise RequestError("the body must be a JSON object, such as {...}")
    return body


async def _form(request: Request) -> dict[str, Any]:
    try:
        async with request.form(max_files=8, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES) as form:
            pairs: list[tuple[str, Any]] = []
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    upload = Upload(name=plain_name(value.filename or ""), data=await value.read())
                    pairs.append((name.removesuffix("[]"), upload))
                else:
                    pairs.append((name, value))
    except (MultiPartException, HTTPException, UnicodeDecodeError, KeyError) as error:
        raise RequestError(f"the form cannot be read: {getattr(error, 'detail', '') or error}") from error
    return fold(pairs)
