from __future__ import annotations

from pathlib import Path

import pytest

from ozora.errors import StoreError, UserError
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
    assert place.put(tmp_path / "clip", "files/clip") == 5
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
