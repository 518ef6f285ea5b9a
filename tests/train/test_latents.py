from __future__ import annotations

from pathlib import Path

import torch

from ozora.language.facts import Fact, Ref, Statement
from ozora.language.vocabulary import SMALL, held_out_pairs, is_held_out
from ozora.stage.sampling import draw_scene
from ozora.train.latents import cover_tokens, from_dict, mirror, read_shelf, to_dict
from tests.train.synthetic import write_shelf


def test_statements_survive_a_round_trip() -> None:
    for seed in range(50):
        _, statement = draw_scene(seed, SMALL)
        assert from_dict(to_dict(statement)) == statement


def test_a_mirror_swaps_left_and_right() -> None:
    things = (Ref(noun="car", color="red"), Ref(noun="tree", color="blue"))
    said = Statement(things=things, facts=(Fact(kind="relation", value="left", subject=0, object=1),))
    mirrored = mirror(said)
    assert mirrored is not None
    assert mirrored.facts[0].value == "right"
    assert mirror(mirrored) == said


def test_no_mirror_shows_a_held_out_pair() -> None:
    assert any(kind == "noun motion" for kind, _, _ in held_out_pairs(SMALL))
    for seed in range(400):
        mirrored = mirror(draw_scene(seed, SMALL)[1])
        for fact in mirrored.facts if mirrored else ():
            if fact.kind == "motion" and fact.subject is not None:
                assert mirrored is not None
                assert not is_held_out("noun motion", mirrored.things[fact.subject].noun, fact.value)


def test_cover_is_averaged_over_a_token_and_kept_over_time() -> None:
    cover = torch.zeros(7, 32, 32, dtype=torch.uint8)
    cover[3, :16, :16] = 200
    tokens = cover_tokens(cover, 6, 16)
    assert tokens.shape == (2, 2, 2)
    assert tokens[0].sum() == 0
    assert tokens[1, 0, 0] == 200
    assert tokens[1, 1].sum() == 0


def test_shelves_are_read_in_order(tmp_path: Path) -> None:
    shelf = read_shelf(write_shelf(tmp_path), 13)
    assert shelf is not None
    assert shelf.latent.shape == (8, 8, 3, 2, 3)
    assert "red" in shelf.caption(0, 1) or "scarlet" in shelf.caption(0, 1)
    assert read_shelf(tmp_path, 49) is None
