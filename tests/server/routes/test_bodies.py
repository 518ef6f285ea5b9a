from __future__ import annotations

import pytest

from ozora.server.fields import FIELDS
from ozora.server.routes.bodies import body_schema


@pytest.mark.parametrize("verb", FIELDS)
def test_every_field_is_on_the_page(verb: str) -> None:
    content = body_schema(verb)["requestBody"]["content"]
    for kind in ("application/json", "multipart/form-data"):
        assert set(content[kind]["schema"]["properties"]) == set(FIELDS[verb])


def test_a_file_has_no_example() -> None:
    content = body_schema("create")["requestBody"]["content"]
    picture = {kind: content[kind]["schema"]["properties"]["input_reference"] for kind in content}
    assert picture["application/json"]["examples"][0]["image_url"].startswith("data:image/png")
    assert "examples" not in picture["multipart/form-data"]


def test_a_prompt_or_a_storyboard_is_required() -> None:
    schema = body_schema("create")["requestBody"]["content"]["application/json"]["schema"]
    assert (schema["required"], schema["anyOf"]) == ([], [{"required": ["prompt"]}, {"required": ["storyboard"]}])
