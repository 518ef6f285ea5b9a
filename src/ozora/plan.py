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
from typing import Any

from ozora.shapes import VideoShape

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What is asked for in text, from ``start_s`` to ``end_s`` (``None``: to the end), in seconds."""

    text: str
    start_s: Fraction = Fraction(0)
    end_s: Fraction | None = None

    def to_dict(self) -> dict[str, Any]:
        end = None if self.end_s is None else str(self.end_s)
        return {"text": self.text, "start_s": str(self.start_s), "end_s": end}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Prompt:
        end = data.get("end_s")
        return Prompt(
            text=data["text"],
            start_s=Fraction(data.get("start_s", 0)),
            end_s=None if end is None else Fraction(end),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageCondition:
    """A still image that is given for one frame. ``sha256`` is the hash of the file's bytes."""

    path: str
    sha256: str
    frame: int = 0

    def to_dict(self) -> dict[str, Any]:
        return {"kind": "image", "path": self.path, "sha256": self.sha256, "frame": self.frame}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> ImageCondition:
        return ImageCondition(path=data["path"], sha256=data["sha256"], frame=int(data.get("frame", 0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipCondition:
    """A piece of a clip that is given: from ``start_s`` of the file (``None`` for ``end_s``: to its end), at the plan's
    frame rate, landing on the plan's frames from ``frame`` on. ``sha256`` is the hash of the file's bytes.

    ``strength`` 0 keeps its frames as they are. From above 0 to 1 they are a sketch of the whole clip: that share of
    the way to noise is gone back, and painted anew.
    """

    path: str
    sha256: str
    frame: int = 0
    start_s: Fraction = Fraction(0)
    end_s: Fraction | None = None
    strength: Fraction = Fraction(0)

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": "clip",
            "path": self.path,
            "sha256": self.sha256,
            "frame": self.frame,
            "start_s": str(self.start_s),
            "end_s": None if self.end_s is None else str(self.end_s),
            "strength": str(self.strength),
        }

    @staticmethod
    def from_dict(data: dict[str, Any]) -> ClipCondition:
        end = data.get("end_s")
        return ClipCondition(
            path=data["path"],
            sha256=data["sha256"],
            frame=int(data.get("frame", 0)),
            start_s=Fraction(data.get("start_s", 0)),
            end_s=None if end is None else Fraction(end),
            strength=Fraction(data.get("strength", 0)),
        )


Condition = ImageCondition | ClipCondition
CONDITIONS: dict[str, Callable[[dict[str, Any]], Condition]] = {
    "image": ImageCondition.from_dict,
    "clip": ClipCondition.from_dict,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What an edit verb decides: the extent of the new clip, and what is given of it."""

    shape: VideoShape
    conditions: tuple[Condition, ...]


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
    """Everything that decides the pixels of a take."""

    prompts: tuple[Prompt, ...]
    shape: VideoShape
    model: str
    seed: int
    sampler: Sampler = field(default_factory=Sampler)
    conditions: tuple[Condition, ...] = ()

    @property
    def strength(self) -> Fraction:
        """How far its sketch is gone back toward noise; 0 when it has none."""
        return max((item.strength for item in self.conditions if isinstance(item, ClipCondition)), default=Fraction(0))

    def to_dict(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "model": self.model,
            "seed": self.seed,
            "prompts": [prompt.to_dict() for prompt in self.prompts],
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
            shape=VideoShape.from_dict(data["shape"]),
            sampler=Sampler.from_dict(data["sampler"]),
            conditions=tuple(CONDITIONS[item["kind"]](item) for item in data["conditions"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What made a take: written once beside the file, and read by everything that comes after.

    ``timings_s`` maps a stage of the pipeline to seconds; ``pixels_sha256`` is the hash of the frames before
    compression, the number that a repeat of the plan must give again; ``notes`` are sentences for the user.
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

    def to_dict(self) -> dict[str, Any]:
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
        )

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + "\n"
