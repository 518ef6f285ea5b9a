"""What survives of the watermark and the fingerprint of clips of the stage when they are attacked.

    python benchmarks/trust.py --clips 24 --unmarked 1000

Prints Markdown tables. "found" is the watermark with the right number, "looks" the fingerprint nearer than its limit.
Every attack is done to the published MP4 (H.264, crf 16). Unmarked clips have 12 frames. Needs OpenGL.
"""

from __future__ import annotations

import argparse
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import numpy as np
from numpy.typing import NDArray

from ozora.media import read_video, resize_frames, write_video
from ozora.plan import Plan, Prompt, Record
from ozora.shapes import VideoShape
from ozora.trust.fingerprint import SIMILAR, distance, fingerprint
from ozora.trust.identity import init
from ozora.trust.manifest import sign
from ozora.trust.watermark import detect, mark
from ozora.world.renderer import Renderer
from ozora.world.samples import draw_toys

Frames = NDArray[np.uint8]
Attack = Callable[[Frames], Frames]

FPS = Fraction(12)
RECORD = Record(
    plan=Plan(
        prompts=(Prompt(text="a benchmark"),),
        shape=VideoShape(frames=1, height=1, width=1, fps=FPS),
        model="none",
        seed=0,
    ),
    backend="none",
    weights_sha256="0" * 64,
    pixels_sha256="0" * 64,
    versions={},
    machine={},
    timings_s={},
)
SIZES = {"224x128": (128, 224), "448x256": (256, 448)}


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


def scale(frames: Frames, factor: float) -> Frames:
    """``frames`` at ``factor`` times the size."""
    height, width = (round(side * factor / 2) * 2 for side in frames.shape[1:3])
    return resize_frames(frames, height, width)


def brighten(frames: Frames) -> Frames:
    """A fifth more contrast and 10 levels up."""
    brighter: Frames = np.clip(frames * 1.2 + 10, 0, 255).astype(np.uint8)
    return brighter


ATTACKS: dict[str, Attack] = {
    "none, or a remux": lambda frames: frames,
    "H.264 crf 18": lambda frames: recode(frames, "libx264", 18),
    "H.264 crf 23": lambda frames: recode(frames, "libx264", 23),
    "H.264 crf 28": lambda frames: recode(frames, "libx264", 28),
    "H.264 crf 33": lambda frames: recode(frames, "libx264", 33),
    "VP9 crf 35": lambda frames: recode(frames, "libvpx-vp9", 35),
    "0.5x": lambda frames: scale(frames, 0.5),
    "0.5x, crf 23": lambda frames: recode(scale(frames, 0.5), "libx264", 23),
    "0.75x, crf 23": lambda frames: recode(scale(frames, 0.75), "libx264", 23),
    "1.5x, crf 28": lambda frames: recode(scale(frames, 1.5), "libx264", 28),
    "crop of a tenth, crf 28": lambda frames: recode(frames[:, 9:-5, 13:-9], "libx264", 28),
    "mirrored, crf 28": lambda frames: recode(frames[:, :, ::-1], "libx264", 28),
    "brighter, crf 28": lambda frames: recode(brighten(frames), "libx264", 28),
    "half the frames, crf 28": lambda frames: recode(frames[::2], "libx264", 28),
    "one frame": lambda frames: frames[len(frames) // 2 :][:1],
}


def render(seeds: range, height: int, width: int) -> Iterator[Frames]:
    """Clips of the stage."""
    renderer = Renderer(height, width)
    for seed in seeds:
        yield renderer.render(draw_toys(seed).drawing).rgb


def publish(frames: Frames, payload: int, key: bytes) -> Frames:
    """Marked and through the file that users get."""
    with tempfile.TemporaryDirectory() as folder:
        write_video(mark(frames, payload, key), FPS, Path(folder) / "a.mp4")
        return read_video(Path(folder) / "a.mp4")[0]


def measure_attacks(clips: list[Frames], key: bytes) -> None:
    payloads = [secrets.randbits(32) for _ in clips]
    published = [publish(clip, payload, key) for clip, payload in zip(clips, payloads, strict=True)]
    print("| attack | found | strength, mean | looks |\n|---|---|---|---|")
    for name, attack in ATTACKS.items():
        found, strengths, looks = 0, [], 0
        for clip, payload in zip(published, payloads, strict=True):
            attacked = np.ascontiguousarray(attack(clip))
            detection = detect(attacked, key)
            if detection is not None and detection.payload == payload:
                found += 1
                strengths.append(detection.strength)
            looks += distance(fingerprint(attacked), fingerprint(clip)) < SIMILAR
        strength = f"{np.mean(strengths):.2f}" if strengths else ""
        print(f"| {name} | {found} of {len(clips)} | {strength} | {looks} of {len(clips)} |", flush=True)


def measure_cost(clips: list[Frames], key: bytes) -> None:
    """Quality, and seconds of one processor core."""
    begun = time.process_time()
    marked = [mark(clip, 1, key) for clip in clips]
    mark_ms = (time.process_time() - begun) / sum(map(len, clips)) * 1000
    errors = [np.mean((one.astype(np.float32) - other) ** 2) for one, other in zip(clips, marked, strict=True)]
    quality = [10 * np.log10(255**2 / error) for error in errors]
    with tempfile.TemporaryDirectory() as folder:
        identity = init(Path(folder))
        write_video(marked[0], FPS, Path(folder) / "a.mp4")
        begun = time.process_time()
        sign(Path(folder) / "a.mp4", Path(folder) / "b.mp4", RECORD, identity, payload=1)
        sign_ms = (time.process_time() - begun) * 1000
        sizes = []
        for frames in (clips[0], marked[0]):
            write_video(frames, FPS, Path(folder) / "c.mp4")
            sizes.append((Path(folder) / "c.mp4").stat().st_size)
    print(f"PSNR {np.mean(quality):.1f} dB, least {min(quality):.1f}; marking {mark_ms:.2f} ms a frame; ", end="")
    print(f"signing {sign_ms:.0f} ms a file; the first file grows from {sizes[0]} to {sizes[1]} bytes")


def measure_false_alarms(count: int, height: int, width: int, key: bytes) -> None:
    begun, false, prints = time.process_time(), 0, []
    for clip in render(range(10_000, 10_000 + count), height, width):
        prints.append(fingerprint(clip))
        false += detect(clip[::4][:12], key) is not None
    took_s = (time.process_time() - begun) / max(1, count)
    near = sum(distance(one, other) < SIMILAR for number, one in enumerate(prints) for other in prints[:number])
    pairs = count * (count - 1) // 2
    print(f"{false} of {count} unmarked clips have a watermark, {took_s:.2f} s each with rendering; ", end="")
    print(f"{near} of {pairs} pairs of different clips look the same")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=24, help="how many clips are attacked")
    parser.add_argument("--unmarked", type=int, default=1000, help="how many clips have no watermark")
    parser.add_argument("--size", choices=list(SIZES), default="224x128")
    arguments = parser.parse_args()
    height, width = SIZES[arguments.size]
    key = secrets.token_bytes(32)
    clips = list(render(range(arguments.clips), height, width))
    measure_cost(clips, key)
    measure_attacks(clips, key)
    measure_false_alarms(arguments.unmarked, height, width, key)


if __name__ == "__main__":
    main()
