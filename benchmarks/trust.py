"""What survives of watermark and fingerprint when clips of the stage are attacked, and what trust costs.

    python benchmarks/trust.py [--clips 24] [--goal-clips 100] [--unmarked 1000] [--minutes 6] [--size 224x128]

Prints Markdown tables. "found" is the watermark with the right number, "looks" the fingerprint nearer than its limit,
"a copy" a marked picture that looks enough like the published one for its record to be shown.
Every attack is done to the published MP4 (H.264, crf 16). The rows of a goal are tried on more clips than the others.
Unmarked clips have 12 frames, each searched for a key of its own. The clips are shared among the processor's cores and
begin no more when the minutes are over, so that each row says on how many it was tried. Needs OpenGL.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from multiprocessing import TimeoutError, get_context
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any, Literal, TypeVar

import av
import numpy as np
from numpy.typing import NDArray

from ozora import pipeline
from ozora.language.vocabulary import TOY_WORLD
from ozora.media import VideoWriter, read_video, resize_frames, write_video
from ozora.shapes import VideoShape
from ozora.stage.drawing import draw
from ozora.stage.renderer import Renderer
from ozora.stage.samples import TIMES_S, draw_sample
from ozora.trust.fingerprint import SIMILAR, distance, fingerprint, measure_likeness
from ozora.trust.publish import Terms, publish
from ozora.trust.verify import MARKED_LOOK
from ozora.trust.watermark import detect, mark

Frames = NDArray[np.uint8]
T = TypeVar("T")

FPS = Fraction(12)
SIZES = {"224x128": (128, 224), "448x256": (256, 448)}
UNMARKED_FRAMES = 12
FIRST_UNMARKED, FIRST_GOAL = 10_000, 1000  # seeds


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A published clip: the file and its frames, the frames before they were marked, the number in its watermark."""

    path: Path
    plain: Frames
    frames: Frames
    payload: int


@dataclass(slots=True, kw_only=True)
class Row:
    """What an attack left over of the clips that it was tried on."""

    tried: int = 0
    looks: int = 0
    copies: int = 0
    likeness: list[float] = field(default_factory=list)
    strengths: list[float] = field(default_factory=list)


Attack = Callable[[Clip], Frames]
Outcome = tuple[float | None, bool, float]
"""The strength of the right watermark if it was found, whether the fingerprint is near, and how far its frames are from
the nearest published ones (bits of 64)."""


def recode(frames: Frames, codec: Literal["libx264", "libvpx-vp9"], crf: int) -> Frames:
    """``frames`` through H.264 or VP9 once more."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("a.webm" if codec == "libvpx-vp9" else "a.mp4")
        height, width = frames.shape[1] // 2 * 2, frames.shape[2] // 2 * 2
        speed = {"cpu-used": "5"} if codec == "libvpx-vp9" else {"preset": "medium"}
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=FPS, options={"crf": str(crf), **speed})
            stream.height, stream.width, stream.pix_fmt, stream.bit_rate = height, width, "yuv420p", 0
            for frame in frames[:, :height, :width]:
                picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
                container.mux(stream.encode(picture))
            container.mux(stream.encode(None))
        return read_video(path)[0]


def remux(path: Path) -> Frames:
    """The pictures of a file whose packets were put into another container, as they are."""
    other = path.with_name("remuxed.mkv")
    with av.open(str(path)) as source, av.open(str(other), "w") as target:
        stream = source.streams.video[0]
        copied = target.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = copied
                target.mux(packet)
    return read_video(other)[0]


def scale(frames: Frames, factor: float) -> Frames:
    """``frames`` at ``factor`` times the size."""
    height, width = (round(side * factor / 2) * 2 for side in frames.shape[1:3])
    return resize_frames(frames, height, width)


def brighten(frames: Frames, contrast: float, levels: float) -> Frames:
    """``frames`` with more or less contrast, and levels up or down."""
    brighter: Frames = np.clip(frames * contrast + levels, 0, 255).astype(np.uint8)
    return brighter


def lift(clip: Clip) -> Frames:
    """Another clip of the stage that carries the mark of this one."""
    workshop = _workshops[0]
    other = workshop.draw(clip.payload % 5000 + 20_000, slice(None))[: len(clip.frames)]
    mark_alone = clip.frames.astype(np.int16) - clip.plain
    return np.clip(other + mark_alone, 0, 255).astype(np.uint8)


GOALS: dict[str, Attack] = {
    "H.264 crf 28": lambda clip: recode(clip.frames, "libx264", 28),
    "0.5x": lambda clip: scale(clip.frames, 0.5),
}
ATTACKS: dict[str, Attack] = {
    "none": lambda clip: clip.frames,
    "remux to Matroska": lambda clip: remux(clip.path),
    "H.264 crf 18": lambda clip: recode(clip.frames, "libx264", 18),
    "H.264 crf 23": lambda clip: recode(clip.frames, "libx264", 23),
    "H.264 crf 33": lambda clip: recode(clip.frames, "libx264", 33),
    "VP9 crf 35": lambda clip: recode(clip.frames, "libvpx-vp9", 35),
    "0.5x, crf 23": lambda clip: recode(scale(clip.frames, 0.5), "libx264", 23),
    "0.75x, crf 23": lambda clip: recode(scale(clip.frames, 0.75), "libx264", 23),
    "1.5x, crf 28": lambda clip: recode(scale(clip.frames, 1.5), "libx264", 28),
    "crop of a tenth, crf 28": lambda clip: recode(clip.frames[:, 9:-5, 13:-9], "libx264", 28),
    "mirrored, crf 28": lambda clip: recode(clip.frames[:, :, ::-1], "libx264", 28),
    "brighter (x 1.2 + 10), crf 28": lambda clip: recode(brighten(clip.frames, 1.2, 10), "libx264", 28),
    "darker (x 0.7), crf 28": lambda clip: recode(brighten(clip.frames, 0.7, 0), "libx264", 28),
    "half the frames, crf 28": lambda clip: recode(clip.frames[::2], "libx264", 28),
    "one frame": lambda clip: clip.frames[len(clip.frames) // 2 :][:1],
    "the first second": lambda clip: clip.frames[:12],
    "lifted onto another clip": lift,
}


class Workshop:
    """One process of the pool: a renderer, and the key that its clips are marked with."""

    def __init__(self, height: int, width: int) -> None:
        self.renderer, self.aspect, self.key = Renderer(height, width), width / height, secrets.token_bytes(32)

    def draw(self, seed: int, times: slice) -> Frames:
        """Some frames of a clip of the stage."""
        scene = draw_sample(seed, TOY_WORLD).drawing.scene
        return self.renderer.render(draw(scene, TIMES_S[times], self.aspect)).rgb


_workshops: list[Workshop] = []


def _open(height: int, width: int) -> None:
    _workshops.append(Workshop(height, width))


def attack_all(seed: int) -> dict[str, Outcome]:
    """A clip of the stage, published and put through every attack; through those of a goal only from some seed on."""
    workshop, payload = _workshops[0], secrets.randbits(32)
    chosen = GOALS if seed >= FIRST_GOAL else {**ATTACKS, **GOALS}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.mp4"
        plain = workshop.draw(seed, slice(None))
        write_video(mark(plain, payload, workshop.key), FPS, path)
        clip = Clip(path=path, plain=plain, frames=read_video(path)[0], payload=payload)
        looks = fingerprint(clip.frames)
        return {name: _outcome(np.ascontiguousarray(attack(clip)), clip, looks) for name, attack in chosen.items()}


def _outcome(attacked: Frames, clip: Clip, looks: bytes) -> Outcome:
    found = detect(attacked, _workshops[0].key)
    strength = found.strength if found is not None and found.payload == clip.payload else None
    seen = np.ascontiguousarray(attacked[:, :, ::-1]) if found is not None and found.mirrored else attacked
    return strength, distance(fingerprint(attacked), looks) < SIMILAR, measure_likeness(fingerprint(seen), looks)


def look_for_nothing(seed: int) -> tuple[bool, bytes]:
    """Whether a clip without a watermark seems to have one, and its fingerprint."""
    clip = _workshops[0].draw(seed, slice(0, 4 * UNMARKED_FRAMES, 4))
    return detect(clip, secrets.token_bytes(32)) is not None, fingerprint(clip)


def measure_attacks(clips: Iterator[dict[str, Outcome]]) -> None:
    rows = {name: Row() for name in (*GOALS, *ATTACKS)}
    for outcomes in clips:
        for name, (strength, looks, likeness) in outcomes.items():
            rows[name].tried += 1
            rows[name].copies += strength is not None and likeness <= MARKED_LOOK
            rows[name].likeness.append(likeness)
            rows[name].looks += looks
            rows[name].strengths += [] if strength is None else [strength]
    print("| attack | found | strength, mean | looks | a copy | bits of 64, least to most |\n|---|---|---|---|---|---|")
    for name, row in rows.items():
        mean = f"{np.mean(row.strengths):.2f}" if row.strengths else ""
        found, bits = f"{len(row.strengths)} of {row.tried}", f"{min(row.likeness):.1f} to {max(row.likeness):.1f}"
        copies = f"{row.copies} of {len(row.strengths)}"
        print(f"| {name} | {found} | {mean} | {row.looks} of {row.tried} | {copies} | {bits} |")


def measure_false_alarms(clips: Iterator[tuple[bool, bytes]]) -> None:
    false, prints, begun = 0, list[bytes](), time.perf_counter()
    for is_found, looks in clips:
        false += is_found
        prints.append(looks)
    near = sum(distance(one, other) < SIMILAR for number, one in enumerate(prints) for other in prints[:number])
    took_s = (time.perf_counter() - begun) / max(1, len(prints))
    print(f"{false} of {len(prints)} unmarked clips have a watermark, {took_s:.2f} s each with rendering; ", end="")
    print(f"{near} of {len(prints) * (len(prints) - 1) // 2} pairs of different clips look the same", flush=True)


def measure_quality(height: int, width: int, count: int = 8) -> None:
    """PSNR of what is marked, and by how much its file grows."""
    workshop, quality, sizes = Workshop(height, width), list[float](), [0, 0]
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(count):
            plain = workshop.draw(seed, slice(None))
            marked = mark(plain, seed, workshop.key)
            quality.append(10 * np.log10(255**2 / np.mean((plain.astype(np.float32) - marked) ** 2)))
            for index, frames in enumerate((plain, marked)):
                write_video(frames, FPS, Path(folder) / "a.mp4")
                sizes[index] += (Path(folder) / "a.mp4").stat().st_size
    print(f"PSNR {np.mean(quality):.1f} dB, least {min(quality):.1f}; ", end="")
    print(f"{count} files grow from {sizes[0]:,} to {sizes[1]:,} bytes", flush=True)


class Encoder:
    """Writes the file, which is no part of trust; how long that takes, and how much of a processor."""

    def __init__(self, shape: VideoShape) -> None:
        self.wall_s = self.spent_s = 0.0
        self._shape = shape
        self._writer: VideoWriter

    def __call__(self, path: Path) -> Encoder:
        self._writer = VideoWriter(path, height=self._shape.height, width=self._shape.width, fps=self._shape.fps)
        return self

    def __enter__(self) -> Encoder:
        with self._watched():
            self._writer.__enter__()
        return self

    def add(self, picture: Frames) -> None:
        with self._watched():
            self._writer.add(picture)

    def __exit__(self, *failure: Any) -> None:  # noqa: ANN401 - what a block ends with
        with self._watched():
            self._writer.__exit__(*failure)

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        began, spent = time.perf_counter(), time.thread_time()
        yield
        self.wall_s += time.perf_counter() - began
        self.spent_s += time.thread_time() - spent


def measure_share(until: float, rounds: int = 4) -> None:
    """What of a four-second clip of the embedded model is trust: all of ``publish`` but the encoder. Best of some."""
    found: list[tuple[float, float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        terms = Terms(home=Path(folder) / "home")
        for number in range(rounds):
            if len(found) > 1 and time.monotonic() > until:
                break
            plan = pipeline.make_plan("a red ball rolls left past a blue cube at sunset", seconds="4", seed=number)
            began, encoder = time.perf_counter(), Encoder(plan.shape)
            *_, take = pipeline.run(plan, terms=terms)
            assert isinstance(take, pipeline.Take)
            painted, spent = time.perf_counter(), time.thread_time()
            publish(take.frames, take.record, Path(folder) / f"{number}.mp4", open=encoder, terms=terms)
            whole_s, spent_s = time.perf_counter() - began, time.thread_time() - spent - encoder.spent_s
            found.append((time.perf_counter() - painted - encoder.wall_s, spent_s, whole_s))
    trust_s, spent_s, whole_s = np.array(found[1:]).T  # the first loads the model and makes the certificates
    share = 100 * trust_s / whole_s
    print(
        f"a 4 s clip of the embedded model takes {whole_s.min():.2f} s, of that trust {trust_s.min() * 1000:.0f} ms ",
        end="",
    )
    print(f"({spent_s.min() * 1000:.0f} ms of a processor): {share.min():.1f} to {share.max():.1f} %", flush=True)


@contextlib.contextmanager
def processes(height: int, width: int) -> Iterator[Pool]:
    """One process a core, each with one thread."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    with get_context("spawn").Pool(os.cpu_count(), _open, (height, width)) as pool:
        yield pool


def results(pool: Pool, work: Callable[[int], T], seeds: Sequence[int], until: float) -> Iterator[T]:
    """What ``work`` makes of each seed, as it comes, until the time is over."""
    coming = pool.imap_unordered(work, seeds)
    for number, _ in enumerate(seeds):
        try:
            yield coming.next(timeout=max(0.0, until - time.monotonic()))
        except TimeoutError:
            print(f"the time is over after {number} of {len(seeds)} clips")
            return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=24, help="how many clips are put through every attack")
    parser.add_argument("--goal-clips", type=int, default=100, help="through crf 28 and half the size: so many in all")
    parser.add_argument("--unmarked", type=int, default=1000, help="how many clips have no watermark")
    parser.add_argument("--minutes", type=float, default=6, help="how long all of it may take")
    parser.add_argument("--size", choices=list(SIZES), default="224x128")
    wanted = parser.parse_args()
    began, (height, width) = time.monotonic(), SIZES[wanted.size]
    measure_quality(height, width)
    unmarked = range(FIRST_UNMARKED, FIRST_UNMARKED + wanted.unmarked)
    attacked = [*range(wanted.clips), *range(FIRST_GOAL, FIRST_GOAL + wanted.goal_clips - wanted.clips)]
    with processes(height, width) as pool:
        measure_false_alarms(results(pool, look_for_nothing, unmarked, began + wanted.minutes * 33))
    with processes(height, width) as pool:  # another one: what the first had still to do is gone with it
        measure_attacks(results(pool, attack_all, attacked, began + wanted.minutes * 54))
    measure_share(began + wanted.minutes * 60)


if __name__ == "__main__":
    main()
