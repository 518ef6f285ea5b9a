"""What is checked and then done holds when many do it at once, on SQLite and on PostgreSQL."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from ozora.errors import RequestError, StoreError
from ozora.server import idempotency, keys, webhooks
from ozora.server.database import Database
from ozora.server.desk import Desk
from ozora.server.health import health_of
from ozora.server.idempotency import Token
from ozora.server.keys import Key, Limits
from ozora.server.metrics import Meters
from ozora.server.settings import Settings
from ozora.server.store import Store
from ozora.server.submission import submit
from ozora.server.tables import BATCHES, CHARACTERS, ENDPOINTS, FILES, JOBS
from tests.server.live import client_of
from tests.server.stub import StubBackend

FIELDS = {"prompt": "a ball", "model": "stub", "seconds": "4", "size": "64x64"}
AT_ONCE = 8


@pytest.fixture
def desk(either: Settings, stub: StubBackend) -> Iterator[Desk]:
    database, store = Database(either.database), Store(either.data)
    health = health_of(database, store)
    yield Desk(settings=either, database=database, store=store, meters=Meters(database, health), health=health)
    database.close()


@pytest.fixture
def client(either: Settings, stub: StubBackend) -> Iterator[httpx.Client]:
    with client_of(either) as client:
        yield client


def at_once(call: Callable[[int], Any], times: int = AT_ONCE) -> Counter[Any]:
    """What ``times`` calls in threads of their own gave, begun at the same moment; a refusal counts as its code."""
    start = threading.Barrier(times)

    def one(number: int) -> Any:
        start.wait()
        try:
            return call(number)
        except RequestError as error:
            return error.code

    with ThreadPoolExecutor(times) as pool:
        return Counter(pool.map(one, range(times)))


def make_key(desk: Desk, **limits: Any) -> Key:
    with desk.database.writing() as connection:
        return keys.create(connection, "k", now=1.0, limits=Limits(**limits))[0]


def count(desk_or_settings: Desk | Settings, table: Any) -> int:
    settings = desk_or_settings.settings if isinstance(desk_or_settings, Desk) else desk_or_settings
    database = Database(settings.database)
    with database.reading() as connection:
        found = int(connection.execute(select(func.count()).select_from(table)).scalar_one())
    database.close()
    return found


def test_the_same_token_is_one_video(desk: Desk) -> None:
    key = make_key(desk)
    for turn in range(4):
        seen = at_once(lambda _, turn=turn: submit(desk, key, "create", FIELDS, token=f"t{turn}").id)  # type: ignore[misc]
        assert list(seen.values()) == [AT_ONCE]
    assert count(desk, JOBS) == 4


def test_a_days_seconds_hold(desk: Desk) -> None:
    key = make_key(desk, seconds_a_day=12)
    seen = at_once(lambda _: submit(desk, key, "create", FIELDS, token=None).status)
    assert seen == {"queued": 3, "insufficient_quota": AT_ONCE - 3}


def test_the_queue_and_half_of_it_hold(desk: Desk) -> None:
    small = dataclasses.replace(desk, settings=dataclasses.replace(desk.settings, max_queued=6))
    one, other, third = (make_key(desk) for _ in range(3))
    seen = at_once(lambda _: submit(small, one, "create", FIELDS, token=None).status)
    assert seen == {"queued": 3, "queue_full": AT_ONCE - 3}, "half of it for one key"
    seen = at_once(lambda n: submit(small, (other, third)[n % 2], "create", FIELDS, token=None).status)
    assert seen == {"queued": 3, "queue_full": AT_ONCE - 3}, "the rest for all others together"


def test_endpoints_hold(desk: Desk) -> None:
    key = make_key(desk)

    def add(number: int) -> str:
        with desk.database.writing() as connection:
            webhooks.add(connection, key.id, name="x", url="https://example.org/", event_types=[], now=1.0)
        return "added"

    for _ in range(3):
        at_once(add)
    assert count(desk, ENDPOINTS) == webhooks.MAX_ENDPOINTS


def test_a_key_that_is_revoked_meanwhile_adds_nothing(desk: Desk) -> None:
    """Its request was let in before, and waits until the transaction that revokes it has ended."""
    key = make_key(desk)
    with ThreadPoolExecutor(1) as pool, desk.database.writing() as connection:
        keys.revoke(connection, key.id, 2.0)
        late = pool.submit(submit, desk, key, "create", FIELDS, token=None)
        with pytest.raises(TimeoutError):
            late.result(timeout=0.5)
        connection.commit()
        with pytest.raises(RequestError, match="revoked"):
            late.result(timeout=20)
    assert count(desk, JOBS) == 0


@pytest.mark.parametrize("kind", ["files", "characters", "batches"])
def test_the_same_token_is_one_of_everything(kind: str, client: httpx.Client, either: Settings) -> None:
    def call(headers: dict[str, str]) -> httpx.Response:
        if kind == "files":
            return client.post("/v1/files", data={"purpose": "x"}, files={"file": ("a", b"{}")}, headers=headers)
        if kind == "characters":
            form = {"name": "Mo", "description": "a red robot"}
            picture = bytes.fromhex(
                "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
                "0000000c4944415408d763f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
            )
            return client.post("/v1/videos/characters", data=form, files={"video": ("a.png", picture)}, headers=headers)
        wanted = {"input_file_id": lines, "endpoint": "/v1/videos", "completion_window": "24h"}
        return client.post("/v1/batches", json=wanted, headers=headers)

    line = {"custom_id": "a", "method": "POST", "url": "/v1/videos", "body": FIELDS}
    sent = client.post("/v1/files", data={"purpose": "batch"}, files={"file": ("a", json.dumps(line).encode())})
    lines, tables = sent.json()["id"], {"files": FILES, "characters": CHARACTERS, "batches": BATCHES}
    before = count(either, tables[kind])
    for turn in range(3):

        def send(_: int, turn: int = turn) -> tuple[int, str]:
            answer = call({"idempotency-key": f"{kind}{turn}"})
            return answer.status_code, answer.text

        seen = at_once(send)
        assert [status for status, _ in seen] == [200], seen
    assert count(either, tables[kind]) == before + 3


def test_who_does_not_take_turns_is_told_to_try_again(desk: Desk) -> None:
    """Two that looked at the same time and found nothing."""
    token = Token(key_id="local", text="t", body_sha256="x")
    with desk.database.writing() as connection:
        idempotency.remember(connection, token, "video_1", 1.0)
    with pytest.raises(StoreError, match="try again"), desk.database.writing() as connection:
        idempotency.remember(connection, token, "video_2", 1.0)
    with desk.database.reading() as connection:
        assert idempotency.find(connection, token) == "video_1"
