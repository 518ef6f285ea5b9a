"""From the fields of a call to a job in the queue: given files, plan, what it needs, what the key may."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from ozora.backends import find
from ozora.errors import MediaError, RequestError
from ozora.pipeline import notes
from ozora.server import characters, files, idempotency, jobs, preflight
from ozora.server.assets import VARIANTS
from ozora.server.characters import Character
from ozora.server.desk import Desk
from ozora.server.inputs import stow
from ozora.server.jobs import Draft, Job
from ozora.server.keys import Key, terms_of
from ozora.server.remote import Policy, fetch
from ozora.server.requests import DEFAULT_MODEL, Wish, plan_of
from ozora.server.uploads import MAX_IMAGE_BYTES, Upload, check_image, check_video
from ozora.trust.publish import check_prompt
from ozora.trust.settings import find_home

DAY_S = 86400.0
MAX_CHARACTERS = 2
MAX_TOKEN = 255
DECIMAL = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)  # told back as it came; "1/3" is told as a decimal


def submit(
    desk: Desk, key: Key, verb: str, fields: dict[str, Any], *, token: str | None, parent: str | None = None
) -> Job:
    """Put a request into the queue, or find the job that the same ``token`` made before."""
    if token is not None and not 1 <= len(token) <= MAX_TOKEN:
        raise RequestError(f"an Idempotency-Key has 1 to {MAX_TOKEN} characters")
    body_sha256 = idempotency.fingerprint(f"{verb} {parent}", fields)
    if token is not None:
        with desk.database.reading() as connection:
            known = idempotency.find(connection, key.id, token, body_sha256)
            if known is not None:
                return jobs.get(connection, known, key.id)
    draft = prepare(desk, key, verb, fields, parent=parent)
    now = time.time()
    with desk.database.writing() as connection:
        known = None if token is None else idempotency.find(connection, key.id, token, body_sha256)
        if known is not None:
            return jobs.get(connection, known, key.id)
        job = enter(connection, desk, key, [draft], now)[0]
        if token is not None:
            idempotency.remember(connection, key.id, token, body_sha256, job.id, now)
    return job


def prepare(desk: Desk, key: Key, verb: str, fields: dict[str, Any], *, parent: str | None = None) -> Draft:
    """The job of a request, with everything checked that can be; its given files are in the store already.

    ``PolicyError`` when the rules of this key refuse the prompt or hold it for a person to look at.
    """
    with _given(desk, key, fields, parent) as (image, video):
        wish, cast = _wish(verb, fields, image, video), _cast(desk, key, fields)
        prompt, said = characters.introduce(wish.prompt, cast)
        plan = plan_of(dataclasses.replace(wish, prompt=prompt), desk.settings.aliases)
        need = preflight.predict(plan, find(plan.model).native(plan.shape), desk.slowness().get(plan.model, 1.0))
        memory = preflight.usable_memory(desk.settings.memory_bytes, desk.settings.workers)
        preflight.check(need, plan, memory_bytes=memory, free_bytes=desk.store.free_bytes())
        check_prompt("\n".join(prompt.text for prompt in plan.prompts), terms=terms_of(key.id))
        characters.check_likeness(cast, find_home())
        asked = wish.seconds if verb == "create" else None  # the others answer with the length of the whole
        draft = Draft(
            key_id=key.id,
            verb=verb,
            model=wish.model,
            prompt=wish.prompt,
            seconds=asked if asked and DECIMAL.fullmatch(asked) else f"{float(plan.shape.duration_s):g}",
            size=f"{plan.shape.width}x{plan.shape.height}",
            plan={},
            predicted_s=need.time_s,
            predicted_memory_bytes=need.memory_bytes,
            predicted_disk_bytes=need.disk_bytes,
            parent_id=parent,
            characters=tuple(character.id for character in cast),
            notes=(*said, *notes(plan)),
        )
        return dataclasses.replace(draft, plan=stow(desk.store, plan, draft.id).to_dict())


def enter(connection: Connection, desk: Desk, key: Key, drafts: list[Draft], now: float) -> list[Job]:
    """Add jobs in the open transaction; ``RequestError`` (429) when the key or the queue has had enough."""
    if jobs.num_queued(connection) + len(drafts) > desk.settings.max_queued:
        raise RequestError("the queue is full; try again later", status=429, code="queue_full")
    wanted_s = sum(float(draft.seconds) for draft in drafts)
    limit_s = key.limits.seconds_a_day
    if limit_s < 1e9 and jobs.seconds_since(connection, key.id, now - DAY_S) + wanted_s > limit_s:
        message = f"this key may make {limit_s:g} seconds of video a day; wait, or ask for a larger limit"
        raise RequestError(message, status=429, code="insufficient_quota")
    return [jobs.add(connection, draft, now) for draft in drafts]


def clip_of(desk: Desk, key: Key, video: object) -> str | None:
    """The id of the video that a call is about; ``None`` when it brought a file. 404 when it is another key's."""
    if isinstance(video, Upload):
        check_video(video.data, "video")
        return None
    if not isinstance(video, dict) or set(video) != {"id"}:
        raise RequestError('a video is a file or {"id": "video_..."}', param="video")
    with desk.database.reading() as connection:
        job = jobs.get(connection, str(video["id"]), key.id)
    if job.status != jobs.COMPLETED:
        raise RequestError(f"the video {job.id} is {job.status}; wait until it is completed", param="video")
    return job.id


@contextlib.contextmanager
def _given(
    desk: Desk, key: Key, fields: dict[str, Any], parent: str | None
) -> Iterator[tuple[Path | None, Path | None]]:
    """The given picture and clip as files of this machine, for as long as the plan is made."""
    with tempfile.TemporaryDirectory(prefix="ozora-") as name:
        image, video = None, None
        if "input_reference" in fields:
            data = _picture(desk, key, fields["input_reference"])
            check_image(data, "input_reference")
            image = Path(name) / "input_reference"
            image.write_bytes(data)
        clip = _clip(desk, key, fields, parent)
        if clip is not None:
            video = Path(name) / "video.mp4"
            video.write_bytes(clip)
        try:
            yield image, video
        except MediaError as error:  # the client knows the fields, not our folders
            raise MediaError(str(error).replace(f"{name}/", "")) from error


def _clip(desk: Desk, key: Key, fields: dict[str, Any], parent: str | None) -> bytes | None:
    """The bytes of the clip that a verb begins with: one that came along, or the video ``parent``."""
    if isinstance(fields.get("video"), Upload):
        data: bytes = fields["video"].data
        return data
    return None if parent is None else content_of(desk, key, parent)


def content_of(desk: Desk, key: Key, identity: str) -> bytes:
    """The file of a completed video of the key; ``RequestError`` when it is past its time."""
    with desk.database.reading() as connection:
        job = jobs.get(connection, identity, key.id)
    if job.cleaned_at is not None:
        raise RequestError(f"the files of {identity} are past their time; make it again", param="video")
    return desk.store.read(f"{job.folder}/{VARIANTS['video'][0]}")


def _picture(desk: Desk, key: Key, source: Upload | dict[str, Any]) -> bytes:
    if isinstance(source, Upload):
        return source.data
    if len(source) != 1 or not set(source) <= {"image_url", "file_id"}:
        message = 'an input_reference is a file, {"image_url": "..."} or {"file_id": "..."}'
        raise RequestError(message, param="input_reference")
    if "image_url" in source:
        policy = Policy(private_hosts=desk.settings.private_hosts, max_bytes=MAX_IMAGE_BYTES)
        return fetch(str(source["image_url"]), policy)
    with desk.database.reading() as connection:
        file = files.get(connection, str(source["file_id"]), key.id, "input_reference")
    return desk.store.read(file.path)


def _cast(desk: Desk, key: Key, fields: dict[str, Any]) -> tuple[Character, ...]:
    """Who plays; 404 when a character is another key's."""
    named = [item.get("id") if isinstance(item, dict) else item for item in fields.get("characters", [])]
    if len(named) > MAX_CHARACTERS or not all(isinstance(item, str) for item in named):
        raise RequestError('characters are up to two of {"id": "char_..."}', param="characters")
    with desk.database.reading() as connection:
        return tuple(characters.get(connection, str(name), key.id) for name in dict.fromkeys(named))


def _wish(verb: str, fields: dict[str, Any], image: Path | None, video: Path | None) -> Wish:
    return Wish(
        verb=verb,
        prompt=fields["prompt"],
        model=fields.get("model", DEFAULT_MODEL),
        seconds=fields.get("seconds"),
        size=fields.get("size"),
        fps=fields.get("fps"),
        seed=fields.get("seed"),
        steps=fields.get("num_inference_steps"),
        guidance=fields.get("guidance_scale"),
        negative_prompt=fields.get("negative_prompt"),
        strength=fields.get("strength"),
        image=image,
        video=video,
    )
