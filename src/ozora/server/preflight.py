"""What a job is thought to need, before it starts: time, memory, disk. Compared later with what it took.

The first guess is a model of our own, measured with the embedded model on two cores: work grows with painted pixels
times steps, and with written pixels. What past jobs of the same model took corrects it by one factor (``slowness``).
"""

from __future__ import annotations

import math
import os
import statistics
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import Connection, select

from ozora.backends import Capabilities, find
from ozora.errors import DiskFullError, RequestError
from ozora.plan import Plan
from ozora.server.store import SPARE_BYTES
from ozora.server.tables import JOBS
from ozora.shapes import VideoShape

START_S = 0.3
PAINT_S = 6e-8  # a painted pixel and step: 49 x 448 x 256 x 10 in 3.1 s
WRITE_S = 4e-8  # a written pixel: scale, H.264, thumbnail
BASE_BYTES = 850_000_000  # the process with PyTorch and the embedded weights
PIXEL_BYTES = 14  # RGB painted, resized, in the encoder's queue, and as floats by parts
FILE_BYTES = 0.12  # a written pixel in H.264 at crf 16
BESIDE_BYTES = 100_000  # thumbnail, sheet, record
NUM_PAST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Seconds, bytes of memory and bytes of disk."""

    time_s: float
    memory_bytes: int
    disk_bytes: int


def predict(plan: Plan, native: VideoShape, slowness: float, *, variants: int = 1) -> Need:
    """What a plan needs that is painted at ``native``, ``variants`` times; of these two are in memory as a whole."""
    painted, written = _pixels(native), _pixels(plan.shape)
    time_s = (START_S + variants * PAINT_S * painted * plan.sampler.steps + WRITE_S * written) * slowness
    whole = 2 * 3 * written if variants > 1 else 0
    return Need(
        time_s=round(time_s, 3),
        memory_bytes=BASE_BYTES + PIXEL_BYTES * max(painted, written) + math.ceil(whole),
        disk_bytes=BESIDE_BYTES + math.ceil(FILE_BYTES * written),
    )


def predict_seconds(can: Capabilities, duration_s: Fraction, size: str, steps: int) -> float:
    """Seconds for a clip at a model's own size and rate."""
    width, height = (int(side) for side in size.split("x"))
    pixels = float(duration_s * Fraction(can.fps[0])) * width * height
    return START_S + PAINT_S * pixels * steps + WRITE_S * pixels


def check(need: Need, plan: Plan, *, memory_bytes: int, free_bytes: int | None) -> None:
    """Refuse what cannot fit: the ``RequestError`` names the size that would. ``DiskFullError`` when the disk is so
    full that no size would, which may pass."""
    if need.memory_bytes > memory_bytes:
        room = max(0, memory_bytes - BASE_BYTES)
        raise _too_large(plan, room / (need.memory_bytes - BASE_BYTES), "memory", need.memory_bytes, memory_bytes)
    if free_bytes is not None and need.disk_bytes > free_bytes - SPARE_BYTES:
        room = max(0, free_bytes - SPARE_BYTES)
        share = (room - BESIDE_BYTES) / (need.disk_bytes - BESIDE_BYTES)
        if _smaller(plan.shape, share) is None:
            raise DiskFullError
        raise _too_large(plan, share, "disk", need.disk_bytes, room)


def usable_memory(limit_bytes: int, num_workers: int) -> int:
    """What one job may use: the limit, or this machine's memory shared among the workers."""
    if limit_bytes:
        return limit_bytes
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(total * 0.9 / max(1, num_workers))


def after_shortage(memory_bytes: int, room_bytes: int) -> int:
    """What a job that ran out of memory is thought to need from now on; no more than there can be, since it is a
    guess."""
    return max(memory_bytes, min(memory_bytes * 3 // 2, room_bytes))


def slowness(connection: Connection) -> dict[str, float]:
    """For each model how much longer than predicted its last jobs took, as a factor on the first guess."""
    query = (
        select(JOBS.c.plan, JOBS.c.took_s)
        .where(JOBS.c.status == "completed", JOBS.c.attempt == 1)
        .order_by(JOBS.c.number.desc())
        .limit(NUM_PAST)
    )
    ratios: dict[str, list[float]] = {}
    for data, took_s in connection.execute(query):
        plan = Plan.from_dict(data)
        ratios.setdefault(plan.model, []).append(took_s / first_guess(plan))
    return {model: statistics.median(values) for model, values in ratios.items()}


def first_guess(plan: Plan) -> float:
    """Seconds of a plan without knowing what others took."""
    return predict(plan, find(plan.model).native(plan.shape), 1.0).time_s


def _pixels(shape: VideoShape) -> int:
    return shape.frames * shape.height * shape.width


def _too_large(plan: Plan, share: float, what: str, needed: int, there: int) -> RequestError:
    shape, smaller = plan.shape, _smaller(plan.shape, share)
    fits = "nothing fits" if smaller is None else f"{smaller} would fit"
    return RequestError(
        f"{shape.width}x{shape.height} for {float(shape.duration_s):g} seconds needs {_megabytes(needed)} of {what}, "
        f"and there are {_megabytes(there)}; {fits}",
        code="too_large",
        param="size",
    )


def _smaller(shape: VideoShape, share: float) -> str | None:
    """The size with a ``share`` of the pixels; ``None`` where that would be none."""
    scale = math.sqrt(max(0.0, share))
    if scale * min(shape.width, shape.height) < 16:
        return None
    width, height = (int(side * scale) // 2 * 2 for side in (shape.width, shape.height))
    return f"{width}x{height}"


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.0f} MB"
