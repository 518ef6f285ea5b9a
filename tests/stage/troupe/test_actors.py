from __future__ import annotations

import pytest

from ozora.errors import MediaError
from ozora.stage.troupe.actors import coat_of, parse_xml, resolve
from tests.stage.troupe.game_files import DictFiles, game


def actor(body: str) -> DictFiles:
    return DictFiles({"art/actors/a.xml": f"<actor>{body}</actor>".encode()})


def test_a_state_brings_its_props_along() -> None:
    calm = resolve(game(), "figure.xml")
    busy = resolve(game(), "figure.xml", wanted=("gather_tree",))
    assert [point for point, _ in calm.props] == ["head"]
    assert [point for point, _ in busy.props] == ["head", "weapon_R"]
    assert calm.coat == "player"
    assert {each.name for each in busy.animations} == {"idle", "walk", "gather_tree"}


def test_dice_are_fair_and_fixed() -> None:
    files = actor(
        "<group><variant frequency='3'><mesh>often</mesh></variant><variant frequency='1'><mesh>rare</mesh></variant>"
        "<variant frequency='0'><mesh>never</mesh></variant></group>"
    )
    found = [resolve(files, "a.xml", seed=str(seed)).mesh for seed in range(200)]
    assert found == [resolve(files, "a.xml", seed=str(seed)).mesh for seed in range(200)]
    assert 120 < found.count("often") < 180
    assert "never" not in found
    assert resolve(files, "a.xml", wanted=("nobody",), seed="1").mesh in {"often", "rare"}


def test_without_frequencies_all_are_alike() -> None:
    files = actor("<group><variant><mesh>a</mesh></variant><variant><mesh>b</mesh></variant></group>")
    assert {resolve(files, "a.xml", seed=str(seed)).mesh for seed in range(20)} == {"a", "b"}


def test_later_groups_override() -> None:
    hand = "<props><prop attachpoint='hand' actor='x.xml'/></props><color>255 0 0</color>"
    empty = "<props><prop attachpoint='hand'/></props>"
    part = resolve(actor(f"<group><variant>{hand}</variant></group><group><variant>{empty}</variant></group>"), "a.xml")
    assert part.props == ()
    assert part.color == (1.0, 0.0, 0.0)


def test_best_quality_is_taken() -> None:
    fine = "<group><variant><mesh>fine</mesh></variant></group>"
    coarse = "<group maxquality='low'><variant><mesh>coarse</mesh></variant></group>"
    text = f"<qualitylevels><actor quality='low'/><actor inline=''/><inline>{fine}{coarse}</inline></qualitylevels>"
    assert resolve(DictFiles({"art/actors/a.xml": text.encode()}), "a.xml").mesh == "fine"


@pytest.mark.parametrize(
    "files",
    [
        DictFiles({}),
        DictFiles({"art/actors/a.xml": b"<actor>"}),
        DictFiles({"art/actors/a.xml": b"<!DOCTYPE a [<!ENTITY b 'c'>]><actor>&b;</actor>"}),
        DictFiles({"art/actors/a.xml": b"<qualitylevels/>"}),
        actor("<group><variant><props><prop attachpoint='x' actor='a.xml'/></props></variant></group>"),
        actor("<group><variant><color>1 2</color></variant></group>"),
        actor("<group><variant><color>red</color></variant></group>"),
        DictFiles(
            {
                "art/actors/a.xml": b"<actor><group><variant file='v.xml'/></group></actor>",
                "art/variants/v.xml": b"<variant file='v.xml'/>",
            }
        ),
    ],
)
def test_hostile_files_are_refused(files: DictFiles) -> None:
    with pytest.raises(MediaError):
        resolve(files, "a.xml")


def test_huge_xml_is_refused() -> None:
    with pytest.raises(MediaError, match="larger"):
        parse_xml(b" " * (2**20 + 1), "it")


def test_materials_tell_what_alpha_means() -> None:
    assert coat_of("player_trans_spec.xml") == "player"
    assert coat_of("objectcolor.xml") == "object"
    assert coat_of("basic_trans_wind.xml") == "cutout"
    assert coat_of("no_trans_spec.xml") == coat_of("") == "opaque"
