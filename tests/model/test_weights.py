from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from ozora.errors import WeightsError
from ozora.model.maquette import Maquette
from ozora.model.weights import SHIPPED, dequantize, file_hash, load_bundle, quantize, read_card, save_bundle
from tests.model.tiny import CONFIG, make


def test_round_trip(tmp_path: Path) -> None:
    path = make(tmp_path / "tiny.safetensors")
    bundle = load_bundle(path)
    assert bundle.model.config == CONFIG
    assert bundle.sha256 == file_hash(path) == bundle.card["sha256"]
    assert all(value.dtype == torch.float32 for value in bundle.model.parameters())


def test_weights_in_8_bits_are_near_and_the_same_when_written_again(tmp_path: Path) -> None:
    weights = {"large": torch.randn(80, 90), "kernel": torch.randn(16, 32, 3, 3), "small": torch.randn(8, 9)}
    weights |= {"vector": torch.randn(9000)}
    kept = quantize(weights)
    assert {name for name, value in kept.items() if value.dtype == torch.int8} == {"large", "kernel"}
    again = dequantize(kept)
    assert set(again) == set(weights)
    for name in ("large", "kernel"):
        step = weights[name].flatten(1).abs().amax(1) / 127
        assert ((again[name] - weights[name]).flatten(1).abs() <= 0.51 * step[:, None]).all()
    twice = quantize(again)
    assert torch.equal(twice["large"], kept["large"]) and torch.equal(twice["kernel"], kept["kernel"])


def test_ranges_come_back_and_are_no_weights(tmp_path: Path) -> None:
    torch.manual_seed(0)
    ranges = {"denoiser.0.qkv": torch.rand(32), "decoder.at_4": torch.rand(9)}
    save_bundle(tmp_path / "tiny.safetensors", Maquette(CONFIG), {"name": "tiny"}, ranges=ranges)
    bundle = load_bundle(tmp_path / "tiny.safetensors")
    assert set(bundle.ranges) == set(ranges)
    assert all(torch.equal(bundle.ranges[name], value) for name, value in ranges.items())


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
        changed["model"]["transformer"]["layers"] = 4
        card.write_text(json.dumps(changed))
    with pytest.raises(WeightsError, match="install ozora again"):
        load_bundle(path)


def test_the_shipped_weights_are_what_their_card_says() -> None:
    bundle = load_bundle(SHIPPED / "maquette.safetensors")
    assert (SHIPPED / "maquette.safetensors").stat().st_size <= 45_000_000
    assert read_card(SHIPPED / "maquette.safetensors")["sha256"] == bundle.sha256
    for key in ("license", "vocabulary", "training", "facts", "limits"):
        assert bundle.card[key], f"the card says nothing of {key}"
