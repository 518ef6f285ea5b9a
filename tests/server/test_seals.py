from __future__ import annotations

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor

from ozora.server.seals import REMEMBERED, Hashes, Seal, State, find_seal, seal_of


def test_a_seal_is_size_and_hash() -> None:
    seal = seal_of(b"abc")
    assert seal == Seal(size_bytes=3, sha256=hashlib.sha256(b"abc").hexdigest())
    assert find_seal({"video.mp4": seal.to_dict()}, "video.mp4") == seal


def test_a_job_without_seals_has_empty_ones() -> None:
    assert find_seal(None, "video.mp4") == find_seal({}, "video.mp4") == Seal()


def test_hashes_are_computed_once_for_each_state() -> None:
    hashes, computed = Hashes(), []

    def compute() -> str:
        computed.append(1)
        return str(len(computed))

    first = State(path="a", size_bytes=1, mark="1")
    assert [hashes.find(first, compute) for _ in range(2)] == ["1", "1"]
    assert hashes.find(State(path="a", size_bytes=1, mark="2"), compute) == "2"


def test_few_hashes_are_remembered() -> None:
    hashes = Hashes()
    for number in range(REMEMBERED + 1):
        hashes.find(State(path=str(number), size_bytes=1, mark=""), lambda: "old")
    assert hashes.find(State(path="0", size_bytes=1, mark=""), lambda: "new") == "new"
    assert hashes.find(State(path=str(REMEMBERED), size_bytes=1, mark=""), lambda: "new") == "old"


def test_many_who_ask_at_the_same_time_wait_for_one_reading() -> None:
    hashes, computed, state = Hashes(), [], State(path="a", size_bytes=1, mark="1")

    def compute() -> str:
        computed.append(1)
        time.sleep(0.05)
        return "hash"

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda _: hashes.find(state, compute), range(8))) == ["hash"] * 8
    assert len(computed) == 1
