from __future__ import annotations

from collections.abc import Callable

import pytest

from ozora.errors import StoreError, UserError
from ozora.server.store import Store
from ozora.server.store_errors import SENTENCES, explain_store_error


def foreign(name: str, module: str = "botocore.exceptions") -> Exception:
    """An error as a library of buckets raises it: no ``OSError``, and known by its name only."""
    kind: type[Exception] = type(name, (Exception,), {"__module__": module})
    return kind("secret detail of the library")


@pytest.mark.parametrize("name", [name for name in SENTENCES if name != "PermissionError"])
def test_each_says_what_to_set(name: str) -> None:
    said = explain_store_error(foreign(name))
    assert isinstance(said, StoreError)
    assert SENTENCES[name] in str(said)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (PermissionError("Access Denied"), "may not do that"),
        (FileNotFoundError("The specified bucket does not exist"), "the bucket does not exist"),
        (OSError(28, "No space left on device"), "No space left"),
        (TimeoutError(), "TimeoutError"),
        (foreign("ClientError"), "secret detail"),
        (foreign("ClientConnectorError", "aiohttp.client_exceptions"), "secret detail"),
    ],
)
def test_others_are_told_as_they_are(error: Exception, says: str) -> None:
    assert says in str(explain_store_error(error))


def test_a_missing_file_and_our_own_mistakes_are_none() -> None:
    assert explain_store_error(FileNotFoundError("videos/x")) is None
    assert explain_store_error(ValueError("x")) is None


class Broken:
    """A file system whose every call fails."""

    protocol = "s3"

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> object:
        def fail(*given: object, **named: object) -> None:
            raise self.error

        return fail


@pytest.mark.parametrize(
    "error", [foreign("NoCredentialsError"), FileNotFoundError("The specified bucket does not exist")]
)
@pytest.mark.parametrize("name", ["read", "write", "check"])
def test_a_store_raises_nothing_else(error: Exception, name: str) -> None:
    store = Store("memory://ozora")
    store._system = Broken(error)
    calls: dict[str, Callable[[], object]] = {
        "read": lambda: store.read("a"),
        "write": lambda: store.write("a", b"x"),
        "check": store.check,
    }
    with pytest.raises(StoreError, match="file store cannot be used now"):
        calls[name]()


def test_a_missing_library_is_named() -> None:
    with pytest.raises(UserError, match=r"ozora\[s3\]|is no place for files"):
        Store("s3://bucket/ozora")
