"""The names of models on the wire: our own, and others' that are mapped to them."""

from __future__ import annotations

from typing import Any

from ozora.backends import BACKENDS, Capabilities, find
from ozora.server.preflight import predict_seconds

# What a model must take for a verb to be possible.
VERBS = {
    "create": None,
    "extend": "frames",
    "edit": "init_video",
    "remix": "init_video",
    "loop": "frames",
    "connect": "frames",
    "blend": "init_video",
    "reframe": "regions",
    "recut": "frames",
    "restyle": "init_video",
}
OTHERS_SECONDS, OTHERS_SIZE = "4", "720x1280"  # what a client of the closed API gets when it says nothing


def resolve(name: str, aliases: dict[str, str]) -> str:
    """Our name of a model; dated names such as ``sora-2-2025-10-06`` count as the name before the date."""
    for known in sorted(aliases, key=len, reverse=True):
        if name == known or name.startswith(f"{known}-20"):
            return aliases[known]
    return name


def is_alias(name: str, aliases: dict[str, str]) -> bool:
    """Whether a name is another's."""
    return name not in BACKENDS and resolve(name, aliases) != name


def list_models(aliases: dict[str, str]) -> dict[str, Any]:
    """``GET /v1/models``."""
    return {"object": "list", "data": [describe(name, aliases) for name in (*BACKENDS, *aliases)]}


def describe(name: str, aliases: dict[str, str]) -> dict[str, Any]:
    """One model as the SDKs know it; ``UnknownNameError`` when there is none."""
    find(resolve(name, aliases))
    return {"id": name, "object": "model", "created": 1763769600, "owned_by": "ozora"}


def list_capabilities(aliases: dict[str, str], slowness: dict[str, float]) -> dict[str, Any]:
    """``GET /v1/videos/models``: what each model can do and what it costs in seconds of this machine."""
    names = {name: name for name in BACKENDS} | aliases
    return {
        "object": "list",
        "data": [_capabilities(name, find(ours).capabilities, slowness.get(ours, 1.0)) for name, ours in names.items()],
    }


def _capabilities(name: str, can: Capabilities, slowness: float) -> dict[str, Any]:
    clip_s = predict_seconds(can, can.default_seconds, can.sizes[0], can.steps) * slowness
    return {
        "id": name,
        "object": "video.model",
        "maps_to": can.name,
        "title": can.title,
        "summary": can.summary,
        "supported_sizes": list(can.sizes),
        "any_size": True,
        "max_seconds": float(can.max_seconds),
        "default_seconds": float(can.default_seconds),
        "fps": list(can.fps),
        "default_steps": can.steps,
        "quality_steps": {name: can.steps_of(name) for name in ("draft", "default", "best")},
        "default_guidance": can.guidance,
        "conditions": list(can.conditions),
        "verbs": [verb for verb, needed in VERBS.items() if needed is None or needed in can.conditions],
        "device": can.device,
        "installed": can.installed,
        "license": can.license,
        "price": {"unit": "seconds of this machine", "default_clip": round(clip_s, 3)},
    }
