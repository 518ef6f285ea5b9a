"""A job as a client sees it: the ``Video`` object of the SDKs, with a few fields of ours beside."""

from __future__ import annotations

from typing import Any

from ozora.server.jobs import IN_PROGRESS, QUEUED, Job

MIN_POLL_MS, MAX_POLL_MS = 250, 5000


def video_of(job: Job) -> dict[str, Any]:
    """The fields that the SDKs know are always there; those from "seed" on are ours."""
    return {
        "id": job.id,
        "object": "video",
        "model": job.model,
        "status": job.status,
        "progress": job.progress,
        "created_at": int(job.created_at),
        "completed_at": _whole(job.completed_at),
        "expires_at": _whole(job.expires_at),
        "prompt": job.prompt,
        "seconds": job.seconds,
        "size": job.size,
        "remixed_from_video_id": job.parent_id if job.verb == "remix" else None,
        "error": None if job.error_code is None else {"code": job.error_code, "message": job.error_message or ""},
        "seed": job.plan["seed"],
        "variants": job.variants,
        "fps": job.plan["shape"]["fps"],
        "parent_id": job.parent_id,
        "characters": [{"id": identity} for identity in job.characters],
        "notes": list(job.notes),
        "waits_for": job.waits_for if job.status == QUEUED else None,
        "predicted": {
            "seconds": job.predicted_s,
            "memory_bytes": job.predicted_memory_bytes,
            "disk_bytes": job.predicted_disk_bytes,
        },
        "took": None
        if job.took_s is None
        else {
            "seconds": round(job.took_s, 3),
            "memory_bytes": job.took_memory_bytes,
            "disk_bytes": job.took_disk_bytes,
        },
    }


def poll_ms(job: Job) -> int:
    """When to ask again: a quarter of the time that is left, within bounds."""
    if job.status == QUEUED:
        return 1000
    if job.status != IN_PROGRESS:
        return MIN_POLL_MS
    left_s = job.predicted_s * (100 - job.progress) / 100
    return int(min(MAX_POLL_MS, max(MIN_POLL_MS, left_s * 250)))


def _whole(time: float | None) -> int | None:
    return None if time is None else int(time)
