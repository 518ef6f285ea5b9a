from __future__ import annotations

import httpx


def test_every_request_has_an_id_of_its_own(client: httpx.Client) -> None:
    first, second = (client.get("/healthz").headers["x-request-id"] for _ in range(2))
    assert first.startswith("req_") and first != second
