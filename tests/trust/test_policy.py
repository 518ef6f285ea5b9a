from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ozora.errors import TrustError
from ozora.trust.likeness import Consent, add_consent
from ozora.trust.policy import ALLOWED, PACKS, Decision, decide, decide_frames, load_policy, read_pack
from ozora.trust.settings import TrustSettings
from ozora.world.samples import draw_toys

POLICY = load_policy(Path("/nowhere"), TrustSettings())
FRAMES = np.zeros((1, 8, 8, 3), np.uint8)


@pytest.mark.parametrize(
    ("text", "verdict", "category"),
    [
        ("a red ball rolls left past a blue cube at sunset", "allow", ""),
        ("two children play with a dog on the beach", "allow", ""),
        ("a minor chord and naked trees", "refuse", "minors"),  # known to be too strict
        ("naked children", "refuse", "minors"),
        ("a n4ked woman", "review", "sexual"),
        ("a n\u0430k\u0435d woman", "review", "sexual"),  # Cyrillic
        ("a na\ufe0fk\u200bed woman", "review", "sexual"),
        ("a n a k e d woman", "review", "sexual"),
        ("n.a.k.e.d woman", "review", "sexual"),
        ("a n_a-k.e d woman", "review", "sexual"),
        ("the letters a b c d on a cube", "allow", ""),
        ("a beheading in the snow", "refuse", "violence"),
        ("kill all jews", "refuse", "hate"),
        ("Taylor Swift's dog", "refuse", "people"),
        ("a pikachu on a skateboard", "review", "brands"),
        ("CCTV footage of a robbery", "review", "deception"),
    ],
)
def test_prompts(text: str, verdict: str, category: str) -> None:
    decision = decide(text, POLICY)
    assert (decision.verdict, decision.category) == (verdict, category)
    assert bool(decision.reason) == (verdict != "allow")
    assert set(decision.to_dict()) == {"verdict", "rule", "category", "reason"}


def test_what_the_stage_can_show_is_allowed() -> None:
    captions = [draw_toys(seed).caption for seed in range(100)]
    assert [caption for caption in captions if decide(caption, POLICY) != ALLOWED] == []


def test_every_pack_can_be_read_and_says_why() -> None:
    rules = [rule for pack in PACKS.glob("*.json") for rule in read_pack(pack)]
    assert len({rule.id for rule in rules}) == len(rules)
    assert all(rule.reason for rule in rules)


def test_a_pack_that_changes_or_goes_is_noticed_at_once(tmp_path: Path) -> None:
    pack = tmp_path / "pack.json"
    rule = {"id": "a", "category": "c", "verdict": "refuse", "reason": "r", "words": ["ball"]}
    pack.write_text(json.dumps({"rules": [rule]}))
    settings = TrustSettings(rules=(str(pack),))
    assert decide("a ball", load_policy(tmp_path, settings)).verdict == "refuse"
    pack.write_text(json.dumps({"rules": [{**rule, "words": ["cube", "sphere"]}]}))
    assert decide("a ball", load_policy(tmp_path, settings)).verdict == "allow"
    pack.unlink()
    with pytest.raises(TrustError, match="cannot be used"):
        load_policy(tmp_path, settings)


def test_a_key_can_have_verdicts_of_its_own() -> None:
    keys = {"studio": {"brands": "allow"}, "default": {"brands": "refuse"}}
    settings = TrustSettings(keys=keys)
    assert decide("a pikachu", load_policy(Path("/nowhere"), settings, "studio")).verdict == "allow"
    assert decide("a pikachu", load_policy(Path("/nowhere"), settings, "other")).verdict == "refuse"


@pytest.mark.parametrize(
    ("category", "verdict"), [("minors", "allow"), ("minors", "review"), ("brands", "maybe"), ("brand", "allow")]
)
def test_impossible_verdicts_are_refused(category: str, verdict: str) -> None:
    with pytest.raises(TrustError, match=r"trust\.json"):
        load_policy(Path("/nowhere"), TrustSettings(keys={"default": {category: verdict}}))


def test_consent_allows_a_person(tmp_path: Path) -> None:
    add_consent(
        tmp_path,
        Consent(
            person="Taylor Swift", scope=("studio",), given_at="2020-01-01", expires_at="2999-01-01", evidence="paper"
        ),
    )
    settings = TrustSettings()
    assert decide("Taylor Swift sings", load_policy(tmp_path, settings, "studio")) == ALLOWED
    assert decide("Taylor Swift sings", load_policy(tmp_path, settings, "other")).verdict == "refuse"
    both = "Taylor Swift and Elon Musk dance"
    assert decide(both, load_policy(tmp_path, settings, "studio")).matched == "elon musk"


def test_hooks_can_only_be_stricter() -> None:
    strict = replace(POLICY, classifier=lambda text: Decision(verdict="review", rule="classifier", reason="unsure"))
    assert decide("a red ball", strict).rule == "classifier"
    mild = replace(POLICY, classifier=lambda text: ALLOWED)
    assert decide("a beheading", mild).verdict == "refuse"


def test_the_check_of_frames() -> None:
    assert decide_frames(FRAMES, POLICY) == ALLOWED
    dark = Decision(verdict="refuse", rule="dark", reason="it is dark")
    assert decide_frames(FRAMES, replace(POLICY, frame_check=lambda frames: dark)) == dark


def test_a_hook_that_fails_fails_closed() -> None:
    def fail(given: str | NDArray[np.uint8]) -> Decision:
        raise RuntimeError("out of memory")

    with pytest.raises(TrustError, match="nothing is published"):
        decide("a red ball", replace(POLICY, classifier=fail))
    with pytest.raises(TrustError, match="out of memory"):
        decide_frames(FRAMES, replace(POLICY, frame_check=fail))


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"rules": []},
        {"rules": [{"id": "a"}]},
        {"rules": [{"id": "a", "category": "c", "verdict": "allow", "reason": "r"}]},
        {"rules": [{"id": "a", "category": "c", "verdict": "maybe", "reason": "r", "words": ["x"]}]},
        {"rules": [{"id": "a", "category": "c", "verdict": "allow", "reason": "r", "patterns": ["("]}]},
        {"rules": [{"id": "a", "category": "c", "verdict": "allow", "reason": "r", "wrods": ["x"]}]},
    ],
)
def test_a_pack_that_is_wrong_is_refused(tmp_path: Path, content: object) -> None:
    (tmp_path / "pack.json").write_text(json.dumps(content))
    with pytest.raises(TrustError, match="cannot be used"):
        load_policy(tmp_path, TrustSettings(rules=(str(tmp_path / "pack.json"),)))
