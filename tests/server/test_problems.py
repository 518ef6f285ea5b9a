from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TypeVar

import pytest

from ozora import errors
from ozora.errors import (
    BusyError,
    CapabilityError,
    DamageError,
    DiskFullError,
    OutOfMemoryError,
    OzoraError,
    PromptError,
    RequestError,
    ServiceError,
    StoreError,
    TimeAuthorityError,
    TrustError,
    UserError,
    WeightsError,
)
from ozora.server.problems import problem_of, public_words

T = TypeVar("T", bound=OzoraError)


def _classes(base: type[T]) -> list[type[T]]:
    return [base, *(deeper for child in base.__subclasses__() for deeper in _classes(child))]


@pytest.mark.parametrize(
    ("error", "status", "code", "kind"),
    [
        (PromptError("x"), 400, "invalid_value", "invalid_request_error"),
        (CapabilityError("x"), 400, "unsupported", "invalid_request_error"),
        (UserError("x"), 400, "invalid_value", "invalid_request_error"),
        (RequestError("x", status=404, code="not_found"), 404, "not_found", "not_found_error"),
        (RequestError("x", status=429, code="queue_full"), 429, "queue_full", "rate_limit_error"),
        (StoreError("x"), 503, "unavailable", "server_error"),
        (DamageError("secret"), 500, "damaged", "server_error"),
        (DiskFullError(), 503, "unavailable", "server_error"),
        (BusyError(), 503, "unavailable", "server_error"),
        (TrustError("x"), 503, "unavailable", "server_error"),
        (TimeAuthorityError("x"), 503, "unavailable", "server_error"),
        (OutOfMemoryError("x"), 503, "unavailable", "server_error"),
        (MemoryError("secret"), 503, "unavailable", "server_error"),
        (WeightsError("x"), 500, "server_error", "server_error"),
        (KeyError("secret"), 500, "server_error", "server_error"),
    ],
)
def test_each_error_has_its_place(error: Exception, status: int, code: str, kind: str) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.code, problem.to_dict()["error"]["type"]) == (status, code, kind)
    assert "secret" not in problem.message


def test_an_error_names_its_field() -> None:
    assert [problem_of(error).param for error in (PromptError("x"), PromptError("x", param="y"))] == ["prompt", "y"]


def test_only_what_may_pass_is_tried_again() -> None:
    assert problem_of(StoreError("x")).headers()["retry-after-ms"] == "1000"
    assert problem_of(TrustError("x")).headers()["retry-after"] == "5"
    assert problem_of(UserError("x")).headers() == {"x-should-retry": "false"}
    assert problem_of(WeightsError("x")).headers() == {"x-should-retry": "false"}


def test_a_lack_of_memory_is_said_to_be_one() -> None:
    assert problem_of(MemoryError()).message == OutOfMemoryError.public


@pytest.mark.parametrize("kind", _classes(OzoraError), ids=lambda kind: kind.__name__)
def test_no_error_tells_a_folder_of_this_machine(kind: type[OzoraError], tmp_path: Path) -> None:
    for root in (tmp_path, Path.home() / "data", Path(tempfile.gettempdir()) / "ozora-x"):
        error = kind(f"{root}/trust.json cannot be read: correct or remove it")
        assert str(root) not in public_words(error)
        if isinstance(error, UserError):
            assert public_words(error) == "trust.json cannot be read: correct or remove it"


def test_a_failure_of_ours_is_told_in_the_words_of_its_class_alone() -> None:
    for kind in _classes(ServiceError):
        assert public_words(kind("at 10.0.0.7")) == kind.public
        assert str(kind()) == kind.public
    assert errors.StoreError.public != errors.DiskFullError.public != errors.BusyError.public
