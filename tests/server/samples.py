"""Plans, drafts of jobs and stored files for tests."""

from __future__ import annotations

from fractions import Fraction

from ozora.plan import Plan, Prompt, Sampler
from ozora.server import files
from ozora.server.database import Database
from ozora.server.files import StoredFile
from ozora.server.jobs import Draft
from ozora.server.keys import LOCAL
from ozora.server.store import Store
from ozora.shapes import VideoShape


def plan(text: str = "a red ball", *, seed: int = 1, steps: int = 4) -> Plan:
    """A second of the stub's video."""
    return Plan(
        prompts=(Prompt(text=text),),
        shape=VideoShape(frames=4, height=32, width=48, fps=Fraction(4)),
        model="stub",
        seed=seed,
        sampler=Sampler(steps=steps, guidance=1.0),
    )


def draft(text: str = "a red ball", *, key_id: str = LOCAL, priority: int = 0, seed: int = 1, steps: int = 4) -> Draft:
    """A job for that plan."""
    return Draft(
        key_id=key_id,
        verb="create",
        model="stub",
        prompt=text,
        seconds="1",
        size="48x32",
        plan=plan(text, seed=seed, steps=steps).to_dict(),
        predicted_s=1.0,
        predicted_memory_bytes=1,
        predicted_disk_bytes=1,
        priority=priority,
    )


def keep_file(database: Database, store: Store, data: bytes = b"x") -> StoredFile:
    """A file with its bytes and its row."""
    identity = files.new_id()
    with files.keeping(database, store, identity, data) as seal, database.writing() as connection:
        return files.add(
            connection,
            identity,
            key_id=LOCAL,
            name="a",
            purpose="user_data",
            media_type="text/plain",
            seal=seal,
            now=1.0,
        )
