from __future__ import annotations

import httpx


def test_a_file_is_kept_and_removed(client: httpx.Client) -> None:
    made = client.post("/v1/files", files={"file": ("../a b.txt", b"hello")}, data={"purpose": "user_data"}).json()
    assert (made["object"], made["bytes"], made["filename"]) == ("file", 5, "a b.txt")
    assert client.get(f"/v1/files/{made['id']}").json() == made
    content = client.get(f"/v1/files/{made['id']}/content")
    assert (content.content, content.headers["content-disposition"]) == (b"hello", "attachment")
    assert client.get("/v1/files", params={"purpose": "user_data"}).json()["data"] == [made]
    assert client.get("/v1/files", params={"purpose": "batch"}).json()["data"] == []
    assert client.delete(f"/v1/files/{made['id']}").json()["deleted"] is True
    assert client.get(f"/v1/files/{made['id']}").status_code == 404


def test_a_file_must_be_one(client: httpx.Client) -> None:
    assert client.post("/v1/files", json={"purpose": "x"}).json()["error"]["param"] == "file"
    assert client.post("/v1/files", json={"file": {"id": "x"}, "purpose": "x"}).json()["error"]["param"] == "file"
    wrong = client.post("/v1/files", files={"file": ("a", b"x")}, data={"purpose": "../x"})
    assert wrong.json()["error"]["param"] == "purpose"
