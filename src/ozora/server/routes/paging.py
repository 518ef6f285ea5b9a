"""Pages of a list, as the SDKs walk through them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fastapi import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """What a list call asks for."""

    after: str | None
    limit: int
    ascending: bool


def paging(
    after: str | None = Query(default=None, description="The last id of the page before."),
    limit: int = Query(default=20, ge=1, le=100),
    order: Literal["asc", "desc"] = "desc",
) -> Paging:
    """A dependency of FastAPI."""
    return Paging(after=after, limit=limit, ascending=order == "asc")


def page_of(items: Sequence[dict[str, Any]], more: bool) -> dict[str, Any]:
    """One page; both SDKs go on with ``after=last_id`` while ``has_more``."""
    return {
        "object": "list",
        "data": list(items),
        "first_id": items[0]["id"] if items else None,
        "last_id": items[-1]["id"] if items else None,
        "has_more": more,
    }
