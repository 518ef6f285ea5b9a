"""The plan: a complete, frozen request, and the record of what became of it.

Same plan + same software + same kind of machine = same pixels. A plan is plain data (JSON both ways) and carries
no behavior; ``pipeline.py`` turns it into a take.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeGuard

from ozora.shapes import VideoShape

FORMAT = 1


ENTRANCES = ("", "cut", "dissolve")
"""How a prompt begins: in the same shot, or as a new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What is asked for in text, from ``start_s`` to ``end_s`` (``None``: to the end), in seconds.

    ``enter`` "cut" or "dissolve" begins a new shot, which sees nothing of those before it but how a thing looks
    that both speak of.
    """

    text: str
    start_s: Fraction = Fraction(0)
    end_s: Fraction | None = None
    enter: str = ""

    def to_dict(self) -> dict[str, Any]:
        end = None if self.end_s is None else str(self.end_s)
        return {"text": self.text, "start_s": str(self.start_s), "end_s": end, "enter": self.enter}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Prompt:
        end = data.get("end_s")
        return Prompt(
            text=data["text"],
            start_s=Fraction(data.get("start_s", 0)),
            end_s=None if end is None else Fraction(end),
            enter=data.get("enter", ""),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A part of a picture, in shares of its width and height from the upper left corner."""

    left: Fraction = Fraction(0)
    top: Fraction = Fraction(0)
    right: Fraction = Fraction(1)
    bottom: Fraction = Fraction(1)

    def to_dict(self) -> dict[str, Any]:
        return {name: str(getattr(self, name)) for name in self.__slots__}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Box:
        return Box(**{name: Fraction(value) for name, value in data.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """What of a given clip is not given but painted anew: a box, or the white of a mask file (``sha256`` of its bytes);
    from ``start_s`` to ``end_s`` of the plan (``None``: to its end)."""

    box: Box | None = None
    mask: str = ""
    sha256: str = ""
    start_s: Fraction = Fraction(0)
    end_s: Fraction | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "box": None if self.box is None else self.box.to_dict(),
            "mask": self.mask,
            "sha256": self.sha256,
            "start_s": str(self.start_s),
            "end_s": None if self.end_s is None else str(self.end_s),
        }

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Hole:
        box, end = data.get("box"), data.get("end_s")
        return Hole(
            box=None if box is None else Box.from_dict(box),
            mask=data.get("mask", ""),
            sha256=data.get("sha256", ""),
            start_s=Fraction(data.get("start_s", 0)),
            end_s=None if end is None else Fraction(end),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageCondition:
    """A still image that is given for one frame. ``sha256`` is the hash of the file's bytes; ``crop`` the part of it
    that is meant (``None``: all)."""

    path: str
    sha256: str
    frame: int = 0
    crop: Box | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": "image",
            "path": self.path,
            "sha256": self.sha256,
            "frame": self.frame,
            "crop": None if self.crop is None else self.crop.to_dict(),
        }

    @staticmethod
    def from_dict(data: dict[str, Any]) -> ImageCondition:
        crop = data.get("crop")
        return ImageCondition(
            path=data["path"],
            sha256=data["sha256"],
            frame=int(data.get("frame", 0)),
            crop=None if crop is None else Box.from_dict(crop),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipCondition:
    """A piece of a clip that is given: from ``start_s`` of the file (``None`` for ``end_s``: to its end), at the plan's
    frame rate, landing on the plan's frames from ``frame`` on. ``sha256`` is the hash of the file's bytes.

    ``crop`` is the part of its picture that is meant (``None``: all); ``into`` is where on the plan's picture it lands
    (``None``: all of it, its middle cut to the shape); ``hole`` is what of it is not given.

    ``strength`` 0 keeps its frames as they are. From above 0 to 1 the whole clip is painted over them (SDEdit): that
    share of the way to noise is gone back, and painted anew. Several are mixed by their ``weights``: (seconds, weight)
    in order of time, linear between them; none is a weight of 1.
    """

    path: str
    sha256: str
    frame: int = 0
    start_s: Fraction = Fraction(0)
    end_s: Fraction | None = None
    crop: Box | None = None
    into: Box | None = None
    hole: Hole | None = None
    strength: Fraction = Fraction(0)
    weights: tuple[tuple[Fraction, Fraction], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": "clip",
            "path": self.path,
            "sha256": self.sha256,
            "frame": self.frame,
            "start_s": str(self.start_s),
            "end_s": None if self.end_s is None else str(self.end_s),
            "crop": None if self.crop is None else self.crop.to_dict(),
            "into": None if self.into is None else self.into.to_dict(),
            "hole": None if self.hole is None else self.hole.to_dict(),
            "strength": str(self.strength),
            "weights": [[str(time_s), str(weight)] for time_s, weight in self.weights],
        }

    @staticmethod
    def from_dict(data: dict[str, Any]) -> ClipCondition:
        end, crop, into, hole = (data.get(name) for name in ("end_s", "crop", "into", "hole"))
        return ClipCondition(
            path=data["path"],
            sha256=data["sha256"],
            frame=int(data.get("frame", 0)),
            start_s=Fraction(data.get("start_s", 0)),
            end_s=None if end is None else Fraction(end),
            crop=None if crop is None else Box.from_dict(crop),
            into=None if into is None else Box.from_dict(into),
            hole=None if hole is None else Hole.from_dict(hole),
            strength=Fraction(data.get("strength", 0)),
            weights=tuple((Fraction(time_s), Fraction(weight)) for time_s, weight in data.get("weights", ())),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceCondition:
    """A picture of something that is to look like that, wherever it is seen from ``start_s`` to ``end_s`` (``None``: to
    the end). ``sha256`` is the hash of the file's bytes; ``crop`` the part of it that is meant (``None``: all)."""

    path: str
    sha256: str
    crop: Box | None = None
    start_s: Fraction = Fraction(0)
    end_s: Fraction | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": "reference",
            "path": self.path,
            "sha256": self.sha256,
            "crop": None if self.crop is None else self.crop.to_dict(),
            "start_s": str(self.start_s),
            "end_s": None if self.end_s is None else str(self.end_s),
        }

    @staticmethod
    def from_dict(data: dict[str, Any]) -> ReferenceCondition:
        end, crop = data.get("end_s"), data.get("crop")
        return ReferenceCondition(
            path=data["path"],
            sha256=data["sha256"],
            crop=None if crop is None else Box.from_dict(crop),
            start_s=Fraction(data.get("start_s", 0)),
            end_s=None if end is None else Fraction(end),
        )


Frames = ImageCondition | ClipCondition
"""What is given for frames of the clip."""
Condition = Frames | ReferenceCondition


def is_init_video(condition: Condition) -> bool:
    """Whether it is painted over, not kept."""
    return isinstance(condition, ClipCondition) and condition.strength > 0


def is_kept(condition: Condition) -> TypeGuard[Frames]:
    """Whether its pictures stay as they are."""
    return not isinstance(condition, ReferenceCondition) and not is_init_video(condition)


CONDITIONS: dict[str, Callable[[dict[str, Any]], Condition]] = {
    "image": ImageCondition.from_dict,
    "clip": ClipCondition.from_dict,
    "reference": ReferenceCondition.from_dict,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """What an edit verb decides: the extent of the new clip, what is given of it, and, where it is more than one, the
    prompts over its time."""

    shape: VideoShape
    conditions: tuple[Condition, ...] = ()
    prompts: tuple[Prompt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampler:
    """How a canvas is painted: which solver, how many steps, how strongly the prompt is followed (1 = as trained)."""

    solver: str = "euler"
    steps: int = 8
    guidance: float = 3.0

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Sampler:
        return Sampler(solver=str(data["solver"]), steps=int(data["steps"]), guidance=float(data["guidance"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that decides the pixels of a take. ``negative`` says in text what is not wanted."""

    prompts: tuple[Prompt, ...]
    shape: VideoShape
    model: str
    seed: int
    sampler: Sampler = field(default_factory=Sampler)
    conditions: tuple[Condition, ...] = ()
    negative: str = ""

    @property
    def cuts(self) -> tuple[Fraction, ...]:
        """Where new shots begin, in seconds."""
        return tuple(prompt.start_s for prompt in self.prompts if prompt.enter)

    @property
    def needs(self) -> frozenset[str]:
        """What a backend must be able to do for its conditions; words as in ``Capabilities.conditions``."""
        frames = [item for item in self.conditions if not isinstance(item, ReferenceCondition)]
        clips = [item for item in frames if isinstance(item, ClipCondition)]
        first_only = all(isinstance(item, ImageCondition) and item.frame == 0 for item in frames)
        wanted = {
            "image": bool(frames) and first_only,
            "frames": not first_only and any(not is_init_video(item) for item in frames),
            "regions": any(item.hole or item.into for item in clips),
            "init_video": bool(self.strength),
            "references": len(frames) < len(self.conditions),
            "prompts": len(self.prompts) > 1,
            "shots": bool(self.cuts),
            "negative": bool(self.negative),
        }
        return frozenset(name for name, needed in wanted.items() if needed)

    @property
    def strength(self) -> Fraction:
        """How far the clip that is painted over goes back toward noise; 0 when there is none."""
        return max((item.strength for item in self.conditions if isinstance(item, ClipCondition)), default=Fraction(0))

    def to_dict(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "model": self.model,
            "seed": self.seed,
            "prompts": [prompt.to_dict() for prompt in self.prompts],
            "negative": self.negative,
            "shape": self.shape.to_dict(),
            "sampler": self.sampler.to_dict(),
            "conditions": [condition.to_dict() for condition in self.conditions],
        }

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Plan:
        if data.get("format") != FORMAT:
            raise ValueError(f"a plan of format {data.get('format')!r} cannot be read, only format {FORMAT}")
        return Plan(
            model=data["model"],
            seed=int(data["seed"]),
            prompts=tuple(Prompt.from_dict(prompt) for prompt in data["prompts"]),
            negative=data.get("negative", ""),
            shape=VideoShape.from_dict(data["shape"]),
            sampler=Sampler.from_dict(data["sampler"]),
            conditions=tuple(CONDITIONS[item["kind"]](item) for item in data["conditions"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameOrigins:
    """How many frames of a take were painted, painted in a part of their picture, and kept as they were given."""

    painted: int
    part: int = 0
    kept: int = 0

    def to_dict(self) -> dict[str, int]:
        return dataclasses.asdict(self)

    @staticmethod
    def from_dict(data: dict[str, Any]) -> FrameOrigins:
        return FrameOrigins(painted=int(data["painted"]), part=int(data["part"]), kept=int(data["kept"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Whether a fact that prompt number ``prompt`` states shows in what was painted; ``None`` where no verifier can
    tell. ``recognised`` is the share of such facts that the verifiers recognise where they are true."""

    prompt: int
    fact: str
    shows: bool | None
    recognised: float | None = None

    def to_dict(self) -> dict[str, Any]:
        known = {} if self.recognised is None else {"recognised": self.recognised}
        return {"prompt": self.prompt, "fact": self.fact, "shows": self.shows, **known}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Finding:
        return Finding(prompt=data["prompt"], fact=data["fact"], shows=data["shows"], recognised=data.get("recognised"))


def tell_missing(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """A sentence on each fact that does not show."""
    many = len({finding.prompt for finding in findings}) > 1
    lines = []
    for finding in findings:
        if finding.shows is False:
            where = f"shot {finding.prompt + 1}: " if many else ""
            sure = "" if finding.recognised is None else f"; {finding.recognised:.0%} of such are recognised when there"
            lines.append(f"{where}not seen: {finding.fact} (try another seed, or several takes{sure})")
    return tuple(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What made a take: written once beside the file, and read by everything that comes after.

    ``timings_s`` maps a stage of the pipeline to seconds; ``pixels_sha256`` is the hash of the frames before
    compression, the number that a repeat of the plan must give again; ``notes`` are sentences for the user, and
    ``findings`` say what of the prompts shows. ``origins`` is ``None`` in records from before it was counted.
    ``weights_license`` and ``weights_credit`` are what the license of the weights asks to be passed on; empty in older
    records.
    """

    plan: Plan
    backend: str
    weights_sha256: str
    pixels_sha256: str
    versions: dict[str, str]
    machine: dict[str, str]
    timings_s: dict[str, float]
    notes: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    origins: FrameOrigins | None = None
    weights_license: str = ""
    weights_credit: str = ""
    findings: tuple[Finding, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        names = ("weights_license", "weights_credit")
        rights = {name: getattr(self, name) for name in names if getattr(self, name)}
        origins = {} if self.origins is None else {"origins": self.origins.to_dict()}
        return {
            "plan": self.plan.to_dict(),
            "backend": self.backend,
            "weights_sha256": self.weights_sha256,
            "pixels_sha256": self.pixels_sha256,
            "versions": dict(self.versions),
            "machine": dict(self.machine),
            "timings_s": {name: round(seconds, 4) for name, seconds in self.timings_s.items()},
            "notes": list(self.notes),
            "parents": list(self.parents),
            **origins,
            **rights,
            **({"findings": [finding.to_dict() for finding in self.findings]} if self.findings else {}),
        }

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Record:
        return Record(
            plan=Plan.from_dict(data["plan"]),
            backend=data["backend"],
            weights_sha256=data["weights_sha256"],
            pixels_sha256=data["pixels_sha256"],
            versions=dict(data["versions"]),
            machine=dict(data["machine"]),
            timings_s=dict(data["timings_s"]),
            notes=tuple(data["notes"]),
            parents=tuple(data["parents"]),
            origins=FrameOrigins.from_dict(data["origins"]) if "origins" in data else None,
            weights_license=data.get("weights_license", ""),
            weights_credit=data.get("weights_credit", ""),
            findings=tuple(Finding.from_dict(item) for item in data.get("findings", ())),
        )

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + "\n"


def count_missing(record: Record) -> int:
    """How many facts of its prompts a take does not show."""
    return sum(finding.shows is False for finding in record.findings)
