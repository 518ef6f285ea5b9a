"""The caption probe: the text encoder also learns to say, at every noun of a caption, what is said of that thing.

A grammar knows the answers exactly: its color, its motion, on which side of another thing it is, and where and when
all this is. Without that, who is left and who is right was still a guess after ten thousand clips; the noise of a
picture is a poor teacher of grammar. Nouns are hidden in a part of the texts, so that a noun does not stand for what it
is mostly seen to do. The head is left out of the shipped weights.

Letters: ``b`` texts, ``n`` words, ``d`` width, ``q`` questions, ``o`` answers.
"""

from __future__ import annotations

import re

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from ozora.language.facts import Statement
from ozora.language.vocabulary import COLOR_SYNONYMS, COLORS, MOTIONS, NOUNS, PLACES, RELATIONS, TIMES
from ozora.model.maquette import Denoiser
from ozora.model.text import UNKNOWN, TextConfig, split, tokenize

ASKED = tuple(1 + len(values) for values in (COLORS, MOTIONS, RELATIONS, PLACES, TIMES))
"""How many answers there are to each question; 0 is "nothing is said"."""
SILENT = -100
"""In labels: this word is not asked."""
HIDDEN_SHARE = 0.3
"""Of the nouns, how many are hidden."""
OPPOSITE = {"left": "right", "right": "left", "front": "behind", "behind": "front", "on": "under", "under": "on"}

Words = tuple[Int[Tensor, "b n"], Int[Tensor, "b n e"]]


class CaptionProbe(nn.Module):
    """A denoiser and the head that its text encoder answers by, trained as one."""

    def __init__(self, denoiser: Denoiser) -> None:
        super().__init__()
        self.denoiser = denoiser
        self.answers = nn.Linear(denoiser.text.config.width, sum(ASKED))
        nn.init.zeros_(self.answers.weight)
        nn.init.zeros_(self.answers.bias)

    def forward(
        self,
        x_t: Float[Tensor, "b n k"],
        t: Float[Tensor, "b l"],
        layout_t: Float[Tensor, "b"],
        known: Float[Tensor, "b n"],
        words: Words,
        place: Float[Tensor, "n 3"],
    ) -> Float[Tensor, "b n k"]:
        result: Tensor = self.denoiser(x_t, t, layout_t, known, words, place)
        return result

    def read(self, words: Words) -> Float[Tensor, "b n o"]:
        """Logits of all answers at every word."""
        result: Tensor = self.answers(self.denoiser.text(*words))
        return result


def _mentions(words: list[str], statement: Statement) -> list[list[int]]:
    """At which words [things][mentions] each thing is named: by its noun, and its color where one stands before it."""
    places: list[list[int]] = []
    for ref in statement.things:
        noun = NOUNS[ref.noun]
        names = {_head(name) for name in (ref.noun, *noun.synonyms, noun.plural or f"{ref.noun}s")}
        colors = {ref.color, *COLOR_SYNONYMS.get(ref.color, ()), *ref.noun.split()}
        every = {*COLORS, *(word for words in COLOR_SYNONYMS.values() for word in words)}
        places.append(
            [
                place
                for place, word in enumerate(words)
                if word in names and (place == 0 or words[place - 1] not in every or words[place - 1] in colors)
            ]
        )
    return places


def _head(name: str) -> str:
    """The word of a name that is the noun: "woman" of "woman in a dress", "horse" of "brown horse"."""
    return re.split(r" in | on | and ", name)[0].split()[-1]


def answers(statement: Statement) -> list[tuple[int, ...]]:
    """What is said of each thing: numbers of its color, its motion, its side, its place and its time of day."""
    told = [[0 if not ref.color else 1 + list(COLORS).index(ref.color), 0, 0, 0, 0] for ref in statement.things]
    for fact in statement.facts:
        if fact.kind == "motion" and fact.subject is not None:
            told[fact.subject][1] = 1 + MOTIONS.index(fact.value)
        elif fact.kind == "relation" and fact.subject is not None:
            told[fact.subject][2] = 1 + RELATIONS.index(fact.value)
            if fact.object is not None:
                told[fact.object][2] = 1 + RELATIONS.index(OPPOSITE[fact.value])
        elif fact.kind in ("place", "time"):
            column, values = (3, list(PLACES)) if fact.kind == "place" else (4, list(TIMES))
            for one in told:
                one[column] = 1 + values.index(fact.value)
    return [tuple(one) for one in told]


def probe_batch(
    texts: list[str], statements: list[Statement], config: TextConfig, generator: torch.Generator
) -> tuple[Words, Int[Tensor, "b n q"]]:
    """Texts with some nouns hidden, and the answers at each word. Words that name two things alike are not asked."""
    words, letters = tokenize(texts, config)
    asked = torch.full((*words.shape, len(ASKED)), SILENT)
    hidden = torch.rand(words.shape, generator=generator) < HIDDEN_SHARE
    for row, (text, statement) in enumerate(zip(texts, statements, strict=True)):
        named = _mentions(split(text)[: config.length], statement)
        told = answers(statement)
        for number, places in enumerate(named):
            for place in places:
                if any(place in other for k, other in enumerate(named) if k != number):
                    continue
                asked[row, place] = torch.tensor(told[number])
                if hidden[row, place]:
                    words[row, place], letters[row, place] = UNKNOWN, 0
    return (words, letters), asked


def probe_loss(logits: Float[Tensor, "b n o"], asked: Int[Tensor, "b n q"]) -> Tensor:
    """Cross-entropy of all answers that are asked for."""
    parts = torch.split(logits.float(), list(ASKED), dim=-1)
    losses = [
        F.cross_entropy(part.flatten(0, 1), asked[..., number].flatten(), ignore_index=SILENT)
        for number, part in enumerate(parts)
    ]
    return torch.stack(losses).sum()


def denoiser_weights(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The denoiser's part of a checkpoint of ``CaptionProbe``."""
    return {name.removeprefix("denoiser."): value for name, value in weights.items() if name.startswith("denoiser.")}


def attach_probe(denoiser: Denoiser, start: dict[str, Tensor] | None) -> CaptionProbe:
    """A denoiser with a fresh head, or with the one of an earlier phase; ``start`` may be of a denoiser alone."""
    model = CaptionProbe(denoiser)
    if start is not None and any(name.startswith("denoiser.") for name in start):
        model.load_state_dict(start)
    elif start is not None:
        denoiser.load_state_dict(start)
    return model
