from __future__ import annotations

from pathlib import Path

import httpx

from ozora.errors import StoreError
from ozora.server.settings import Settings


def test_health_and_numbers(client: httpx.Client, settings: Settings) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok"}
    client.post("/v1/videos", json={"prompt": "a ball"})
    text = client.get("/metrics").text
    assert 'ozora_jobs{status="queued"} 1.0' in text
    assert 'ozora_requests_total{method="POST",route="/v1/videos",status="200"} 1.0' in text


def test_a_server_without_its_disk_is_not_ready(client: httpx.Client, settings: Settings) -> None:
    Path(settings.data).rename(f"{settings.data}-away") if Path(settings.data).exists() else None
    Path(settings.data).write_text("in the way")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["parts"] == {"database": "ok", "store": StoreError.public, "memory": "ok", "home": "ok"}
    assert settings.data not in answer.text
    text = client.get("/metrics").text
    assert 'ozora_part_up{part="store"} 0.0' in text and 'ozora_part_up{part="home"} 1.0' in text


def test_the_page_of_calls_needs_no_network(client: httpx.Client) -> None:
    page = client.get("/docs").text
    assert "POST /v1/videos" in page and "negative_prompt" in page
    assert "http://" not in page and "https://" not in page.replace("https://... or data", "")
    assert client.get("/openapi.json").json()["paths"]["/v1/videos"]["post"]["requestBody"]
