"""The policy: whether a prompt may be made and its frames published.

Rule packs are JSON files of rules; a rule has a category, words or patterns, a verdict and a reason. Words match in all
their forms, phrases as words in a row or joined to one, names of people also with initials, and a rule with ``with``
needs a word of both lists. The strictest rule that matches decides. An API key can have other verdicts for categories,
except for those that are never relaxed. Two hooks, a classifier of text and a check of frames, may only be stricter.
What cannot be checked is not published.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ozora.errors import TrustError
from ozora.trust.lemma import find_lemmas, find_phrase, read_all_ways
from ozora.trust.likeness import Consent, may_show, read_consents
from ozora.trust.settings import TrustSettings

Verdict = Literal["allow", "review", "refuse"]
VERDICTS: tuple[Verdict, ...] = ("allow", "review", "refuse")
"""From mild to strict."""
PACKS = Path(__file__).parent / "rules"
NEVER_RELAXED = ("minors",)
PEOPLE = "people"
DEFAULT_KEY = "default"
_LEAST_JOINED = 7  # letters of a phrase that is known without its spaces; shorter ones are parts of other words
_LEAST_HIDDEN = 9  # letters of a name that is known inside of a longer word
_LETTERS = "bcdefghjklmnopqrstuvwxyz"  # that are no words by themselves
_INITIAL = re.compile(r"(?<!\w)([a-z])(?:\. ?| )([a-z]+)(?!\w)")
_TITLES = ("dalai", "king", "lady", "mr", "pope", "prince", "xi")
_COMMON_NAMES = ("johnson", "smith", "watson", "west")  # an initial before these may be anybody


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the policy says: ``rule`` and ``matched`` are empty when nothing matched."""

    verdict: Verdict
    rule: str = ""
    category: str = ""
    reason: str = ""
    matched: str = ""

    def to_dict(self) -> dict[str, str]:
        return {"verdict": self.verdict, "rule": self.rule, "category": self.category, "reason": self.reason}


Classifier = Callable[[str], Decision]
FrameCheck = Callable[[NDArray[np.uint8]], Decision]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """``words`` and ``with_words`` map the lemmas of a word or phrase to how the pack writes it, ``joined`` phrases
    that are written as one word, ``initials`` first letters and last names."""

    id: str
    category: str
    verdict: Verdict
    reason: str
    words: dict[tuple[str, ...], str] = field(default_factory=dict)
    joined: dict[str, str] = field(default_factory=dict)
    initials: dict[tuple[str, str], str] = field(default_factory=dict)
    with_words: dict[tuple[str, ...], str] = field(default_factory=dict)
    patterns: tuple[re.Pattern[str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules for one API ``key``, with its own verdicts by category and the hooks."""

    rules: tuple[Rule, ...]
    key: str = DEFAULT_KEY
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    consents: tuple[Consent, ...] = ()
    classifier: Classifier | None = None
    frame_check: FrameCheck | None = None


ALLOWED = Decision(verdict="allow")


def load_policy(home: Path, settings: TrustSettings, key: str = DEFAULT_KEY) -> Policy:
    """The policy of an installation for ``key``; ``TrustError`` when a pack, setting or consent cannot be read."""
    packs = [*sorted(PACKS.glob("*.json")), *(Path(name) for name in settings.rules)]
    rules = tuple(rule for pack in packs for rule in read_pack(pack))
    categories = {rule.category for rule in rules}
    own = settings.keys.get(key, settings.keys.get(DEFAULT_KEY, {}))
    verdicts = {category: _check_verdict(category, verdict, categories) for category, verdict in own.items()}
    return Policy(rules=rules, key=key, verdicts=verdicts, consents=read_consents(home))


def read_pack(path: Path) -> tuple[Rule, ...]:
    """The rules of a pack; ``TrustError`` names what is wrong with it."""
    try:
        state = path.stat()
        rules = _read_rules(path, state.st_mtime_ns, state.st_size)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, re.error) as error:
        raise TrustError(f"the rule pack {path} cannot be used ({error}): correct it") from error
    if not rules:
        raise TrustError(f"the rule pack {path} cannot be used (it has no rules): correct it")
    return rules


@functools.lru_cache(maxsize=64)
def _read_rules(path: Path, changed_ns: int, size_bytes: int) -> tuple[Rule, ...]:
    """Once for each state of a file: to read the packs takes longer than to judge a prompt."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return tuple(_parse(item) for item in data["rules"])


def decide(text: str, policy: Policy) -> Decision:
    """What the rules and the classifier say of ``text``. ``TrustError`` when the classifier fails."""
    found = [decision for rule in policy.rules if (decision := _apply(rule, text, policy)) is not None]
    hook = policy.classifier
    if hook is not None:
        found.append(_ask("the classifier", lambda: hook(text)))
    return strictest(found)


def decide_frames(frames: NDArray[np.uint8], policy: Policy) -> Decision:
    """What the check of frames [f, h, w, 3] says; allowed without one. ``TrustError`` when it fails."""
    hook = policy.frame_check
    return ALLOWED if hook is None else _ask("the check of frames", lambda: hook(frames))


def strictest(decisions: Sequence[Decision]) -> Decision:
    """The first of the strictest, allowed when there is none."""
    return max(decisions, key=lambda decision: VERDICTS.index(decision.verdict), default=ALLOWED)


def _ask(name: str, hook: Callable[[], Decision]) -> Decision:
    try:
        decision = hook()
    except Exception as error:  # whatever a hook raises, it has not said yes
        raise TrustError(f"{name} failed ({error}), so nothing is published: repair it or try again later") from error
    if decision.verdict not in VERDICTS:
        raise TrustError(f"{name} said {decision.verdict!r}, which is no verdict, so nothing is published")
    return decision


def _apply(rule: Rule, text: str, policy: Policy) -> Decision | None:
    """What ``rule`` says of ``text``, or ``None`` when it does not match or the person has consented."""
    lemmas = _read(text)
    hits = list(_hits(rule.words, lemmas))
    if rule.patterns:
        said = [way.casefold() for way in (text, *read_all_ways(text))]
        hits += [match[0] for p in rule.patterns for way in said if (match := p.search(way))]
    if rule.category == PEOPLE:
        hits += [*_hidden(rule.joined, lemmas), *_short(rule.initials, text)]
    if rule.with_words and not list(_hits(rule.with_words, lemmas)):
        return None
    if rule.category == PEOPLE:
        hits = [person for person in hits if not may_show(policy.consents, person, policy.key)]
    if not hits:
        return None
    verdict = policy.verdicts.get(rule.category, rule.verdict)
    return Decision(verdict=verdict, rule=rule.id, category=rule.category, reason=rule.reason, matched=hits[0])


def _short(initials: dict[tuple[str, str], str], text: str) -> Iterator[str]:
    """Names with an initial, such as "d. trump" or "D Trump", and no other word or sign between."""
    for way in read_all_ways(text):
        for initial, last in _INITIAL.findall(way.casefold()):
            if (person := initials.get((initial, last))) is not None:
                yield person


@functools.lru_cache(maxsize=8)
def _read(text: str) -> tuple[str, ...]:
    """Once for all rules."""
    return find_lemmas(text)


def _hidden(joined: dict[str, str], lemmas: tuple[str, ...]) -> Iterator[str]:
    """Names that are a part of a longer word, such as of a hashtag."""
    for lemma in lemmas:
        if len(lemma) > _LEAST_HIDDEN:
            yield from (person for name, person in joined.items() if name in lemma)


def _hits(words: dict[tuple[str, ...], str], lemmas: tuple[str, ...]) -> Iterator[str]:
    longest = max((len(word) for word in words), default=0)
    for size in range(1, longest + 1):
        for start in range(len(lemmas) - size + 1):
            if (word := words.get(lemmas[start : start + size])) is not None:
                yield word


def _parse(item: dict[str, Any]) -> Rule:
    unknown = set(item) - {"id", "category", "verdict", "reason", "words", "with", "patterns"}
    if unknown:
        raise ValueError(f"unknown field {sorted(unknown)[0]}")
    if item["verdict"] not in VERDICTS:
        raise ValueError(f"{item['verdict']!r} is no verdict")
    if not (item.get("words") or item.get("patterns")):
        raise ValueError(f"rule {item['id']} has neither words nor patterns")
    return Rule(
        id=item["id"],
        category=item["category"],
        verdict=item["verdict"],
        reason=item["reason"],
        words=_index(item.get("words", []), people=item["category"] == PEOPLE),
        joined=_join(item.get("words", [])),
        initials=_initials(item.get("words", [])),
        with_words=_index(item.get("with", [])),
        patterns=tuple(re.compile(pattern) for pattern in item.get("patterns", [])),
    )


def _index(words: Sequence[str], *, people: bool = False) -> dict[tuple[str, ...], str]:
    """Each word or phrase by its lemmas, a phrase also as one word; of ``people`` also their other ways of writing."""
    index = {find_phrase(word): word for word in words}
    for word in words:
        if len(joined := word.replace(" ", "")) >= _LEAST_JOINED and joined != word:
            index.setdefault(find_phrase(joined), word)
        if people:
            for middle in _LETTERS if _is_known_by_last(word) else "":
                index.setdefault(find_phrase(word.replace(" ", f" {middle} ")), word)
    return index


def _is_known_by_last(name: str) -> bool:
    """Whether a name is a first and a last one, of which the last does not fit too many others."""
    first, _, last = name.partition(" ")
    return bool(last) and " " not in last and first not in _TITLES and last not in _COMMON_NAMES


def _initials(names: Sequence[str]) -> dict[tuple[str, str], str]:
    """People by an initial and their last name; "a" and "i" are words, and no initials."""
    known = [name for name in names if _is_known_by_last(name) and name[0] in _LETTERS]
    return {(name[0], name.partition(" ")[2]): name for name in known}


def _join(words: Sequence[str]) -> dict[str, str]:
    """The names of two words and more as one, by which they are found inside of a longer word."""
    joined = {find_phrase(word.replace(" ", ""))[0]: word for word in words if " " in word}
    return {name: word for name, word in joined.items() if len(name) >= _LEAST_HIDDEN}


def _check_verdict(category: str, verdict: str, categories: set[str]) -> Verdict:
    if category not in categories:
        raise TrustError(f"trust.json names the category {category!r}: there are {', '.join(sorted(categories))}")
    for known in VERDICTS:
        if verdict == known and not (category in NEVER_RELAXED and known != "refuse"):
            return known
    raise TrustError(f"trust.json says {verdict!r} for {category}: that is not possible")
