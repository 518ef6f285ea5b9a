from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from ozora.errors import OutputError
from ozora.media.output_file import check_output, is_sequence, number, output_error, whole_file, whole_sequence


@pytest.mark.parametrize("name", ["a.mp4", "a.WEBM", "a.gif", "a.png", "new/folder/a.jpg", "f/%04d.png", "é ü.webp"])
def test_check_accepts_what_can_be_written_and_writes_nothing(tmp_path: Path, name: str) -> None:
    check_output(tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "frames", "says"),
    [
        ("clip", 1, "end the name in one of .mp4"),
        ("clip.avi", 1, "end the name in one of .mp4"),
        ("", 1, "end the name in one of .mp4"),
        ("x" * 260 + ".mp4", 1, "shorter"),
        ("x\0y.mp4", 1, "plain"),
        ("folder.mp4", 1, "is a folder"),
        ("file/clip.mp4", 1, "not a folder"),
        ("pipe.mp4", 1, "not an ordinary file"),
        ("clip.png", 9, "clip-%04d.png"),
        ("old-%04d.png", 9, "there already"),
    ],
)
def test_check_says_what_to_change(tmp_path: Path, name: str, frames: int, says: str) -> None:
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "old-0001.png").touch()
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(OutputError, match=says):
        check_output(tmp_path / name if name else Path(), frames=frames)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_check_refuses_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="may not be written to"):
        check_output(tmp_path / "a.mp4")


def test_numbers_of_a_sequence_begin_at_one_and_follow_the_pattern() -> None:
    assert number(Path("f/%04d.png"), 1) == Path("f/0001.png")
    assert number(Path("f/a-%d.png"), 12) == Path("f/a-12.png")
    assert is_sequence(Path("%04d.PNG"))
    assert not is_sequence(Path("100%.png"))
    assert not is_sequence(Path("%04d.mp4"))


def test_a_whole_file_replaces_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with whole_file(target) as draft:
        draft.write_text("new")
        assert target.read_text() == "old"
        assert draft.name.startswith(".")
        assert draft.suffix == ".txt"
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ValueError, SystemExit])
def test_a_failure_leaves_the_folder_as_it_was(tmp_path: Path, stop: type[BaseException]) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(stop), whole_file(target) as draft:
        draft.write_text("half")
        raise stop
    with pytest.raises(stop), whole_file(tmp_path / "new" / "deep" / "b.txt") as draft:
        draft.write_text("half")
        raise stop
    with pytest.raises(stop), whole_sequence(tmp_path / "frames" / "%04d.png") as pattern:
        number(pattern, 1).write_text("half")
        raise stop
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_failed_move_takes_back_the_pictures_that_were_moved(tmp_path: Path) -> None:
    (tmp_path / "0002.png").mkdir()
    with pytest.raises(OutputError), whole_sequence(tmp_path / "%04d.png") as pattern:
        number(pattern, 1).write_text("one")
        number(pattern, 2).write_text("two")
    assert [path.name for path in tmp_path.iterdir()] == ["0002.png"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "a.txt").symlink_to(tmp_path / "disk" / "b.txt")
    with whole_file(tmp_path / "a.txt") as draft:
        draft.write_text("new")
    assert (tmp_path / "a.txt").is_symlink()
    assert (tmp_path / "disk" / "b.txt").read_text() == "new"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO])
def test_an_error_of_the_system_becomes_one_sentence(code: int) -> None:
    message = str(output_error(Path("a.mp4"), OSError(code, os.strerror(code))))
    assert message.startswith("a.mp4 was not written, ")
    assert "\n" not in message
