"""From a role to a member: the actor with all its props becomes one mesh on one skeleton.

Each act resolves the actor anew (an archer who chops wood holds an axe), and the pieces of all acts are joined; a
piece that an act lacks hangs on bones of its own that the act hides. A rigid prop is weighted to the bone it hangs on,
a worn one (reins, mane) shares its wearer's bones, and a rider brings a skeleton along that moves with the saddle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ozora.errors import MediaError
from ozora.stage.troupe.actors import Part, resolve
from ozora.stage.troupe.animations import Animation, read_animation, sample_poses
from ozora.stage.troupe.archive import Files
from ozora.stage.troupe.casting import Act, Role
from ozora.stage.troupe.figure import MAX_BONES, Clip
from ozora.stage.troupe.meshes import NO_BONE, PropPoint, SkinnedMesh, read_mesh
from ozora.stage.troupe.rotations import FloatArray, Rigid, apply, compose, identity, invert, rotate

FPS = 15.0
"""Frames a second that clips are resampled to."""
MIN_FRAMES = 12
"""Short cycles (a gallop of 0.3 s) keep at least so many frames, if the source has them."""
WORN_SLACK = 0.35
"""Two skeletons are the same when no bone is farther apart, in game units (half meters)."""
DEFAULT_ACT = Act(clip="rest", state="")

Key = tuple[tuple[str, str, int], ...]
"""Where a piece hangs: attach point, actor and number among equals, from the root down."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """One mesh in its place. Its vertices use the bones ``first`` ... of the whole; ``hook`` is the bone it hangs on
    and ``offset`` its place there (also where its own props start from)."""

    key: Key
    part: Part
    mesh: SkinnedMesh
    hook: int
    offset: Rigid
    first: int
    kind: Literal["rigid", "skinned", "worn"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Assembly:
    """All pieces and clips of a role, still in game units and game axes. ``bind`` [bones]; bone 0 is the ground."""

    pieces: tuple[Piece, ...]
    bind: Rigid
    clips: dict[str, Clip]
    speeds: dict[str, float]


def mesh_file(name: str) -> str:
    """Where the archive keeps a mesh."""
    return f"art/meshes/{name}.cached.pmd"


def animation_file(name: str) -> str:
    """Where the archive keeps an animation."""
    return f"art/animation/{name}.cached.psa"


def texture_file(name: str) -> str:
    """Where the archive keeps a texture."""
    return f"art/textures/skins/{name}.cached.dds"


def _flatten(part: Part, role: Role, key: Key = ()) -> dict[Key, Part]:
    """A tree of parts as a table, parents first."""
    key = key or (("", part.actor, 0),)
    table = {key: part}
    seen: dict[tuple[str, str], int] = {}
    for point, prop in part.props:
        if any(word in prop.actor for word in role.without):
            continue
        number = seen[point, prop.actor] = seen.get((point, prop.actor), -1) + 1
        table.update(_flatten(prop, role, (*key, (point, prop.actor, number))))
    return table


def _same_skeleton(mesh: SkinnedMesh, other: SkinnedMesh) -> bool:
    if len(mesh.bind.places) == 0 or len(mesh.bind.places) != len(other.bind.places):
        return False
    return bool(np.abs(mesh.bind.places - other.bind.places).max() < WORN_SLACK)


class _Builder:
    """Grows the common skeleton piece by piece. Bones are numbered in order; ``copies`` follow another bone."""

    def __init__(self, files: Files, role: Role, tables: dict[str, dict[Key, Part]]) -> None:
        self.files, self.role, self.tables = files, role, tables
        self.binds: list[Rigid] = [identity(1)]
        self.copies: dict[int, int] = {}
        self.owners: list[Key | None] = [None]
        self.pieces: dict[Key, Piece] = {}
        self.hooks: dict[Key, tuple[int, Rigid]] = {}
        self.meshes: dict[str, SkinnedMesh] = {}

    @property
    def num_bones(self) -> int:
        return len(self.owners)

    def bind(self) -> Rigid:
        return Rigid(
            places=np.concatenate([each.places for each in self.binds]),
            turns=np.concatenate([each.turns for each in self.binds]),
        )

    def acts_with(self, key: Key | None) -> frozenset[str]:
        return frozenset(clip for clip, table in self.tables.items() if key is None or key in table)

    def grow(self, bind: Rigid, owner: Key) -> int:
        first = self.num_bones
        self.binds.append(bind)
        self.owners += [owner] * len(bind.places)
        if self.num_bones > MAX_BONES * 4:
            raise MediaError(f"{self.role.actor} has too many bones with all its props.")
        return first

    def place_of(self, key: Key) -> tuple[int, Rigid]:
        """The bone that a piece hangs on, and its place there."""
        if len(key) == 1:
            return 0, identity()
        parent = key[:-1]
        hook, offset = self.hooks[parent]
        piece = self.pieces.get(parent)
        point = piece.mesh.prop_points.get(key[-1][0]) if piece else None
        if piece is None or point is None:
            return hook, offset
        return self._at_point(piece, point)

    def _at_point(self, piece: Piece, point: PropPoint) -> tuple[int, Rigid]:
        if point.bone == NO_BONE or piece.kind == "rigid":
            if point.bone != NO_BONE:
                inner = compose(piece.mesh.bind[point.bone], point.transform)
                return piece.hook, compose(piece.offset, inner)
            return piece.hook, compose(piece.offset, point.transform)
        return piece.first + point.bone, point.transform

    def add(self, key: Key, part: Part) -> None:
        hook, offset = self.place_of(key)
        self.hooks[key] = hook, offset
        if part.mesh is None:
            return
        if part.mesh not in self.meshes:
            self.meshes[part.mesh] = read_mesh(self.files.read(mesh_file(part.mesh)), part.mesh)
        mesh = self.meshes[part.mesh]
        parent = self.pieces.get(key[:-1])
        kind: Literal["rigid", "skinned", "worn"]
        always = self.acts_with(key) == self.acts_with(self.owners[hook])
        if parent is not None and parent.kind != "rigid" and _same_skeleton(mesh, parent.mesh):
            first, kind = self._wear(key, parent), "worn"
        elif len(mesh.bind.places) and part.animations:
            node = compose(self.bind()[hook], offset)
            first, kind = self.grow(compose(node, mesh.bind), key), "skinned"
        elif always:
            first, kind = hook, "rigid"
        else:
            first, kind = self.grow(self.bind()[hook : hook + 1], key), "rigid"
            self.copies[first] = hook
        self.pieces[key] = Piece(key=key, part=part, mesh=mesh, hook=hook, offset=offset, first=first, kind=kind)

    def _wear(self, key: Key, parent: Piece) -> int:
        if self.acts_with(key) == self.acts_with(self.owners[parent.first]):
            return parent.first
        count = len(parent.mesh.bind.places)
        first = self.grow(self.bind()[parent.first : parent.first + count], key)
        self.copies.update({first + i: parent.first + i for i in range(count)})
        return first

    def animation(self, part: Part, state: str, label: str, pick: int) -> tuple[Animation, float, str] | None:
        """What a part plays in a state (else its idle), with its speed and label."""
        for name in (state, "idle"):
            found = [each for each in part.animations if each.name == name and each.file]
            if found:
                same = [each for each in found if label and each.label == label]
                chosen = same[0] if same else found[pick % len(found)]
                data = self.files.read(animation_file(chosen.file))
                return read_animation(data, chosen.file), chosen.speed, chosen.label
        return None

    def clip(self, act: Act) -> tuple[Clip, float]:
        """The poses of all bones over one act, and the speed of its main animation."""
        table = self.tables[act.clip]
        root = next(iter(table.values()))
        lead = self.animation(root, act.state, "", act.pick)
        if lead is None or (act.state and not any(each.name == act.state for each in root.animations)):
            raise MediaError(f"{self.role.actor} has no animation {act.state!r}.")
        animation, speed, label = lead
        duration_s = animation.duration_s / act.pace
        count = max(2, round(duration_s * FPS), min(MIN_FRAMES, animation.num_frames))
        poses = identity(count, self.num_bones)
        bind = self.bind()
        poses.places[:], poses.turns[:] = bind.places, bind.turns
        phases = np.arange(count) / count
        for key, piece in self.pieces.items():
            if key in table and piece.kind == "skinned":
                self._copy(poses)
                own = self.animation(table[key], act.state, label, act.pick)
                if own is None or own[0].num_bones != len(piece.mesh.bind.places):
                    moved = piece.mesh.bind[None]
                else:
                    cycles = max(1, round(animation.duration_s / speed / (own[0].duration_s / own[1])))
                    moved = sample_poses(own[0].poses, phases * (cycles if act.loops else 1), loops=act.loops)
                self._set(poses, piece, moved)
        self._copy(poses)
        visible = np.array([owner is None or owner in table for owner in self.owners])
        clip = Clip(duration_s=duration_s, loops=act.loops, stride_m=0.0, poses=poses, visible=visible)
        return clip, speed

    def _set(self, poses: Rigid, piece: Piece, moved: Rigid) -> None:
        """Put a skeleton's own poses [frames or 1, bones] where its hook is."""
        node = compose(poses[:, piece.hook], piece.offset)
        whole = compose(Rigid(places=node.places[:, None], turns=node.turns[:, None]), moved)
        span = slice(piece.first, piece.first + len(piece.mesh.bind.places))
        poses.places[:, span], poses.turns[:, span] = whole.places, whole.turns

    def _copy(self, poses: Rigid) -> None:
        for bone, source in self.copies.items():
            poses.places[:, bone], poses.turns[:, bone] = poses.places[:, source], poses.turns[:, source]


def assemble(files: Files, role: Role) -> Assembly:
    """Join all pieces and clips of a role. Raises MediaError when a file is missing or broken."""
    acts = role.acts or (DEFAULT_ACT,)
    tables = {}
    for act in acts:
        wanted = tuple(name for name in (act.state, *role.looks) if name)
        tables[act.clip] = _flatten(resolve(files, role.actor, wanted=wanted, seed=role.seed or role.name), role)
    builder = _Builder(files, role, tables)
    for table in tables.values():
        for key, part in table.items():
            if key not in builder.hooks:
                builder.add(key, part)
    made = {act.clip: builder.clip(act) for act in role.acts}
    return Assembly(
        pieces=tuple(builder.pieces.values()),
        bind=builder.bind(),
        clips={name: clip for name, (clip, _) in made.items()},
        speeds={name: speed for name, (_, speed) in made.items()},
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flesh:
    """Vertices of one piece in the bind pose of the whole. ``bones`` int [v, 4]."""

    positions: FloatArray
    normals: FloatArray
    uvs: FloatArray
    bones: NDArray[np.int64]
    weights: FloatArray
    triangles: NDArray[np.int64]


def flesh_out(piece: Piece, bind: Rigid) -> Flesh:
    """The piece's vertices moved to where they belong, with weights on the bones of the whole."""
    mesh = piece.mesh
    node = compose(bind[piece.hook], piece.offset)
    if piece.kind == "rigid":
        positions, normals = apply(node, mesh.positions), rotate(node.turns, mesh.normals)
        bones = np.full((len(positions), 4), piece.first)
        weights = np.tile(np.array([1, 0, 0, 0], dtype=np.float32), (len(positions), 1))
    else:
        bound = mesh.bones != NO_BONE
        count = len(mesh.bind.places)
        local = np.where(bound, mesh.bones, 0).astype(np.int64)
        bones = np.where(bound, local + piece.first, piece.hook)
        weights = np.where(bound, mesh.weights, 0.0).astype(np.float32)
        weights[~bound.any(axis=1), 0] = 1.0
        weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-6)
        target = bind[piece.first : piece.first + count]
        shift = compose(target, invert(mesh.bind))
        positions, normals = np.zeros_like(mesh.positions), np.zeros_like(mesh.normals)
        for slot in range(4):
            move = shift[local[:, slot]]
            positions += weights[:, slot : slot + 1] * apply(move, mesh.positions)
            normals += weights[:, slot : slot + 1] * rotate(move.turns, mesh.normals)
        free = ~bound.any(axis=1)
        positions[free], normals[free] = apply(node, mesh.positions[free]), rotate(node.turns, mesh.normals[free])
    return Flesh(
        positions=positions,
        normals=normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6),
        uvs=mesh.uvs,
        bones=bones,
        weights=weights,
        triangles=mesh.triangles.astype(np.int64),
    )
