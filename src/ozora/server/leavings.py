"""What a painter leaves in the store when its job was taken from it: another one has painted it meanwhile, or will."""

from __future__ import annotations

import contextlib

from sqlalchemy import select

from ozora.errors import StoreError
from ozora.server.database import Database
from ozora.server.jobs import ENDED, Job
from ozora.server.snapshots import snapshot_path
from ozora.server.store import Store
from ozora.server.tables import JOBS


def clear_leavings(database: Database, store: Store, job: Job) -> None:
    """Remove the files of the attempt ``job``, and its saved step where nobody goes on from it.

    What cannot be asked or removed now goes with the job's other files when it is past its time.
    """
    with contextlib.suppress(StoreError):
        with database.reading() as connection:
            query = select(JOBS.c.status, JOBS.c.folder, JOBS.c.cleaned_at).where(JOBS.c.id == job.id)
            row = connection.execute(query).mappings().first()
        own = f"videos/{job.id}/{job.attempt}"
        if row is None or row["folder"] != own:
            store.remove(own)
        if row is None:
            return
        if row["cleaned_at"] is not None:  # all that was there has gone before: this was written later
            store.remove(f"videos/{job.id}")
        elif row["status"] in ENDED:
            store.remove(snapshot_path(job.id))
