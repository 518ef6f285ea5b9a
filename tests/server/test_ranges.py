from __future__ import annotations

import pytest

from ozora.errors import RequestError
from ozora.server.ranges import Part, part_of


@pytest.mark.parametrize(
    ("header", "start", "length", "whole"),
    [
        (None, 0, 100, True),
        ("bytes=0-9", 0, 10, False),
        ("bytes=90-", 90, 10, False),
        ("bytes=-10", 90, 10, False),
        ("bytes=-1000", 0, 100, False),
        ("bytes=50-1000", 50, 50, False),
        ("bytes=9-3", 0, 100, True),
        ("bytes=0-1,5-6", 0, 100, True),
        ("lines=1-2", 0, 100, True),
        ("bytes=-", 0, 100, True),
        ("bytes=0-" + "9" * 5000, 0, 100, True),
        ("bytes=-" + "9" * 18, 0, 100, False),
    ],
)
def test_a_range_is_a_part(header: str | None, start: int, length: int, whole: bool) -> None:
    assert part_of(header, 100) == Part(start=start, length=length, whole=whole)


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=-0"])
def test_outside_is_refused(header: str) -> None:
    with pytest.raises(RequestError) as refused:
        part_of(header, 100)
    assert refused.value.status == 416
