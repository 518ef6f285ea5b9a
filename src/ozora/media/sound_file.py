"""Sound of clips: read as samples, laid on the timeline of a new clip, and encoded beside its pictures.

Sound is ``float32 [n, 2]``, stereo at 48 kHz, full scale -1 to 1. Time 0 of a file is that of its first picture.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from numpy.typing import NDArray

from ozora.errors import MediaError
from ozora.media.demuxers import SOUNDS, only

SOUND_RATE = 48_000
SOUND_SUFFIXES = (".mp4", ".webm")

_FADE_S = Fraction(1, 100)
_MAX_S = 3600
_JUMP = SOUND_RATE // 20  # timestamps that are off by less are rounding, not gaps
_BIT_RATES = {"aac": 192_000, "libopus": 160_000}

Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """The sound of ``path`` from ``start_s`` to ``end_s``, landing at ``at_s`` of a new clip; all in seconds."""

    path: Path
    start_s: Fraction
    end_s: Fraction
    at_s: Fraction


def read_sound(path: Path, *, start_s: Fraction = Fraction(0), end_s: Fraction | None = None) -> Sound | None:
    """The sound of ``path`` from ``start_s`` to ``end_s`` (``None``: its end), or ``None`` when it has none.

    Gaps are silence. ``MediaError`` when it cannot be read or is longer than an hour.
    """
    first = round(start_s * SOUND_RATE)
    wanted = None if end_s is None else max(0, round(end_s * SOUND_RATE) - first)
    if (wanted or 0) > _MAX_S * SOUND_RATE:
        raise _too_long(path)
    try:
        with av.open(str(path.resolve()), options=only(SOUNDS)) as container:
            if not container.streams.audio:
                return None
            parts = _decode(container, container.streams.audio[0], path, first, wanted)
    except (av.error.FFmpegError, OSError, ValueError, MemoryError) as error:
        raise MediaError(f"the sound of {path} cannot be read, or is damaged: convert it to MP4") from error
    length = max((at + len(part) for at, part in parts), default=0) if wanted is None else wanted
    sound = np.zeros((length, 2), np.float32)
    for at, part in parts:
        sound[at : at + len(part)] = part
    return sound


def cut_sound(sound: Sound, start_s: Fraction, end_s: Fraction) -> Sound:
    """The samples from ``start_s`` to ``end_s``; silence where there are none."""
    first, last = round(start_s * SOUND_RATE), round(end_s * SOUND_RATE)
    result = np.zeros((max(0, last - first), 2), np.float32)
    kept = sound[max(0, first) : max(0, last)]
    result[max(0, -first) : max(0, -first) + len(kept)] = kept
    return result


def lay_sound(pieces: Sequence[Piece], duration_s: Fraction) -> Sound | None:
    """The sound of a new clip of ``duration_s`` made of ``pieces``; ``None`` when none of them has a sound.

    Where a piece is cut out of its file it fades over 10 ms, except where the next piece goes on with the same file at
    the same moment. Pieces that overlap are mixed. ``MediaError`` when a file cannot be read.
    """
    result = np.zeros((round(duration_s * SOUND_RATE), 2), np.float32)
    heard = False
    for piece in pieces:
        sound = read_sound(piece.path, start_s=piece.start_s, end_s=piece.end_s)
        if sound is None:
            continue
        heard = True
        begins = not any(_goes_on(other, piece) for other in pieces)
        ends = not any(_goes_on(piece, other) for other in pieces)
        at = round(piece.at_s * SOUND_RATE)
        sound = _fade(sound, begins=begins, ends=ends)[max(0, -at) :]
        place = result[max(0, at) : max(0, at) + len(sound)]
        place += sound[: len(place)]
    return np.clip(result, -1, 1) if heard else None


def holds_sound(path: Path) -> bool:
    """Whether the format of ``path`` has room for sound."""
    return path.suffix.lower() in SOUND_SUFFIXES


class SoundTrack:
    """The sound of a file that is being written, fed along with its pictures."""

    def __init__(self, container: OutputContainer, codec: Literal["aac", "libopus", "pcm_s24le"], sound: Sound) -> None:
        assert sound.ndim == 2 and sound.shape[1] == 2 and sound.dtype == np.float32, (sound.shape, sound.dtype)
        self._container = container
        self._stream: AudioStream = container.add_stream(codec, rate=SOUND_RATE, layout="stereo")
        if codec in _BIT_RATES:
            self._stream.bit_rate = _BIT_RATES[codec]
        self._planar = codec == "aac"
        self._sound = sound
        self._done = 0

    def write_until(self, time_s: Fraction) -> None:
        """Encode what is heard before ``time_s``."""
        last = min(round(time_s * SOUND_RATE), len(self._sound))
        if last <= self._done:
            return
        samples = np.clip(self._sound[self._done : last], -1, 1)
        layout = np.ascontiguousarray(samples.T) if self._planar else samples.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(layout, format="fltp" if self._planar else "flt", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, self._done, Fraction(1, SOUND_RATE)
        self._done = last
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Give out what the encoder holds back; the container stays open."""
        self._container.mux(self._stream.encode(None))


def _decode(
    container: InputContainer, stream: AudioStream, path: Path, first: int, wanted: int | None
) -> list[tuple[int, Sound]]:
    """Pieces of sound, each with the sample where it lands."""
    start_s = _start(container)
    resampler = av.AudioResampler(format="flt", layout="stereo", rate=SOUND_RATE)
    parts: list[tuple[int, Sound]] = []
    heard: int | None = None
    for frame in itertools.chain(container.decode(stream), [None]):
        if frame is not None and frame.pts is not None and frame.time_base is not None:
            shown = round((frame.pts * frame.time_base - start_s) * SOUND_RATE)
            heard = shown if heard is None or abs(shown - heard) > _JUMP else heard
        heard = heard or 0
        for piece in resampler.resample(frame):
            samples = piece.to_ndarray().reshape(-1, 2).astype(np.float32, copy=False)
            at = heard - first
            heard += len(samples)
            samples = samples[max(0, -at) :]
            at = max(0, at)
            samples = samples if wanted is None else samples[: max(0, wanted - at)]
            if len(samples):
                parts.append((at, samples))
            if at + len(samples) > _MAX_S * SOUND_RATE:
                raise _too_long(path)
        if wanted is not None and heard - first >= wanted + SOUND_RATE:
            break
    return parts


def _start(container: InputContainer) -> Fraction:
    """When the first picture is shown, in seconds of the file."""
    for video in container.streams.video:
        if video.start_time is not None and video.time_base is not None:
            return video.start_time * video.time_base
    return Fraction(0)


def _goes_on(before: Piece, after: Piece) -> bool:
    """Whether ``after`` is the same sound without a cut."""
    lands = before.at_s + before.end_s - before.start_s
    return before.path == after.path and before.end_s == after.start_s and lands == after.at_s


def _fade(sound: Sound, *, begins: bool, ends: bool) -> Sound:
    faded = sound.copy()
    length = min(round(_FADE_S * SOUND_RATE), len(sound) // 2)
    ramp = ((np.arange(length) + 0.5) / max(length, 1)).astype(np.float32)[:, None]
    if begins:
        faded[:length] *= ramp
    if ends and length:
        faded[-length:] *= ramp[::-1]
    return faded


def _too_long(path: Path) -> MediaError:
    return MediaError(f"the sound of {path} is longer than {_MAX_S} s: cut it shorter")
