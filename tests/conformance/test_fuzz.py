"""Requests that schemathesis makes up from our own OpenAPI: whatever comes, the server is not to blame."""

from __future__ import annotations

import re

import httpx
import pytest

from ozora.server.database import Database
from tests.conformance.environments import environment, run

FUZZER = "schemathesis>=4.30,<5"
EXAMPLES = 340  # a route and phase; 36 routes come to more than 10,000 requests
REQUESTS = 10_000

pytestmark = pytest.mark.long


def test_ten_thousand_requests_and_no_error_of_ours(server: tuple[str, Database]) -> None:
    url, _ = server
    program = str(environment(FUZZER) / "schemathesis")
    options = ["--checks", "not_a_server_error", "--phases", "examples,coverage,fuzzing", "--seed", "1"]
    calm = ["--continue-on-failure", "--no-shrink", "--no-color", "--warnings", "off", "--generation-database", "none"]
    command = [program, "run", f"{url}/openapi.json", *options, *calm, "--max-examples", str(EXAMPLES)]
    done = run(command, timeout_s=3600)
    assert done.returncode == 0, done.stdout[-5000:]
    answers = count(httpx.get(f"{url}/metrics", timeout=20, trust_env=False).text)
    assert sum(answers.values()) >= REQUESTS, answers
    assert not [status for status in answers if status.startswith("5")], answers
    assert answers["200"] > REQUESTS / 20, answers  # some of what is made up must go through


def count(metrics: str) -> dict[str, int]:
    """How many answers there were of each status."""
    found: dict[str, int] = {}
    for status, number in re.findall(r'^ozora_requests_total\{.*status="(\d+)"\} ([\d.e+]+)$', metrics, re.MULTILINE):
        found[status] = found.get(status, 0) + int(float(number))
    return found
