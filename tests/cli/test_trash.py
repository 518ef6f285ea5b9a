from __future__ import annotations

from pathlib import Path

import pytest

from ozora.cli.commands import app, call
from ozora.server.database import Database
from ozora.server.settings import Settings, in_folder
from ozora.server.store import Store
from ozora.server.trash import discard
from tests.server.samples import keep_file


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return in_folder(tmp_path)


@pytest.fixture
def store(settings: Settings) -> Store:
    return Store(settings.data)


def test_what_was_deleted_comes_back(
    settings: Settings, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = Database(settings.database)
    database.migrate()
    file = keep_file(database, store, b"bytes")
    database.close()
    discard(store, file.path)
    store.write("videos/video_1/snapshot", b"x")
    discard(store, "videos/video_1")
    place = ["--data", str(tmp_path)]
    assert call(app, ["trash", "list", *place]) == 0
    shown = capsys.readouterr().out
    assert f"{file.path}  5" in shown and "videos/video_1  1" in shown
    assert call(app, ["trash", "restore", file.id, "video_1", *place]) == 0
    shown = capsys.readouterr().out
    assert f"{file.path} is back\n" in shown and "videos/video_1 is back (the database does not know it" in shown
    assert store.read(file.path) == b"bytes"
    assert call(app, ["trash", "list", *place]) == 0
    assert capsys.readouterr().out == ""


def test_what_is_deleted_for_good_is_named(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("file_1", "file_2", "file_3"):
        store.write(f"files/{name}", b"x")
        discard(store, f"files/{name}")
    place = ["--data", str(tmp_path)]
    assert call(app, ["trash", "empty", "file_2", *place]) == 0
    assert capsys.readouterr().out == "files/file_2 is deleted for good\n"
    assert call(app, ["trash", "empty", "--all", *place]) == 0
    assert capsys.readouterr().out.count("for good") == 2
    assert not list(tmp_path.rglob("file_*"))


@pytest.mark.parametrize("arguments", [["restore"], ["restore", "file_9"], ["empty"], ["empty", "file_9", "--all"]])
def test_nothing_is_done_to_what_is_not_named(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(app, ["trash", *arguments, "--data", str(tmp_path)]) == 2
    assert "trash list" in capsys.readouterr().err
