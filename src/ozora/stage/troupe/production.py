"""From an assembly in game units to a member in ours: axes, meters, pictures, and nothing that is not seen.

The game's space is left-handed with units of about half a meter and figures that face -z; ours is right-handed, in
meters, and figures face +x. One mirroring does both turns: (x, y, z) -> (-z, y, -x). It also turns the game's
clockwise triangles into counter-clockwise ones.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ozora.errors import MediaError
from ozora.language.vocabulary import COLORS
from ozora.stage.troupe.actors import Part
from ozora.stage.troupe.archive import Files
from ozora.stage.troupe.assembly import Assembly, Flesh, Piece, assemble, flesh_out, texture_file
from ozora.stage.troupe.casting import Role
from ozora.stage.troupe.figure import MAX_BONES, REST, Clip, Member, pose, pose_frames, skin
from ozora.stage.troupe.rotations import FloatArray, Rigid
from ozora.stage.troupe.textures import Picture, bleed, has_holes, paint, read_texture, shrink

HANDHELD = ("weapon", "shield", "sheath", "quiver", "ammo", "back", "projectile")
"""Attach points of what does not count for a figure's height."""
SUNK = 0.03
"""Triangles deeper than this below the ground (of the height) are dropped: foundations and roots."""
NEAR_GROUND = 0.08
"""What counts as touching the ground when strides are measured, of the height."""
STANDS_STILL = 0.02
"""What moves less than this in a cycle, of the height, does not count as moving."""
MAX_LAYERS = 32
MIRROR = np.array([-1, 1, -1], dtype=np.float32)
MIRROR_TURN = np.array([1, -1, 1, 1], dtype=np.float32)


def mirror(points: FloatArray) -> FloatArray:
    """Game axes -> ours, for places and directions [..., 3]."""
    return np.ascontiguousarray(points[..., [2, 1, 0]] * MIRROR)


def mirror_rigid(rigid: Rigid) -> Rigid:
    """Rigid transforms of game space as transforms of ours, still in game units."""
    places = mirror(rigid.places)
    turns = rigid.turns[..., [2, 1, 0, 3]] * MIRROR_TURN
    return Rigid(places=np.ascontiguousarray(places), turns=np.ascontiguousarray(turns))


class _Wall:
    """The pictures of one member, each kept once."""

    def __init__(self, files: Files, role: Role) -> None:
        self.files, self.role = files, role
        self.pictures: list[Picture] = []
        self.dyed: list[bool] = []
        self.places: dict[tuple[str, str, tuple[float, float, float]], int] = {}

    def hang(self, part: Part) -> int:
        """The layer of a part's picture."""
        if part.texture is None:
            raise MediaError(f"{part.actor} has a mesh but no texture.")
        color = part.color if part.coat == "object" and part.color else (1.0, 1.0, 1.0)
        key = (part.texture, part.coat, color)
        if key not in self.places:
            picture = paint(self._load(part.texture), part.coat, color)
            takes_dye = part.coat == "player" and has_holes(picture)
            if part.coat == "player" and not takes_dye:
                picture[..., 3] = 255
            self.places[key] = len(self.pictures)
            self.dyed.append(takes_dye)
            self.pictures.append(bleed(picture) if part.coat == "cutout" and has_holes(picture) else picture)
        return self.places[key]

    def _load(self, texture: str) -> Picture:
        return read_texture(self.files.read(texture_file(texture)), texture)

    def stack(self) -> NDArray[np.uint8]:
        """All pictures at one size, a power of two that is no larger than any of them needs."""
        if not self.pictures or len(self.pictures) > MAX_LAYERS:
            raise MediaError(f"{self.role.actor} needs {len(self.pictures)} pictures; 1 to {MAX_LAYERS} are kept.")
        largest = max(max(picture.shape[:2]) for picture in self.pictures)
        side = min(self.role.picture_side, 1 << (largest - 1).bit_length())
        return np.stack([shrink(picture, side) for picture in self.pictures])


def _is_body(piece: Piece) -> bool:
    return not any(point.startswith(HANDHELD) for point, _, _ in piece.key)


def _join(parts: list[tuple[Flesh, int]]) -> tuple[Flesh, NDArray[np.uint8]]:
    """All pieces as one, with the layer of each vertex."""
    counts = [len(flesh.positions) for flesh, _ in parts]
    starts = np.cumsum([0, *counts[:-1]])
    fleshes = [flesh for flesh, _ in parts]
    whole = Flesh(
        positions=np.concatenate([each.positions for each in fleshes]),
        normals=np.concatenate([each.normals for each in fleshes]),
        uvs=np.concatenate([each.uvs for each in fleshes]),
        bones=np.concatenate([each.bones for each in fleshes]),
        weights=np.concatenate([each.weights for each in fleshes]),
        triangles=np.concatenate([each.triangles + start for each, start in zip(fleshes, starts, strict=True)]),
    )
    return whole, np.repeat(np.array([layer for _, layer in parts], dtype=np.uint8), counts)


def _used_bones(flesh: Flesh, what: str) -> NDArray[np.intp]:
    used = np.unique(flesh.bones[flesh.weights > 0])
    if len(used) > MAX_BONES:
        raise MediaError(f"{what} uses {len(used)} bones; {MAX_BONES} can be drawn.")
    return used


def _keep_triangles(member: Member, keep: NDArray[np.bool_]) -> Member:
    """The member without the other triangles, and without vertices that nothing uses."""
    triangles = member.triangles[keep]
    used, numbers = np.unique(triangles, return_inverse=True)
    return replace(
        member,
        positions=member.positions[used],
        normals=member.normals[used],
        uvs=member.uvs[used],
        layers=member.layers[used],
        bones=member.bones[used],
        weights=member.weights[used],
        triangles=numbers.reshape(-1, 3).astype(np.uint32),
    )


def _rough(role: Role, assembly: Assembly, wall: _Wall) -> tuple[Member, NDArray[np.bool_]]:
    """The member in our axes but game units, and which vertices are its body."""
    parts = [(flesh_out(piece, assembly.bind), wall.hang(piece.part)) for piece in assembly.pieces]
    whole, layers = _join(parts)
    body = np.repeat([_is_body(piece) for piece in assembly.pieces], [len(flesh.positions) for flesh, _ in parts])
    used = _used_bones(whole, role.actor)
    bones = np.searchsorted(used, np.where(whole.weights > 0, whole.bones, used[0]))
    clips = {
        name: replace(clip, poses=mirror_rigid(clip.poses[:, used]), visible=clip.visible[used])
        for name, clip in assembly.clips.items()
    }
    member = Member(
        name=role.name,
        noun=role.noun,
        family=role.family,
        traits=role.traits,
        height_m=role.height_m,
        positions=mirror(whole.positions),
        normals=mirror(whole.normals),
        uvs=whole.uvs,
        layers=layers,
        bones=bones.astype(np.uint8),
        weights=whole.weights,
        triangles=whole.triangles.astype(np.uint32),
        bind=mirror_rigid(assembly.bind[used]),
        pictures=wall.stack(),
        dyed=np.array(wall.dyed),
        dye=COLORS[role.tunic],
        dye_share=0.0,
        clips=clips,
    )
    return replace(member, dye_share=measure_dye(member)), body


def measure_dye(member: Member) -> float:
    """How much of the surface (0..1) takes the dye, by one texel in the middle of each triangle."""
    corners = member.positions[member.triangles]
    areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    layers = member.layers[member.triangles[:, 0]]
    side = member.pictures.shape[1]
    texels = (np.mod(member.uvs[member.triangles].mean(axis=1), 1.0) * side).astype(np.intp) % side
    alpha = member.pictures[layers, texels[:, 1], texels[:, 0], 3] / 255.0
    return float((areas * (1.0 - alpha) * member.dyed[layers]).sum() / max(float(areas.sum()), 1e-9))


def _rescale(member: Member, scale: float, lift: float) -> Member:
    """The member in meters. ``lift`` is added after scaling."""

    def moved(rigid: Rigid) -> Rigid:
        raised = rigid.places * np.float32(scale) + np.array([0, lift, 0], dtype=np.float32)
        return Rigid(places=raised.astype(np.float32), turns=rigid.turns)

    return replace(
        member,
        positions=(member.positions * scale + [0, lift, 0]).astype(np.float32),
        bind=moved(member.bind),
        clips={name: replace(clip, poses=moved(clip.poses)) for name, clip in member.clips.items()},
    )


def measure_stride(member: Member, clip: Clip, name: str) -> float:
    """Meters that the ground passes below the feet in one cycle: how fast what touches the ground moves back.

    The ground is taken from the clip (feet dip below it or float), the speed is the median of what moves back near it.
    """
    count = len(clip.poses.places)
    times = np.arange(count + 1) / count * clip.duration_s
    shown = clip.visible[member.bones].all(axis=1)
    points = np.stack([skin(member, matrices)[shown] for matrices in pose_frames(member, name, times)])
    ground = np.percentile(points[..., 1].min(axis=1), 20)
    low = points[..., 1] < ground + NEAR_GROUND * member.height_m
    back = ((points[:-1, :, 0] - points[1:, :, 0]) * count)[low[1:] & low[:-1]]
    moving = back[back > STANDS_STILL * member.height_m]
    return float(np.median(moving)) if moving.size else 0.0


def produce(files: Files, role: Role) -> Member:
    """The member of a role. Raises MediaError when the archive lacks what the role asks for."""
    assembly = assemble(files, role)
    rough, body = _rough(role, assembly, _Wall(files, role))
    first = role.acts[0].clip if role.acts else REST
    standing = skin(rough, pose(rough, first, 0.0))[body]
    grounded = role.family in ("building", "plant", "vehicle")
    bottom = 0.0 if grounded else float(standing[:, 1].min())
    scale = role.height_m / max(float(standing[:, 1].max()) - bottom, 1e-6)
    member = _rescale(rough, scale, -bottom * scale)
    if grounded:
        highest = member.positions[member.triangles][..., 1].max(axis=1)
        member = _keep_triangles(member, highest > -SUNK * role.height_m)
    clips = dict(member.clips)
    for act in role.acts:
        if act.travels:
            stride = role_stride(member, role, act.clip, assembly.speeds[act.clip], scale)
            clips[act.clip] = replace(clips[act.clip], stride_m=stride)
    return replace(member, clips=clips)


def role_stride(member: Member, role: Role, clip: str, speed: float, scale: float) -> float:
    """Stride of a traveling clip: measured at the feet, or by the game's own pace for what has none."""
    by_game = member.clips[clip].duration_s / speed * scale
    return by_game if role.glides else measure_stride(member, member.clips[clip], clip)
