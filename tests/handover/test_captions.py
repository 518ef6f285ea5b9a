from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av

from ozora.handover.captions import Cue, cut_cues, read_cues, to_srt, to_vtt
from ozora.media import sidecar
from tests.handover.clips import make_finished

CUES = (
    Cue(text="a red ball", start_s=Fraction(0), end_s=Fraction(3, 2)),
    Cue(text="it <stops>\n\n& rests", start_s=Fraction(3, 2), end_s=Fraction(3_661_001, 1000)),
)


def test_prompts_over_time_are_cues(tmp_path: Path) -> None:
    path = make_finished(tmp_path / "a.mp4")
    assert read_cues(path, Fraction(1)) == (
        Cue(text="a red ball rolls left", start_s=Fraction(0), end_s=Fraction(1, 2)),
        Cue(text="then it <stops> & rests", start_s=Fraction(1, 2), end_s=Fraction(1)),
    )
    assert len(read_cues(path, Fraction(1, 2))) == 1


def test_without_a_record_there_are_none(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    assert read_cues(path, Fraction(1)) == ()
    for text in ("", "{}", "[]", '{"plan": {"format": 99}}', '{"plan": 7}'):
        sidecar(path).write_text(text)
        assert read_cues(path, Fraction(1)) == ()


def test_srt() -> None:
    assert to_srt(CUES) == (
        "1\n00:00:00,000 --> 00:00:01,500\na red ball\n\n2\n00:00:01,500 --> 01:01:01,001\nit <stops>\n& rests\n"
    )


def test_vtt() -> None:
    assert to_vtt(CUES) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\na red ball\n\n"
        "00:00:01.500 --> 01:01:01.001\nit &lt;stops&gt;\n&amp; rests\n"
    )


def test_ffmpeg_reads_them(tmp_path: Path) -> None:
    for name, text in (("a.srt", to_srt(CUES)), ("a.vtt", to_vtt(CUES))):
        (tmp_path / name).write_text(text)
        with av.open(str(tmp_path / name)) as container:
            packets = [packet for packet in container.demux() if packet.size]
            times = [(packet.pts * packet.time_base, packet.duration * packet.time_base) for packet in packets]  # type: ignore[operator]
        assert times == [(0, Fraction(3, 2)), (Fraction(3, 2), Fraction(3_659_501, 1000))]


def test_cues_are_cut_with_their_clip() -> None:
    assert cut_cues(CUES, Fraction(1), Fraction(2), Fraction(10)) == (
        Cue(text="a red ball", start_s=Fraction(10), end_s=Fraction(21, 2)),
        Cue(text="it <stops>\n\n& rests", start_s=Fraction(21, 2), end_s=Fraction(11)),
    )
    assert cut_cues(CUES, Fraction(2), Fraction(3), Fraction(0))[0].text.startswith("it")


def test_control_characters_are_written_out() -> None:
    cues = (Cue(text="a \x1b[2Kred\u202e ball", start_s=Fraction(0), end_s=Fraction(1)),)
    for text in (to_srt(cues), to_vtt(cues)):
        assert "a \\x1b[2Kred\\u202e ball" in text
