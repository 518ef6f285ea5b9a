"""``/v1/videos/characters``: somebody is kept under a name, to play in later videos."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from fastapi import APIRouter, Depends, Header

from ozora.errors import MediaError, PolicyError, RequestError
from ozora.media import FootageReader, check_picture
from ozora.media.file_type import sniff_bytes
from ozora.server import characters, files, idempotency
from ozora.server.access import Door
from ozora.server.characters import Character, check_likeness
from ozora.server.desk import Desk
from ozora.server.fields import read
from ozora.server.forms import read_body
from ozora.server.keys import Key, hold, terms_of
from ozora.server.routes.bodies import body_schema
from ozora.server.scratch import scratch
from ozora.server.sources import clip_of, content_of
from ozora.server.uploads import Upload, check_image, check_video
from ozora.trust.publish import check_prompt
from ozora.trust.settings import find_home

MAX_FRAMES, MAX_PIXELS = 1200, 600_000_000  # of a clip that shows a character: ten seconds of 1080p


def character_routes(desk: Desk, door: Door) -> APIRouter:
    """The routes of characters."""
    router = APIRouter(prefix="/v1/videos/characters", tags=["characters"])
    may_read, may_write = door.open("read"), door.open("write")

    @router.post("", openapi_extra=body_schema("character"))
    def create(
        key: Key = Depends(may_write),
        body: dict[str, Any] = Depends(read_body),
        idempotency_key: str | None = Header(default=None),
    ) -> dict[str, Any]:
        """Keep a clip or picture of somebody under a name."""
        fields, now = read("character", body), time.time()
        token = idempotency.token_of(key.id, idempotency_key, "character", fields)
        with desk.database.reading() as connection:
            known = idempotency.find(connection, token)
        if known is not None:
            return retrieve(known, key)
        desk.health.require()
        texts = characters.describe(fields["name"], fields.get("description", ""), fields.get("person", ""))
        shown = _shown(key, fields["video"])
        character = Character(id=characters.new_id(), key_id=key.id, file_id=files.new_id(), created_at=now, **texts)
        _judge(character, key)
        media_type = _check(shown.data)
        desk.store.check_room(len(shown.data))
        with (
            files.keeping(desk.database, desk.store, character.file_id, shown.data) as seal,
            desk.database.writing() as connection,
        ):
            hold(connection, key.id)
            known = idempotency.find(connection, token)
            if known is not None:
                return characters.get(connection, known, key.id).to_wire()
            idempotency.remember(connection, token, character.id, now)
            files.add(
                connection,
                character.file_id,
                key_id=key.id,
                name=shown.name,
                purpose="character",
                media_type=media_type,
                seal=seal,
                now=now,
            )
            return characters.add(connection, character).to_wire()

    @router.get("/{character_id}")
    def retrieve(character_id: str, key: Key = Depends(may_read)) -> dict[str, Any]:
        """A character of this key."""
        with desk.database.reading() as connection:
            return characters.get(connection, character_id, key.id).to_wire()

    def _shown(key: Key, source: Upload | dict[str, Any]) -> Upload:
        if isinstance(source, Upload):
            return source
        identity = clip_of(desk, key, source)
        assert identity is not None, "it is no upload"
        return Upload(name=f"{identity}.mp4", data=content_of(desk, key, identity))

    return router


def _judge(character: Character, key: Key) -> None:
    """What is said of a character must be allowed in prompts, and a real person must have consented."""
    try:
        check_prompt(" ".join((character.name, character.description, character.person)), terms=terms_of(key.id))
        check_likeness((character,), find_home())
    except PolicyError as error:
        param = "person" if character.person else "name"
        raise RequestError(str(error), code="moderation_blocked", param=param) from error


def _check(data: bytes) -> str:
    """The type of the file that shows a character; ``RequestError`` when it cannot be seen."""
    is_image = sniff_bytes(data).startswith("image/")
    media_type = check_image(data, "video") if is_image else check_video(data, "video")
    with scratch() as folder:
        path = folder / "video"
        path.write_bytes(data)
        try:
            if is_image:
                check_picture(path)
            else:
                with FootageReader(path, max_frames=MAX_FRAMES, max_pixels=MAX_PIXELS) as reader:
                    deque(reader, maxlen=0)  # to its end
        except MediaError as error:
            message = str(error).replace(str(path), "the field 'video'")
            raise RequestError(message, code="invalid_media", param="video") from error
    return media_type
