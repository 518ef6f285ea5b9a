from __future__ import annotations

import numpy as np

from ozora.trust.keystream import draw_bits, draw_order


def test_bits_are_decided_by_key_and_label() -> None:
    bits = draw_bits(b"key", "a", 1000)
    assert bits.tolist() == draw_bits(b"key", "a", 1000).tolist()
    assert bits.tolist() != draw_bits(b"key", "b", 1000).tolist()
    assert bits.tolist() != draw_bits(b"yek", "a", 1000).tolist()
    assert set(bits.tolist()) == {0, 1}
    assert 400 < bits.sum() < 600


def test_bits_never_change() -> None:
    assert "".join(map(str, draw_bits(b"key", "sync", 16))) == "1111100101011011"


def test_an_order_holds_every_number_once() -> None:
    order = draw_order(b"key", "places", 50)
    assert sorted(order.tolist()) == list(range(50))
    assert order.tolist() != list(range(50))
    assert order.dtype == np.int64
