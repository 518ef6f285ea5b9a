"""The one pipeline: how a sentence becomes a file.

    prompt -> plan -> policy -> canvas -> latents -> frames -> check -> watermark -> file -> signature,
    with a record beside it

``make_plan`` turns a request into a plan, ``make`` paints a plan into a signed file, frame by frame as they come. For
who wants the frames, ``run`` turns a plan into a take, and ``write`` a take into a file. Every verb builds a plan; none
has a pipeline of its own.
"""

from __future__ import annotations

import functools
import hashlib
import platform
import re
import secrets
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ozora import __version__
from ozora.backends import BACKENDS, Backend, Capabilities, Frames, find
from ozora.control_characters import find_control
from ozora.edit.finish import Finish
from ozora.edit.flatness import Flatness
from ozora.edit.given import (
    Given,
    Sound,
    count_origins,
    read_given,
    read_given_sound,
    read_init_video,
    read_references,
    to_native,
)
from ozora.errors import CapabilityError, PaintingError, PromptError, SizeError, UserError, WeightsError, blaming
from ozora.language.stories import spans
from ozora.media import VideoWriter, check_picture, holds_sound
from ozora.plan import (
    Composition,
    Condition,
    ImageCondition,
    Plan,
    Prompt,
    Record,
    ReferenceCondition,
    Sampler,
    count_missing,
    tell_missing,
)
from ozora.shapes import VideoShape
from ozora.timecode import exact, rate
from ozora.trust.publish import Terms, check_prompts, publish, publishing

if TYPE_CHECKING:
    from ozora.perception.check import Check

MAX_PROMPT = 2000
MAX_SIDE = 2048
MAX_STEPS = 200
MAX_TAKES = 16
MAX_TAKES_BYTES = 4_000_000_000
SEEDS = 2**63
NEEDED = {
    "image": "begin with a first frame",
    "frames": "keep given frames",
    "regions": "keep a part of a picture",
    "init_video": "paint over a clip",
    "references": "be shown how a thing looks",
    "prompts": "follow several prompts over time",
    "shots": "cut to another shot",
    "negative": "be told what not to show",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A step is done. ``stage`` is "load", "paint" or "decode"; ``preview`` [h, w, 3] is the picture so far.

    ``save``, called before the next event, gives a snapshot that ``run`` can resume from; ``None`` where there is none.
    """

    stage: str
    done: int
    total: int
    preview: NDArray[np.uint8] | None = None
    save: Callable[[], bytes] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """What came out of a plan: ``frames`` [f, h, w, 3] uint8 RGB, the record of how, and the ``sound`` of the clips
    that are kept in it ([n, 2] at 48 kHz), if they have one."""

    frames: Frames
    record: Record
    sound: Sound | None = None


Event = Progress | Take


def make_plan(
    text: str,
    *,
    model: str = "maquette",
    seconds: str | None = None,
    size: str | None = None,
    fps: str | None = None,
    seed: int | None = None,
    steps: int | None = None,
    quality: str = "default",
    guidance: float | None = None,
    negative: str = "",
    image: Path | None = None,
    references: Sequence[Path] = (),
    composition: Composition | None = None,
) -> Plan:
    """A complete plan of a request; what is left out takes the model's default. ``UserError`` says what to change, and
    names the argument.

    ``quality`` is "draft", "default" or "best": a number of steps of the model, where ``steps`` are not given.
    ``image`` is the first frame, ``references`` are pictures of what is to be seen. ``composition`` is what an edit
    verb made: extent and conditions come from there, not from the arguments.
    """
    backend = find(model)
    can = backend.capabilities
    shape = extent(model, seconds=seconds, size=size, fps=fps) if composition is None else composition.shape
    plan = Plan(
        prompts=_prompts(text, shape, composition, can),
        shape=shape,
        model=model,
        seed=secrets.randbelow(2**32) if seed is None else _between("seed", "a seed", seed, 0, SEEDS - 1),
        sampler=Sampler(
            solver=can.solver,
            steps=can.steps_of(quality)
            if steps is None
            else _between("steps", "the number of steps", steps, 1, MAX_STEPS),
            guidance=can.guidance if guidance is None else _guidance(guidance),
        ),
        conditions=_conditions(image, references, composition),
        negative=_negative(negative),
    )
    check(plan, backend)
    return plan


def check(plan: Plan, backend: Backend) -> None:
    """Refuse, before any work, what the backend cannot do; the message names what can."""
    for text in (*(prompt.text for prompt in plan.prompts), plan.negative):
        if find_control(text, allowed="\n\t") is not None:  # a plan may come from a file
            raise PromptError("a prompt of the plan holds a control character; leave it out")
    for needed in NEEDED:
        if needed in plan.needs and needed not in backend.capabilities.conditions:
            able = ", ".join(name for name, other in BACKENDS.items() if needed in other.capabilities.conditions)
            param = needed if needed == "negative" else None  # the others are asked for in more than one way
            raise CapabilityError(f"{plan.model} cannot {NEEDED[needed]}; these can: {able}", param=param)
    with blaming("seconds"):
        backend.native(plan.shape)


def notes(plan: Plan) -> tuple[str, ...]:
    """What the user should know before the work starts."""
    backend = find(plan.model)
    native = backend.native(plan.shape)
    said = list(backend.notes(plan))
    if (native.height, native.width) != (plan.shape.height, plan.shape.width):
        said.append(f"painted at {native.width}x{native.height} and resized to {plan.shape.width}x{plan.shape.height}")
    if native.fps < plan.shape.fps and plan.shape.frames > 1:
        said.append(f"painted at {float(native.fps):g} frames a second and filled in to {float(plan.shape.fps):g}")
    return tuple(said)


def run(
    plan: Plan, *, takes: int = 1, preview: bool = False, resume: bytes | None = None, terms: Terms | None = None
) -> Iterator[Event]:
    """Paint a plan. Yields progress, and last the take; stop by dropping the generator. ``UserError`` comes first.

    ``PaintingError`` comes last, when the model has painted nothing that can be shown.
    With several ``takes`` the plan is painted with its seed and those after it, and the take that shows most of what
    the prompts ask for comes last; of equals the first. ``resume`` is a snapshot that ``Progress.save`` gave for the
    same plan and a single take: the take is the same, bit for bit. ``terms``
    are those of ``write``: what may not be published is refused before it is painted. All frames are in memory;
    ``make`` writes them as they come.
    """
    if takes > 1:
        yield from _run_takes(plan, takes, preview=preview, terms=terms)
        return
    shoot = _Shoot(plan, terms)
    pieces: list[Frames] = []
    for item in shoot.frames(preview=preview, resume=resume):
        if isinstance(item, Progress):
            yield item
        else:
            pieces.append(item)
    yield Take(frames=np.concatenate(pieces), record=shoot.record(), sound=shoot.sound)


def _run_takes(plan: Plan, takes: int, *, preview: bool, terms: Terms | None) -> Iterator[Event]:
    """The best of several takes; two of them are in memory at a time."""
    check_takes(plan, takes)
    best: Take | None = None
    for number, variant in enumerate(variants(plan, takes)):
        for event in run(variant, preview=preview, terms=terms):
            if isinstance(event, Progress):
                done, total = number * event.total + event.done, takes * event.total
                yield replace(event, done=done, total=total, save=None)
            elif best is None or count_missing(event.record) < count_missing(best.record):
                best = event
    assert best is not None
    kept = f"{takes} takes were painted; kept is the one that shows most of the prompt, of seed {best.record.plan.seed}"
    yield replace(best, record=replace(best.record, notes=(*best.record.notes, kept)))


def variants(plan: Plan, takes: int) -> tuple[Plan, ...]:
    """The same plan with so many seeds: its own and those after it."""
    return tuple(replace(plan, seed=(plan.seed + number) % SEEDS) for number in range(takes))


def check_takes(plan: Plan, takes: int) -> None:
    """Refuse a number of takes that cannot be painted side by side; ``UserError`` says which can."""
    _between("takes", "the number of takes", takes, 1, MAX_TAKES)
    if takes > 1 and 2 * plan.shape.frames * plan.shape.height * plan.shape.width * 3 > MAX_TAKES_BYTES:
        raise UserError(
            "takes of this length and size do not fit into memory: make them shorter or smaller, or paint"
            " one at a time with seeds of your own",
            param="takes",
        )


def make(
    plan: Plan,
    path: Path,
    *,
    takes: int = 1,
    preview: bool = False,
    resume: bytes | None = None,
    terms: Terms | None = None,
) -> Generator[Progress | Record]:
    """Paint a plan into a published file, each frame as soon as it is painted: ``run`` and ``write`` in one, and a
    minute takes hardly more memory than a few seconds (with several ``takes``, two of them). Yields progress, and last
    the record. Arguments as there."""
    if takes > 1:
        for event in run(plan, takes=takes, preview=preview, terms=terms):
            if isinstance(event, Progress):
                yield event
            else:
                write(event, path, terms=terms)
                yield event.record
        return
    shoot = _Shoot(plan, terms)
    film = _film(plan, shoot.sound)
    with publishing(plan, path, open=film, origins=shoot.origins, terms=terms) as publication:
        for item in shoot.frames(preview=preview, resume=resume):
            if isinstance(item, Progress):
                yield item
            else:
                publication.add(item)
                shoot.clock.mark("write")
        record = shoot.record()
        publication.seal(record)
    yield record


def write(take: Take, path: Path, *, terms: Terms | None = None) -> Path:
    """Publish a take: watermark, file, signature, and the record at ``path``.json; whole or not at all.

    ``terms`` say for whom and where to (default: this installation). ``OutputError`` says why it cannot be written,
    ``PolicyError`` why it may not be, ``TrustError`` why it cannot be signed.
    """
    plan = take.record.plan
    publish(take.frames, take.record, path, open=_film(plan, take.sound), terms=terms)
    return path


class _Shoot:
    """One plan on its way to frames. All that can be refused is refused when it is made."""

    def __init__(self, plan: Plan, terms: Terms | None) -> None:
        self.plan, self.backend, self.clock = plan, find(plan.model), _Clock()
        check(plan, self.backend)
        check_prompts(plan, terms=terms)
        self._native = self.backend.native(plan.shape)
        self._given, self._init_video = read_given(plan), _init_video(plan, self._native)
        self._references = read_references(plan)
        self.origins = count_origins(self._given, plan.shape.frames)
        self.sound = read_given_sound(plan, self._given)
        self._pixels = hashlib.sha256()
        self._check, self._unchecked = self._open_check()

    def _open_check(self) -> tuple[Check | None, tuple[str, ...]]:
        """What looks at the frames, where the model's pictures can be read, or why nothing does."""
        if not self.backend.capabilities.is_checkable:
            return None, ()
        given = np.zeros(self.plan.shape.frames, bool)
        for part in self._given:
            given[part.frame : part.last] |= part.known is None
        from ozora.perception.check import Check  # loads PyTorch, which who only plans does without

        try:
            return Check(self.plan, given=given), ()
        except WeightsError as error:
            return None, (f"what was painted is not checked: {error}",)

    def frames(self, *, preview: bool, resume: bytes | None) -> Iterator[Progress | Frames]:
        """Progress, and in between the frames, piece by piece."""
        plan, native = self.plan, self._native
        self.backend.load()
        self.clock.mark("load")
        yield Progress(stage="load", done=1, total=1)
        known, finish = to_native(self._given, plan.shape, native), Finish(plan, native, self._given)
        flatness = Flatness(known)
        for stroke in self.backend.paint(
            plan,
            native,
            known,
            init_video=self._init_video,
            references=self._references,
            preview=preview,
            resume=resume,
        ):
            if isinstance(stroke, np.ndarray):
                self.clock.mark("decode")
                flatness.add(stroke)
                yield self._count(finish.add(stroke))
            else:
                self.clock.mark(stroke.stage)
                yield Progress(
                    stage=stroke.stage, done=stroke.done, total=stroke.total, preview=stroke.preview, save=stroke.save
                )
        if flatness.is_flat:
            said = "another seed or more steps; when it is so with every prompt, get the weights again"
            raise PaintingError(f"{plan.model} has painted nothing but one single color: try {said}")
        yield self._count(finish.end())

    def _count(self, frames: Frames) -> Frames:
        self._pixels.update(frames.tobytes())
        self.clock.mark("conform")
        if self._check is not None:
            self._check.add(frames)
            self.clock.mark("check")
        return frames

    def record(self) -> Record:
        """How the frames were made; complete when all of them are."""
        machine = {"system": platform.system(), "processor": platform.machine(), "model": _processor()}
        can = self.backend.capabilities
        findings = () if self._check is None else self._check.findings()
        self.clock.mark("check")
        return Record(
            plan=self.plan,
            backend=can.name,
            weights_sha256=self.backend.weights_sha256,
            pixels_sha256=self._pixels.hexdigest(),
            versions=dict(_versions()),
            machine={**machine, **self.backend.machine},
            timings_s=dict(self.clock.seconds),
            notes=(*notes(self.plan), *self._unchecked, *tell_missing(findings)),
            findings=findings,
            parents=tuple(dict.fromkeys(item.sha256 for item in self.plan.conditions)),
            origins=self.origins,
            weights_license=can.license,
            weights_credit=can.credit,
        )


@functools.cache
def _versions() -> dict[str, str]:
    """What painted, as it was installed when this process began."""
    return {"python": platform.python_version(), **{name: version(name) for name in ("ozora", "torch", "numpy", "av")}}


def _film(plan: Plan, sound: Sound | None) -> Callable[[Path], VideoWriter]:
    """What encodes the frames of a plan."""
    metadata = {"comment": f"ozora {__version__} seed {plan.seed}"}  # the prompt is not for everybody

    def open_film(draft: Path) -> VideoWriter:
        kept = sound if holds_sound(draft) else None
        height, width = plan.shape.height, plan.shape.width
        return VideoWriter(draft, height=height, width=width, fps=plan.shape.fps, metadata=metadata, sound=kept)

    return open_film


class _Clock:
    """Seconds spent a stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def mark(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._last
        self._last = now


def _prompts(text: str, shape: VideoShape, composition: Composition | None, can: Capabilities) -> tuple[Prompt, ...]:
    """Those of the composition; or the text from beginning to end, where "first ..., then ..." takes equal parts."""
    if composition is not None and composition.prompts:
        return tuple(replace(prompt, text=_prompt(prompt.text)) for prompt in composition.prompts)
    whole = _prompt(text)
    parts = spans(whole) if "prompts" in can.conditions and shape.frames > 1 else (whole,)
    each_s = shape.duration_s / len(parts)
    last = len(parts) - 1
    return tuple(
        Prompt(text=part, start_s=number * each_s, end_s=None if number == last else (number + 1) * each_s)
        for number, part in enumerate(parts)
    )


def _prompt(text: str) -> str:
    clean = " ".join(text.split())
    if not clean:
        raise PromptError('the prompt is empty; say what to see, such as "a red ball rolls left"')
    if len(clean) > MAX_PROMPT:
        raise PromptError(f"the prompt has {len(clean)} characters; shorten it to {MAX_PROMPT}")
    if not any(letter.isalpha() for letter in clean):
        raise PromptError("the prompt has no words; say what to see")
    control = find_control(clean)
    if control is not None:
        raise PromptError(f"the prompt holds the control character {control}; leave it out")
    return clean


def _negative(text: str) -> str:
    if not text.strip():
        return ""
    with blaming("negative"):
        return _prompt(text)


def _rate(fps: str) -> Fraction:
    try:
        result = rate(fps)
    except ValueError:
        said = f"'{fps}' is no frame rate; give a number from 1 to 120, such as 12 or 29.97"
        raise SizeError(said, param="fps") from None
    if not 1 <= result <= 120:
        raise SizeError(f"{fps} frames a second is out of range; give 1 to 120", param="fps")
    return result


def _frames(seconds: str | None, fps: Fraction, can: Capabilities) -> int:
    if seconds is None:
        return round(can.default_seconds * fps)
    try:
        duration = exact(seconds)
    except ValueError:
        raise SizeError(f"'{seconds}' is no duration; give seconds, such as 4 or 2.5", param="seconds") from None
    if not 0 <= duration <= can.max_seconds:
        raise SizeError(
            f"{seconds} seconds is out of range; {can.name} paints 0 (one image) to {float(can.max_seconds):g}",
            param="seconds",
        )
    return max(1, round(duration * fps))


def _size(size: str, can: Capabilities) -> tuple[int, int]:
    """Width and height from "448x256", or from a shape such as "16:9" at the model's picture area."""
    match = re.fullmatch(r"\s*(\d{1,5})\s*([x:])\s*(\d{1,5})\s*", size.lower())
    if match is None:
        raise SizeError(f"'{size}' is no size; give pixels such as {can.sizes[0]} or a shape such as 16:9")
    first, sign, second = int(match[1]), match[2], int(match[3])
    if sign == ":":
        if not (first and second and Fraction(1, 4) <= Fraction(first, second) <= 4):
            raise SizeError(f"the shape {size} is out of range; give one from 1:4 to 4:1")
        native_width, native_height = (int(side) for side in can.sizes[0].split("x"))
        area = native_width * native_height
        height = (area * second / first) ** 0.5
        return max(16, round(height * first / second / 2) * 2), max(16, round(height / 2) * 2)
    if not (16 <= first <= MAX_SIDE and 16 <= second <= MAX_SIDE):
        raise SizeError(f"{size} is out of range; each side can be 16 to {MAX_SIDE} pixels")
    return first, second


def _between(param: str, what: str, value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise UserError(f"{what} must be from {low} to {high}, not {value}", param=param)
    return value


def _guidance(value: float) -> float:
    if not 0 <= value <= 20:
        raise UserError(f"guidance must be from 0 to 20, not {value:g}", param="guidance")
    return float(value)


def extent(
    model: str = "maquette", *, seconds: str | None = None, size: str | None = None, fps: str | None = None
) -> VideoShape:
    """The extent of a wish; what is left out takes the model's default. ``SizeError`` says what to change."""
    can = find(model).capabilities
    frames_a_second = _rate(fps or can.fps[0])
    width, height = _size(size or can.sizes[0], can)
    return VideoShape(frames=_frames(seconds, frames_a_second, can), height=height, width=width, fps=frames_a_second)


def _conditions(
    image: Path | None, references: Sequence[Path], composition: Composition | None
) -> tuple[Condition, ...]:
    """What is given: pictures (read once now, so that a broken file is refused before any work) and the rest."""
    conditions: list[Condition] = []
    if image is not None:
        conditions.append(ImageCondition(path=str(image), sha256=_checked("image", image)))
    conditions += [ReferenceCondition(path=str(path), sha256=_checked("references", path)) for path in references]
    return (*conditions, *(() if composition is None else composition.conditions))


def _checked(param: str, image: Path) -> str:
    """The hash of an image file that can be read."""
    with blaming(param):
        check_picture(image)
    return hashlib.sha256(image.read_bytes()).hexdigest()


def _init_video(plan: Plan, native: VideoShape) -> Frames | None:
    """The clip that is painted over, at native size, rate and length (its last frame is repeated)."""
    frames = read_init_video(plan)
    if frames is None:
        return None
    (given,) = to_native((Given(frame=0, pictures=frames),), plan.shape, native)
    missing = native.frames - len(given.pictures)
    return np.concatenate([given.pictures, given.pictures[-1:].repeat(missing, axis=0)])


def _processor() -> str:
    """The processor's name; the same pixels are promised only on the same kind."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
