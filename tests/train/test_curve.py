from __future__ import annotations

import json
from pathlib import Path

from PIL import Image

from ozora.train.curve import plot_curve, read_log


def test_a_curve_is_drawn_and_a_torn_line_is_left_out(tmp_path: Path) -> None:
    lines = [json.dumps({"step": step, "loss": 1 / step}) for step in range(1, 60)]
    (tmp_path / "log.jsonl").write_text("\n".join(lines) + '\n{"step": 60, "lo')
    assert len(read_log(tmp_path)) == 59
    path = plot_curve(tmp_path)
    assert path is not None
    with Image.open(path) as picture:
        assert picture.size[0] > 400


def test_one_line_is_no_curve(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"step": 1, "loss": 1.0}\n')
    assert plot_curve(tmp_path) is None
