from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ozora.errors import OutputError, UnknownNameError, UserError
from ozora.language.vocabulary import TOY_WORLD
from ozora.media import read_image, read_video
from ozora.stage.renderer import Renderer
from ozora.stage.samples import SHAPE, draw_sample, write_samples


@pytest.mark.egl
def test_clips_captions_and_a_sheet_are_written(tmp_path: Path, renderer: Renderer) -> None:
    assert renderer
    out = tmp_path / "new" / "folder"
    write_samples(out, count=1, seed=4, cast="toys")
    assert sorted(path.name for path in out.iterdir()) == ["0000.mp4", "captions.txt", "sheet.png"]
    frames, fps = read_video(out / "0000.mp4")
    assert frames.shape == (49, 256, 448, 3) and fps == SHAPE.fps
    lines = (out / "captions.txt").read_text().splitlines()
    assert lines == [f"0000.mp4\t{draw_sample(4, TOY_WORLD).caption}"]
    assert read_image(out / "sheet.png").shape[0] > 96


def test_same_seed_same_sample() -> None:
    first, again, other = (draw_sample(seed, TOY_WORLD) for seed in (1, 1, 2))
    assert first.caption == again.caption != other.caption
    np.testing.assert_array_equal(first.drawing.matrices, again.drawing.matrices)
    assert len(first.drawing.times) == SHAPE.frames and first.drawing.times[-1] == 4.0


def test_an_unknown_cast_is_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="toys, troupe"):
        write_samples(tmp_path, count=1, seed=0, cast="puppets")


def test_without_its_pack_the_troupe_does_not_play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OZORA_TROUPE", raising=False)
    with pytest.raises(UserError, match="ozora stage troupe"):
        write_samples(tmp_path / "out", count=1, seed=0, cast="troupe")
    assert not (tmp_path / "out").exists()


@pytest.mark.egl
def test_a_folder_that_is_a_file_is_a_user_error(tmp_path: Path, renderer: Renderer) -> None:
    assert renderer
    (tmp_path / "taken").write_text("")
    with pytest.raises(OutputError):
        write_samples(tmp_path / "taken", count=1, seed=0, cast="toys")
