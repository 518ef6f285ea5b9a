from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from ozora.errors import RequestError
from ozora.server.forms import fold, read_body
from ozora.server.uploads import Upload


def body_of(request: httpx.Request) -> dict[str, Any]:
    """What the server reads from a request of httpx."""
    raw = request.read()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": raw, "more_body": False}

    headers = [(name.lower().encode(), value.encode()) for name, value in request.headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}
    return asyncio.run(read_body(Request(scope, receive)))


def post(**content: Any) -> httpx.Request:
    return httpx.Request("POST", "http://x/", **content)


@pytest.mark.parametrize(
    ("pairs", "value"),
    [
        ([("a", "1")], {"a": "1"}),
        ([("a[b]", "1"), ("a[c]", "2")], {"a": {"b": "1", "c": "2"}}),
        ([("a[]", "1"), ("a[]", "2")], {"a": ["1", "2"]}),
        ([("a[][id]", "1"), ("a[][id]", "2")], {"a": [{"id": "1"}, {"id": "2"}]}),
        ([("a[][x]", "1"), ("a[][y]", "2")], {"a": [{"x": "1", "y": "2"}]}),
    ],
)
def test_brackets_are_folded(pairs: list[tuple[str, Any]], value: dict[str, Any]) -> None:
    assert fold(pairs) == value


@pytest.mark.parametrize("names", ["a a", "a a[b]", "a[b] a", "[]", "a[b][c][d][e]", "a[b] a[b]"])
def test_what_does_not_fold_is_refused(names: str) -> None:
    with pytest.raises(RequestError):
        fold([(name, "1") for name in names.split()])


def test_json_and_forms_say_the_same() -> None:
    wanted = {"prompt": "a ball", "input_reference": {"file_id": "f"}}
    assert body_of(post(json=wanted)) == wanted
    assert body_of(post(data={"prompt": "a ball", "input_reference[file_id]": "f"})) == wanted
    multipart = post(files={"prompt": (None, "a ball"), "input_reference[file_id]": (None, "f")})
    assert body_of(multipart) == wanted


@pytest.mark.parametrize("name", ["input_reference", "input_reference[]"])
def test_a_file_of_a_form(name: str) -> None:
    found = body_of(post(files={name: ("../a.png", b"bytes", "image/png")}))
    assert found == {"input_reference": Upload(name="a.png", data=b"bytes")}


def test_no_body_is_an_empty_one() -> None:
    assert body_of(post(headers={"content-type": "application/json"})) == {}


@pytest.mark.parametrize(
    "request_",
    [
        post(content=b"{", headers={"content-type": "application/json"}),
        post(content=b"[1]", headers={"content-type": "application/json"}),
        post(content=b"[" * 100_000, headers={"content-type": "application/json"}),
        post(content=b"x=1", headers={"content-type": "text/plain"}),
        post(content=b"x", headers={"content-type": "multipart/form-data"}),
    ],
)
def test_malformed_bodies_are_refused(request_: httpx.Request) -> None:
    with pytest.raises(RequestError):
        body_of(request_)


PART = b"--a\r\ncontent-disposition: form-data"
FORM, JSON = "multipart/form-data; boundary=a", "application/json"
MONSTERS = {
    "cut off": (b"--a\r\nnothing", FORM),
    "cut off in a file": (PART + b'; name="video"; filename="a.mp4"\r\n\r\n' + b"x" * 1000, FORM),
    "no boundary": (b"", "multipart/form-data"),
    "an empty boundary": (b"\r\n" * 1000, "multipart/form-data; boundary="),
    "no name": (PART + b"\r\n\r\nx\r\n--a--\r\n", FORM),
    "a long head": (PART + b'; name="a"\r\n' + b"x: y\r\n" * 5000, FORM),
    "many parts": ((PART + b'; name="f"\r\n\r\nx\r\n') * 500 + b"--a--\r\n", FORM),
    "many files": ((PART + b'; name="f"; filename="x"\r\n\r\nx\r\n') * 50 + b"--a--\r\n", FORM),
    "no UTF-8": (PART + b'; name="\xff\xfe"\r\n\r\nx\r\n--a--\r\n', FORM),
    "a long name": (PART + b'; name="' + b"[" * 5000 + b'"\r\n\r\nx\r\n--a--\r\n', FORM),
    "a file inside": (PART + b'; name="video[id]"; filename="x"\r\n\r\nx\r\n--a--\r\n', FORM),
    "nothing but brackets": (b"[" * 100_000, JSON),
    "many parts of JSON": (b'{"a": [' + b"[]," * 300_000 + b"[]]}", JSON),
    "a prompt of 100 MB": (b'{"prompt": "' + b"x" * 100_000_000 + b'"}', JSON),
    "a form of 100 MB": (PART + b'; name="prompt"\r\n\r\n' + b"x" * 100_000_000 + b"\r\n--a--\r\n", FORM),
    "no JSON": (b"{'prompt': 1}", JSON),
    "no encoding": (b"\xff\xfe\x00\xd8", JSON),
}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Starlette's, of a file that is cut off
@pytest.mark.parametrize("name", MONSTERS)
def test_malformed_and_monstrous_bodies_are_refused(name: str, client: httpx.Client) -> None:
    content, kind = MONSTERS[name]
    answer = client.post("/v1/videos", content=content, headers={"content-type": kind})
    assert answer.status_code in (400, 413), answer.text[:500]
    assert len(answer.text) < 1000
    assert client.get("/v1/videos").json()["data"] == []


def test_who_may_not_send_is_told_before_the_body_is_read(client: httpx.Client) -> None:
    body, kind = MONSTERS["no JSON"]
    headers = {"authorization": "Bearer oz_wrong", "content-type": kind}
    for path in ("videos", "files", "videos/edits", "videos/characters", "batches", "webhook_endpoints"):
        assert client.post(f"/v1/{path}", content=body, headers=headers).status_code == 401, path
