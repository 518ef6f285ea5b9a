from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ozora.errors import TrustError
from ozora.trust.home import HomeDatabase, make_private, open_home, prove_room, write_whole

SCHEMA = "CREATE TABLE IF NOT EXISTS notes (text TEXT);"


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_nobody_else_gets_into_a_home(tmp_path: Path) -> None:
    assert _mode(open_home(tmp_path / "new")) == 0o700
    wide = tmp_path / "wide"
    wide.mkdir(mode=0o755)
    assert _mode(open_home(wide)) == 0o700


def test_a_home_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TrustError, match="OZORA_HOME"):
        open_home(tmp_path / "file" / "home")


def test_files_are_private_and_those_that_were_not_become_so(tmp_path: Path) -> None:
    assert _mode(make_private(tmp_path / "new")) == 0o600
    (tmp_path / "wide").write_text("kept")
    assert _mode(make_private(tmp_path / "wide")) == 0o600
    assert (tmp_path / "wide").read_text() == "kept"


def test_a_small_file_is_replaced_whole(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", "one")
    write_whole(tmp_path / "a", "two")
    assert (tmp_path / "a").read_text() == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_database_and_what_lies_beside_it_are_private(tmp_path: Path) -> None:
    with HomeDatabase(tmp_path / "home" / "a.db", SCHEMA) as database:
        database.connection.execute("INSERT INTO notes VALUES ('secret')")
        assert {_mode(path) for path in (tmp_path / "home").iterdir()} == {0o600}
        assert len(list((tmp_path / "home").iterdir())) == 3


def test_a_database_that_is_locked_or_damaged_is_an_error(tmp_path: Path) -> None:
    with HomeDatabase(tmp_path / "a.db", SCHEMA) as database:
        database.prove_writable()
        database.connection.execute("PRAGMA busy_timeout = 10")
        other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(TrustError, match="locked"):
            database.prove_writable()
        other.close()
    (tmp_path / "b.db").write_bytes(b"no database " * 1000)
    with pytest.raises(TrustError, match=r"b\.db"):
        HomeDatabase(tmp_path / "b.db", SCHEMA)


def test_a_full_disk_is_found_before_work(tmp_path: Path) -> None:
    prove_room(tmp_path)
    assert not list(tmp_path.iterdir())
    code = (
        "import resource, signal, sys; from pathlib import Path; from ozora.trust.home import prove_room\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "prove_room(Path(sys.argv[1]))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert "make room there" in done.stderr
    assert not list(tmp_path.iterdir())
