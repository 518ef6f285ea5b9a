from __future__ import annotations

from pathlib import Path

import av
import pytest

from ozora.media.demuxers import PICTURES, SOUNDS, only


def test_every_kind_is_one_that_the_build_knows() -> None:
    known = {word for name in av.formats_available for word in name.split(",")}
    assert set(SOUNDS.split(",")) <= known


@pytest.mark.parametrize("content", ["#EXTM3U\n#EXTINF:1,\n{0}\n", "ffconcat version 1.0\nfile {0}\n"])
def test_a_list_of_other_files_is_not_opened(tmp_path: Path, content: str) -> None:
    other = tmp_path / "secret.wav"
    other.write_bytes(b"RIFF")
    path = tmp_path / "list.m3u8"
    path.write_text(content.format(other))
    with pytest.raises(av.error.FFmpegError):
        av.open(str(path), options=only(PICTURES))
