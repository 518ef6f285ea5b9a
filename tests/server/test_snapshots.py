from __future__ import annotations

from ozora.server.snapshots import find_snapshot, save_snapshot, snapshot_path
from ozora.server.store import Store


def test_a_step_comes_back_as_it_was_saved(store: Store) -> None:
    assert find_snapshot(store, "video_1") is None
    for data in (b"step one", b""):
        save_snapshot(store, "video_1", data)
        assert find_snapshot(store, "video_1") == data


def test_a_step_with_a_wrong_byte_is_none(store: Store) -> None:
    save_snapshot(store, "video_1", b"step one")
    whole = store.read(snapshot_path("video_1"))
    store.write(snapshot_path("video_1"), b"S" + whole[1:])
    assert find_snapshot(store, "video_1") is None


def test_a_step_of_an_older_version_is_left_to_the_model(store: Store) -> None:
    store.write(snapshot_path("video_1"), b"a step without a hash")
    assert find_snapshot(store, "video_1") == b"a step without a hash"
