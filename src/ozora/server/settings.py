"""What a server is told: one frozen value, given on to its processes through one environment variable."""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

VARIABLE = "OZORA_SERVER"
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a process of the server needs to know.

    ``database`` is a URL of SQLAlchemy, ``data`` a URL or folder of fsspec. ``aliases`` maps a name on the wire to a
    model. ``lease_s``: a worker that is silent for so long has lost its job. ``patience``: one step may take so many
    times as long as that, or as the whole job is thought to take. ``max_failures``: so many attempts without a new step
    end a job. ``keep_s``: files of a job live so long. ``memory_bytes``: what one job may need, 0 for what the machine
    has. ``private_hosts`` may be fetched from and sent to although they are not public. ``supervised``: the process
    ends when its standard input does. ``mark``: what its supervisor knows the process by.
    """

    database: str
    data: str
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    aliases: dict[str, str] = field(default_factory=lambda: {"sora-2": "maquette", "sora-2-pro": "maquette"})
    lease_s: float = 30.0
    patience: float = 10.0
    max_failures: int = 5
    keep_s: float = 30 * 86400.0
    max_queued: int = 20_000
    max_upload_bytes: int = 200_000_000
    memory_bytes: int = 0
    private_hosts: tuple[str, ...] = ()
    supervised: bool = False
    mark: str = ""

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Settings:
        return Settings(**{**data, "private_hosts": tuple(data.get("private_hosts", ()))})


def in_folder(folder: Path) -> Settings:
    """The embedded server: an SQLite database and its files in one folder."""
    return Settings(database=f"sqlite:///{folder.absolute() / 'ozora.db'}", data=str(folder.absolute() / "files"))


def from_environment() -> Settings:
    """The settings that the supervisor gave to this process."""
    return Settings.from_dict(json.loads(os.environ[VARIABLE]))


def environment(settings: Settings) -> dict[str, str]:
    """This process's environment, with ``settings`` for a child in it."""
    return {**os.environ, VARIABLE: json.dumps(settings.to_dict())}
