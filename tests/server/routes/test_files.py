from __future__ import annotations

from typing import Any

import httpx

from ozora.server.store import Store


def send(client: httpx.Client, data: bytes, **options: Any) -> httpx.Response:
    return client.post("/v1/files", files={"file": ("a", data)}, data={"purpose": "user_data"}, **options)


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


def test_files_are_deleted_page_by_page(client: httpx.Client) -> None:
    made = {send(client, str(number).encode()).json()["id"] for number in range(5)}
    gone: list[str] = []
    page = client.get("/v1/files", params={"limit": 2}).json()
    while page["data"]:
        for file in page["data"]:
            client.delete(f"/v1/files/{file['id']}")
            gone.append(file["id"])
        page = client.get("/v1/files", params={"limit": 2, "after": page["last_id"]}).json()
    assert set(gone) == made and len(gone) == 5
    unknown = client.get("/v1/files", params={"after": "file_no"})
    assert (unknown.status_code, unknown.json()["error"]["param"]) == (404, "after")


def test_the_same_token_is_the_same_file(client: httpx.Client, store: Store) -> None:
    headers = {"idempotency-key": "one"}
    first, second = (send(client, b"hello", headers=headers) for _ in range(2))
    assert first.json() == second.json()
    assert len(client.get("/v1/files").json()["data"]) == 1
    other = send(client, b"another", headers=headers)
    assert (other.status_code, other.json()["error"]["code"]) == (400, "idempotency_key_reused")
    client.delete(f"/v1/files/{first.json()['id']}")
    again = send(client, b"hello", headers=headers)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "deleted")
    folder = store.local_path("files")
    assert folder is not None and not list(folder.iterdir())


def test_a_file_must_be_one(client: httpx.Client) -> None:
    assert client.post("/v1/files", json={"purpose": "x"}).json()["error"]["param"] == "file"
    assert client.post("/v1/files", json={"file": {"id": "x"}, "purpose": "x"}).json()["error"]["param"] == "file"
    wrong = client.post("/v1/files", files={"file": ("a", b"x")}, data={"purpose": "../x"})
    assert wrong.json()["error"]["param"] == "purpose"


def test_a_damaged_file_is_never_handed_out(client: httpx.Client, store: Store) -> None:
    made = send(client, b"whole").json()
    for damaged in (b"other", b"who", b""):
        store.write(f"files/{made['id']}", damaged)
        answer = client.get(f"/v1/files/{made['id']}/content")
        assert (answer.status_code, answer.json()["error"]["code"]) == (500, "damaged")
    store.remove(f"files/{made['id']}")
    assert client.get(f"/v1/files/{made['id']}/content").json()["error"]["code"] == "damaged"
