"""The glossary: the model's vocabulary as a table for people, the second part of ``docs/words.md``.

``python -m ozora.language.glossary docs/words.md`` writes that part again.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ozora.language.cast import ACTS, CAST
from ozora.language.vocabulary import CAMERAS, COLORS, COUNTS, EVENTS, MOTIONS, PLACES, RELATIONS, SIZES, TIMES, TOYS
from ozora.language.vocabulary import WEATHERS as WEATHER_WORDS

HEADING = "## What the model can show"


def describe_vocabulary() -> str:
    """The words of the model in Markdown, from the tables of the language."""
    families: dict[str, list[str]] = {}
    for member in CAST.values():
        families.setdefault(member.family, []).append(member.name)
    dyed = [member.name for member in CAST.values() if member.dyed]
    rows = {
        "toys, in any color": tuple(TOYS),
        **{f"cast: {family}": names for family, names in families.items()},
        "clothes in any color": dyed,
        "colors": tuple(COLORS),
        "sizes": tuple(SIZES),
        "counts": tuple(COUNTS.values()),
        "motions": tuple(motion for motion in MOTIONS if motion not in ACTS),
        "acts": tuple(act.phrases[0] for act in ACTS.values()),
        "relations": RELATIONS,
        "events": EVENTS,
        "places": PLACES,
        "times": TIMES,
        "weather": WEATHER_WORDS,
        "camera": (*CAMERAS, "cut"),
    }
    lines = [HEADING, "", "| kind | words |", "|---|---|"]
    return "\n".join([*lines, *(f"| {kind} | {', '.join(words)} |" for kind, words in rows.items()), ""])


def write_glossary(path: Path) -> None:
    """Put the vocabulary in the place of the second part of a file."""
    first = path.read_text().partition(HEADING)[0].rstrip()
    path.write_text(f"{first}\n\n{describe_vocabulary()}")


if __name__ == "__main__":
    write_glossary(Path(sys.argv[1]))
