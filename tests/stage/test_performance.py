from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ozora.errors import UserError
from ozora.language.cast import ACTS, CAST
from ozora.language.vocabulary import COLORS
from ozora.stage.drawing import Drawing, draw
from ozora.stage.performance import ACT_CLIPS, COLLAPSE_S
from ozora.stage.scene import Motion, Scene, Thing
from ozora.stage.trajectories import height
from ozora.stage.troupe.figure import Member, skin
from ozora.stage.troupe.pack import Credits, Pack, find_pack, read_pack, write_pack
from ozora.stage.troupe.production import produce
from tests.stage.stage import times
from tests.stage.troupe.game_files import ROLE, game

CREDITS = Credits(title="t", license="CC-BY-SA-3.0", license_url="u", source="s", authors=())


@pytest.fixture(scope="module")
def member() -> Member:
    return produce(game(), ROLE)


@pytest.fixture(scope="module")
def pack(member: Member, tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """One figure that walks, as the soldier and as the silver fish's art."""
    idle = member.clips["idle"]
    clips = {
        "idle": idle,
        "walk": replace(idle, stride_m=1.0, duration_s=1.0),
        "die": replace(idle, loops=False),
    }
    walker = replace(member, clips=clips)
    path = tmp_path_factory.mktemp("pack") / "troupe.pack"
    write_pack([replace(walker, name=name) for name in ("soldier", "fish")], path, CREDITS)
    return read_pack(path)


def play(pack: Pack, thing: Thing, at: np.ndarray[tuple[int], np.dtype[np.float64]] | None = None) -> Drawing:
    scene = Scene(things=(thing,), place="meadow")
    return draw(scene, times() if at is None else at, 1.75, pack)


def soldier(kind: str = "stand", manner: str = "", color: str = "") -> Thing:
    return Thing(noun="soldier", color=color, x=0.5, motion=Motion(kind=kind, manner=manner))


def test_every_act_has_a_clip() -> None:
    assert list(ACT_CLIPS) == list(ACTS)


def test_a_member_is_as_high_as_its_noun_says(pack: Pack) -> None:
    thing = soldier()
    (figure,) = play(pack, thing).figures
    top = skin(figure.member, figure.bones[0])[:, 1].max()
    assert top == pytest.approx(height(thing), rel=0.05) and top == pytest.approx(CAST["soldier"].height, rel=0.05)


def test_a_member_goes_where_its_track_goes(pack: Pack) -> None:
    drawing = play(pack, soldier("right", "walk"))
    (figure,) = drawing.figures
    places = np.stack([skin(figure.member, bones) for bones in figure.bones])
    head = places[:, places[0, :, 1].argmax(), 0]
    np.testing.assert_allclose(np.diff(head), np.diff(drawing.tracks[0].position[:, 0]), atol=0.5)
    assert head[-1] - head[0] == pytest.approx(3.2, abs=0.5) and len(drawing.solids) == 0


def test_clothes_take_the_color_that_is_asked_for(pack: Pack) -> None:
    assert play(pack, soldier(color="red")).figures[0].dye == COLORS["red"]
    assert play(pack, soldier()).figures[0].dye == pack.member("soldier").dye


def test_same_scene_same_pose_and_other_numbers_are_out_of_step(pack: Pack) -> None:
    first, again = (play(pack, soldier("left", "walk")).figures[0].bones for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_the_art_may_have_another_name(pack: Pack) -> None:
    assert play(pack, Thing(noun="silver fish", color="")).figures[0].member.name == "fish"


def test_what_collapses_stands_for_a_while(pack: Pack) -> None:
    before = np.array([0.0, COLLAPSE_S])
    first, second = play(pack, soldier("collapse"), before).figures[0].bones
    np.testing.assert_array_equal(first, second)


def test_what_has_no_clip_for_its_act_idles(pack: Pack) -> None:
    np.testing.assert_array_equal(
        play(pack, soldier("pray")).figures[0].bones, play(pack, soldier("stand")).figures[0].bones
    )


def test_without_a_pack_the_cast_is_not_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OZORA_TROUPE", str(tmp_path / "none.pack"))
    with pytest.raises(UserError, match="ozora stage troupe"):
        draw(Scene(things=(soldier(),), place="meadow"), times(), 1.75)
    assert draw(Scene(things=(Thing(noun="ball", color="red"),), place="meadow"), times(), 1.75).figures == ()


def test_the_pack_of_this_machine_is_opened_once(
    pack: Pack, member: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pack([member], tmp_path / "my.pack", CREDITS)
    monkeypatch.setenv("OZORA_TROUPE", str(tmp_path / "my.pack"))
    assert find_pack() is find_pack() and list(find_pack().entries) == [member.name]
