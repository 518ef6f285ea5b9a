"""From the fields of a call to a job in the queue: given files, plan, what it needs, what the key may."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import time
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection

from ozora.backends import find
from ozora.errors import RequestError, StoreError, UserError
from ozora.pipeline import MAX_PROMPT, check_takes, notes
from ozora.plan import Plan
from ozora.server import characters, idempotency, jobs, preflight
from ozora.server.characters import Character
from ozora.server.desk import Desk
from ozora.server.inputs import folder_of, stow
from ozora.server.jobs import Draft, Job
from ozora.server.keys import LOCAL, Key, hold_all, terms_of
from ozora.server.requests import DEFAULT_MODEL, Wish, plan_of, sees_references
from ozora.server.sources import Given, gather
from ozora.server.structures import read_curve, read_place, read_preset, read_region, read_seconds
from ozora.trust.publish import check_prompt, check_prompts
from ozora.trust.settings import find_home

DAY_S = 86400.0
MAX_CHARACTERS = 2
VOID = {
    "storyboard": ("seconds", "input_reference", "last_frame", "keyframes", "characters"),
    "region": ("strength",),
    "mask": ("strength",),
    "curve": ("preset",),
    "quality": ("num_inference_steps",),
}
DECIMAL = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)  # told back as it came; "1/3" is told as a decimal


def submit(
    desk: Desk, key: Key, verb: str, fields: dict[str, Any], *, token: str | None, parent: str | None = None
) -> Job:
    """Put a request into the queue, or find the job that the same ``token`` made before."""
    once = idempotency.token_of(key.id, token, f"{verb} {parent}", fields)
    if token is not None:
        with desk.database.reading() as connection:
            known = idempotency.made(connection, once, jobs.get, "video")
            if known is not None:
                return known
    draft = prepare(desk, key, verb, fields, parent=parent)
    now = time.time()
    with undoing(desk, [draft]), desk.database.writing() as connection:
        hold_all(connection, key.id)
        known = idempotency.made(connection, once, jobs.get, "video")
        if known is None:
            job = enter(connection, desk, key, [draft], now)[0]
            idempotency.remember(connection, once, job.id, now)
            return job
    discard(desk, [draft])
    return known


@contextlib.contextmanager
def undoing(desk: Desk, drafts: Sequence[Draft]) -> Iterator[None]:
    """Keep nothing of drafts that no job comes of. When a commit fails, jobs may be there all the same: it is asked."""
    try:
        yield
    except BaseException:
        discard(desk, _lost(desk, drafts))
        raise


def _lost(desk: Desk, drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts without a job; none while the database does not say (``orphans`` looks again)."""
    try:
        with desk.database.reading() as connection:
            there = jobs.find(connection, [draft.id for draft in drafts])
    except StoreError:
        return []
    return [draft for draft in drafts if draft.id not in there]


def discard(desk: Desk, drafts: Sequence[Draft]) -> None:
    """Remove the given files of jobs that will not be; what cannot be reached now is left to ``orphans``."""
    for draft in drafts:
        with contextlib.suppress(StoreError):
            desk.store.remove(folder_of(draft.id))


def prepare(desk: Desk, key: Key, verb: str, fields: dict[str, Any], *, parent: str | None = None) -> Draft:
    """The job of a request, with everything checked that can be; its given files are in the store already.

    ``PolicyError`` when the rules of this key refuse the prompt or hold it for a person to look at; a ``ServiceError``
    when our side is ill, so that nothing could be made of it now.
    """
    desk.health.require()
    _check_together(fields)
    fields = _told(desk, key, fields, parent)
    cast = _cast(desk, key, fields)
    with gather(desk, key, fields, parent, cast=cast) as given:
        wish = _wish(verb, fields, given)
        shown = sees_references(wish, desk.settings.aliases)
        prompt, said = characters.introduce(wish.prompt, cast, shown=shown)
        plan = plan_of(dataclasses.replace(wish, prompt=prompt), desk.settings.aliases)
        variants = _variants(fields, plan)
        slowness = desk.slowness().get(plan.model, 1.0)
        need = preflight.predict(plan, find(plan.model).native(plan.shape), slowness, variants=variants)
        memory = preflight.usable_memory(desk.settings.memory_bytes, desk.settings.workers)
        preflight.check(need, plan, memory_bytes=memory, free_bytes=desk.store.free_bytes())
        texts = [prompt.text for prompt in plan.prompts]
        terms = terms_of(key.id)
        check_prompts(plan, terms=terms)  # with what is not wanted, where that is shown after all, as before publishing
        if shown_beside := _shown_beside(wish):
            check_prompt(shown_beside, terms=terms)
        characters.check_likeness(cast, find_home())
        asked = wish.seconds if verb == "create" else None  # the others answer with the length of the whole
        draft = Draft(
            key_id=key.id,
            verb=verb,
            model=wish.model,
            prompt=wish.prompt if wish.prompt and not wish.style else "; ".join(texts)[:MAX_PROMPT],
            seconds=asked if asked and DECIMAL.fullmatch(asked) else f"{float(plan.shape.duration_s):g}",
            size=f"{plan.shape.width}x{plan.shape.height}",
            plan={},
            predicted_s=need.time_s,
            predicted_memory_bytes=need.memory_bytes,
            predicted_disk_bytes=need.disk_bytes,
            parent_id=parent,
            characters=tuple(character.id for character in cast),
            notes=(*said, *notes(plan)),
            variants=variants,
        )
        with undoing(desk, [draft]):
            return dataclasses.replace(draft, plan=stow(desk.store, plan, draft.id).to_dict())


def enter(connection: Connection, desk: Desk, key: Key, drafts: list[Draft], now: float) -> list[Job]:
    """Add jobs in the open transaction, in which ``hold_all`` was called.

    ``RequestError`` (429) when the key or the queue has had enough.
    """
    if jobs.num_queued(connection) + len(drafts) > desk.settings.max_queued:
        raise RequestError("the queue is full; try again later", status=429, code="queue_full")
    share = desk.settings.max_queued // 2
    if key.id != LOCAL and jobs.num_queued(connection, key.id) + len(drafts) > share:
        message = f"this key has half of the queue already ({share} videos); try again later"
        raise RequestError(message, status=429, code="queue_full")
    wanted_s = sum(draft.variants * float(draft.seconds) for draft in drafts)
    limit_s = key.limits.seconds_a_day
    if limit_s < 1e9 and jobs.seconds_since(connection, key.id, now - DAY_S) + wanted_s > limit_s:
        message = f"this key may make {limit_s:g} seconds of video a day; wait, or ask for a larger limit"
        raise RequestError(message, status=429, code="insufficient_quota")
    return [jobs.add(connection, draft, now) for draft in drafts]


def _told(desk: Desk, key: Key, fields: dict[str, Any], parent: str | None) -> dict[str, Any]:
    """The fields, with the prompt and the characters of the video ``parent`` where no prompt is given."""
    if "prompt" in fields or "storyboard" in fields:
        return fields
    if parent is None:
        raise RequestError(
            "the field 'prompt' is missing: say what to see, in words",
            code="missing_required_parameter",
            param="prompt",
        )
    with desk.database.reading() as connection:
        job = jobs.get(connection, parent, key.id)
    return {**fields, "prompt": job.prompt, "characters": list(job.characters)}


def _cast(desk: Desk, key: Key, fields: dict[str, Any]) -> tuple[Character, ...]:
    """Who plays; 404 when a character is another key's."""
    named = [item.get("id") if isinstance(item, dict) else item for item in fields.get("characters", [])]
    if len(named) > MAX_CHARACTERS or not all(isinstance(item, str) for item in named):
        raise RequestError('characters are up to two of {"id": "char_..."}', param="characters")
    with desk.database.reading() as connection:
        return tuple(characters.get(connection, str(name), key.id) for name in dict.fromkeys(named))


def _wish(verb: str, fields: dict[str, Any], given: Given) -> Wish:
    curve = read_curve(fields["curve"]) if "curve" in fields else read_preset(fields.get("preset", "transition"))
    return Wish(
        verb=verb,
        prompt=fields.get("prompt", ""),
        model=fields.get("model", DEFAULT_MODEL),
        seconds=fields.get("seconds"),
        size=fields.get("size"),
        fps=fields.get("fps"),
        seed=fields.get("seed"),
        steps=fields.get("num_inference_steps"),
        quality=fields.get("quality", "default"),
        guidance=fields.get("guidance_scale"),
        negative_prompt=fields.get("negative_prompt"),
        strength=fields.get("strength"),
        region=read_region(fields["region"]) if "region" in fields else None,
        start_s=read_seconds("start", fields.get("start", "0")),
        end_s=read_seconds("end", fields["end"]) if "end" in fields else None,
        curve=curve,
        place=(read_place("x", fields.get("x", 0.5)), read_place("y", fields.get("y", 0.5))),
        style=fields.get("style", ""),
        given=given,
    )


def _variants(fields: dict[str, Any], plan: Plan) -> int:
    """How many takes are asked for; ``UserError`` when they are too many or do not fit."""
    variants = int(fields.get("variants", 1))
    try:
        check_takes(plan, variants)
    except UserError as error:
        error.param = "variants"
        raise
    return variants


def _shown_beside(wish: Wish) -> str:
    """What of a storyboard is shown to people and not painted: its title and the names of its cast."""
    board = wish.given.board
    return "" if board is None else "\n".join([text for text in (wish.prompt, *board.cast) if text])


def _check_together(fields: dict[str, Any]) -> None:
    """Refuse a field that another one makes void, and a title that is none."""
    for name, others in VOID.items():
        for other in others:
            if name in fields and other in fields:
                raise RequestError(f"'{other}' has no meaning beside '{name}'; leave one of them out", param=other)
    if ("start" in fields or "end" in fields) and not ("region" in fields or "mask" in fields):
        raise RequestError("'start' and 'end' are of a region; give a 'region' or a 'mask'", param="region")
    if "storyboard" in fields and len(fields.get("prompt", "")) > MAX_PROMPT:
        raise RequestError(f"a title has up to {MAX_PROMPT} characters; shorten it", param="prompt")
