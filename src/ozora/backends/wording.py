"""Wording: the sentence that the model is asked for a prompt, in words that it was trained on."""

from __future__ import annotations

from dataclasses import dataclass

from ozora.language.adaptation import (
    adapt,
    add_default_relation,
    add_default_setting,
    default_notes,
    unsupported_words,
)
from ozora.language.facts import Statement
from ozora.language.prompt_parser import parse_prompt
from ozora.language.sentences import sentence
from ozora.language.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How prompts are put to a model of ``vocabulary``; ``free`` says that no picture of the clip is given, so that
    what a prompt leaves open may be decided."""

    vocabulary: Vocabulary
    free: bool = True

    def statement(self, text: str) -> Statement:
        """What is painted for a prompt."""
        statement = adapt(parse_prompt(text), self.vocabulary)
        if not statement.things and not statement.facts:
            return statement  # nothing of it is understood
        return add_default_setting(add_default_relation(statement)) if self.free else statement

    def sentence(self, text: str) -> str:
        """The prompt in plain words, or what is drawn in its place; as it is where it holds words that are not
        understood, and nothing else is to be said of it."""
        parsed = parse_prompt(text)
        understood = unsupported_words(parsed, self.vocabulary) or not parsed.unknown
        return (sentence(self.statement(text)) if understood else "") or text

    def notes(self, text: str) -> tuple[str, ...]:
        """What of a prompt the model does not know, and what is drawn instead; a sentence each."""
        return unsupported_words(parse_prompt(text), self.vocabulary)

    def decisions(self, text: str) -> tuple[str, ...]:
        """What is decided where a prompt leaves it open; a sentence each."""
        return default_notes(adapt(parse_prompt(text), self.vocabulary)) if self.free else ()
