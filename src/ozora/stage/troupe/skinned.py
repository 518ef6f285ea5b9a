"""Drawing the troupe with moderngl: vertices and pictures stay on the device, bone matrices go up once a batch.

Four passes share one vertex shader: "color" (lit like the toys, through ``light.glsl``), "shadow" (depth only), "truth"
(thing number and depth) and "motion" (the way since another frame). Each has two programs, since only layers with holes
may pay for cutting them out. The renderer sets the uniforms of a pass's ``programs`` and calls ``draw`` once a frame
and pass.

Cost on llvmpipe is in triangles and covered pixels, not in skinning (measured: none of five ways to read the bones was
faster), so back faces are culled, but for buildings and ships, into which one can look.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ozora.stage.opengl import moderngl
from ozora.stage.troupe.figure import Appearance, Member

PICTURE_UNIT = 1
"""Texture unit of a member's pictures; unit 0 is the shadow map."""
PALETTE_BINDING = 0
CUT_BELOW = 107
"""Alpha (of 255) that ``figure.glsl`` cuts out."""

OPEN_INSIDE = frozenset({"building", "vehicle"})
"""Families that are drawn from both sides."""

Pass = Literal["color", "shadow", "truth", "motion"]
FRAGMENTS: dict[Pass, str] = {
    "color": "figure.frag",
    "shadow": "figure_shadow.frag",
    "truth": "figure_truth.frag",
    "motion": "figure_motion.frag",
}
INCLUDES = ("figure.glsl", "motion.glsl")
FIELDS = (("position", "3f4"), ("normal", "3f4"), ("uv", "2f4"), ("layer", "2f4"), ("bones", "4u1"), ("weights", "4f4"))
VERTEX = np.dtype(
    [
        ("position", "f4", 3),
        ("normal", "f4", 3),
        ("uv", "f4", 2),
        ("layer", "f4", 2),
        ("bones", "u1", 4),
        ("weights", "f4", 4),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Loaded:
    """What the device keeps of a member: per program one array of the triangles that it draws."""

    member: Member
    pictures: moderngl.TextureArray
    arrays: dict[moderngl.Program, moderngl.VertexArray]


class SkinnedBatch:
    """Draws members of the troupe in one OpenGL context. ``source`` returns a shader's text by file name.

    ``programs`` of a pass: for layers without holes, then for layers with holes.
    """

    def __init__(self, gl: moderngl.Context, source: Callable[[str], str]) -> None:
        self.gl = gl
        self.programs = {name: _compile(gl, source, fragment) for name, fragment in FRAGMENTS.items()}
        self._palette = gl.buffer(reserve=1 << 20, dynamic=True)
        self._loaded: dict[int, _Loaded] = {}
        self._shown: list[tuple[_Loaded, Appearance, int]] = []

    def upload(self, appearances: Sequence[Appearance], frames: NDArray[np.intp] | slice) -> None:
        """Send the bone matrices of these frames; ``draw`` then shows them by their place among ``frames``."""
        self._shown, parts, first = [], [], 0
        for each in appearances:
            bones = each.bones[frames]
            self._shown.append((self._load(each.member), each, first))
            parts.append(bones.reshape(-1))
            first += bones.shape[0] * bones.shape[1]
        data = np.concatenate([*parts, np.zeros(12, np.float32)]).astype("f4").tobytes()
        if len(data) > self._palette.size:
            self._palette.orphan(len(data))
        self._palette.write(data)

    def draw(self, name: Pass, place: int, before: int = 0) -> None:
        """Draw all uploaded members at one frame into the caller's target and viewport, with depth test; culling is
        left off. ``before`` is the place of the frame that "motion" compares with."""
        self.gl.enable_only(moderngl.DEPTH_TEST)
        self._palette.bind_to_storage_buffer(PALETTE_BINDING)
        for loaded, each, first in self._shown:
            loaded.pictures.use(PICTURE_UNIT)
            if each.member.family in OPEN_INSIDE:
                self.gl.disable(moderngl.CULL_FACE)
            else:
                self.gl.enable(moderngl.CULL_FACE)
            for program in self.programs[name]:
                array = loaded.arrays.get(program)
                if array is None:
                    continue
                program["first_bone"] = first + place * each.bones.shape[1]
                if "first_bone_before" in program:
                    program["first_bone_before"] = first + before * each.bones.shape[1]
                if "thing" in program:
                    program["thing"] = float(each.thing)
                if "dye" in program:
                    program["dye"] = each.dye
                array.render(moderngl.TRIANGLES)
        self.gl.disable(moderngl.CULL_FACE)

    def _load(self, member: Member) -> _Loaded:
        """The member on the device; the first time it is sent there."""
        found = self._loaded.get(id(member))
        if found is None:
            found = self._loaded[id(member)] = self._send(member)
        return found

    def _send(self, member: Member) -> _Loaded:
        layers, height, width = member.pictures.shape[:3]
        pictures = self.gl.texture_array((width, height, layers), 4, member.pictures.tobytes())
        pictures.build_mipmaps()
        pictures.filter = (moderngl.LINEAR_MIPMAP_NEAREST, moderngl.LINEAR)
        vertices = self.gl.buffer(_vertices(member).tobytes())
        arrays = {}
        for number, triangles in enumerate(_split(member)):
            if len(triangles) == 0:
                continue
            indices = self.gl.buffer(triangles.astype("u4").tobytes())
            for programs in self.programs.values():
                program = programs[number]
                layout = " ".join(f"{size}" if name in program else _padding(size) for name, size in FIELDS)
                names = [name for name, _ in FIELDS if name in program]
                arrays[program] = self.gl.vertex_array(program, [(vertices, layout, *names)], indices)
        return _Loaded(member=member, pictures=pictures, arrays=arrays)


def _compile(
    gl: moderngl.Context, source: Callable[[str], str], fragment: str
) -> tuple[moderngl.Program, moderngl.Program]:
    """The programs of one pass: without and with holes."""
    text = source(fragment)
    for part in INCLUDES:
        text = text.replace(f'#include "{part}"', source(part))
    whole, cut = (
        gl.program(
            vertex_shader=source("figure.vert"),
            fragment_shader=text.replace("#version 430", f"#version 430\n{define}", 1),
        )
        for define in ("", "#define CUTOUT")
    )
    for program in (whole, cut):
        if "pictures" in program:
            program["pictures"] = PICTURE_UNIT
    return whole, cut


def _vertices(member: Member) -> NDArray[np.void]:
    """All vertices as the device reads them; ``layer`` is (number, whether it is dyed)."""
    vertices = np.zeros(len(member.positions), dtype=VERTEX)
    vertices["position"], vertices["normal"] = member.positions, member.normals
    vertices["uv"], vertices["bones"], vertices["weights"] = member.uvs, member.bones, member.weights
    vertices["layer"] = np.stack([member.layers, member.dyed[member.layers]], axis=1)
    return vertices


def _split(member: Member) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Triangles in layers without holes, and those in layers with holes."""
    holes = (member.pictures[..., 3] < CUT_BELOW).any(axis=(1, 2)) & ~member.dyed
    cut = holes[member.layers[member.triangles[:, 0]]]
    return member.triangles[~cut], member.triangles[cut]


def _padding(size: str) -> str:
    """An attribute that a program does not use, as bytes to skip."""
    return f"{int(size[0]) * int(size[2])}x1"
