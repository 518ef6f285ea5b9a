"""The stage renderer, with OpenGL on any machine.

A whole clip is drawn into one large picture, a tile a frame: first all shadow maps, then all colors, then one read.
That keeps the number of times the pipeline must be emptied at two a clip; one context and its buffers live for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ozora.stage.camera import shadow_view, shot_index
from ozora.stage.drawing import SOLID_NAMES, Drawing
from ozora.stage.opengl import context, moderngl
from ozora.stage.places import FOG_DENSITY, PLACES, TIMES
from ozora.stage.solids import COARSER, SEGMENTS, SOLIDS
from ozora.stage.troupe.skinned import SkinnedBatch

SHADOW_SIDE = 256
BATCH = 64
"""Frames drawn in one go; their shadow maps lie in an atlas of 8 x 8."""
SAMPLES = 4
"""Coverage samples a pixel; the shader runs once."""
INSTANCE_FLOATS = 17
SPHERE = SOLID_NAMES.index("sphere")
KEEP_ALPHA: Any = (moderngl.ZERO, moderngl.ONE)
"""Of a separate blend function, which moderngl takes and its stubs do not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Rendered frames: ``rgb`` [f, h, w, 3] and ``cover`` [f, h, w] (255 where a thing is, soft at its edge)."""

    rgb: NDArray[np.uint8]
    cover: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Exact geometry: ``thing`` [f, h, w] number of the thing seen (0: none), ``depth`` [f, h, w] in meters."""

    thing: NDArray[np.uint8]
    depth: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class _MotionPrograms:
    """What draws the way of things, ground and background."""

    things: moderngl.VertexArray
    ground: moderngl.VertexArray
    sky: moderngl.VertexArray


def _source(name: str, style: int | None = None) -> str:
    folder = files("ozora.stage") / "shaders"
    text = (folder / name).read_text()
    for part in ("place.glsl", "light.glsl", "motion.glsl"):
        text = text.replace(f'#include "{part}"', (folder / part).read_text())
    return text if style is None else text.replace("#version 430", f"#version 430\n#define STYLE {style}", 1)


class Renderer:
    """Draws clips of one picture size. ``RendererError`` when the machine has no OpenGL."""

    def __init__(self, height: int, width: int, *, samples: int = SAMPLES) -> None:
        self.height, self.width = height, width
        self.gl = gl = context()
        self.samples = samples
        self.targets: dict[tuple[int, str], moderngl.Framebuffer] = {}
        self.shadow_map = gl.depth_texture((8 * SHADOW_SIDE, 8 * SHADOW_SIDE))
        self.shadow_map.compare_func = "<="
        self.shadow = gl.framebuffer(depth_attachment=self.shadow_map)
        self._build_meshes()
        self._build_programs()

    def _target(self, count: int, kind: str) -> moderngl.Framebuffer:
        """A picture just large enough for the tiles of ``count`` frames (clearing and copying cost by area)."""
        columns, rows = self._grid(count)
        key = (columns * rows, kind)
        if key not in self.targets:
            size = (columns * self.width, rows * self.height)
            if kind == "exact":
                colors = [self.gl.texture(size, 2, dtype="f4")]
                self.targets[key] = self.gl.framebuffer(colors, self.gl.depth_renderbuffer(size))
            else:
                samples = self.samples if kind == "smooth" else 0
                self.targets[key] = self.gl.simple_framebuffer(size, 4, samples=samples)
        return self.targets[key]

    def _grid(self, count: int) -> tuple[int, int]:
        """Columns and rows of tiles."""
        columns = min(count, 8, self.gl.info["GL_MAX_TEXTURE_SIZE"] // self.width)
        return columns, -(-count // columns)

    def _build_meshes(self) -> None:
        versions = [(SOLIDS[name], *COARSER.get(name, ())) for name in SOLID_NAMES]
        meshes = [make() for group in versions for make in group]
        self.first_version = np.cumsum([0, *(len(group) for group in versions[:-1])])
        self.num_coarser = np.array([len(group) - 1 for group in versions])
        counts = [len(mesh.indices) for mesh in meshes]
        self.first_index = np.concatenate([[0], np.cumsum(counts)[:-1]])
        self.base_vertex = np.concatenate([[0], np.cumsum([len(mesh.positions) for mesh in meshes])[:-1]])
        self.index_count = np.array(counts)
        vertices = np.concatenate([np.concatenate([m.positions, m.normals], axis=1) for m in meshes])
        self.vertices = self.gl.buffer(vertices.astype("f4").tobytes())
        self.indices = self.gl.buffer(np.concatenate([mesh.indices for mesh in meshes]).astype("u4").tobytes())
        self.instances = self.gl.buffer(reserve=4 << 20, dynamic=True)
        self.commands = self.gl.buffer(reserve=BATCH * len(meshes) * 20, dynamic=True)
        self.rows_before = self.gl.buffer(reserve=1 << 20, dynamic=True)

    def _build_programs(self) -> None:
        gl = self.gl
        make = gl.program
        self.toy = make(vertex_shader=_source("toy.vert"), fragment_shader=_source("toy.frag"))
        self.caster = make(vertex_shader=_source("toy.vert"), fragment_shader=_source("shadow.frag"))
        self.locator = make(vertex_shader=_source("toy.vert"), fragment_shader=_source("truth.frag"))
        self.weather = make(vertex_shader=_source("sky.vert"), fragment_shader=_source("weather.frag"))
        self.places: dict[int, tuple[moderngl.VertexArray, moderngl.VertexArray]] = {}
        self.weather_array = gl.vertex_array(self.weather, [])
        self.arrays = {program: self._array(program) for program in (self.toy, self.caster, self.locator)}

    @cached_property
    def troupe(self) -> SkinnedBatch:
        """Draws the figures; compiled at first use."""
        return SkinnedBatch(self.gl, _source)

    @cached_property
    def motion(self) -> _MotionPrograms:
        """Draws the way of every point; compiled at first use."""
        make, toy = self.gl.program, _source("motion.vert")
        things = make(vertex_shader=toy, fragment_shader=_source("motion.frag"))
        ground = make(vertex_shader=_source("ground.vert"), fragment_shader=_source("ground_motion.frag"))
        sky = make(vertex_shader=_source("sky.vert"), fragment_shader=_source("sky_motion.frag"))
        rows = (self.rows_before, "4f 4f 4f /i", "before0", "before1", "before2")
        return _MotionPrograms(
            things=self._array(things, rows),
            ground=self.gl.vertex_array(ground, []),
            sky=self.gl.vertex_array(sky, []),
        )

    def _place(self, style: int) -> tuple[moderngl.VertexArray, moderngl.VertexArray]:
        """Ground and sky of one place, compiled at first use."""
        if style not in self.places:
            make = self.gl.program
            ground = make(vertex_shader=_source("ground.vert"), fragment_shader=_source("ground.frag", style))
            sky = make(vertex_shader=_source("sky.vert"), fragment_shader=_source("sky.frag", style))
            self.places[style] = (self.gl.vertex_array(ground, []), self.gl.vertex_array(sky, []))
        return self.places[style]

    def _array(self, program: moderngl.Program, *more: tuple[Any, ...]) -> moderngl.VertexArray:
        solid = [name if name in program else None for name in ("position", "normal")]
        names = [name if name in program else None for name in ("row0", "row1", "row2", "paint", "thing")]
        content = [
            (self.vertices, _layout(solid, (3, 3), ""), *filter(None, solid)),
            (self.instances, _layout(names, (4, 4, 4, 4, 1), "/i"), *filter(None, names)),
            *more,
        ]
        return self.gl.vertex_array(program, content, self.indices)

    def render(self, drawing: Drawing) -> Picture:
        """All frames of a drawing in color."""
        rgba = np.empty((len(drawing.times), self.height, self.width, 4), np.uint8)
        for start in range(0, len(drawing.times), BATCH):
            frames = np.arange(start, min(start + BATCH, len(drawing.times)))
            self._upload(drawing, frames)
            self._cast_shadows(drawing, frames)
            rgba[frames] = self._read(self._paint(drawing, frames), len(frames), 4, "u1")
        return Picture(rgb=np.ascontiguousarray(rgba[..., :3]), cover=np.ascontiguousarray(rgba[..., 3]))

    def locate(self, drawing: Drawing) -> Truth:
        """What is exactly where in all frames; no smoothing."""
        both = np.empty((len(drawing.times), self.height, self.width, 2), np.float32)
        for start in range(0, len(drawing.times), BATCH):
            frames = np.arange(start, min(start + BATCH, len(drawing.times)))
            self._upload(drawing, frames)
            target = self._target(len(frames), "exact")
            target.use()
            target.viewport = (0, 0, *target.size)
            target.clear(0.0, 0.0, 0.0, 0.0)
            for place, frame in enumerate(frames):
                target.viewport = self._tile(place, len(frames))
                camera = {"eye": drawing.view.eye[frame], "to_clip": _columns(drawing.view.to_clip[frame])}
                _set(self.locator, **camera)
                self.gl.enable_only(moderngl.DEPTH_TEST | moderngl.CULL_FACE)
                self._solids(self.arrays[self.locator], place)
                if drawing.figures:
                    for program in self.troupe.programs["truth"]:
                        _set(program, **camera)
                    self.troupe.draw("truth", place)
            both[frames] = self._read(target, len(frames), 2, "f4")
        return Truth(thing=both[..., 0].round().astype(np.uint8), depth=np.ascontiguousarray(both[..., 1]))

    def measure_motion(self, drawing: Drawing, since: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """How far what is seen at a pixel has come since the previous frame, or since frame ``since[f]`` of each:
        [f, h, w, 2] in pixels, x to the right, y down; exact. Zero in the first frame and where a cut lies between.
        A part that was not there yet counts as at rest."""
        numbers = np.arange(len(drawing.times))
        since = np.maximum(numbers - 1, 0) if since is None else since
        result = np.zeros((len(drawing.times), self.height, self.width, 2), np.float32)
        shots = shot_index(drawing.scene, drawing.times)
        later = np.flatnonzero((shots == shots[since]) & (since != numbers))
        for start in range(0, len(later), BATCH):
            frames = later[start : start + BATCH]
            self._upload(drawing, frames)
            self._upload_before(drawing, frames, since[frames])
            result[frames] = self._read(self._trail(drawing, frames, since[frames]), len(frames), 2, "f4")
        return result

    def _upload_before(self, drawing: Drawing, frames: NDArray[np.int64], since: NDArray[np.int64]) -> None:
        """The matrices of the frames ``since``; the figures' palette gets both."""
        rows, before = drawing.matrices[frames], drawing.matrices[since]
        absent = ~before.any(axis=(2, 3), keepdims=True)
        data = np.take_along_axis(np.where(absent, rows, before), self.order[..., None, None], axis=1).tobytes()
        if len(data) > self.rows_before.size:
            self.rows_before.orphan(len(data))
        self.rows_before.write(data)
        if drawing.figures:
            self.troupe.upload(drawing.figures, np.concatenate([frames, since]))

    def _trail(self, drawing: Drawing, frames: NDArray[np.int64], since: NDArray[np.int64]) -> moderngl.Framebuffer:
        """Paint how far every point has come."""
        target = self._target(len(frames), "exact")
        target.use()
        target.viewport = (0, 0, *target.size)
        target.clear(0.0, 0.0, 0.0, 0.0)
        back = _back(drawing)
        figures: tuple[moderngl.Program, ...] = self.troupe.programs["motion"] if drawing.figures else ()
        arrays = self.motion
        for place, (frame, other) in enumerate(zip(frames, since, strict=True)):
            target.viewport = self._tile(place, len(frames))
            to_clip = drawing.view.to_clip
            values = {
                "to_clip": _columns(to_clip[frame]),
                "to_clip_before": _columns(to_clip[other]),
                "from_clip": _columns(np.linalg.inv(to_clip[frame])),
                "eye": drawing.view.eye[frame],
                "size": (self.width, self.height),
                "back": back,
                "wall": back if PLACES[drawing.scene.place].indoors else 0.0,
            }
            for program in (arrays.things.program, arrays.ground.program, arrays.sky.program, *figures):
                _set(program, **values)
            self.gl.enable_only(moderngl.DEPTH_TEST | moderngl.CULL_FACE)
            self._solids(arrays.things, place)
            if drawing.figures:
                self.troupe.draw("motion", place, place + len(frames))
            self.gl.enable_only(moderngl.DEPTH_TEST)
            arrays.ground.render(moderngl.TRIANGLE_STRIP, vertices=4)
            arrays.sky.render(moderngl.TRIANGLES, vertices=3)
        return target

    def _upload(self, drawing: Drawing, frames: NDArray[np.int64]) -> None:
        f, p = len(frames), len(drawing.solids)
        mesh = self._meshes(drawing, frames)
        self.order = np.argsort(mesh, axis=1, kind="stable")
        data = np.empty((f, p, INSTANCE_FLOATS), np.float32)
        data[..., :12] = drawing.matrices[frames].reshape(f, p, 12)
        data[..., 12:16] = drawing.paints[frames]
        data[..., 16] = drawing.things
        data = np.take_along_axis(data, self.order[..., None], axis=1)
        if data.nbytes > self.instances.size:
            self.instances.orphan(data.nbytes)
        self.instances.write(data.tobytes())
        used = np.unique(mesh)
        count = (mesh[..., None] == used).sum(axis=1)
        commands = np.zeros((f, len(used), 5), np.uint32)
        commands[..., 0] = self.index_count[used]
        commands[..., 1] = count
        commands[..., 2] = self.first_index[used]
        commands[..., 3] = self.base_vertex[used]
        commands[..., 4] = np.cumsum(count, axis=1) - count + np.arange(f)[:, None] * p
        self.num_commands = len(used)
        self.commands.write(commands.tobytes())
        if drawing.figures:
            self.troupe.upload(drawing.figures, frames)

    def _meshes(self, drawing: Drawing, frames: NDArray[np.int64]) -> NDArray[np.int64]:
        """Which mesh shows each part [f, p]: a coarser one where it is only a few pixels wide."""
        matrices, to_clip = drawing.matrices[frames], drawing.view.to_clip[frames]
        sizes = np.square(matrices[..., :3]).sum(axis=2)  # squares of meters along the solid's own axes
        sizes[:, drawing.solids != SPHERE, 1] = 0.0  # how long a leg is does not make it rounder
        wide = np.sqrt(sizes.max(axis=-1))
        far = np.einsum("fk,fpk->fp", to_clip[:, 3, :3], matrices[..., 3]) + to_clip[:, 3:, 3]
        scale = np.linalg.norm(to_clip[:, 1, :3], axis=1)[:, None] * self.height / 2
        pixels = np.where(far > 0, wide * scale / np.maximum(far, 1e-6), np.inf)
        steps = (pixels[..., None] < [px for px, _ in SEGMENTS]).sum(axis=-1)
        coarser = np.minimum(steps, self.num_coarser[drawing.solids])
        return np.asarray(self.first_version[drawing.solids] + coarser, np.int64)

    def _solids(self, array: moderngl.VertexArray, place: int) -> None:
        if self.num_commands:
            array.render_indirect(
                self.commands, moderngl.TRIANGLES, count=self.num_commands, first=place * self.num_commands
            )

    def _tile(self, place: int, count: int) -> tuple[int, int, int, int]:
        row, column = divmod(place, self._grid(count)[0])
        return (column * self.width, row * self.height, self.width, self.height)

    def _cast_shadows(self, drawing: Drawing, frames: NDArray[np.int64]) -> None:
        self.shadow.use()
        used = (8 * SHADOW_SIDE, -(-len(frames) // 8) * SHADOW_SIDE)
        self.shadow.viewport = (0, 0, *used)
        self.shadow.clear(depth=1.0, viewport=(0, 0, *used))
        for program in (self.caster, *(self.troupe.programs["shadow"] if drawing.figures else ())):
            _set(program, to_clip=_columns(shadow_view(TIMES[drawing.scene.time].sun)))
        for place in range(len(frames)):
            row, column = divmod(place, 8)
            self.shadow.viewport = (column * SHADOW_SIDE, row * SHADOW_SIDE, SHADOW_SIDE, SHADOW_SIDE)
            self.gl.enable_only(moderngl.DEPTH_TEST | moderngl.CULL_FACE)
            self._solids(self.arrays[self.caster], place)
            if drawing.figures:
                self.troupe.draw("shadow", place)

    def _paint(self, drawing: Drawing, frames: NDArray[np.int64]) -> moderngl.Framebuffer:
        """Paint the frames and return where they can be read."""
        target = self._target(len(frames), "smooth")
        target.use()
        target.viewport = (0, 0, *target.size)
        target.clear()
        self.shadow_map.use(0)
        light = _light(drawing)
        ground, sky = self._place(PLACES[drawing.scene.place].style)
        figures: tuple[moderngl.Program, ...] = self.troupe.programs["color"] if drawing.figures else ()
        programs = (self.toy, ground.program, sky.program, *figures)
        for program in (*programs, self.weather):
            _set(program, **light)
        for place, frame in enumerate(frames):
            target.viewport = tile = self._tile(place, len(frames))
            to_clip, clock = drawing.view.to_clip[frame], float(drawing.times[frame])
            camera = {
                "to_clip": _columns(to_clip),
                "from_clip": _columns(np.linalg.inv(to_clip)),
                "shadow_tile": (float(place % 8), float(place // 8)),
                "eye": drawing.view.eye[frame],
                "clock": clock,
            }
            for program in programs:
                _set(program, **camera)
            self.gl.enable_only(moderngl.DEPTH_TEST | moderngl.CULL_FACE)
            self._solids(self.arrays[self.toy], place)
            if drawing.figures:
                self.troupe.draw("color", place)
            self.gl.enable_only(moderngl.DEPTH_TEST)
            ground.render(moderngl.TRIANGLE_STRIP, vertices=4)
            sky.render(moderngl.TRIANGLES, vertices=3)
            if drawing.scene.weather in ("rain", "snowfall"):
                self.gl.enable_only(moderngl.BLEND)
                self.gl.blend_func = (moderngl.SRC_ALPHA, moderngl.ONE_MINUS_SRC_ALPHA, *KEEP_ALPHA)
                _set(self.weather, clock=clock, tile=tile)
                self.weather_array.render(moderngl.TRIANGLES, vertices=3)
        plain = self._target(len(frames), "plain")
        self.gl.copy_framebuffer(plain, target)
        return plain

    def _read(self, source: moderngl.Framebuffer, count: int, channels: int, dtype: str) -> NDArray[Any]:
        columns, rows = self._grid(count)
        raw = np.frombuffer(source.read(components=channels, dtype="f1" if dtype == "u1" else dtype), dtype)
        tiles = raw.reshape(rows, self.height, columns, self.width, channels)[:, ::-1]
        return tiles.transpose(0, 2, 1, 3, 4).reshape(-1, self.height, self.width, channels)[:count]


def _layout(names: list[str | None], sizes: tuple[int, ...], suffix: str) -> str:
    """moderngl's buffer format; attributes that a program does not use become padding."""
    parts = [f"{size}f" if name else f"{size * 4}x" for name, size in zip(names, sizes, strict=True)]
    return " ".join(parts) + (f" {suffix}" if suffix else "")


def _columns(matrix: NDArray[np.float64]) -> bytes:
    """OpenGL wants columns."""
    return np.ascontiguousarray(matrix.T, dtype="f4").tobytes()


def _set(program: moderngl.Program, **values: Any) -> None:  # noqa: ANN401 - whatever a GLSL uniform takes
    """Set the uniforms that the program really uses (the compiler drops the others)."""
    for name, value in values.items():
        if name in program:
            if isinstance(value, bytes):
                uniform = program[name]
                assert isinstance(uniform, moderngl.Uniform)
                uniform.write(value)
            else:
                program[name] = value if isinstance(value, (int, float)) else tuple(float(v) for v in value)


def _back(drawing: Drawing) -> float:
    """Where the ground ends: z in meters."""
    return -3.2 if PLACES[drawing.scene.place].indoors else -75.0


def _light(drawing: Drawing) -> dict[str, Any]:
    scene = drawing.scene
    place, daylight = PLACES[scene.place], TIMES[scene.time]
    sun = np.array(daylight.sun) / np.linalg.norm(daylight.sun)
    overcast = {"clear": 0.0, "rain": 0.55, "snowfall": 0.4, "fog": 0.6}[scene.weather]
    gray = np.full(3, float(np.mean(daylight.horizon)) * 0.95)
    horizon = np.array(daylight.horizon) * (1 - overcast) + gray * overcast
    zenith = np.array(daylight.zenith) * (1 - overcast) + gray * 0.9 * overcast
    ground = np.array(place.ground)
    return {
        "to_shadow": _columns(shadow_view(daylight.sun)),
        "sun": sun,
        "sun_color": np.array(daylight.sun_color) * (1 - 0.45 * overcast),
        "ambient": np.array(daylight.ambient) * (1 + 0.15 * overcast),
        "bounce": np.array(daylight.ambient) * (0.35 + 0.4 * ground),
        "fog_color": horizon,
        "fog_density": FOG_DENSITY[scene.weather] * (0.0 if place.indoors and scene.weather != "fog" else 1.0),
        "back": _back(drawing),
        "ground": place.ground,
        "accent": place.ground_accent,
        "far_color": place.far,
        "zenith": zenith,
        "horizon": horizon,
        "stars": daylight.stars * (1.0 if scene.weather == "clear" else 0.0),
        "seed": float(scene.seed % 97) * 0.37,
        "weather": {"rain": 1, "snowfall": 2}.get(scene.weather, 0),
    }
