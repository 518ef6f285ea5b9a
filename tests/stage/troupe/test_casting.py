from __future__ import annotations

from ozora.language.vocabulary import COLORS
from ozora.stage.troupe.casting import ROLES
from ozora.stage.troupe.figure import REST


def test_names_are_unique_and_plain() -> None:
    names = [role.name for role in ROLES]
    assert len(set(names)) == len(names) >= 40
    assert all(name == name.lower().strip() for name in names)


def test_every_role_is_sound() -> None:
    for role in ROLES:
        assert role.tunic in COLORS
        assert 0.2 < role.height_m < 10
        clips = [act.clip for act in role.acts]
        assert len(set(clips)) == len(clips)
        assert REST not in clips
        assert role.picture_side <= 256
        assert bool(role.acts) == (role.family in ("person", "animal"))


def test_the_cast_is_wide() -> None:
    families = [role.family for role in ROLES]
    assert all(families.count(family) >= 3 for family in ("person", "animal", "building", "plant", "vehicle"))
    assert {"horse", "dog", "tiger", "woman", "man", "soldier", "rider", "tree"} <= {role.noun for role in ROLES}
