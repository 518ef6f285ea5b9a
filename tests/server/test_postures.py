from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ozora.errors import UserError
from ozora.server import keys
from ozora.server.database import Database
from ozora.server.postures import keep_private
from ozora.server.settings import in_folder
from ozora.server.store import Store


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """The rights of others to everything in a folder, where there are any; itself is "."."""
    found = {str(path.relative_to(folder)): path.stat().st_mode & 0o077 for path in (folder, *folder.rglob("*"))}
    return {name: mode for name, mode in found.items() if mode}


def fill(folder: Path) -> None:
    """What a server writes, while its database is open."""
    settings = in_folder(folder)
    database = Database(settings.database)
    database.migrate()
    with database.writing() as connection:
        keys.ensure_local(connection)
        assert (folder / "ozora.db-wal").exists()
    Store(settings.data).write("videos/a/b.mp4", b"x")


def test_what_is_made_is_private(tmp_path: Path) -> None:
    keep_private(in_folder(tmp_path / "data"))
    fill(tmp_path / "data")
    assert modes(tmp_path / "data") == {}


def test_what_is_there_is_narrowed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    fill(folder)
    assert "ozora.db" in modes(folder) and "." in modes(folder)
    keep_private(in_folder(folder))
    left = modes(folder)
    assert not {".", "ozora.db", "ozora.db-wal", "ozora.db-shm", "files"} & set(left), "nobody gets to the others"


def test_places_of_others_are_left_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket, a PostgreSQL, and a database in a folder with other things."""
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    far = dataclasses.replace(in_folder(tmp_path), database="postgresql://h/n", data="s3://bucket/x")
    keep_private(far)
    keep_private(dataclasses.replace(far, database=f"sqlite:///{tmp_path}/ozora.db"))
    keep_private(dataclasses.replace(far, database="cupboard"))
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="--data folder of your own"):
        keep_private(in_folder(tmp_path / "file" / "data"))
