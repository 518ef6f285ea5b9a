"""How many facts the default model keeps: 200 prompts of new scenes and 200 with a held-out pair; Markdown rows.

python benchmarks/facts.py [prompts of each kind] [output folder] [size, such as 224x128]
"""

from __future__ import annotations

import sys
from pathlib import Path

from ozora.errors import OzoraError
from ozora.evaluate.report import evaluate_model


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    out = Path(sys.argv[2]) if len(sys.argv) > 2 else Path("out/facts")
    size = sys.argv[3] if len(sys.argv) > 3 else None
    try:
        evaluate_model(out, model="maquette", prompts=2 * count, size=size)
    except OzoraError as error:
        sys.exit(f"facts were not measured: {error}")
    print((out / "report.md").read_text())


if __name__ == "__main__":
    main()
