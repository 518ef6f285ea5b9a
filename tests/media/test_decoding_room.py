from __future__ import annotations

import threading
import time

import pytest

from ozora.errors import OutOfMemoryError
from ozora.media.decoding_room import DecodingRoom


def test_without_a_limit_nobody_waits() -> None:
    room = DecodingRoom()
    with room.reserve(10**12):
        assert room.taken_bytes == 10**12 and room.fits(10**15)
    assert room.taken_bytes == 0


def test_never_more_than_fits_is_decoded_at_once() -> None:
    room, most, start = DecodingRoom(100, wait_s=10), list[int](), threading.Barrier(12)

    def decode() -> None:
        start.wait()
        with room.reserve(40):
            most.append(room.taken_bytes)
            time.sleep(0.01)

    threads = [threading.Thread(target=decode) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 12 and max(most) <= 100
    assert room.taken_bytes == 0


def test_who_waits_too_long_is_told() -> None:
    room, refused = DecodingRoom(100, wait_s=0.05), list[str]()

    def decode() -> None:
        with pytest.raises(OutOfMemoryError) as error, room.reserve(60):
            pass
        refused.append(str(error.value))

    with room.reserve(60):
        thread = threading.Thread(target=decode)
        thread.start()
        thread.join()
    assert "try again in a moment" in refused[0]
    with room.reserve(60):
        pass


def test_what_never_fits_is_alone() -> None:
    room = DecodingRoom(100, wait_s=0.05)
    assert not room.fits(101)
    with room.reserve(1000):
        assert room.taken_bytes == 100
    assert room.taken_bytes == 0


def test_a_thread_is_asked_once() -> None:
    room = DecodingRoom(100, wait_s=0.05)
    with room.reserve(90), room.reserve(90):
        assert room.taken_bytes == 90
    with pytest.raises(ValueError, match="x"), room.reserve(90):
        raise ValueError("x")
    assert room.taken_bytes == 0


def test_a_limit_holds_from_then_on() -> None:
    room = DecodingRoom()
    room.limit(50)
    assert not room.fits(51) and room.capacity_bytes == 50
