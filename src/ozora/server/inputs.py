"""Given files of a plan: kept in the store with their job, and brought to the machine that paints."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from ozora.errors import DamageError
from ozora.plan import ClipCondition, Condition, Plan
from ozora.server.scratch import Larder
from ozora.server.seals import Seal
from ozora.server.store import Store

SCHEME = "store:"
INPUTS = Larder("ozora-inputs")  # of a store that is not on this machine


def folder_of(job_id: str) -> str:
    """Where the files of a job are in the store."""
    return f"videos/{job_id}"


def stow(store: Store, plan: Plan, job_id: str) -> Plan:
    """Copy the files that a plan names into the store, each once; the plan that comes back names them there."""
    kept: dict[str, str] = {}

    def keep(path: str, name: str) -> str:
        if path not in kept:
            kept[path] = f"{folder_of(job_id)}/{name}"
            store.check_room(Path(path).stat().st_size)
            store.put(Path(path), kept[path])
        return SCHEME + kept[path]

    stowed = []
    for index, item in enumerate(plan.conditions):
        new = dataclasses.replace(item, path=keep(item.path, f"input-{index}"))
        if isinstance(new, ClipCondition) and new.hole is not None and new.hole.mask:
            name = f"mask-{index}{Path(new.hole.mask).suffix}"  # which says whether it is a picture or a clip
            new = dataclasses.replace(new, hole=dataclasses.replace(new.hole, mask=keep(new.hole.mask, name)))
        stowed.append(new)
    return dataclasses.replace(plan, conditions=tuple(stowed))


def bring(store: Store, plan: Plan) -> Plan:
    """The plan with files of this machine; always the same ones, since a snapshot belongs to one exact plan.

    ``DamageError`` when a file is not what was given, or gone: the fault is ours, and whoever gave it can do nothing.
    """
    return dataclasses.replace(plan, conditions=tuple(_bring(store, item) for item in plan.conditions))


def _bring(store: Store, item: Condition) -> Condition:
    here = dataclasses.replace(item, path=_local(store, item.path, item.sha256))
    if isinstance(here, ClipCondition) and here.hole is not None and here.hole.mask:
        mask = _local(store, here.hole.mask, here.hole.sha256)
        return dataclasses.replace(here, hole=dataclasses.replace(here.hole, mask=mask))
    return here


def _local(store: Store, name: str, sha256: str) -> str:
    path, seal = name.removeprefix(SCHEME), Seal(sha256=sha256)
    here = store.local_path(path)
    try:
        if here is not None:
            store.check_seal(path, seal)
            return str(here)
        data = store.read(path, seal)
    except FileNotFoundError:
        message = (
            f"the given file {path} is gone from the file store; restore it from a backup, or make the video again"
        )
        raise DamageError(message) from None
    return str(INPUTS.write(f"{sha256}{Path(path).suffix}", data))
