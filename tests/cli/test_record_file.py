from __future__ import annotations

import json
from pathlib import Path

import pytest

from ozora.cli.record_file import read_request
from ozora.errors import UserError
from tests.cli.fake_pipeline import PLAN, RECORD


def test_a_record_gives_its_plan_and_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4.json"
    path.write_text(RECORD.to_json())
    assert read_request(path) == (PLAN, RECORD)


def test_a_plan_gives_itself(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(PLAN.to_dict()))
    assert read_request(path) == (PLAN, None)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", "null", "{}", '{"plan": 3}', '{"plan": {"format": 9}}', '{"format": 1}', "\x00"]
)
def test_anything_else_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(UserError, match="no plan or record"):
        read_request(path)


def test_a_video_instead_of_its_record_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"\0\0\0\x20ftypisom\xff\xfe")
    with pytest.raises(UserError, match=r"give the \.json file beside a clip"):
        read_request(path)
    with pytest.raises(UserError, match="cannot be read"):
        read_request(tmp_path / "missing.json")
    with pytest.raises(UserError, match="cannot be read"):
        read_request(tmp_path)
