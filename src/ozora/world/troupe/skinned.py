"""Drawing the troupe with moderngl: vertices and pictures stay on the device, bone matrices go up once a batch.

Three programs share one vertex shader: ``color`` (lit like the toys, through ``light.glsl``), ``caster`` (shadow map)
and ``locator`` (thing number and depth). The renderer sets their uniforms and calls ``draw`` once a frame and pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import moderngl
import numpy as np
from numpy.typing import NDArray

from ozora.world.troupe.figure import Appearance, Member

PICTURE_UNIT = 1
"""Texture unit of a member's pictures; unit 0 is the shadow map."""
PALETTE_BINDING = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Loaded:
    """What the device keeps of a member."""

    member: Member
    pictures: moderngl.TextureArray
    arrays: dict[moderngl.Program, moderngl.VertexArray]


class SkinnedBatch:
    """Draws members of the troupe in one OpenGL context. ``source`` returns a shader's text by file name."""

    def __init__(self, gl: moderngl.Context, source: Callable[[str], str]) -> None:
        self.gl = gl
        texel = source("figure.glsl")

        def program(fragment: str) -> moderngl.Program:
            text = source(fragment).replace('#include "figure.glsl"', texel)
            return gl.program(vertex_shader=source("figure.vert"), fragment_shader=text)

        self.color = program("figure.frag")
        self.caster = program("figure_shadow.frag")
        self.locator = program("figure_truth.frag")
        for each in (self.color, self.caster, self.locator):
            each["pictures"] = PICTURE_UNIT
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
        if not parts:
            return
        data = np.concatenate(parts).astype("f4").tobytes()
        if len(data) > self._palette.size:
            self._palette.orphan(len(data))
        self._palette.write(data)

    def draw(self, program: moderngl.Program, place: int) -> None:
        """Draw all uploaded members at one frame into the caller's target, with depth, both sides of every triangle."""
        self.gl.enable_only(moderngl.DEPTH_TEST)
        self._palette.bind_to_storage_buffer(PALETTE_BINDING)
        for loaded, each, first in self._shown:
            loaded.pictures.use(PICTURE_UNIT)
            program["first_bone"] = first + place * each.bones.shape[1]
            if "thing" in program:
                program["thing"] = float(each.thing)
            if "dye" in program:
                program["dye"] = each.dye
            loaded.arrays[program].render(moderngl.TRIANGLES)

    def _load(self, member: Member) -> _Loaded:
        """The member on the device; the first time it is sent there."""
        found = self._loaded.get(id(member))
        if found is None:
            found = self._loaded[id(member)] = self._send(member)
        return found

    def _send(self, member: Member) -> _Loaded:
        gl = self.gl
        layers, height, width = member.pictures.shape[:3]
        pictures = gl.texture_array((width, height, layers), 4, member.pictures.tobytes())
        pictures.build_mipmaps()
        pictures.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
        layer = np.stack([member.layers, member.dyed[member.layers]], axis=1)
        solid = np.concatenate([member.positions, member.normals, member.uvs, layer], axis=1)
        vertices = gl.buffer(solid.astype("f4").tobytes())
        bones = gl.buffer(member.bones.astype("u1").tobytes())
        weights = gl.buffer(member.weights.astype("f4").tobytes())
        indices = gl.buffer(member.triangles.astype("u4").tobytes())
        arrays = {}
        for program in (self.color, self.caster, self.locator):
            layout, names = _layout(program)
            content = [
                (vertices, layout, *names),
                (bones, "4u1", "bones"),
                (weights, "4f4", "weights"),
            ]
            arrays[program] = gl.vertex_array(program, content, indices)
        return _Loaded(member=member, pictures=pictures, arrays=arrays)


def _layout(program: moderngl.Program) -> tuple[str, list[str]]:
    """moderngl's buffer format; attributes that the program does not use become padding."""
    fields = [("position", 3), ("normal", 3), ("uv", 2), ("layer", 2)]
    layout = " ".join(f"{size}f4" if name in program else f"{size}x4" for name, size in fields)
    return layout, [name for name, _ in fields if name in program]
