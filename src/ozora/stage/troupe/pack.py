"""The cast pack: the whole troupe in one safetensors file, small enough to carry along.

Every member is a handful of arrays under its number, plus an entry in one JSON text in the file's metadata. Numbers
are quantized: positions and bone places to 16 bits of their range (about 0.1 mm), turns to 16 bits, normals and
weights to 8. Pictures are WebP. Members are decoded when they are first asked for.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from ozora.errors import MediaError, OutputError, UnknownNameError
from ozora.stage.troupe.figure import MAX_BONES, Clip, Member
from ozora.stage.troupe.rotations import FloatArray, Rigid, normalize
from ozora.stage.troupe.textures import decode_picture, encode_picture

FORMAT = "ozora-troupe-1"
DEFAULT_PACK = Path("out/troupe.pack")
MAX_PACK_BYTES = 256 * 2**20
MAX_MEMBERS = 4096
MAX_PICTURE_SIDE = 1024
FULL = 32767.0

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credits:
    """Who made the figures, and on what terms."""

    title: str
    license: str
    license_url: str
    source: str
    authors: tuple[str, ...]
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__} | {"authors": list(self.authors)}

    @staticmethod
    def from_dict(data: dict[str, Any]) -> Credits:
        return Credits(**{**data, "authors": tuple(data["authors"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is known of a member without decoding it. ``clips``: name -> (duration_s, loops, stride_m)."""

    name: str
    noun: str
    family: str
    traits: tuple[str, ...]
    height_m: float
    dye_share: float
    clips: Mapping[str, tuple[float, bool, float]]


class Pack:
    """A cast pack on disk. ``entries`` lists its members; ``member`` decodes one and keeps it."""

    def __init__(self, path: Path, header: dict[str, Any]) -> None:
        self._path = path
        self._header = {item["name"]: (number, item) for number, item in enumerate(header["members"])}
        self._cache: dict[str, Member] = {}
        self.credits = Credits.from_dict(header["credits"])
        self.entries = {name: _entry(item) for name, (_, item) in self._header.items()}

    def member(self, name: str) -> Member:
        """One member by name. Raises UnknownNameError when the pack lacks it, MediaError when its data are broken."""
        if name not in self._header:
            raise UnknownNameError(f"The troupe has no {name!r}; it has {', '.join(sorted(self._header))}.")
        if name not in self._cache:
            number, item = self._header[name]
            self._cache[name] = _read_member(self._path, number, item)
        return self._cache[name]


def _entry(item: dict[str, Any]) -> Entry:
    return Entry(
        name=item["name"],
        noun=item["noun"],
        family=item["family"],
        traits=tuple(item["traits"]),
        height_m=float(item["height_m"]),
        dye_share=float(item["dye_share"]),
        clips={
            clip["name"]: (float(clip["duration_s"]), bool(clip["loops"]), float(clip["stride_m"]))
            for clip in item["clips"]
        },
    )


def _squeeze(values: FloatArray) -> tuple[NDArray[np.int16], float]:
    """16-bit numbers and the size of their unit."""
    unit = max(float(np.abs(values).max(initial=0.0)), 1e-6) / FULL
    return np.round(values / unit).astype(np.int16), unit


def _squeeze_member(member: Member, prefix: str) -> tuple[Arrays, dict[str, Any]]:
    positions, unit = _squeeze(member.positions)
    sums = np.maximum(member.weights.sum(axis=1, keepdims=True), 1e-6)
    arrays: Arrays = {
        "positions": positions,
        "normals": np.round(member.normals * 127.0).astype(np.int8),
        "uvs": member.uvs.astype(np.float32),
        "layers": member.layers,
        "bones": member.bones,
        "weights": np.round(member.weights / sums * 255.0).astype(np.uint8),
        "triangles": member.triangles.astype(np.uint32),
        "bind_places": member.bind.places,
        "bind_turns": member.bind.turns,
    }
    for layer, picture in enumerate(member.pictures):
        arrays[f"picture{layer}"] = np.frombuffer(encode_picture(picture), dtype=np.uint8)
    item: dict[str, Any] = {name: getattr(member, name) for name in ("name", "noun", "family", "height_m", "dye_share")}
    item |= {
        "traits": list(member.traits),
        "unit": unit,
        "dyed": [bool(each) for each in member.dyed],
        "dye": list(member.dye),
        "clips": [],
    }
    for number, (name, clip) in enumerate(member.clips.items()):
        places, place_unit = _squeeze(clip.poses.places)
        arrays[f"clip{number}_places"] = places
        arrays[f"clip{number}_turns"] = np.round(clip.poses.turns * FULL).astype(np.int16)
        arrays[f"clip{number}_visible"] = clip.visible.astype(np.uint8)
        told = {"name": name, "duration_s": clip.duration_s, "loops": clip.loops, "stride_m": clip.stride_m}
        item["clips"].append(told | {"unit": place_unit})
    return {f"{prefix}.{name}": np.ascontiguousarray(array) for name, array in arrays.items()}, item


def write_pack(members: Sequence[Member], path: Path, credits: Credits) -> None:
    """Write all members to one file, whole or not at all. Raises OutputError when it cannot be written."""
    arrays: Arrays = {}
    items = []
    for number, member in enumerate(members):
        more, item = _squeeze_member(member, str(number))
        arrays |= more
        items.append(item)
    header = {"format": FORMAT, "credits": credits.to_dict(), "members": items}
    data = save(arrays, metadata={"troupe": json.dumps(header, ensure_ascii=False)})
    partial = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise OutputError(f"The cast pack cannot be written to {path}: {error.strerror}.") from error


def find_pack() -> Pack:
    """The pack of this machine: the file that ``OZORA_TROUPE`` names, else ``out/troupe.pack``. Opened once.

    Raises MediaError when there is none.
    """
    return _open_once((Path(os.environ.get("OZORA_TROUPE") or DEFAULT_PACK)).absolute())


@lru_cache(maxsize=2)
def _open_once(path: Path) -> Pack:
    return read_pack(path)


def read_pack(path: Path) -> Pack:
    """Open a cast pack. Raises MediaError when it is missing, too large, damaged or of another format."""
    try:
        if path.stat().st_size > MAX_PACK_BYTES:
            raise MediaError(f"{path} is larger than {MAX_PACK_BYTES // 2**20} MB, so it is no cast pack.")
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
        header = json.loads(metadata["troupe"])
        if header["format"] != FORMAT or len(header["members"]) > MAX_MEMBERS:
            raise MediaError(f"{path} has the format {header['format']!r}, and {FORMAT!r} can be read.")
        return Pack(path, header)
    except OSError as error:
        raise MediaError(f"there is no cast pack at {path}; make one with 'ozora stage troupe'") from error
    except (SafetensorError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise MediaError(f"{path} is not a cast pack: make one with 'ozora stage troupe'.") from error


def _read_member(path: Path, number: int, item: dict[str, Any]) -> Member:
    prefix = f"{number}."
    try:
        with safe_open(path, framework="numpy") as file:
            names = list(file.keys())
            arrays = {name.removeprefix(prefix): file.get_tensor(name) for name in names if name.startswith(prefix)}
        member = _decode_member(arrays, item)
        _check_member(member)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, IndexError, AssertionError) as error:
        raise MediaError(f"The {item['name']} in {path} is damaged: make the pack again.") from error
    return member


def _decode_member(arrays: Arrays, item: dict[str, Any]) -> Member:
    pictures = [
        decode_picture(arrays[f"picture{layer}"].tobytes(), item["name"], MAX_PICTURE_SIDE)
        for layer in range(len(item["dyed"]))
    ]
    normals = arrays["normals"].astype(np.float32)
    weights = arrays["weights"].astype(np.float32)
    red, green, blue = item["dye"]
    return Member(
        **{name: item[name] for name in ("name", "noun", "family", "height_m", "dye_share")},
        traits=tuple(item["traits"]),
        positions=arrays["positions"].astype(np.float32) * np.float32(item["unit"]),
        normals=normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6),
        uvs=arrays["uvs"].astype(np.float32),
        layers=arrays["layers"].astype(np.uint8),
        bones=arrays["bones"].astype(np.uint8),
        weights=weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-6),
        triangles=arrays["triangles"].astype(np.uint32),
        bind=Rigid(places=arrays["bind_places"], turns=normalize(arrays["bind_turns"])),
        pictures=np.stack(pictures),
        dyed=np.array(item["dyed"], dtype=bool),
        dye=(float(red), float(green), float(blue)),
        clips={clip["name"]: _decode_clip(arrays, place, clip) for place, clip in enumerate(item["clips"])},
    )


def _decode_clip(arrays: Arrays, place: int, told: dict[str, Any]) -> Clip:
    turns = arrays[f"clip{place}_turns"].astype(np.float32) / np.float32(FULL)
    return Clip(
        duration_s=float(told["duration_s"]),
        loops=bool(told["loops"]),
        stride_m=float(told["stride_m"]),
        poses=Rigid(
            places=arrays[f"clip{place}_places"].astype(np.float32) * np.float32(told["unit"]),
            turns=normalize(turns),
        ),
        visible=arrays[f"clip{place}_visible"].astype(bool),
    )


def _check_member(member: Member) -> None:
    """Every index inside its array, every number finite: what the device would not check. Raises ValueError."""
    vertices, bones, layers = len(member.positions), member.num_bones, len(member.pictures)
    shapes = {
        (member.positions.shape, (vertices, 3)),
        (member.normals.shape, (vertices, 3)),
        (member.uvs.shape, (vertices, 2)),
        (member.layers.shape, (vertices,)),
        (member.bones.shape, (vertices, 4)),
        (member.weights.shape, (vertices, 4)),
        (member.triangles.shape[1:], (3,)),
        (member.bind.places.shape, (bones, 3)),
        (member.bind.turns.shape, (bones, 4)),
    }
    for clip in member.clips.values():
        frames = len(clip.poses.places)
        shapes |= {
            (clip.poses.places.shape, (frames, bones, 3)),
            (clip.poses.turns.shape, (frames, bones, 4)),
            (clip.visible.shape, (bones,)),
        }
        if frames == 0 or not 0.0 < clip.duration_s < 1e4 or not np.isfinite(clip.stride_m):
            raise ValueError("a clip without time")
    if any(found != wanted for found, wanted in shapes) or not 0 < bones <= MAX_BONES:
        raise ValueError("arrays that do not fit together")
    tops = ((member.triangles, vertices), (member.bones, bones), (member.layers, layers))
    if any(array.size and int(array.max()) >= top for array, top in tops):
        raise ValueError("an index without a target")
    numbers = (member.positions, member.uvs, member.bind.places)
    if not all(np.isfinite(array).all() for array in numbers):
        raise ValueError("a number that is not finite")
