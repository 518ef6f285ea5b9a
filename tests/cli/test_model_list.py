from __future__ import annotations

import json
from fractions import Fraction

from ozora.backends import BACKENDS, Capabilities
from ozora.cli.model_list import describe_models, list_models

MODEL = Capabilities(
    name="fake",
    title="Fake",
    summary="paints gray",
    sizes=("32x32", "64x32"),
    max_seconds=Fraction(5, 2),
    default_seconds=Fraction(2),
    steps=4,
    draft_steps=4,
    best_steps=4,
    guidance=2.0,
    fps=("8", "30000/1001"),
    conditions=("image",),
    device="cpu",
    installed=False,
    license="Apache-2.0",
)


def test_plain_data() -> None:
    data = json.loads(json.dumps(list_models([MODEL])))
    assert data[0]["max_seconds"] == "5/2"
    assert data[0]["sizes"] == ["32x32", "64x32"]
    assert data[0]["installed"] is False


def test_table() -> None:
    lines = describe_models([MODEL]).splitlines()
    assert lines[0].split() == ["name", "sizes", "seconds", "fps", "takes", "runs", "on", "license"]
    assert lines[1].split()[:4] == ["fake", "32x32", "64x32", "2.5"]
    assert lines[1].endswith("not installed")
    assert lines[2] == "    Fake: paints gray"


def test_every_backend_is_described() -> None:
    table = describe_models([backend.capabilities for backend in BACKENDS.values()])
    assert all(name in table for name in BACKENDS)
