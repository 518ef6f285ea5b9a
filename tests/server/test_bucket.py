"""The store in a real S3 server that is not ours (moto's, on loopback): what it does, and what it says when it cannot.

Not in the development environment: pip install s3fs 'moto[server]'.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from ozora.errors import StoreError
from ozora.server.health import Check, Health
from ozora.server.store import Store

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(find_spec("s3fs") is None or find_spec("moto") is None, reason="needs s3fs and moto[server]"),
    pytest.mark.filterwarnings("ignore"),  # of the server's and the driver's own
]


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an S3 server with a bucket "ozora"."""
    import boto3
    from moto.server import ThreadedMotoServer

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    url = f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    boto3.client("s3", endpoint_url=url).create_bucket(Bucket="ozora")
    yield url
    server.stop()


def fresh(url: str) -> Store:
    """A store that shares no connection with an earlier one."""
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    return Store(url)


def test_a_bucket_is_a_store(s3: str) -> None:
    store = fresh("s3://ozora/here")
    store.check()
    store.write("a/b", b"0123456789")
    assert store.read("a/b") == b"0123456789"
    assert store.size("a/b") == 10
    assert b"".join(store.chunks("a/b", 3, 4)) == b"3456"
    assert store.find("none") is None
    store.remove("a")
    assert store.find("a/b") is None


def test_a_bucket_that_is_missing_is_said(s3: str) -> None:
    with pytest.raises(StoreError, match="bucket does not exist; make it"):
        fresh("s3://nowhere/here").check()


def test_an_address_that_does_not_answer_is_said(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(StoreError, match="AWS_ENDPOINT_URL"):
        fresh("s3://ozora/here").check()


def test_missing_credentials_are_said(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    with pytest.raises(StoreError, match="AWS_ACCESS_KEY_ID"):
        fresh("s3://ozora/here").check()


def test_a_bucket_that_hangs_does_not_hang_the_health(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(50)
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        health = Health({"store": Check(run=fresh("s3://ozora/here").check, silence=StoreError)}, patience_s=0.5)
        began = time.monotonic()
        (illness,) = health.look()
        assert illness.part == "store" and time.monotonic() - began < 5
