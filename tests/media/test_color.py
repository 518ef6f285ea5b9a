from __future__ import annotations

import numpy as np
import pytest
from av.video.reformatter import ColorPrimaries, ColorTrc

from ozora.media.color import hlg_light, needs_sdr, pq_light, to_sdr

PQ, HLG, BT709 = int(ColorTrc.SMPTE2084), int(ColorTrc.ARIB_STD_B67), int(ColorTrc.BT709)
WIDE = int(ColorPrimaries.BT2020)


def _pq_signal(nits: float) -> float:
    signal = np.linspace(0, 1, 65536)
    return float(np.interp(nits, pq_light(signal), signal))


def _gray(signal: float, transfer: int, primaries: int = WIDE) -> int:
    picture = to_sdr(np.full((2, 3, 3), round(signal * 65535), np.uint16), transfer, primaries)
    assert np.ptp(picture) <= 1
    return int(picture[0, 0, 1])


def test_transfers_against_the_tables_of_bt_2100() -> None:
    np.testing.assert_allclose(
        pq_light(np.array([0.0, 0.508078, 0.580689, 0.751827, 1.0])), [0, 100, 203, 1000, 10000], rtol=1e-4
    )
    np.testing.assert_allclose(hlg_light(np.array([0.0, 0.5, 0.75, 1.0])), [0, 1 / 12, 0.26496, 1], atol=1e-5)


@pytest.mark.parametrize(("nits", "code"), [(0, 0), (0.1, 11), (1, 28), (10, 73), (50, 143), (100, 191)])
def test_below_the_knee_it_is_what_swscale_of_ffmpeg_8_makes(nits: float, code: int) -> None:
    assert abs(_gray(_pq_signal(nits), PQ) - code) <= 1


def test_highlights_keep_apart_up_to_the_peak() -> None:
    codes = [_gray(_pq_signal(nits), PQ) for nits in (203, 400, 700, 1000)]
    assert codes == sorted(set(codes))
    assert 225 <= codes[0] <= 240
    assert codes[-1] == 255
    assert _gray(1.0, PQ) == 255


def test_hlg_and_pq_agree_on_diffuse_white() -> None:
    assert abs(_gray(0.75, HLG) - _gray(_pq_signal(203), PQ)) <= 1


def test_wide_colors_come_to_the_edge_of_bt709_and_grays_stay() -> None:
    red = to_sdr(np.full((1, 1, 3), (65535, 0, 0), np.uint16), BT709, WIDE)[0, 0]
    assert red.tolist() == [255, 0, 0]
    assert _gray(0.5, BT709) == 128
    assert _gray(0.5, BT709, primaries=1) == 128


def test_only_these_need_it() -> None:
    assert needs_sdr(PQ, 1) and needs_sdr(HLG, WIDE) and needs_sdr(BT709, WIDE)
    assert not needs_sdr(BT709, 1)
    assert not needs_sdr(2, 2)
