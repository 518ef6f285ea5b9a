"""What goes back to a client: a video, or an error in the one shape of all errors."""

from __future__ import annotations

import json

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from ozora.errors import RequestError
from ozora.server.jobs import Job
from ozora.server.logs import LOGGER
from ozora.server.problems import problem_of
from ozora.server.videos import poll_ms, video_of


def answer_video(job: Job) -> Response:
    """The video of a job, and when to ask again."""
    body = json.dumps(video_of(job), ensure_ascii=False, separators=(",", ":")).encode()
    return Response(body, media_type="application/json", headers={"openai-poll-after-ms": str(poll_ms(job))})


def answer_of(request: Request, error: Exception) -> Response:
    """An error as its client is told; those that are ours go into the log too. What nobody foresaw is answered by the
    envelope."""
    problem = problem_of(_ours(request, error))
    if problem.status >= 500:
        LOGGER.error("request failed", exc_info=error)
    return JSONResponse(problem.to_dict(), status_code=problem.status, headers=problem.headers())


def _ours(request: Request, error: Exception) -> Exception:
    """The errors of the framework as errors of ours."""
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        name = str(first["loc"][-1])
        return RequestError(f"the parameter '{name[:80]}' is wrong: {first['msg']}", param=name[:80])
    if isinstance(error, HTTPException):
        where = f"{request.method} {request.url.path[:200]}"
        said, code = {
            404: (f"there is no route {where}", "not_found"),
            405: (f"{where} is not possible", "method_not_allowed"),
        }.get(error.status_code, (str(error.detail), "invalid_request"))
        return RequestError(said, status=error.status_code, code=code)
    if isinstance(error, ClientDisconnect):
        return RequestError("the client went away before its body was there", status=499, code="client_closed")
    return error
