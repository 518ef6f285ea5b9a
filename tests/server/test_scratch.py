from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ozora.errors import StoreError
from ozora.server.scratch import PREFIX, Larder, clear_scratch, scratch

LIVES = """
import sys
from ozora.server.scratch import Larder, scratch
larder = Larder("ozora-larder")
with scratch() as folder:
    (folder / "video.mp4").write_bytes(b"half a film")
    larder.write("input", b"x")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder of this test and of the processes that it starts."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


@contextlib.contextmanager
def another_process() -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process that has a folder and waits, and the folder."""
    command = [sys.executable, "-c", LIVES]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def test_a_folder_is_there_for_the_block_and_for_this_user(temp: Path) -> None:
    with scratch() as folder, scratch() as other:
        assert folder != other and folder.name.startswith(PREFIX)
        assert folder.stat().st_mode & 0o077 == 0
        (folder / "file").write_bytes(b"x")
        assert clear_scratch() == 0
        assert (folder / "file").read_bytes() == b"x"
    assert list(temp.iterdir()) == []


def test_a_folder_goes_when_the_block_fails(temp: Path) -> None:
    with pytest.raises(ValueError), scratch():
        raise ValueError
    assert list(temp.iterdir()) == []


def test_the_folder_of_a_killed_process_is_removed_and_that_of_a_live_one_is_not(temp: Path) -> None:
    with another_process() as (process, folder):
        assert clear_scratch() == 0
        assert (folder / "video.mp4").read_bytes() == b"half a film"
        process.kill()
        process.wait()
        assert folder.exists()
        assert clear_scratch() == 1
    assert not list(temp.glob(f"{PREFIX}*"))


def test_what_is_not_ours_stays(temp: Path) -> None:
    (temp / "ozora-notes").mkdir()
    (temp / f"{PREFIX}file").write_bytes(b"x")
    (temp / f"{PREFIX}link").symlink_to(temp / "ozora-notes")
    assert clear_scratch() == 0
    assert len(list(temp.iterdir())) == 3


def test_a_larder_is_kept_while_a_process_uses_it(temp: Path) -> None:
    larder = Larder("ozora-larder")
    larder.clear()
    with another_process() as (process, _):
        path = larder.path / "input"
        assert path.read_bytes() == b"x" and path.parent.stat().st_mode & 0o077 == 0
        larder.clear()
        assert path.exists()
        process.kill()
        process.wait()
        assert larder.write("other", b"y").read_bytes() == b"y"
        larder.clear()
        assert path.exists(), "this process uses it now"
        larder.close()
        larder.clear()
        assert list(larder.path.iterdir()) == []


def test_a_larder_that_cannot_be_used_is_an_error_to_try_again(temp: Path) -> None:
    larder = Larder("ozora-larder")
    (temp / "elsewhere").mkdir()
    larder.path.symlink_to(temp / "elsewhere")
    with pytest.raises(StoreError, match="TMPDIR"):
        larder.write("input", b"x")
    assert not list((temp / "elsewhere").iterdir())
