from __future__ import annotations

import numpy as np
import pytest

from ozora.trust.codeword import decode, encode, make_code

CODE = make_code(b"key", 178)


@pytest.mark.parametrize("payload", [0, 1, 0xDEADBEEF, 2**32 - 1])
def test_round_trip(payload: int) -> None:
    reading = decode(encode(payload, CODE) * 0.01, CODE)
    assert reading.payload == payload
    assert reading.intact
    assert reading.agreement == pytest.approx(1)


def test_noise_as_strong_as_the_symbols_is_corrected() -> None:
    rng = np.random.default_rng(0)
    for payload in range(10):
        received = encode(payload, CODE) + rng.normal(scale=0.9, size=178)
        reading = decode(received.astype(np.float32), CODE)
        assert (reading.payload, reading.intact) == (payload, True)


def test_pure_noise_agrees_little_and_is_not_intact() -> None:
    rng = np.random.default_rng(1)
    readings = [decode(rng.normal(size=178).astype(np.float32), CODE) for _ in range(20)]
    assert not any(reading.intact for reading in readings)
    assert max(reading.agreement for reading in readings) < 0.6


def test_another_key_reads_nothing() -> None:
    assert not decode(encode(7, CODE), make_code(b"other", 178)).intact


def test_silence_is_no_message() -> None:
    assert decode(np.zeros(178, np.float32), CODE).agreement == 0
