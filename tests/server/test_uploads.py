from __future__ import annotations

import pytest

from ozora.errors import RequestError
from ozora.server.uploads import check_image, check_video, plain_name

PNG, MP4 = b"\x89PNG\r\n\x1a\n...", b"\0\0\0\x20ftypisom"


def test_a_clip_is_no_picture() -> None:
    assert check_image(PNG, "x") == "image/png"
    assert check_video(MP4, "x") == "video/mp4"
    with pytest.raises(RequestError, match="no picture"):
        check_image(MP4, "x")
    with pytest.raises(RequestError, match="no video"):
        check_video(PNG, "x")
    with pytest.raises(RequestError, match="larger"):
        check_image(PNG + bytes(30_000_001), "x")


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\a.png", "a.png"),
        ("a\0\nb", "ab"),
        ("a\u202e\x9bb.png", "ab.png"),
        ("/", "upload"),
        ("", "upload"),
    ],
)
def test_names_lose_their_tricks(name: str, plain: str) -> None:
    assert plain_name(name) == plain
