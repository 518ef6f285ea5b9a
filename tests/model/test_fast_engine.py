from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from ozora.errors import UserError
from ozora.model import fast_decoder, fast_denoiser, fast_engine, int8
from ozora.model.engine import Engine, PlainEngine
from ozora.model.fast_engine import VARIABLE, FastEngine, make_engine
from ozora.model.text import tokenize
from tests.model.engine_cases import (
    PROMPT,
    golden_decibels,
    golden_error,
    in_bf16,
    in_int8,
    make_clip,
    make_latent,
    off_by,
    shipped,
    tiny_bundle,
    tiny_model,
)


@pytest.fixture(autouse=True)
def no_wish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


def predict(engine: Engine, clip: dict[str, Tensor]) -> Tensor:
    prepared = engine.prepare(tokenize([PROMPT], tiny_model().config.text), clip["place"])
    return prepared(clip["x_t"], clip["t"], clip["layout_t"], clip["known"])


def fail(*_: Any, **__: Any) -> Tensor:
    raise RuntimeError("no such operator")


@in_bf16
def test_bfloat16_is_near_the_golden_values() -> None:
    engine = make_engine(shipped(), "bf16")
    assert engine.name == "bf16"
    assert golden_error(engine) < 0.012
    assert golden_decibels(engine) > 54
    assert engine.name == "bf16"


@in_int8
def test_8_bits_are_near_the_golden_values() -> None:
    engine = make_engine(shipped(), "int8")
    assert engine.name == "int8"
    assert golden_error(engine) < 0.06
    assert golden_decibels(engine) > 48
    assert engine.name == "int8"


@pytest.mark.parametrize("kind", ["plain", pytest.param("bf16", marks=in_bf16), pytest.param("int8", marks=in_int8)])
@pytest.mark.parametrize("shape", [(1, 2, 2), (2, 1, 3), (13, 3, 2)], ids=str)
def test_every_kind_does_what_the_plain_one_does(kind: str, shape: tuple[int, int, int]) -> None:
    engine, plain = make_engine(tiny_bundle(), kind), PlainEngine(tiny_model())
    clip, latent = make_clip(*shape), make_latent(*shape)
    assert off_by(predict(engine, clip), predict(plain, clip)) < 0.15
    assert off_by(engine.decode(latent, 0, shape[0]), plain.decode(latent, 0, shape[0])) < 0.1
    assert engine.name == kind


@pytest.mark.parametrize(
    ("capabilities", "name"),
    [
        ({}, "plain"),
        ({"avx512_vnni": True}, "plain"),
        pytest.param({"avx512_bf16": True}, "bf16", marks=in_bf16),
        pytest.param({"avx512_bf16": True, "avx512_vnni": True}, "int8", marks=in_int8),
    ],
)
def test_the_processor_chooses(monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], name: str) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert make_engine(tiny_bundle()).name == name


@in_bf16
def test_without_ranges_there_are_no_8_bits() -> None:
    assert make_engine(replace(tiny_bundle(), ranges={})).name == "bf16"
    assert make_engine(replace(tiny_bundle(), ranges={}), "int8").name == "bf16"


def test_the_environment_has_its_wish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "plain")
    assert make_engine(tiny_bundle()).name == "plain"
    monkeypatch.setenv(VARIABLE, "int4")
    with pytest.raises(UserError, match="OZORA_ENGINE is 'int4'; it can be auto, int8, bf16 or plain"):
        make_engine(tiny_bundle())
    assert make_engine(tiny_bundle(), "plain").name == "plain"  # only what is left open is overridden
    with pytest.raises(ValueError, match="no engine"):
        make_engine(tiny_bundle(), "int4")


@in_int8
@pytest.mark.parametrize(
    ("place", "attribute", "name"),
    [
        (int8.Int8Linear, "__call__", "bf16"),
        (int8.Int8Conv, "add_to", "bf16"),
        (fast_denoiser, "attend", "plain"),
        (fast_decoder.PackedConv, "__init__", "plain"),
        (fast_decoder.PackedConv, "add_to", "plain"),
    ],
)
def test_an_operator_that_fails_is_not_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, place: object, attribute: str, name: str
) -> None:
    monkeypatch.setattr(place, attribute, fail)
    with caplog.at_level(logging.WARNING):
        assert make_engine(tiny_bundle()).name == name
    assert "the int8 engine does not work here: no such operator" in caplog.text


@in_int8
def test_an_operator_that_is_missing_or_wrong_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = fast_denoiser.rms_normed
    monkeypatch.setattr(fast_denoiser, "rms_normed", lambda x: wrong(x).neg())
    assert make_engine(tiny_bundle()).name == "plain"
    monkeypatch.undo()

    class NoOperators:
        def __getattr__(self, name: str) -> object:
            raise AttributeError(f"no operator {name}")

    monkeypatch.setattr(torch.ops, "onednn", NoOperators())
    assert make_engine(tiny_bundle()).name == "bf16"
    monkeypatch.setattr(torch.ops, "mkldnn", NoOperators())
    assert make_engine(tiny_bundle()).name == "plain"


@in_bf16
@pytest.mark.parametrize("when", ["prepare", "predict", "decode"])
def test_a_fault_on_the_way_hands_over_to_the_plain_engine(monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    engine, plain = FastEngine(tiny_model()), PlainEngine(tiny_model())
    clip, latent = make_clip(3, 2, 2), make_latent(3, 2, 2)
    if when == "prepare":
        monkeypatch.setattr(fast_denoiser.FastDenoiser, "prepare", fail)
    elif when == "predict":
        monkeypatch.setattr(fast_denoiser, "swiglu", fail)  # after the residual was written to
    else:
        monkeypatch.setattr(fast_decoder.SizedDecoder, "decode_frame", fail)
    pictures = engine.decode(latent, 1, 3)
    data = predict(engine, clip)
    if when != "decode":
        assert data.equal(predict(plain, clip))
    else:
        assert pictures.equal(plain.decode(latent, 1, 3))
    assert engine.name == "plain"
    assert engine.decode(latent, 0, 1).equal(plain.decode(latent, 0, 1))


@in_bf16
def test_want_of_memory_is_no_fault_of_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    def allocate(*_: Any) -> Tensor:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes")

    engine = FastEngine(tiny_model())
    with monkeypatch.context() as patch:
        patch.setattr(fast_denoiser, "swiglu", allocate)
        with pytest.raises(RuntimeError, match="allocate memory"):
            predict(engine, make_clip(2, 2, 2))
    assert engine.name == "bf16"


@in_bf16
def test_an_engine_that_is_off_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast_engine, "LARGEST_ERROR", 1e-9)
    assert make_engine(tiny_bundle()).name == "plain"
