"""Parts of a file by bytes (RFC 9110, section 14): one range of an answer; several are answered with the whole."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ozora.errors import RequestError


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """``length`` bytes from ``start``; ``whole`` when nothing in particular was asked for."""

    start: int
    length: int
    whole: bool


def part_of(header: str | None, size: int) -> Part:
    """What a Range header asks of a file of ``size`` bytes; ``RequestError`` (416) when it lies outside."""
    match = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", header.replace(" ", "")) if header else None
    if match is None or not (match[1] or match[2]):
        return Part(start=0, length=size, whole=True)
    if match[1]:
        start, end = int(match[1]), min(int(match[2]) if match[2] else size - 1, size - 1)
    else:
        start, end = max(0, size - int(match[2])), size - 1
    if match[1] and match[2] and int(match[2]) < start:
        return Part(start=0, length=size, whole=True)
    if start >= size or end < start:
        raise RequestError(f"the file has {size} bytes; ask for some of them", status=416, code="invalid_range")
    return Part(start=start, length=end - start + 1, whole=False)
