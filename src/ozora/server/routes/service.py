"""How the server is, for machines that watch it, and a page of all calls for people."""

from __future__ import annotations

import html
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from ozora.server.access import Door
from ozora.server.desk import Desk
from ozora.server.keys import Key
from ozora.server.problems import problem_of

READY_S = 1.0  # a look is good for so long for machines that watch
STYLE = "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}code{background:#eee}"


def service_routes(desk: Desk, door: Door) -> APIRouter:
    """The routes that are not of the API itself."""
    router = APIRouter(tags=["service"])

    @router.get("/healthz")
    async def healthy() -> dict[str, str]:
        """The process answers, even while every thread waits for the database."""
        return {"status": "ok"}

    @router.get("/readyz")
    def ready() -> Response:
        """A video could be made and published now; else 503, and ``parts`` says what is ill in public words."""
        illnesses = desk.health.look(max_age_s=READY_S)
        if not illnesses:
            return JSONResponse({"status": "ok"})
        parts = dict.fromkeys(desk.health.parts, "ok") | {item.part: item.kind.public for item in illnesses}
        problem = problem_of(illnesses[0].error())
        return JSONResponse({**problem.to_dict(), "parts": parts}, 503, problem.headers())

    @router.get("/metrics")
    def metrics(key: Key = Depends(door.open("read"))) -> Response:
        """Numbers in the text format of Prometheus."""
        return Response(desk.meters.text(), media_type="text/plain; version=0.0.4")

    @router.get("/docs", include_in_schema=False)
    def docs(request: Request) -> HTMLResponse:
        """Every call on one page that needs nothing from the network."""
        return HTMLResponse(page(request.app.openapi()))

    return router


def page(openapi: dict[str, Any]) -> str:
    """A plain page of an OpenAPI description."""
    parts = [
        f"<!doctype html><title>Ozora API</title><style>{STYLE}</style><h1>Ozora API</h1>",
        '<p>The same as data: <a href="/openapi.json">openapi.json</a></p>',
    ]
    for path, calls in openapi["paths"].items():
        for method, call in calls.items():
            parts.append(f"<h3><code>{method.upper()} {html.escape(path)}</code></h3>")
            parts.append(f"<p>{html.escape(call.get('description', ''))}</p>")
            content = call.get("requestBody", {}).get("content", {})
            fields = content.get("application/json", {}).get("schema", {}).get("properties", {})
            rows = [
                f"<li><code>{name}</code> {html.escape(field['description'])}</li>" for name, field in fields.items()
            ]
            parts.append(f"<ul>{''.join(rows)}</ul>" if rows else "")
    return "".join(parts)
