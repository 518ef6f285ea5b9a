from __future__ import annotations

import httpx


def test_models_are_listed_and_found(client: httpx.Client) -> None:
    names = [model["id"] for model in client.get("/v1/models").json()["data"]]
    assert {"sora-2", "sora-2-pro", "maquette"} <= set(names)
    assert client.get("/v1/models/sora-2").json()["object"] == "model"
    assert client.get("/v1/models/nothing").status_code == 404
