"""Whether a prompt is read as it was meant."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import permutations

from ozora.language.cast import CAST
from ozora.language.facts import Fact, Ref, Statement
from ozora.language.prompt_parser import parse_prompt


def reads_back(text: str, statement: Statement) -> bool:
    """Whether a text is read as the statement, however its things are numbered.

    A bare noun ("a horse") names any member of the cast of that kind, and what only "moves" may do so in any manner.
    """
    found = parse_prompt(text)
    if found.unknown or found.aimless or len(found.statement.things) != len(statement.things):
        return False
    return any(_equal(text, statement, found.statement, order) for order in permutations(range(len(statement.things))))


def _equal(text: str, meant: Statement, found: Statement, order: tuple[int, ...]) -> bool:
    """``order``: the number in ``found`` of each thing that is meant."""
    if not all(_names(text, ref, found.things[place]) for ref, place in zip(meant.things, order, strict=True)):
        return False
    facts = {_renumbered(fact, order): fact for fact in meant.facts}
    read = {replace(fact, manner=""): fact for fact in found.facts}
    return set(facts) == set(read) and all(
        _same_manner(text, fact.manner, read[plain].manner) for plain, fact in facts.items()
    )


def _renumbered(fact: Fact, order: tuple[int, ...]) -> Fact:
    subject, other = (None if number is None else order[number] for number in (fact.subject, fact.object))
    return replace(fact, subject=subject, object=other, manner="")


def _names(text: str, meant: Ref, found: Ref) -> bool:
    if meant == found:
        return True
    member, other = CAST.get(meant.noun), CAST.get(found.noun)
    if member is None or other is None or member.noun != other.noun or meant.size != found.size:
        return False
    alike = member.called(meant.color) == other.called(found.color)  # "woman in a white dress" is a member as well
    return alike or (meant.color == found.color == "" and meant.noun not in text)


def _same_manner(text: str, meant: str, found: str) -> bool:
    return meant == found or re.search(r"\bmov(e|es|ing)\b", text) is not None
