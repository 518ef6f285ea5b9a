"""The picture of docs/verbs.md: every verb once, by the shipped weights, first seeds, nothing chosen.

python benchmarks/verbs.py [picture]
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from ozora.media import SheetRow, read_image, read_video, write_contact_sheet

BOARD = """\
cast: {hero: a woman in a red dress}
cards:
  - {at: 0, duration: 2, text: "@hero walks right in a meadow"}
  - {at: 2, duration: 2, text: "@hero prays in the snow", transition: dissolve}
  - {at: 5, duration: 2, text: "@hero next to a castle at sunset", transition: cut}
"""
COMMANDS = (
    'ozora generate "a white horse in a meadow" --seed 1 -o a.mp4',
    'ozora generate "a green cone in the desert at sunset" --seed 1 -o b.mp4',
    'ozora image "a yellow car in the snow" --seed 1 -o car.png',
    'ozora animate car.png "a yellow car drives right in the snow" --seed 1 -o animated.mp4',
    'ozora keyframes --at 0=car.png --at 3=car.png "a yellow car in the snow" --seed 1 -o keyframes.mp4',
    "ozora extend a.mp4 --seconds 3 --seed 1 -o longer.mp4",
    'ozora connect a.mp4 b.mp4 "a green cone in the desert" --seconds 2 --seed 1 -o both.mp4',
    "ozora loop a.mp4 --seconds 1.5 --seed 1 -o loop.mp4",
    'ozora remix a.mp4 "a brown bear in a meadow" --strength strong --seed 1 -o remix.mp4',
    'ozora restyle a.mp4 "in the snow at night" --seed 1 -o night.mp4',
    'ozora edit a.mp4 "a lion in a meadow" --box 0.2,0.1,0.8,1 --seed 1 -o lion.mp4',
    'ozora edit b.mp4 "a red ball in the desert at sunset" --box 0,0.2,0.45,1 --seed 1 -o ball.mp4',
    "ozora reframe b.mp4 --size 1:1 --seed 1 -o square.mp4",
    'ozora blend a.mp4 b.mp4 "a green cone in the desert" --curve transition --seed 1 -o blend.mp4',
    'ozora recut --keep a.mp4#0-1@0 --keep b.mp4#2-3@3 "a white horse in a meadow" --seed 1 -o recut.mp4',
    "ozora storyboard board.yaml --seed 1 -o board.mp4",
)
RUN = "from ozora.cli import main; main()"


def show(command: str, folder: Path) -> SheetRow:
    """The clip of a command, and the command under it."""
    words = shlex.split(command)
    subprocess.run([sys.executable, "-c", RUN, *words[1:], "-q"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    path = folder / words[-1]
    frames = read_image(path)[None].repeat(7, axis=0) if path.suffix == ".png" else read_video(path)[0]
    return SheetRow(caption=command, frames=frames)


def main() -> None:
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/verbs.png").resolve()
    with tempfile.TemporaryDirectory() as name:
        os.environ.setdefault("OZORA_HOME", str(Path(name) / "home"))
        (Path(name) / "board.yaml").write_text(BOARD)
        rows = []
        for command in COMMANDS:
            print(command, flush=True)
            try:
                rows.append(show(command, Path(name)))
            except subprocess.CalledProcessError as error:
                print(f"  left out, exit {error.returncode}", flush=True)
    write_contact_sheet(rows, path, columns=7, height=72)
    print(path)


if __name__ == "__main__":
    main()
