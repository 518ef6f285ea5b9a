from __future__ import annotations

import errno
import os
import stat
from functools import partial
from pathlib import Path

import pytest

from ozora.errors import DamageError, StoreError, UserError
from ozora.server.seals import Seal, seal_of
from ozora.server.store import Store


@pytest.fixture(params=["folder", "memory://ozora-tests"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return Store(str(tmp_path / "files") if request.param == "folder" else str(request.param))


def test_what_is_written_can_be_read(place: Store) -> None:
    place.write("videos/a/snapshot", b"one")
    place.write("videos/a/snapshot", b"other")
    assert place.read("videos/a/snapshot") == b"other"
    assert place.size("videos/a/snapshot") == 5
    assert b"".join(place.chunks("videos/a/snapshot", 1, 3)) == b"the"
    place.check()


def test_what_is_removed_is_gone(place: Store) -> None:
    place.write("videos/b/1/video.mp4", b"x")
    place.remove("videos/b")
    place.remove("videos/b")
    assert place.find("videos/b/1/video.mp4") is None
    with pytest.raises(FileNotFoundError):
        place.size("videos/b/1/video.mp4")


def test_a_file_is_put_as_it_is(place: Store, tmp_path: Path) -> None:
    (tmp_path / "clip").write_bytes(b"12345")
    assert place.put(tmp_path / "clip", "files/clip") == seal_of(b"12345")
    assert place.read("files/clip") == b"12345"


def test_only_a_folder_is_on_this_machine(tmp_path: Path) -> None:
    assert Store(str(tmp_path)).local_path("a") == tmp_path / "a"
    assert (Store(str(tmp_path)).free_bytes() or 0) > 0
    assert Store("memory://x").local_path("a") is None
    assert Store("memory://x").free_bytes() is None


def test_a_disk_that_refuses_is_an_error_to_try_again(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("a file in the way")
    with pytest.raises(StoreError, match="try again"):
        Store(str(tmp_path / "files")).write("a/b", b"x")


def test_what_is_no_place_is_refused() -> None:
    with pytest.raises(UserError, match="s3://"):
        Store("nothing://at/all")


def test_what_differs_from_its_seal_is_not_given_out(place: Store) -> None:
    place.write("videos/d/video.mp4", b"whole")
    seal = seal_of(b"whole")
    assert place.check_seal("videos/d/video.mp4", seal) == 5
    assert place.read("videos/d/video.mp4", seal) == b"whole"
    for damaged, says in ((b"who", "3 bytes in place of 5"), (b"whose", "SHA-256"), (b"", "empty")):
        place.write("videos/d/video.mp4", damaged)
        for look in (place.check_seal, place.read):
            with pytest.raises(DamageError, match=says):
                look("videos/d/video.mp4", seal)
    with pytest.raises(FileNotFoundError):
        place.check_seal("videos/d/none.mp4", seal)


def test_a_file_that_nobody_sealed_is_taken_as_it_is_unless_it_is_empty(place: Store) -> None:
    place.write("videos/e/video.mp4", b"old")
    assert place.check_seal("videos/e/video.mp4", Seal()) == 3
    place.write("videos/e/video.mp4", b"")
    with pytest.raises(DamageError, match="empty"):
        place.check_seal("videos/e/video.mp4", Seal())
    assert place.check_seal("videos/e/video.mp4", seal_of(b"")) == 0


def test_a_file_is_read_once_for_its_hash(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    store.write("clip", b"whole")
    told = (tmp_path / "clip").stat()
    store.check_seal("clip", seal_of(b"whole"))
    (tmp_path / "clip").write_bytes(b"other")
    os.utime(tmp_path / "clip", ns=(told.st_atime_ns, told.st_mtime_ns))
    assert store.check_seal("clip", seal_of(b"whole")) == 5, "nothing tells that it changed, so it is not read again"
    with pytest.raises(DamageError):
        Store(str(tmp_path)).check_seal("clip", seal_of(b"whole"))


def test_a_file_is_synced_with_its_name_before_it_counts_as_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_ino))
    Store(str(tmp_path)).write("videos/a/clip", b"x")
    places = (tmp_path, tmp_path / "videos", tmp_path / "videos/a/clip", tmp_path / "videos/a")
    assert synced == [place.stat().st_ino for place in places], "new folders have names too"


def test_a_drive_that_cannot_sync_folders_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(handle: int, reason: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(os, "fsync", partial(refuse, reason=errno.EINVAL))
    Store(str(tmp_path)).write("a/clip", b"x")
    monkeypatch.setattr(os, "fsync", partial(refuse, reason=errno.EIO))
    with pytest.raises(StoreError):
        Store(str(tmp_path)).write("b/clip", b"x")


def test_what_is_moved_is_whole_at_its_new_place(place: Store) -> None:
    place.write("videos/f/1/video.mp4", b"x")
    place.write("videos/f/input-0", b"y")
    place.move("videos/f", "trash/one/videos/f")
    assert place.find("trash/one/videos/f/1/video.mp4") == b"x"
    assert place.find("videos/f/input-0") is None
    assert [state.path for state in place.find_files("trash/one")] == [
        "trash/one/videos/f/1/video.mp4",
        "trash/one/videos/f/input-0",
    ]
    place.move("trash/one/videos/f/input-0", "files/y")
    assert place.find("files/y") == b"y"
    with pytest.raises(FileNotFoundError):
        place.move("videos/f", "trash/two")
    place.remove("trash")


def test_names_are_listed(place: Store) -> None:
    assert place.names("lists") == []
    place.write("lists/b", b"x")
    place.write("lists/a/c", b"x")
    assert place.names("lists") == ["a", "b"]
