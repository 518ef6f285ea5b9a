from __future__ import annotations

import json
import statistics
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ozora.errors import TrustError
from ozora.language.vocabulary import TOY_WORLD
from ozora.stage.samples import draw_sample
from ozora.trust.likeness import Consent, add_consent
from ozora.trust.policy import ALLOWED, PACKS, Decision, decide, decide_frames, load_policy, read_pack
from ozora.trust.settings import TrustSettings
from tests.trust.harmless import harmless_prompts

KNOWN_ALARMS = {
    "a red bull in a field": "named-brand",
    "a minion-sized toy": "named-character",
    "a naked mole-rat sketch": "nudity",
    "an execution of a perfect dive": "killing",
    "a murder of crows": "killing",
    "white power boats on a lake": "hate",
    "gas the grill": "hate",
    "a disney-like font": "named-brand",
    "Bill, Gates and fences": "named-person",
}
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
        ("taylorswift sings", "refuse", "people"),
        ("TaylorSwift sings", "refuse", "people"),
        ("taylor_swift sings", "refuse", "people"),
        ("#taylorswiftlive", "refuse", "people"),
        ("TayIor Swift sings", "refuse", "people"),  # a capital I
        ("Iego bricks", "review", "brands"),
        ("t. swift sings", "refuse", "people"),
        ("d. trump waves", "refuse", "people"),
        ("D Trump waves", "refuse", "people"),
        ("Donald J. Trump waves", "refuse", "people"),
        ("donald j trump waves", "refuse", "people"),
        ("Donald John Trump waves", "refuse", "people"),
        ("taylor\u2800swift", "refuse", "people"),  # a blank of braille
        ("tay\u3164lor swift", "refuse", "people"),  # a letter that is drawn as nothing
        ("taylor\u3164swift", "refuse", "people"),
        ("naked\u200bwoman", "review", "sexual"),
        ("\uff4e\uff41\uff4b\uff45\uff44 woman", "review", "sexual"),
        ("\U0001d4f7\U0001d4ea\U0001d4f4\U0001d4ee\U0001d4ed woman", "review", "sexual"),
        ("\u0274\u1d00\u1d0b\u1d07\u1d05 woman", "review", "sexual"),
        ("\u0274\u0430\u043a\u0435\u0501 children", "refuse", "minors"),
        ("mickeymouse waves", "review", "brands"),
        ("k\u0456ll all jews", "refuse", "hate"),  # a pattern, in Cyrillic
        ("CCTV footage of a robbery", "review", "deception"),
    ],
)
def test_prompts(text: str, verdict: str, category: str) -> None:
    decision = decide(text, POLICY)
    assert (decision.verdict, decision.category) == (verdict, category)
    assert bool(decision.reason) == (verdict != "allow")
    assert set(decision.to_dict()) == {"verdict", "rule", "category", "reason"}


def test_what_the_stage_can_show_is_allowed() -> None:
    captions = [draw_sample(seed, TOY_WORLD).caption for seed in range(100)]
    assert [caption for caption in captions if decide(caption, POLICY) != ALLOWED] == []


def test_harmless_prompts_are_allowed() -> None:
    """False alarms of 230 captions and 240 traps; the known ones all come of words or phrases of the packs."""
    captions = [draw_sample(seed, TOY_WORLD).caption for seed in range(1000, 1230)]
    traps = harmless_prompts()
    assert len(traps) >= 240
    alarms = {text: decision for text in (*captions, *traps) if (decision := decide(text, POLICY)) != ALLOWED}
    assert {text: decision.rule for text, decision in alarms.items()} == KNOWN_ALARMS


def test_a_usual_prompt_is_judged_within_two_milliseconds() -> None:
    text = "a red ball rolls left past a blue cube at sunset, in the snow, while a yellow robot waves; seen from above"
    decide(text, POLICY)
    times = []
    for number in range(30):
        began = time.perf_counter()
        decide(f"{text} {number}", POLICY)
        times.append(time.perf_counter() - began)
    assert statistics.median(times) < 0.002


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
