from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from ozora.errors import WeightsError
from ozora.model.weights import SHIPPED, file_hash, load_bundle, read_card
from tests.model.tiny import CONFIG, make


def test_round_trip(tmp_path: Path) -> None:
    path = make(tmp_path / "tiny.safetensors")
    bundle = load_bundle(path)
    assert bundle.model.config == CONFIG
    assert bundle.sha256 == file_hash(path) == bundle.card["sha256"]
    assert all(value.dtype == torch.float32 for value in bundle.model.parameters())


@pytest.mark.parametrize("damage", ["cut", "flip", "missing", "card", "no card", "other card"])
def test_damage_is_one_clear_sentence(tmp_path: Path, damage: str) -> None:
    path = make(tmp_path / "tiny.safetensors")
    card = path.with_suffix(".json")
    data = path.read_bytes()
    if damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "flip":
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    elif damage == "missing":
        path.unlink()
    elif damage == "card":
        card.write_text("{")
    elif damage == "no card":
        card.unlink()
    else:
        changed = json.loads(card.read_text())
        changed["model"]["transformer"]["layers"] = 3
        card.write_text(json.dumps(changed))
    with pytest.raises(WeightsError, match="install ozora again"):
        load_bundle(path)


def test_the_shipped_weights_are_what_their_card_says() -> None:
    bundle = load_bundle(SHIPPED / "maquette.safetensors")
    assert (SHIPPED / "maquette.safetensors").stat().st_size < 64_000_000
    assert read_card(SHIPPED / "maquette.safetensors")["sha256"] == bundle.sha256
    for key in ("license", "vocabulary", "training", "facts", "limits"):
        assert bundle.card[key], f"the card says nothing of {key}"
