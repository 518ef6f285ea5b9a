from __future__ import annotations

from pathlib import Path

import pytest
from c2pa import Reader

from ozora.errors import TrustError
from ozora.plan import ClipCondition, Condition, FrameOrigins, ImageCondition, ReferenceCondition
from ozora.trust.claims import claim_origin, describe_change, describe_take
from ozora.trust.identity import init
from ozora.trust.ingredients import Ingredient, read_ingredient, read_ingredients
from ozora.trust.ledger import Ledger
from ozora.trust.manifest import Manifest, sign_file
from ozora.trust.publish import Terms, publish
from tests.trust.clips import draw_clip, film
from tests.trust.foreign import CLIP, MEDIA_TYPES, SIGNED, attest, damage, listening, shoot
from tests.trust.records import RECORD


def _sign_with(ingredient: Ingredient, home: Path, folder: Path) -> dict[str, object]:
    """The one ingredient of a signed picture, as a reader that is not ours shows it."""
    source, target = shoot("png", folder), folder / "made.png"
    manifest = Manifest(definition=describe_change("c2pa.edited", ingredient, {}, title="t"), ingredients=(ingredient,))
    sign_file(source, target, manifest, init(home))
    with Reader(str(target)) as reader:
        assert reader.get_validation_state() == "Valid"
        active = reader.get_active_manifest()
    assert active is not None
    (shown,) = active["ingredients"]
    return dict(shown)


@pytest.mark.parametrize("kind", MEDIA_TYPES)
def test_every_kind_of_file_is_an_ingredient(tmp_path: Path, kind: str) -> None:
    home = tmp_path / "home"
    identity, path = init(home), shoot(kind, tmp_path).rename(tmp_path / "input-0")
    with Ledger(home) as ledger:
        ingredient = read_ingredient(path, identity, ledger)
    shown = _sign_with(ingredient, home, tmp_path)
    assert (shown["format"], shown["relationship"], shown["title"]) == (MEDIA_TYPES[kind], "parentOf", "source 1")
    assert "active_manifest" not in shown
    assert not ingredient.is_made_by_model


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("kind", SIGNED)
def test_an_ingredient_brings_its_credentials(tmp_path: Path, kind: str, beside: bool) -> None:
    home, camera = tmp_path / "home", init(tmp_path / "camera")
    path = attest(shoot(kind, tmp_path), kind, camera, beside=beside)
    with Ledger(home) as ledger:
        ingredient = read_ingredient(path, init(home), ledger)
    path.unlink()  # it may go while it is painted on
    shown = _sign_with(ingredient, home, tmp_path)
    assert shown["active_manifest"]
    results = shown["validation_results"]
    assert isinstance(results, dict)
    codes = [item["code"] for item in results["activeManifest"]["failure"]]
    assert codes in ([], ["signingCredential.untrusted"])


@pytest.mark.parametrize("kind", ["jpeg", "png", "mp4"])
def test_credentials_that_cannot_be_read_cost_nothing_but_themselves(tmp_path: Path, kind: str) -> None:
    home, camera = tmp_path / "home", init(tmp_path / "camera")
    path = damage(attest(shoot(kind, tmp_path), kind, camera))
    with Ledger(home) as ledger:
        shown = _sign_with(read_ingredient(path, init(home), ledger), home, tmp_path)
    assert "active_manifest" not in shown


def test_nobody_is_asked_for_those_that_are_elsewhere(tmp_path: Path) -> None:
    home, camera = tmp_path / "home", init(tmp_path / "camera")
    with listening() as (address, asked), Ledger(home) as ledger:
        path = attest(shoot("jpeg", tmp_path), "jpeg", camera, address=address)
        _sign_with(read_ingredient(path, init(home), ledger), home, tmp_path)
        assert not asked


def test_each_file_has_one_role(tmp_path: Path) -> None:
    home = tmp_path / "home"
    clip, other, picture = (shoot(kind, tmp_path) for kind in ("mp4", "mkv", "png"))
    conditions: list[Condition] = [
        ReferenceCondition(path=str(picture), sha256=""),
        ClipCondition(path=str(clip), sha256=""),
        ClipCondition(path=str(other), sha256=""),
        ClipCondition(path=str(clip), sha256="", frame=6),
        ReferenceCondition(path=str(clip), sha256=""),
    ]
    with Ledger(home) as ledger:
        found = read_ingredients(conditions, init(home), ledger)
        assert [(item.role, item.relationship) for item in found] == [
            ("reference", "inputTo"),
            ("clip", "parentOf"),
            ("clip", "componentOf"),
        ]
        alone = read_ingredients([ImageCondition(path=str(picture), sha256="")], init(home), ledger)
        assert [(item.role, item.relationship) for item in alone] == [("picture", "componentOf")]
        assert [Ingredient.from_dict(item.to_dict()) for item in found] == list(found)
        with pytest.raises(TrustError, match="is gone"):
            read_ingredients([ImageCondition(path=str(tmp_path / "no.png"), sha256="")], init(home), ledger)


def test_what_was_published_here_is_known_to_come_from_a_model(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for name in ("a.mp4", "a.webm"):
        publish(draw_clip(0), RECORD, tmp_path / name, open=film, terms=Terms(home=home))
        with Ledger(home) as ledger:
            assert read_ingredient(tmp_path / name, init(home), ledger).is_made_by_model
    content = bytearray((tmp_path / "a.mp4").read_bytes())
    content[-1] ^= 1
    (tmp_path / "a.mp4").write_bytes(content)
    with Ledger(home) as ledger:
        assert not read_ingredient(tmp_path / "a.mp4", init(home), ledger).is_made_by_model


def test_a_stranger_who_claims_a_model_is_not_believed(tmp_path: Path) -> None:
    """Whoever signs camera footage as a model's could have us say that no camera took it."""
    home, other = tmp_path / "home", tmp_path / "other"
    path = shoot("png", tmp_path)
    claim = claim_origin(FrameOrigins(painted=len(CLIP)), ())
    definition = describe_take(RECORD, claim, (), payload=1, show_prompt=False)
    sign_file(path, tmp_path / "b.png", Manifest(definition=definition), init(other))
    with Ledger(home) as ledger:
        assert not read_ingredient(tmp_path / "b.png", init(home), ledger).is_made_by_model
    with Ledger(other) as ledger:
        assert read_ingredient(tmp_path / "b.png", init(other), ledger).is_made_by_model
