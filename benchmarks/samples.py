"""The README's first picture: one clip for each of a few prompts, first seed, nothing chosen.

python benchmarks/samples.py [picture]
"""

from __future__ import annotations

import sys
from pathlib import Path

import ozora
from ozora.media import SheetRow, write_contact_sheet

PROMPTS = (
    "a blue house in the snow at sunset",
    "a yellow car drives right in the desert by day",
    "an orange ball and a purple cone in a meadow",
    "a red ball rolls left past a blue cube at sunset",
    "a white bird flies toward the camera on a city street",
    "a green tree to the right of a red boat",
)


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs/samples.png")
    rows = [SheetRow(caption=prompt, frames=ozora.generate(prompt, seed=0).frames) for prompt in PROMPTS]
    write_contact_sheet(rows, path, columns=6, height=96)
    print(path)


if __name__ == "__main__":
    main()
