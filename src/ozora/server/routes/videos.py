"""``/v1/videos``: make, look, fetch, delete."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from ozora.errors import RequestError
from ozora.server import jobs
from ozora.server.access import Door
from ozora.server.answers import answer_video
from ozora.server.assets import VARIANTS
from ozora.server.desk import Desk
from ozora.server.fields import read
from ozora.server.forms import read_body
from ozora.server.jobs import COMPLETED, Job
from ozora.server.keys import Key
from ozora.server.lookout import Lookout
from ozora.server.models import list_capabilities
from ozora.server.problems import problem_of
from ozora.server.ranges import part_of
from ozora.server.routes.bodies import body_schema
from ozora.server.routes.paging import Paging, page_of, paging
from ozora.server.seals import find_seal
from ozora.server.sources import clip_of
from ozora.server.submission import submit
from ozora.server.videos import video_of

VERBS = {
    "loops": ("loop", "Lead a video back to its own beginning."),
    "connections": ("connect", "Paint what happens between two videos."),
    "blends": ("blend", "Let one video become another."),
    "reframes": ("reframe", "Give a video another shape and paint what comes into view."),
    "recuts": ("recut", "Keep pieces of videos, put them where you like, and paint the gaps."),
    "restyles": ("restyle", "Keep what happens and change place, time of day, weather or style."),
}
EVENTS_S = 0.25  # between two looks at a job that somebody follows


def video_routes(desk: Desk, door: Door) -> APIRouter:
    """The routes; fixed names come before ``{video_id}``."""
    router = APIRouter(prefix="/v1/videos", tags=["videos"])
    may_read, may_write = door.open("read"), door.open("write")
    lookout = Lookout(desk.database)

    @router.post("", openapi_extra=body_schema("create"))
    def create(
        key: Key = Depends(may_write),
        body: dict[str, Any] = Depends(read_body),
        idempotency_key: str | None = Header(default=None),
    ) -> Response:
        """Make a video from a sentence, from pictures that it passes through, or from a storyboard."""
        return answer_video(submit(desk, key, "create", read("create", body), token=idempotency_key))

    @router.get("/models")
    def models(key: Key = Depends(may_read)) -> dict[str, Any]:
        """What each model can do and what it costs."""
        return list_capabilities(desk.settings.aliases, desk.slowness())

    @router.post("/edits", openapi_extra=body_schema("edit"))
    def edit(
        key: Key = Depends(may_write),
        body: dict[str, Any] = Depends(read_body),
        idempotency_key: str | None = Header(default=None),
    ) -> Response:
        """Change a video, or a part of its picture."""
        return _from_clip("edit", body, key, idempotency_key)

    @router.post("/extensions", openapi_extra=body_schema("extend"))
    def extend(
        key: Key = Depends(may_write),
        body: dict[str, Any] = Depends(read_body),
        idempotency_key: str | None = Header(default=None),
    ) -> Response:
        """Make a video longer."""
        return _from_clip("extend", body, key, idempotency_key)

    def _add(path: str, verb: str, says: str) -> None:
        @router.post(f"/{path}", name=verb, description=says, openapi_extra=body_schema(verb))
        def make(
            key: Key = Depends(may_write),
            body: dict[str, Any] = Depends(read_body),
            idempotency_key: str | None = Header(default=None),
        ) -> Response:
            return _from_clip(verb, body, key, idempotency_key)

    for path, (verb, says) in VERBS.items():
        _add(path, verb, says)

    @router.get("")
    def list_videos(key: Key = Depends(may_read), wanted: Paging = Depends(paging)) -> dict[str, Any]:
        """A page of the key's videos."""
        with desk.database.reading() as connection:
            found, more = jobs.page(
                connection, key.id, after=wanted.after, limit=wanted.limit, ascending=wanted.ascending
            )
        return page_of([video_of(job) for job in found], more)

    @router.get("/{video_id}")
    async def retrieve(video_id: str, key: Key = Depends(may_read)) -> Response:
        """A video as it is now; one that failed is still an answer of 200."""
        return answer_video(await lookout.get(video_id, key.id))

    @router.delete("/{video_id}")
    def delete(video_id: str, key: Key = Depends(may_write)) -> dict[str, Any]:
        """Remove a video; one that is being painted is stopped."""
        with desk.database.writing() as connection:
            jobs.delete(connection, jobs.get(connection, video_id, key.id), time.time())
        return {"id": video_id, "object": "video.deleted", "deleted": True}

    @router.post("/{video_id}/cancel")
    def cancel(video_id: str, key: Key = Depends(may_write)) -> Response:
        """Stop a video; it ends as failed with the code "cancelled"."""
        with desk.database.writing() as connection:
            job = jobs.cancel(connection, jobs.get(connection, video_id, key.id), time.time())
        return answer_video(job)

    @router.post("/{video_id}/remix", openapi_extra=body_schema("remix"))
    def remix(
        video_id: str,
        key: Key = Depends(may_write),
        body: dict[str, Any] = Depends(read_body),
        idempotency_key: str | None = Header(default=None),
    ) -> Response:
        """Make a video again with another prompt."""
        fields = read("remix", body)
        clip_of(desk, key, {"id": video_id}, "video_id")
        return answer_video(submit(desk, key, "remix", fields, token=idempotency_key, parent=video_id))

    @router.head("/{video_id}/content", include_in_schema=False)
    @router.get("/{video_id}/content")
    def content(video_id: str, request: Request, variant: str = "video", key: Key = Depends(may_read)) -> Response:
        """The video itself, its thumbnail, or a sheet of 5 x 4 frames; parts by Range."""
        if variant not in VARIANTS:
            raise RequestError(
                f"there is no variant '{variant[:40]}'; there are: {', '.join(VARIANTS)}", param="variant"
            )
        job = _get(video_id, key)
        if job.status != COMPLETED or job.cleaned_at is not None:
            state = "past its time" if job.cleaned_at else job.status
            raise RequestError(
                f"the video {job.id} is {state}, so that it has no content", status=404, code="not_ready"
            )
        name, media_type = VARIANTS[variant]
        return _file(request, job, name, media_type)

    @router.get("/{video_id}/events")
    async def events(video_id: str, request: Request, key: Key = Depends(may_read)) -> Response:
        """The video each time it changes, as server-sent events, until it has ended."""
        first = await lookout.get(video_id, key.id)
        return StreamingResponse(_follow(first, request, key), media_type="text/event-stream")

    def _get(video_id: str, key: Key) -> Job:
        with desk.database.reading() as connection:
            return jobs.get(connection, video_id, key.id)

    def _from_clip(verb: str, body: dict[str, Any], key: Key, token: str | None) -> Response:
        fields = read(verb, body)
        parent = clip_of(desk, key, fields["video"]) if "video" in fields else None
        return answer_video(submit(desk, key, verb, fields, token=token, parent=parent))

    def _file(request: Request, job: Job, name: str, media_type: str) -> Response:
        path, etag = f"{job.folder}/{name}", f'"{job.id}-{name}"'  # what is published never changes
        try:
            size = desk.store.check_seal(path, find_seal(job.content, name))
        except FileNotFoundError:
            message = f"the file of the video {job.id} is not there any more; make the video again"
            raise RequestError(message, status=404, code="not_ready") from None
        fresh = request.headers.get("if-range", etag) == etag
        try:
            part = part_of(request.headers.get("range") if fresh else None, size)
        except RequestError as error:
            problem = problem_of(error)
            headers = {**problem.headers(), "content-range": f"bytes */{size}"}
            return JSONResponse(problem.to_dict(), problem.status, headers)
        headers = {
            "accept-ranges": "bytes",
            "content-length": str(part.length),
            "content-disposition": f'attachment; filename="{job.id}.{name.rpartition(".")[2]}"',
            "etag": etag,
            "x-content-type-options": "nosniff",
        }
        if not part.whole:
            headers["content-range"] = f"bytes {part.start}-{part.start + part.length - 1}/{size}"
        pieces = iter(()) if request.method == "HEAD" else desk.store.chunks(path, part.start, part.length)
        return StreamingResponse(pieces, status_code=200 if part.whole else 206, headers=headers, media_type=media_type)

    async def _follow(job: Job, request: Request, key: Key) -> AsyncIterator[str]:
        shown = ""
        while True:
            now = json.dumps(video_of(job), separators=(",", ":"))
            if now != shown:
                shown = now
                yield f"event: video.{job.status if job.is_ended else 'progress'}\ndata: {now}\n\n"
            if job.is_ended or await request.is_disconnected():
                return
            await asyncio.sleep(EVENTS_S)
            try:
                job = await lookout.get(job.id, key.id)
            except RequestError:  # deleted meanwhile
                return

    return router
