"""Given files of a plan: kept in the store with their job, and brought to the machine that paints."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path

from ozora.plan import Plan
from ozora.server.store import Store

SCHEME = "store:"


def stow(store: Store, plan: Plan, job_id: str) -> Plan:
    """Copy the files that a plan names into the store; the plan that comes back names them there."""
    kept = []
    for index, item in enumerate(plan.conditions):
        path = f"videos/{job_id}/input-{index}"
        store.put(Path(item.path), path)
        kept.append(dataclasses.replace(item, path=SCHEME + path))
    return dataclasses.replace(plan, conditions=tuple(kept))


def bring(store: Store, plan: Plan) -> Plan:
    """The plan with files of this machine; always the same ones, since a snapshot belongs to one exact plan."""
    brought = tuple(
        dataclasses.replace(item, path=str(_local(store, item.path.removeprefix(SCHEME), item.sha256)))
        for item in plan.conditions
    )
    return dataclasses.replace(plan, conditions=brought)


def _local(store: Store, path: str, sha256: str) -> Path:
    here = store.local_path(path)
    if here is None:
        here = Path(tempfile.gettempdir()) / "ozora-inputs" / sha256
        here.parent.mkdir(parents=True, exist_ok=True)
        here.write_bytes(store.read(path))
    return here
