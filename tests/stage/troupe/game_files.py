"""Tiny game files made of bytes, and a game archive that is a dict."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence

import numpy as np
from PIL import Image

from ozora.errors import MediaError
from ozora.stage.troupe.casting import Act, Role

Place = tuple[float, float, float]
Turn = tuple[float, float, float, float]
NO_TURN: Turn = (0.0, 0.0, 0.0, 1.0)
NO_BONES = (255, 255, 255, 255)
Corner = tuple[Place, tuple[int, int, int, int], tuple[float, float, float, float]]


class DictFiles:
    """``Files`` in memory."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def has(self, name: str) -> bool:
        return name in self.files

    def read(self, name: str) -> bytes:
        if name not in self.files:
            raise MediaError(f"no {name}")
        return self.files[name]


def pmd(
    corners: Sequence[Corner],
    *,
    bind: Sequence[tuple[Place, Turn]] = (),
    points: Sequence[tuple[str, Place, Turn, int]] = (),
    triangles: Sequence[tuple[int, int, int]] = ((0, 1, 2),),
) -> bytes:
    """A PMD mesh; every corner is (position, bones, weights), its UV is (x, y) of the position."""
    body = struct.pack("<II", len(corners), 1)
    for place, bones, weights in corners:
        body += struct.pack("<3f3f2f4B4f", *place, 0.0, 0.0, 1.0, place[0], place[1], *bones, *weights)
    body += struct.pack("<I", len(triangles)) + b"".join(struct.pack("<3H", *each) for each in triangles)
    body += struct.pack("<I", len(bind)) + b"".join(struct.pack("<7f", *place, *turn) for place, turn in bind)
    body += struct.pack("<I", len(points))
    for name, place, turn, bone in points:
        body += struct.pack("<I", len(name)) + name.encode() + struct.pack("<7fB", *place, *turn, bone)
    return b"PSMD" + struct.pack("<II", 4, len(body)) + body


def psa(frames: Sequence[Sequence[tuple[Place, Turn]]], *, frame_ms: float = 100.0) -> bytes:
    """A PSA animation: places and turns per frame and bone."""
    body = struct.pack("<I", 4) + b"test" + struct.pack("<fII", frame_ms, len(frames[0]), len(frames))
    body += b"".join(struct.pack("<7f", *place, *turn) for frame in frames for place, turn in frame)
    return b"PSSA" + struct.pack("<II", 1, len(body)) + body


def texture(color: tuple[int, int, int, int], side: int = 8) -> bytes:
    """A texture of one color, as PNG (which the reader takes as well as DDS)."""
    out = io.BytesIO()
    Image.fromarray(np.full((side, side, 4), color, dtype=np.uint8)).save(out, format="png")
    return out.getvalue()


def rigid_corners(*places: Place) -> list[Corner]:
    return [(place, NO_BONES, (0.0, 0.0, 0.0, 0.0)) for place in places]


LOW, HIGH = (0.0, 0.0, 0.0), (0.0, 2.0, 0.0)
BODY = pmd(
    [
        ((0.0, 0.0, 0.0), (0, 255, 255, 255), (1.0, 0.0, 0.0, 0.0)),
        ((0.0, 4.0, 0.0), (1, 255, 255, 255), (1.0, 0.0, 0.0, 0.0)),
        ((0.0, 2.0, -1.0), (0, 1, 255, 255), (0.5, 0.5, 0.0, 0.0)),
    ],
    bind=[(LOW, NO_TURN), (HIGH, NO_TURN)],
    points=[("root", LOW, NO_TURN, 255), ("head", (0.0, 2.0, 0.0), NO_TURN, 1), ("weapon_R", LOW, NO_TURN, 1)],
)
WALK = psa([[(LOW, NO_TURN), ((0.0, 2.0, step), NO_TURN)] for step in (0.0, 1.0, 0.0, -1.0)])
IDLE = psa([[(LOW, NO_TURN), (HIGH, NO_TURN)]] * 2)
HEAD = pmd(rigid_corners((0.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.5, 0.0, 0.0)))
AXE = pmd(rigid_corners((0.0, 0.0, 0.0), (0.0, 9.0, 0.0), (0.5, 0.0, 0.0)))

ACTOR = b"""<actor version="1">
  <group><variant>
    <mesh>body.dae</mesh>
    <textures><texture name="baseTex" file="body.png"/></textures>
    <animations>
      <animation name="Idle" file="idle.dae"/><animation name="Walk" file="walk.dae" speed="10"/>
    </animations>
    <props><prop attachpoint="head" actor="head.xml"/></props>
  </variant></group>
  <group>
    <variant name="calm" frequency="1"/>
    <variant file="chop.xml"/>
  </group>
  <material>player_trans.xml</material>
</actor>"""
CHOP = b"""<variant name="gather_tree">
  <animations><animation name="gather_tree" file="walk.dae"/></animations>
  <props><prop attachpoint="weapon_R" actor="axe.xml"/></props>
</variant>"""


def prop(mesh: str, material: str = "default.xml") -> bytes:
    return f"""<actor version="1"><group><variant><mesh>{mesh}</mesh>
      <textures><texture name="baseTex" file="prop.png"/></textures></variant></group>
      <material>{material}</material></actor>""".encode()


def game() -> DictFiles:
    """A game of one figure with a head, who fetches an axe to chop wood."""
    return DictFiles(
        {
            "art/actors/figure.xml": ACTOR,
            "art/actors/head.xml": prop("head.dae"),
            "art/actors/axe.xml": prop("axe.dae"),
            "art/variants/chop.xml": CHOP,
            "art/meshes/body.dae.cached.pmd": BODY,
            "art/meshes/head.dae.cached.pmd": HEAD,
            "art/meshes/axe.dae.cached.pmd": AXE,
            "art/animation/idle.dae.cached.psa": IDLE,
            "art/animation/walk.dae.cached.psa": WALK,
            "art/textures/skins/body.png.cached.dds": texture((200, 200, 200, 0)),
            "art/textures/skins/prop.png.cached.dds": texture((250, 200, 150, 255)),
            "gui/credits/texts/art.json": b'{"Content": [{"List": [{"nick": "x", "name": "Ada"}, {"nick": "bob"}]}]}',
        }
    )


ROLE = Role(
    name="tall figure",
    noun="figure",
    traits=("tall",),
    family="person",
    actor="figure.xml",
    height_m=2.5,
    acts=(
        Act(clip="idle", state="idle"),
        Act(clip="walk", state="walk", travels=True),
        Act(clip="chop", state="gather_tree"),
    ),
    tunic="blue",
)
