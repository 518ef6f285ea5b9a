"""Many clips of the stage, rendered here or by several processes side by side; the same clips in the same order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from multiprocessing import get_context
from typing import TypeVar

from ozora.language.vocabulary import Vocabulary
from ozora.shapes import VideoShape
from ozora.train.corpus import Clip, Stage, Whereabouts

Made = TypeVar("Made")
CHUNK = 8
"""Clips a process renders at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Clips of ``frames`` frames, and what is where in them, once in ``time`` frames (see ``Stage.whereabouts``);
    ``passing`` ones begin before or after their scenes."""

    shape: VideoShape
    vocabulary: Vocabulary
    frames: int
    time: int
    passing: bool = False


Example = tuple[Clip, Whereabouts]


def render_clips(order: Order, seeds: Iterable[int], *, workers: int) -> Generator[Example]:
    """The clips of ``seeds``, in order; ``workers`` 0 renders them in this process. Drop the generator to stop."""
    return _many(_with_whereabouts, order, seeds, workers)


def _many(
    render: Callable[[Order, tuple[int, ...]], list[Made]], order: Order, seeds: Iterable[int], workers: int
) -> Generator[Made]:
    """What ``render`` makes of the seeds, in order."""
    rest = iter(seeds)
    chunks = iter(lambda: tuple(islice(rest, CHUNK)), ())
    if workers == 0:
        for chunk in chunks:
            yield from render(order, chunk)
        return
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=begin_worker)
    try:
        waiting: deque[Future[list[Made]]] = deque()
        for chunk in chunks:
            waiting.append(pool.submit(render, order, chunk))
            if len(waiting) > 2 * workers:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def idle_cores() -> int:
    """How many rendering processes pay here: one a core, none on a machine so small that one keeps it busy."""
    cores = len(os.sched_getaffinity(0))
    return cores if cores >= 4 else 0


def begin_worker() -> None:
    """In a new process: one thread for Mesa's software rasterizer, the cores belong to the other processes."""
    os.environ.setdefault("LP_NUM_THREADS", "1")


def _with_whereabouts(order: Order, seeds: tuple[int, ...]) -> list[Example]:
    stage = _stage(order.shape, order.vocabulary, order.passing)
    return [
        (stage.clip(seed, frames=order.frames), stage.whereabouts(seed, frames=order.frames, time=order.time))
        for seed in seeds
    ]


@lru_cache(maxsize=4)
def _stage(shape: VideoShape, vocabulary: Vocabulary, passing: bool) -> Stage:
    return Stage(shape, vocabulary, passing=passing)
