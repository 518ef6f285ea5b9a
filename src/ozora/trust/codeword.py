"""A payload as a long codeword that is read back out of heavy noise.

The message is the payload and its CRC-16 (CCITT). The code is a keyed random linear code, which is close to the best
that a code of this rate can be; it is decoded by ordered statistics of order 2 (Fossorier and Lin, 1995): the most
reliable independent symbols are taken as they are, all codewords that differ in up to two of them are tried, and the
one that agrees best with everything that was received wins.

Letters: ``k`` message bits, ``n`` symbols of a codeword, each +1 (bit 0) or -1 (bit 1).
"""

from __future__ import annotations

import binascii
import functools
import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ozora.trust.keystream import draw_bits

PAYLOAD_BITS = 32
_CRC_BITS = 16
MESSAGE_BITS = PAYLOAD_BITS + _CRC_BITS

Bits = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The best codeword: its payload, how well it agrees (-1 to 1, a cosine), and whether its CRC is right."""

    payload: int
    agreement: float
    intact: bool


def make_code(key: bytes, length: int) -> Bits:
    """The generator matrix [k, n] of ``key``'s code with ``length`` symbols."""
    assert length >= 2 * MESSAGE_BITS, length
    return draw_bits(key, f"code {length}", MESSAGE_BITS * length).reshape(MESSAGE_BITS, length)


def encode(payload: int, code: Bits) -> NDArray[np.float32]:
    """The codeword [n] of ``payload``, which is from 0 to 2**32 - 1."""
    assert 0 <= payload < 2**PAYLOAD_BITS, payload
    body = payload.to_bytes(PAYLOAD_BITS // 8, "big")
    message = np.unpackbits(np.frombuffer(body + _crc(body), np.uint8))
    return _symbols(message @ code)


def decode(received: NDArray[np.float32], code: Bits) -> Reading:
    """The most likely message of ``received`` [n], soft symbols of any scale; a few milliseconds."""
    order = np.argsort(-np.abs(received), kind="stable")
    basis, pivots = _reduce(np.concatenate([code[:, order], np.eye(MESSAGE_BITS, dtype=np.uint8)], axis=1))
    if len(pivots) < MESSAGE_BITS:  # one random matrix in 2**100
        return Reading(payload=0, agreement=0.0, intact=False)
    sure = (received[order[pivots]] < 0).astype(np.uint8)
    tried = sure ^ _flips()
    words = _symbols((tried.astype(np.float32) @ basis[:, : len(received)].astype(np.float32)).astype(np.int32))
    scores = words @ received[order]
    best = int(np.argmax(scores))
    message = np.packbits((tried[best].astype(np.int32) @ basis[:, len(received) :]) % 2).tobytes()
    body = message[: PAYLOAD_BITS // 8]
    norm = float(np.linalg.norm(received)) * len(received) ** 0.5
    return Reading(
        payload=int.from_bytes(body, "big"),
        agreement=float(scores[best]) / max(norm, 1e-30),
        intact=message[PAYLOAD_BITS // 8 :] == _crc(body),
    )


def _crc(body: bytes) -> bytes:
    return binascii.crc_hqx(body, 0xFFFF).to_bytes(_CRC_BITS // 8, "big")


def _symbols(sums: NDArray[np.integer]) -> NDArray[np.float32]:
    return np.float32(1) - 2 * (sums % 2).astype(np.float32)


def _reduce(rows: Bits) -> tuple[Bits, list[int]]:
    """Row-reduced echelon form over GF(2), and the columns of its pivots, from the left."""
    pivots: list[int] = []
    for column in range(rows.shape[1] - MESSAGE_BITS):
        done = len(pivots)
        found = np.flatnonzero(rows[done:, column])
        if not len(found):
            continue
        rows[[done, done + found[0]]] = rows[[done + found[0], done]]
        others = rows[:, column].astype(bool)
        others[done] = False
        rows[others] ^= rows[done]
        pivots.append(column)
        if len(pivots) == MESSAGE_BITS:
            break
    return rows, pivots


@functools.cache
def _flips() -> Bits:
    """All patterns of zero, one and two ones among k bits."""
    chosen = [pair for size in range(3) for pair in itertools.combinations(range(MESSAGE_BITS), size)]
    flips = np.zeros((len(chosen), MESSAGE_BITS), np.uint8)
    for row, pair in enumerate(chosen):
        flips[row, list(pair)] = 1
    return flips
