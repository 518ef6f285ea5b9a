"""The JSON schema of a plan (draft 2020-12), which ``docs/plan.schema.json`` publishes."""

from __future__ import annotations

from typing import Any

from ozora.plan import ENTRANCES, FORMAT

FRACTION = {
    "description": "a number, or a fraction such as 30000/1001",
    "type": ["string", "number"],
    "pattern": r"^\d+(/[1-9]\d*|\.\d+)?$",
}
HASH = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None, about: str = "") -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "additionalProperties": False}
    if about:
        schema["description"] = about
    return {**schema, "required": list(required), "properties": {**required, **(optional or {})}}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def plan_schema() -> dict[str, Any]:
    """What ``Plan.to_dict`` writes and ``Plan.from_dict`` reads."""
    text, count = {"type": "string"}, {"type": "integer", "minimum": 0}
    positive = {"type": "integer", "minimum": 1}
    box = {"$ref": "#/$defs/box"}
    end = _or_null(FRACTION)
    file = {"path": text, "sha256": HASH}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"A plan of Ozora, format {FORMAT}",
        **_object(
            {
                "format": {"const": FORMAT},
                "model": text,
                "seed": count,
                "prompts": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/prompt"}},
                "shape": {"$ref": "#/$defs/shape"},
                "sampler": {"$ref": "#/$defs/sampler"},
                "conditions": {
                    "type": "array",
                    "items": {"oneOf": [{"$ref": f"#/$defs/{kind}"} for kind in ("image", "clip", "reference")]},
                },
            },
            {"negative": text},
        ),
        "$defs": {
            "prompt": _object(
                {"text": text},
                {"start_s": FRACTION, "end_s": end, "enter": {"enum": list(ENTRANCES)}},
                "what is asked for from start_s to end_s; cut and dissolve begin a new shot",
            ),
            "shape": _object({"frames": positive, "height": positive, "width": positive, "fps": FRACTION}),
            "sampler": _object({"solver": text, "steps": positive, "guidance": {"type": "number", "minimum": 0}}),
            "box": _object(
                {}, dict.fromkeys(("left", "top", "right", "bottom"), FRACTION), "shares of a picture, from upper left"
            ),
            "hole": _object(
                {},
                {
                    "box": _or_null(box),
                    "mask": text,
                    "sha256": {"type": "string", "pattern": "^([0-9a-f]{64})?$"},
                    "start_s": FRACTION,
                    "end_s": end,
                },
                "what of a clip is painted anew",
            ),
            "image": _object({"kind": {"const": "image"}, **file}, {"frame": count, "crop": _or_null(box)}),
            "reference": _object(
                {"kind": {"const": "reference"}, **file},
                {"crop": _or_null(box), "start_s": FRACTION, "end_s": end},
                "a picture of something that is to look like that from start_s to end_s",
            ),
            "clip": _object(
                {"kind": {"const": "clip"}, **file},
                {
                    "frame": count,
                    "start_s": FRACTION,
                    "end_s": end,
                    "crop": _or_null(box),
                    "into": _or_null(box),
                    "hole": _or_null({"$ref": "#/$defs/hole"}),
                    "strength": FRACTION,
                    "weights": {
                        "type": "array",
                        "items": {"type": "array", "prefixItems": [FRACTION, FRACTION], "minItems": 2, "maxItems": 2},
                    },
                },
                "strength above 0: painted over; weights: (seconds, weight) of its share where there are several",
            ),
        },
    }
