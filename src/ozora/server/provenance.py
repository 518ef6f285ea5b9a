"""Where a file comes from, as a client is told: the check object of the SDKs, and a verdict of ours in words."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from ozora.errors import MediaError, RequestError
from ozora.media import check_picture, measure_footage
from ozora.media.decoding_room import ROOM
from ozora.media.file_type import is_still, sniff_bytes, sniff_file
from ozora.server.keys import LOCAL
from ozora.server.scratch import scratch
from ozora.server.tables import JOBS
from ozora.trust.credential import ELSEWHERE
from ozora.trust.ledger import Entry
from ozora.trust.verify import Verdict, verify

SETTLED = ("signed", "signed_earlier", "as_published", "edited")
"""Verdicts that signature or hash give, so that the pictures are not searched."""
AT_ONCE = 2
"""Checks of one process, each for another key: one reads all frames of its file, which takes some seconds of a core and
up to 2.4 GB, and then no other clip or picture is decoded."""
_busy: set[str] = set()
_lock = threading.Lock()


def check(data: bytes, key_id: str) -> Verdict:
    """The verdict on a file; ``RequestError`` when it cannot be read, or when one of this key or too many are checked
    at the moment (429)."""
    if not sniff_bytes(data).startswith(("video/", "image/")):
        message = "this file cannot be checked; give an MP4, WebM, GIF, PNG, JPEG or WebP file"
        raise RequestError(message, code="invalid_media", param="file")
    with _slot(key_id), scratch() as folder:
        path = folder / "file"
        path.write_bytes(data)
        try:
            with ROOM.reserve(_bytes(path)):
                return verify(path)
        except MediaError as error:
            message = str(error).replace(str(path), "the file")
            raise RequestError(message, code="invalid_media", param="file") from error


def _bytes(path: Path) -> int:
    """What a check may take: all frames, and a copy of them that is looked at as in a mirror."""
    if is_still(sniff_file(path)):
        height, width = check_picture(path)
        return height * width * 20
    return measure_footage(path) * 6


def is_own(connection: Connection, verdict: Verdict, key_id: str) -> bool:
    """Whether the record is for the eyes of a key: this machine's user, or whoever asked for the video."""
    if verdict.entry is None or key_id == LOCAL:
        return verdict.entry is not None
    made = JOBS.c.pixels_sha256 == verdict.entry.record.get("pixels_sha256")
    return connection.execute(select(JOBS.c.id).where(made, JOBS.c.key_id == key_id).limit(1)).first() is not None


def check_of(verdict: Verdict, *, own: bool, now: float) -> dict[str, Any]:
    """The object on the wire. The prompt in the record is shown only to its ``own`` key, others get its hash."""
    return {
        "object": "content_provenance_check",
        "created_at": int(now),
        "results": [_c2pa(verdict), _watermark(verdict), _fingerprint(verdict)],
        "verdict": verdict.sentence,
        "origin": verdict.origin,
        "notes": list(verdict.notes),
        "published": None if verdict.entry is None else _published(verdict.entry, own=own),
    }


def _c2pa(verdict: Verdict) -> dict[str, Any]:
    credential = verdict.credential
    ours = credential is not None and credential.state == "trusted"
    return {
        "type": "c2pa",
        "outcome": "not_detected" if credential is None else "detected",
        "validation_state": "not_present" if credential is None or credential.state == ELSEWHERE else credential.state,
        "issuer": None if credential is None else credential.signer,
        "model": None if credential is None else credential.generation.get("model"),
        "generated_at": _time(verdict.entry) if ours and verdict.entry is not None else None,
        "problems": [] if credential is None else list(credential.problems),
    }


def _watermark(verdict: Verdict) -> dict[str, Any]:
    """Pictures are searched only where the signature does not settle it."""
    mark = verdict.watermark
    if mark is None:
        return {"type": "ozora_watermark", "outcome": "not_checked" if verdict.origin in SETTLED else "not_detected"}
    return {
        "type": "ozora_watermark",
        "outcome": "detected",
        "payload": f"{mark.payload:08x}",
        "strength": round(mark.strength, 3),
        "scale": round(mark.scale, 3),
        "mirrored": mark.mirrored,
    }


def _fingerprint(verdict: Verdict) -> dict[str, Any]:
    """How it looks is asked last."""
    if verdict.looks is not None:
        return {"type": "ozora_fingerprint", "outcome": "detected", "distance_bits": round(verdict.looks, 1)}
    return {
        "type": "ozora_fingerprint",
        "outcome": "not_detected" if verdict.origin == "unknown" else "not_checked",
    }


def _published(entry: Entry, *, own: bool) -> dict[str, Any]:
    """What was written down when it was published, without the paths of this machine."""
    record = entry.record
    plan = dict(record.get("plan", {}))
    plan["conditions"] = [
        {name: value for name, value in item.items() if name != "path"} for item in plan.get("conditions", [])
    ]
    text = "\n".join(prompt["text"] for prompt in plan.get("prompts", []))
    if not own:
        plan["prompts"] = [{**prompt, "text": None} for prompt in plan.get("prompts", [])]
    return {
        "watermark": f"{entry.payload:08x}",
        "published_at": _time(entry),
        "file_sha256": entry.file_sha256,
        "prompt_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "record": {**record, "plan": plan, "notes": record.get("notes", []) if own else []},
    }


def _time(entry: Entry) -> int:
    return int(datetime.fromisoformat(entry.published_at).timestamp())


@contextmanager
def _slot(key_id: str) -> Iterator[None]:
    with _lock:
        if key_id in _busy or len(_busy) >= AT_ONCE:
            raise RequestError("other files are being checked; try again in a moment", status=429, code="busy")
        _busy.add(key_id)
    try:
        yield
    finally:
        with _lock:
            _busy.discard(key_id)
