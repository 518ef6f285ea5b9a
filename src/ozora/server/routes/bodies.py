"""The bodies of calls on the OpenAPI page, from the same table that reads them."""

from __future__ import annotations

from typing import Any

from ozora.server.fields import FIELDS, Field

_KINDS: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "object": {"type": "object"},
    "list": {"type": "array", "items": {}},
    "source": {"type": "object"},
}


def body_schema(verb: str) -> dict[str, Any]:
    """What goes into ``openapi_extra`` of a route that reads the fields of ``verb``."""
    fields = FIELDS[verb]
    required = [name for name, field in fields.items() if field.required and not field.unless]
    contents = {
        "application/json": _schema(fields, required, {"type": "object"}),
        "multipart/form-data": _schema(fields, required, {"type": "string", "format": "binary"}),
    }
    return {"requestBody": {"required": any(field.required for field in fields.values()), "content": contents}}


def _schema(fields: dict[str, Field], required: list[str], source: dict[str, Any]) -> dict[str, Any]:
    properties = {name: _property(field, source) for name, field in fields.items()}
    either = [{"required": [one]} for name, field in fields.items() if field.unless for one in (name, field.unless)]
    rule = {"required": required, **({"anyOf": either} if either else {})}
    return {"schema": {"type": "object", "properties": properties, **rule, "additionalProperties": False}}


def _property(field: Field, source: dict[str, Any]) -> dict[str, Any]:
    """One field; a file has no example."""
    if field.kind == "source" and source["type"] != "object":
        return {**source, "description": field.help}
    kind = source if field.kind == "source" else _KINDS[field.kind]
    return {**kind, "description": field.help, "examples": [field.example]}
