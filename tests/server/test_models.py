from __future__ import annotations

import pytest

from ozora.errors import UnknownNameError
from ozora.server.models import describe, is_alias, list_capabilities, list_models, resolve
from tests.server.stub import StubBackend

ALIASES = {"sora-2": "stub", "sora-2-pro": "maquette"}


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("sora-2", "stub"),
        ("sora-2-2025-10-06", "stub"),
        ("sora-2-pro", "maquette"),
        ("sora-2-pro-2025-10-06", "maquette"),
        ("maquette", "maquette"),
        ("sora-2-mini", "sora-2-mini"),
    ],
)
def test_names_of_others_are_mapped(name: str, ours: str) -> None:
    assert resolve(name, ALIASES) == ours
    assert is_alias(name, ALIASES) == (name != ours)


def test_the_list_has_both_kinds_of_names(stub: StubBackend) -> None:
    names = [model["id"] for model in list_models(ALIASES)["data"]]
    assert {"maquette", "stub", "sora-2", "sora-2-pro"} <= set(names)
    assert describe("sora-2", ALIASES)["object"] == "model"
    with pytest.raises(UnknownNameError):
        describe("nothing", ALIASES)


def test_capabilities_have_a_price(stub: StubBackend) -> None:
    data = {model["id"]: model for model in list_capabilities(ALIASES, {"stub": 2.0})["data"]}
    assert data["sora-2"]["maps_to"] == "stub"
    assert data["maquette"]["max_seconds"] >= 4
    assert data["stub"]["price"]["default_clip"] > 0
