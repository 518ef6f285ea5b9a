from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import ozora.stage
from ozora.errors import RendererError
from ozora.stage.opengl import context
from ozora.stage.troupe.figure import Member, appear
from ozora.stage.troupe.production import produce
from ozora.stage.troupe.skinned import Pass, SkinnedBatch
from tests.stage.troupe.game_files import ROLE, game, pmd, rigid_corners, texture

pytestmark = pytest.mark.egl
SHADERS = Path(ozora.stage.__file__).parent / "shaders"
LIGHT = "vec3 shade(vec3 albedo, vec3 normal, vec3 world, float gloss) { return albedo; }"
SIDE = 32


def source(name: str) -> str:
    return (SHADERS / name).read_text().replace('#include "light.glsl"', LIGHT)


@pytest.fixture(scope="module")
def batch() -> SkinnedBatch:
    try:
        return SkinnedBatch(context(), source)
    except RendererError as error:
        pytest.skip(f"no headless OpenGL here: {error}")


def figure(alpha: int = 255, material: str = "basic_trans.xml") -> Member:
    """A square from -1 to 1 across and 0 to 2 up that faces +z, in one texture."""
    files = game()
    corners = rigid_corners((0, 0, -1), (0, 0, 1), (0, 2, 1), (0, 2, -1))
    triangles = [(0, 1, 2), (0, 2, 3), (0, 2, 1), (0, 3, 2)]
    files.files["art/meshes/head.dae.cached.pmd"] = pmd(corners, triangles=triangles)
    files.files["art/actors/head.xml"] = files.files["art/actors/head.xml"].replace(b"default.xml", material.encode())
    files.files["art/textures/skins/prop.png.cached.dds"] = texture((250, 200, 150, alpha))
    role = ROLE.__class__(name="f", noun="f", family="plant", actor="head.xml", height_m=2.0, tunic="blue")
    return produce(files, role)


def picture(
    batch: SkinnedBatch, member: Member, name: Pass = "color", frames: int = 1, place: int = 0
) -> NDArray[np.float32]:
    """RGBA [h, w, 4] floats of one pass, seen along -z over -2..2."""
    placements = np.tile(np.eye(3, 4), (frames, 1, 1))
    placements[:, 0, 3] = np.arange(frames)
    shown = appear(member, "rest", np.zeros(frames), placements, thing=5, dye=(1.0, 0.0, 0.0))
    target = batch.gl.framebuffer(
        [batch.gl.texture((SIDE, SIDE), 4, dtype="f4")], batch.gl.depth_renderbuffer((SIDE, SIDE))
    )
    target.use()
    target.clear()
    batch.upload([shown], slice(None))
    for program in batch.programs[name]:
        program["to_clip"].write(np.diag([0.5, 0.5, -0.1, 1.0]).astype("f4").tobytes())  # type: ignore[union-attr]
        if "eye" in program:
            program["eye"] = (0.0, 1.0, 3.0)
    batch.draw(name, place)
    pixels = np.frombuffer(target.read(components=4, dtype="f4"), dtype=np.float32).reshape(SIDE, SIDE, 4)
    return pixels[::-1]


def test_covers_what_it_should(batch: SkinnedBatch) -> None:
    alpha = picture(batch, figure())[..., 3]
    assert alpha[4:12, 12:20].min() == 1.0
    assert alpha[20:].max() == 0.0
    assert alpha[:, :6].max() == 0.0


def test_holes_are_cut_in_every_pass(batch: SkinnedBatch) -> None:
    for name in ("color", "truth"):
        assert np.abs(picture(batch, figure(alpha=0), name)).max() == 0.0


def test_dyes_multiply(batch: SkinnedBatch) -> None:
    pixel = picture(batch, figure(alpha=0, material="player_trans.xml"))[8, 16]
    np.testing.assert_allclose(pixel[:3], [250 / 255, 0.0, 0.0], atol=0.02)
    pixel = picture(batch, figure(alpha=255, material="player_trans.xml"))[8, 16]
    np.testing.assert_allclose(pixel[:3], [250 / 255, 200 / 255, 150 / 255], atol=0.02)


def test_truth_holds_number_and_distance(batch: SkinnedBatch) -> None:
    thing, depth = picture(batch, figure(), "truth")[8, 16, :2]
    assert thing == 5.0
    assert depth == pytest.approx(3.0, abs=0.1)


def test_frames_use_their_own_bones(batch: SkinnedBatch) -> None:
    first = picture(batch, figure(), frames=3, place=0)[8, :, 3]
    second = picture(batch, figure(), frames=3, place=1)[8, :, 3]
    np.testing.assert_array_equal(first[:-8], second[8:])


def test_posed_figures_draw(batch: SkinnedBatch) -> None:
    member = produce(game(), ROLE)
    shown = appear(member, "walk", np.linspace(0, 1, 4), np.tile(np.eye(3, 4), (4, 1, 1)))
    batch.upload([shown, shown], np.arange(2))
    batch.draw("shadow", 1)
