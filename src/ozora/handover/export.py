"""A folder for editing software: media, a timeline that refers to it, and subtitles.

timeline.otio (.xml, .fcpxml, .edl)    media/CLIP.mov or media/CLIP/0001.exr, CLIP.wav    captions.srt, captions.vtt
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ozora.errors import OutputError, SizeError
from ozora.handover.captions import Cue, cut_cues, read_cues, to_srt, to_vtt
from ozora.handover.seams import Publish, Tell
from ozora.handover.timeline import Shot, Timeline, check_timeline, choose_rate, write_timeline
from ozora.media import FootageReader, fit_image, read_image, read_sound, write_text
from ozora.media.master_file import MASTERS, Kind, MasterForm, check_master, write_master, write_wav
from ozora.media.output_file import IMAGE_SUFFIXES, number, whole_file, writing
from ozora.media.timing import respace


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is wanted. ``handle`` frames at both ends of a clip are in its media and not on the timeline; the white of
    ``matte`` (a clip or a picture) is what is opaque."""

    target: str
    kind: Kind = "prores"
    handle: int = 0
    timecode: str = "01:00:00:00"
    matte: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What was written, and sentences for the user."""

    files: tuple[Path, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Clip:
    """A file to be handed over, as it is before anything is written."""

    source: Path
    name: str
    fps: Fraction
    frames: int
    form: MasterForm
    cues: tuple[Cue, ...]


def export(files: Sequence[Path], order: Order, folder: Path, *, publish: Publish, tell: Tell) -> Package:
    """Hand ``files`` over in ``folder``, one after the other on a timeline at the rate of the first.

    Everything is checked before anything is written: ``MediaError``, ``SizeError`` or ``OutputError`` say what to
    change. A stopped export leaves the media that were complete.
    """
    folder = folder.resolve()
    clips = _look(files, order)
    timeline = Timeline(name="timeline", fps=clips[0].form.fps, timecode=order.timecode, shots=())
    check_timeline(order.target, timeline, numbered=MASTERS[order.kind].numbered)
    written: list[Path] = []
    notes: list[str] = []
    shots: list[Shot] = []
    for clip in clips:
        path = folder / "media" / f"{clip.name}{MASTERS[order.kind].pattern}"
        shots.append(_make(clip, order, path, publish, tell, notes))
        written.append(path)
    timeline = replace(timeline, shots=tuple(shots))
    written = [*write_timeline(timeline, order.target, folder), *written, *_write_captions(timeline, folder, notes)]
    return Package(files=tuple(written), notes=tuple(dict.fromkeys(notes)))


def _look(files: Sequence[Path], order: Order) -> list[_Clip]:
    clips: list[_Clip] = []
    for path in files:
        with FootageReader(path) as reader:
            fps = clips[0].form.fps if clips else choose_rate(reader.fps)
            frames = round(Fraction(reader.num_frames) / reader.fps * fps)
            duration_s = Fraction(reader.num_frames) / reader.fps
            form = MasterForm(
                kind=order.kind, height=reader.height, width=reader.width, fps=fps, timecode=order.timecode
            )
            check_master(form, matte=order.matte is not None)
            if order.handle < 0 or frames <= 2 * order.handle:
                raise SizeError(f"{path} has {frames} frames: handles of {order.handle} at both ends leave none of it")
            names = {clip.name for clip in clips}
            name = _name(path, names)
            clips.append(
                _Clip(
                    source=path, name=name, fps=reader.fps, frames=frames, form=form, cues=read_cues(path, duration_s)
                )
            )
    return clips


def _make(clip: _Clip, order: Order, path: Path, publish: Publish, tell: Tell, notes: list[str]) -> Shot:
    """Write the media of a clip; returns its place on the timeline."""
    numbered = MASTERS[order.kind].numbered
    if numbered and number(path, 1).exists():
        raise OutputError(f"{number(path, 1)} is there already: choose another folder")
    sound = read_sound(clip.source, end_s=clip.frames / clip.form.fps)
    done = 0

    def count(frames: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.uint8]]:
        nonlocal done
        for frame in frames:
            yield frame
            done += 1
            tell(clip.name, done, clip.frames)

    def write(draft: Path) -> None:
        nonlocal done
        done = 0
        with FootageReader(clip.source) as reader:
            frames = count(respace(reader, clip.fps, clip.form.fps))
            matte = None if order.matte is None else _read_matte(order.matte, clip.form)
            write_master(frames, draft, replace(clip.form, sound=None if numbered else sound), matte=matte)
            notes.extend(f"{clip.source}: {note}" for note in reader.notes)

    if clip.fps != clip.form.fps:
        notes.append(f"{clip.source}: {float(clip.fps):.5g} frames a second brought to {float(clip.form.fps):.5g}")
    notes.extend(publish(clip.source, path, write))
    if numbered and sound is not None:
        wav = path.parent.with_suffix(".wav")
        with whole_file(wav) as draft, writing(wav):
            write_wav(sound, draft)
    return Shot(
        name=clip.name,
        path=path,
        frames=done,
        handle=order.handle,
        cues=clip.cues,
        sound=sound is not None and not numbered,
        facts=(("source", clip.source.name),),
    )


def _write_captions(timeline: Timeline, folder: Path, notes: list[str]) -> list[Path]:
    at_s = Fraction(0)
    cues: list[Cue] = []
    for shot in timeline.shots:
        first_s, last_s = shot.handle / timeline.fps, (shot.frames - shot.handle) / timeline.fps
        cues += cut_cues(shot.cues, first_s, last_s, at_s)
        at_s += last_s - first_s
    if not cues:
        notes.append("no subtitles and markers: no record with prompts stands beside a clip")
        return []
    paths = [folder / "captions.srt", folder / "captions.vtt"]
    for path, text in zip(paths, (to_srt(cues), to_vtt(cues)), strict=True):
        write_text(path, text)
    return paths


def _read_matte(path: Path, form: MasterForm) -> Iterator[NDArray[np.uint8]]:
    """Alpha [h, w] for each frame; the last one stays."""
    if path.suffix.lower() in IMAGE_SUFFIXES:
        pictures: Iterable[NDArray[np.uint8]] = [read_image(path)]
    else:
        pictures = _read_at(path, form.fps)
    alpha = None
    for picture in pictures:
        alpha = fit_image(picture, form.height, form.width).max(axis=-1)
        yield alpha
    while alpha is not None:
        yield alpha


def _read_at(path: Path, fps: Fraction) -> Iterator[NDArray[np.uint8]]:
    with FootageReader(path) as reader:
        yield from respace(reader, reader.fps, fps)


def _name(path: Path, taken: set[str]) -> str:
    """A plain name: an EDL and a URL hold little else."""
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", path.stem).strip("-") or "clip"
    names = [stem, *(f"{stem}-{count}" for count in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)
