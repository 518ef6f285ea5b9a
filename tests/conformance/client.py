"""What a user of the closed API does, with an unmodified SDK. Run by its own Python, which has no Ozora.

OPENAI_API_KEY=... python client.py BASE_URL WEBHOOK_JSON
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
from openai import OpenAI

SMALL = "64x64"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


def main() -> None:
    client = OpenAI(base_url=f"{sys.argv[1]}/v1", max_retries=0)
    videos = client.videos

    made = videos.create(
        prompt="a red ball rolls left", model="sora-2", seconds="4", size=SMALL, extra_body={"seed": 7}
    )
    assert made.status in ("queued", "in_progress", "completed"), made
    assert (made.model, made.seconds, made.size, made.object) == ("sora-2", "4", SMALL, "video")
    assert made.seed == 7

    done = videos.create_and_poll(prompt="a blue cube", model="sora-2", size=SMALL)
    assert (done.status, done.progress, done.error) == ("completed", 100, None), done
    assert videos.retrieve(done.id).id == done.id

    failed = videos.create_and_poll(prompt="an unfit ball", size=SMALL)
    assert failed.status == "failed" and failed.error.code == "invalid_value", failed

    for reference in (("a.png", PNG), io.BytesIO(PNG)):
        assert videos.create_and_poll(prompt="a ball", size=SMALL, input_reference=reference).status == "completed"

    for variant, start, place in (("video", b"ftyp", 4), ("thumbnail", b"RIFF", 0), ("spritesheet", b"\xff\xd8", 0)):
        data = videos.download_content(done.id, variant=variant).read()
        assert data[place : place + len(start)] == start, variant

    listed = [video.id for video in videos.list(limit=2)]
    assert len(listed) == len(set(listed)) >= 5 and done.id in listed
    oldest = videos.list(limit=1, order="asc").data[0]
    assert oldest.id == listed[-1]

    refuse(openai.NotFoundError, "not_found", lambda: videos.retrieve("video_none"))
    refuse(openai.BadRequestError, "unknown_parameter", lambda: videos.create(prompt="x", extra_body={"n": 2}))
    refuse(openai.BadRequestError, "invalid_value", lambda: videos.create(prompt="x", size="large"))
    stranger = OpenAI(base_url=f"{sys.argv[1]}/v1", api_key="oz_000000000000_" + "0" * 48, max_retries=0)
    refuse(openai.AuthenticationError, "invalid_api_key", stranger.videos.list)

    assert videos.remix(done.id, prompt="at night").remixed_from_video_id == done.id
    if hasattr(videos, "edit"):
        by_id = {"video": {"id": done.id}}
        clip = videos.download_content(done.id).read()
        edited = videos.edit(prompt="at night", video=openai.omit, extra_body=by_id)
        assert (edited.status, edited.parent_id) == ("queued", done.id)
        assert videos.poll(videos.edit(prompt="at night", video=("a.mp4", clip)).id).status == "completed"
        longer = videos.extend(prompt="on", seconds="4", video=openai.omit, extra_body=by_id)
        assert videos.poll(longer.id).status == "completed" and longer.seconds == "8"
        character = videos.create_character(name="Mo", video=("a.mp4", clip))
        assert videos.get_character(character.id).name == "Mo"

    assert videos.delete(done.id).deleted is True
    refuse(openai.NotFoundError, "not_found", lambda: videos.retrieve(done.id))
    assert {"sora-2", "sora-2-pro"} <= {model.id for model in client.models.list()}
    file = client.files.create(file=("lines.jsonl", b"{}"), purpose="batch")
    assert client.files.content(file.id).read() == b"{}"
    work_off_a_batch(client)
    if hasattr(client.webhooks, "create"):
        manage_webhooks(client)
    if hasattr(client, "content_provenance_checks"):
        check_provenance(client)

    hook = json.loads(Path(sys.argv[2]).read_text())
    event = client.webhooks.unwrap(hook["body"], hook["headers"], secret=hook["secret"])
    assert (event.type, event.data.id) == ("video.completed", hook["video"])
    try:
        client.webhooks.unwrap(hook["body"] + " ", hook["headers"], secret=hook["secret"])
    except openai.InvalidWebhookSignatureError:
        pass
    else:
        raise AssertionError("a tampered webhook was taken")


def work_off_a_batch(client: OpenAI) -> None:
    """Two requests in a file, and what became of them in another."""
    lines = [
        {"custom_id": name, "method": "POST", "url": "/v1/videos", "body": {"prompt": f"a {name}", "size": SMALL}}
        for name in ("ball", "cube")
    ]
    data = "".join(json.dumps(line) + "\n" for line in lines).encode()
    file = client.files.create(file=("lines.jsonl", data), purpose="batch")
    batch = client.batches.create(input_file_id=file.id, endpoint="/v1/videos", completion_window="24h")
    until = time.monotonic() + 120
    while batch.status == "in_progress" and time.monotonic() < until:
        time.sleep(0.2)
        batch = client.batches.retrieve(batch.id)
    assert (batch.status, batch.request_counts.completed, batch.request_counts.total) == ("completed", 2, 2), batch
    results = [json.loads(line) for line in client.files.content(batch.output_file_id).text.splitlines()]
    assert [result["custom_id"] for result in results] == ["ball", "cube"]
    assert all(result["response"]["body"]["status"] == "completed" for result in results)
    assert batch.id in {other.id for other in client.batches.list()}


def manage_webhooks(client: OpenAI) -> None:
    """An endpoint from its first day to its last, as SDKs of 3.x do."""
    events = ["video.completed"]
    made = client.webhooks.create(name="mine", url="https://example.org/", event_types=events)
    assert made.signing_secret.startswith("whsec_")
    assert client.webhooks.update(made.id, name="ours", url="https://example.org/b", event_types=events).name == "ours"
    assert client.webhooks.retrieve(made.id).url == "https://example.org/b"
    rotated = client.webhooks.rotate_secret(made.id, keep_old_secret_active_for_24_hours=True)
    assert rotated.signing_secret != made.signing_secret
    inside = {"name": "ours", "url": "http://127.0.0.1:9/", "event_types": events}
    refuse(openai.BadRequestError, "invalid_url", lambda: client.webhooks.update(made.id, **inside))
    client.webhooks.update(made.id, name="ours", url="https://nowhere.invalid/", event_types=events)
    refuse(openai.BadRequestError, "invalid_url", lambda: client.webhooks.test(made.id, event_type="video.failed"))
    assert made.id in {endpoint.id for endpoint in client.webhooks.list()}
    assert "video.completed" in client.webhooks.event_types.list().data
    assert client.webhooks.delete(made.id).deleted is True
    refuse(openai.NotFoundError, "not_found", lambda: client.webhooks.retrieve(made.id))


def check_provenance(client: OpenAI) -> None:
    """A file as it was downloaded, and one of others."""
    done = client.videos.create_and_poll(prompt="a ball", model="sora-2", size=SMALL)
    clip = client.videos.download_content(done.id).read()
    ours = client.content_provenance_checks.create(file=("a.mp4", clip))
    c2pa = next(result for result in ours.results if result.type == "c2pa")
    assert (c2pa.outcome, c2pa.validation_state) == ("detected", "trusted"), ours
    others = client.content_provenance_checks.create(file=("a.png", PNG))
    assert {result.outcome for result in others.results} == {"not_detected"}, others


def refuse(kind: type[Any], code: str, call: Callable[[], object]) -> None:
    """The call is refused with an error of this kind and code, and a request id."""
    try:
        call()
    except kind as error:
        assert error.code == code, (error.code, code, str(error))
        assert error.request_id.startswith("req_")
        return
    raise AssertionError(f"not refused: {code}")


main()
