"""Sheets of what the shipped weights paint, first seed, nothing chosen: the README's first picture, and forty prompts
of the whole vocabulary.

python benchmarks/samples.py             docs/samples.png
python benchmarks/samples.py --forty     docs/forty.jpg
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

import ozora
from ozora.media import SheetRow, write_contact_sheet

FIRST = (
    "a brown horse gallops left past a stone house at sunset",
    "a woman in a red dress walks to the right in the desert",
    "two brown dogs run to the right in the snow",
    "a yellow car drives right on a city street at night in the rain",
    "a red ball rolls left past a blue cube at sunset",
    "a lion runs to the right past a palm tree in the desert",
    "a soldier in blue fights in the snow",
    "a sailing ship on the sea in the morning",
)
FORTY = (
    "a white horse walks to the right in a meadow in the morning",
    "a lion runs to the left past a palm tree in the desert",
    "a woman in a green dress stands next to a cottage",
    "a man in a blue kilt chops wood in a meadow",
    "a soldier in red fights in the snow at night",
    "an archer in yellow shoots arrows in a meadow",
    "three sheep eat in a meadow",
    "two black bears in the snow",
    "a brown cow to the left of a barn at sunset",
    "a gray wolf follows a stag, the stag runs to the left in the snow",
    "a rabbit hops to the right in a meadow",
    "a crocodile walks to the left in the desert",
    "a shark swims to the right at sea",
    "a hawk flies to the left past a tall palm tree",
    "a rowboat on the sea at sunset",
    "a rider on a camel walks to the right past a pyramid at sunset",
    "an old man prays in the fog",
    "a ninja runs away on a city street at night",
    "a warrior queen walks toward the camera in the desert",
    "a man in a red robe to the right of a statue",
    "a castle in the rain at night",
    "a round temple in a meadow in the morning",
    "a cherry blossom tree in the fog",
    "a bare tree to the left of a striped tent in the snow",
    "a lighthouse at sunset, the camera zooms in",
    "a red cube to the left of a yellow cone in a room",
    "a green robot jumps in the snow",
    "a purple balloon rises in the desert",
    "an orange truck drives to the left on a city street",
    "a blue boat sails to the right at sea at night",
    "a pink cat spins in a room",
    "a white cylinder under a teal table in a room",
    "a black ring rolls to the right past an orange house in a meadow",
    "a green sign that says STOP in a meadow",
    "a blue sign that says HOTEL on a city street at night",
    "a red lamp is switched on in a room at night",
    "a bite is taken out of a brown cookie in a room",
    "a yellow ball hits a purple tower in a meadow",
    "a donkey stands still in the desert, the camera orbits left",
    "a pig to the right of a blue house while it snows",
)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--forty", action="store_true", help="forty prompts of the whole vocabulary")
    arguments.add_argument("--out", type=Path, help="where the picture goes")
    wishes = arguments.parse_args()
    prompts = FORTY if wishes.forty else FIRST
    rows = [SheetRow(caption=prompt, frames=ozora.generate(prompt, seed=0).frames) for prompt in prompts]
    path = wishes.out or Path("docs/forty.jpg" if wishes.forty else "docs/samples.png")
    if wishes.forty:
        _write_small(rows, path)
    else:
        write_contact_sheet(rows, path, columns=5, height=110)
    print(path)


def _write_small(rows: list[SheetRow], path: Path) -> None:
    """Two columns of rows, each of the first, middle and last picture."""
    sheets = []
    for half in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
        part = path.with_suffix(".part.png")
        write_contact_sheet(half, part, columns=4, height=72)
        sheets.append(np.asarray(Image.open(part).convert("RGB")))
        part.unlink()
    height = max(len(sheet) for sheet in sheets)
    padded = [np.pad(sheet, ((0, height - len(sheet)), (0, 8), (0, 0)), constant_values=255) for sheet in sheets]
    Image.fromarray(np.concatenate(padded, axis=1)).save(path, quality=85)


if __name__ == "__main__":
    main()
