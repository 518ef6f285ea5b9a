from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterator

import pytest

from ozora.server.crowd import MAX_OPEN, SPARE_FILES, Crowd, make_crowd


def test_who_waits_longest_is_first() -> None:
    crowd, (one, two, three) = Crowd(limit=3), [asyncio.BaseTransport() for _ in range(3)]
    assert crowd.oldest() is None
    for transport in (one, two, three, one):  # the first asked again meanwhile
        crowd.wait(transport)
    assert crowd.oldest() is two
    crowd.leave(two)
    crowd.leave(two)
    assert crowd.oldest() is three


@pytest.fixture
def files() -> Iterator[tuple[int, int]]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield before
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_limit_fits_the_open_files_of_the_process(files: tuple[int, int]) -> None:
    hard = files[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    assert make_crowd().limit == MAX_OPEN
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (MAX_OPEN + SPARE_FILES, hard)
