from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from ozora.errors import MediaError, OutputError, UnknownNameError
from ozora.stage.troupe.casting import ROLES
from ozora.stage.troupe.figure import Member, pose
from ozora.stage.troupe.pack import Credits, Pack, read_pack, write_pack
from ozora.stage.troupe.production import produce
from tests.stage.troupe.game_files import ROLE, game

CREDITS = Credits(title="t", license="CC-BY-SA-3.0", license_url="u", source="s", authors=("a", "b"))


@pytest.fixture(scope="module")
def member() -> Member:
    return produce(game(), ROLE)


@pytest.fixture
def path(member: Member, tmp_path: Path) -> Path:
    write_pack([member], tmp_path / "troupe.pack", CREDITS)
    return tmp_path / "troupe.pack"


def damage(path: Path, array: str, value: np.ndarray[Any, Any]) -> Pack:
    arrays = load_file(path)
    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    save_file({**arrays, array: value}, path, metadata=metadata)
    return read_pack(path)


def test_round_trip(member: Member, path: Path) -> None:
    pack = read_pack(path)
    back = pack.member("tall figure")
    assert pack.credits == CREDITS
    assert (back.noun, back.traits, back.family, back.dye) == ("figure", ("tall",), "person", member.dye)
    np.testing.assert_allclose(back.positions, member.positions, atol=2e-4)
    np.testing.assert_allclose(back.weights, member.weights, atol=0.01)
    np.testing.assert_array_equal(back.triangles, member.triangles)
    for clip in member.clips:
        np.testing.assert_allclose(pose(back, clip, 0.13), pose(member, clip, 0.13), atol=1e-3)
    assert pack.entries["tall figure"].clips["idle"][0] == member.clips["idle"].duration_s
    assert pack.member("tall figure") is back


def test_the_same_members_give_the_same_bytes(member: Member, path: Path, tmp_path: Path) -> None:
    write_pack([member], tmp_path / "again.pack", CREDITS)
    assert (tmp_path / "again.pack").read_bytes() == path.read_bytes()


def test_unknown_members_are_named(path: Path) -> None:
    with pytest.raises(UnknownNameError, match="tall figure"):
        read_pack(path).member("dragon")


def test_nothing_is_left_of_a_failed_write(member: Member, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(OutputError):
        write_pack([member], blocked / "troupe.pack", CREDITS)
    assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208 - names only


@pytest.mark.parametrize("data", [None, b"", b"\xff" * 64, b"\x02\0\0\0\0\0\0\0{}"])
def test_other_files_are_refused(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "troupe.pack"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(MediaError, match="cast pack"):
        read_pack(path)


@pytest.mark.parametrize(
    "header", ["[]", "{}", '{"format": "other", "members": []}', "{", '{"format": 1, "members": 2}']
)
def test_other_headers_are_refused(tmp_path: Path, header: str) -> None:
    save_file({"x": np.zeros(1)}, tmp_path / "troupe.pack", metadata={"troupe": header})
    with pytest.raises(MediaError):
        read_pack(tmp_path / "troupe.pack")


@pytest.mark.parametrize("length", [8, 100, -1])
def test_truncated_packs_are_refused(path: Path, length: int) -> None:
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(MediaError):
        read_pack(path)


@pytest.mark.parametrize(
    ("array", "value"),
    [
        ("0.triangles", np.full((1, 3), 999, np.uint32)),
        ("0.triangles", np.zeros((2, 2), np.uint32)),
        ("0.bones", np.full((9, 4), 200, np.uint8)),
        ("0.layers", np.full(9, 7, np.uint8)),
        ("0.uvs", np.full((9, 2), np.nan, np.float32)),
        ("0.bind_turns", np.zeros((1, 4), np.float32)),
        ("0.clip0_visible", np.zeros(1, np.uint8)),
        ("0.clip0_places", np.zeros((0, 3, 3), np.int16)),
        ("0.picture0", np.zeros(4, np.uint8)),
    ],
)
def test_damaged_members_are_refused(path: Path, array: str, value: np.ndarray[Any, Any]) -> None:
    with pytest.raises(MediaError):
        damage(path, array, value).member("tall figure")


def test_credits_are_plain_json() -> None:
    assert Credits.from_dict(json.loads(json.dumps(CREDITS.to_dict()))) == CREDITS


@pytest.mark.slow
def test_the_true_pack() -> None:
    if "OZORA_TROUPE" not in os.environ:
        pytest.skip("OZORA_TROUPE does not point to a cast pack built from 0ad-data")
    path = Path(os.environ["OZORA_TROUPE"])
    pack = read_pack(path)
    assert path.stat().st_size < 40 * 2**20
    assert set(pack.entries) == {role.name for role in ROLES}
    assert pack.credits.license == "CC-BY-SA-3.0"
    for name, entry in pack.entries.items():
        member = pack.member(name)
        for clip, (_, _, stride_m) in entry.clips.items():
            assert np.isfinite(pose(member, clip, 0.5)).all()
            assert (stride_m > 0.02) == (clip in ("walk", "run", "fly", "glide", "swim", "hop")), f"{name}: {clip}"
