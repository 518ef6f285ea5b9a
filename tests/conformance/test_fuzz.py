"""Requests that schemathesis makes up from our own OpenAPI: whatever comes, the server is not to blame."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest

from ozora.server.database import Database
from tests.conformance.environments import environment, run
from tests.server.live import local_header

FUZZER = "schemathesis>=4.30,<5"
SIZES = {"short": (10, 500), "full": (260, 10_000)}  # examples a route and phase, and the requests that they come to
TIME_S = 3000

pytestmark = pytest.mark.long


@pytest.mark.parametrize("size", SIZES)
def test_no_request_is_an_error_of_ours(
    size: str, server: tuple[str, Database], record_testsuite_property: Callable[[str, object], None]
) -> None:
    url, (examples, requests), before = server[0], SIZES[size], answers_of(server[0])
    program = str(environment(FUZZER) / "schemathesis")
    options = ["--checks", "not_a_server_error", "--phases", "examples,coverage,fuzzing", "--seed", "1"]
    calm = ["--continue-on-failure", "--no-shrink", "--no-color", "--warnings", "off", "--generation-database", "none"]
    command = [program, "run", f"{url}/openapi.json", *options, *calm, "--max-examples", str(examples)]
    command += [part for name, value in local_header().items() for part in ("--header", f"{name}: {value}")]
    done = run(command, timeout_s=TIME_S)
    assert done.returncode == 0, done.stdout[-5000:]
    answers = {status: number - before.get(status, 0) for status, number in answers_of(url).items()}
    record_testsuite_property(size, answers)  # seen with --junitxml
    assert sum(answers.values()) >= requests, answers
    assert not [status for status in answers if status.startswith("5")], answers
    assert answers["200"] > requests / 20, answers  # some of what is made up must go through


def answers_of(url: str) -> dict[str, int]:
    return count(httpx.get(f"{url}/metrics", headers=local_header(), timeout=20, trust_env=False).text)


def count(metrics: str) -> dict[str, int]:
    """How many answers there were of each status."""
    found: dict[str, int] = {}
    for status, number in re.findall(r'^ozora_requests_total\{.*status="(\d+)"\} ([\d.e+]+)$', metrics, re.MULTILINE):
        found[status] = found.get(status, 0) + int(float(number))
    return found
