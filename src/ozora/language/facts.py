"""Facts: checkable statements that a prompt makes about a video, and the things that they speak of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """A thing as a prompt names it. Empty strings are what the prompt leaves open; ``count`` of them are asked for."""

    noun: str
    color: str = ""
    size: str = ""
    count: int = 1
    word: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One statement. ``subject`` and ``object`` are places in ``Statement.things``.

    ==========  ==================================================  =========
    kind        value                                               object
    ==========  ==================================================  =========
    exists      ""                                                  -
    motion      one of ``vocabulary.MOTIONS``                       its target, if any
    relation    one of ``vocabulary.RELATIONS``                     the other thing
    event       one of ``vocabulary.EVENTS``, "paint red"           who did it, if anyone
    place       one of ``vocabulary.PLACES``                        -
    time        one of ``vocabulary.TIMES``                         -
    weather     one of ``vocabulary.WEATHERS``                      -
    camera      one of ``vocabulary.CAMERAS``                       -
    ==========  ==================================================  =========
    """

    kind: str
    value: str = ""
    subject: int | None = None
    object: int | None = None
    manner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Everything that one prompt says."""

    things: tuple[Ref, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """A text and exactly what it states."""

    text: str
    statement: Statement
