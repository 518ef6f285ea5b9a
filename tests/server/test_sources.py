from __future__ import annotations

import dataclasses
from pathlib import Path

import httpx
import pytest

from ozora.errors import DamageError, MediaError, RequestError
from ozora.media import read_image
from ozora.server import jobs
from ozora.server.characters import Character
from ozora.server.desk import Desk
from ozora.server.keys import LOCAL_KEY, Key
from ozora.server.painting import Studio, paint
from ozora.server.sources import clip_of, content_of, gather
from ozora.server.submission import submit
from ozora.server.uploads import Upload
from ozora.server.worker import claim
from tests.server.samples import draft

PNG = Upload(name="a.png", data=b"\x89PNG\r\n\x1a\n and so on")
CLIP = Upload(name="a.mp4", data=b"....ftypisom and so on")


def test_which_clip_is_meant(desk: Desk, studio: Studio) -> None:
    job = submit(desk, LOCAL_KEY, "create", {"prompt": "a ball", "model": "stub"}, token=None)
    with pytest.raises(RequestError, match="wait until"):
        clip_of(desk, LOCAL_KEY, {"id": job.id})
    claimed = claim(studio)
    with desk.database.writing() as connection:
        stopped = jobs.cancel(connection, jobs.add(connection, draft(), 1.0), 2.0)
    with pytest.raises(RequestError, match="make it again"):
        clip_of(desk, LOCAL_KEY, {"id": stopped.id})
    assert claimed is not None
    paint(studio, claimed)
    assert clip_of(desk, LOCAL_KEY, {"id": job.id}) == job.id
    for wrong in ({"url": "x"}, "text", None):
        with pytest.raises(RequestError):
            clip_of(desk, LOCAL_KEY, wrong)
    with gather(desk, LOCAL_KEY, {"other_video": {"id": job.id}}, job.id) as given:
        assert given.video is not None and given.other is not None
        assert given.video.read_bytes() == given.other.read_bytes()
    desk.store.remove(f"videos/{job.id}")
    with pytest.raises(RequestError, match="past their time"):
        content_of(desk, LOCAL_KEY, job.id)


def test_each_field_has_a_file_for_as_long_as_it_is_needed(desk: Desk) -> None:
    fields = {"input_reference": PNG, "last_frame": PNG, "mask": PNG, "video": CLIP}
    with gather(desk, LOCAL_KEY, fields, None) as given:
        paths = [given.image, given.last, given.mask, given.video]
        assert all(path is not None and path.is_file() for path in paths)
        assert given.mask is not None and given.mask.name == "mask.png"
    assert not any(path is not None and path.exists() for path in paths)
    with gather(desk, LOCAL_KEY, {"mask": CLIP}, None) as given:
        assert given.mask is not None and given.mask.name == "mask.mp4"


def test_our_folders_are_not_told(desk: Desk) -> None:
    with pytest.raises(MediaError) as refused, gather(desk, LOCAL_KEY, {"video": CLIP}, None) as given:
        raise MediaError(f"{given.video} is damaged")
    assert str(refused.value) == "video.mp4 is damaged"


@pytest.mark.parametrize("name", ["/etc/passwd", "../secret.png", "file_no", "video_no", "a.png"])
def test_only_ids_of_the_key_name_a_file(name: str, desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PNG.data)
    _refused(desk, LOCAL_KEY, name)


def test_what_is_another_keys_is_not_there(client: httpx.Client, desk: Desk) -> None:
    answer = client.post("/v1/files", files={"file": ("a.png", PNG.data)}, data={"purpose": "user_data"})
    fields = {"keyframes": [{"image": answer.json()["id"], "at": 1}]}
    with gather(desk, LOCAL_KEY, fields, None) as given:
        assert given.keyframes[0][1].read_bytes() == PNG.data
    _refused(desk, dataclasses.replace(LOCAL_KEY, id="another"), answer.json()["id"])


def _refused(desk: Desk, key: Key, name: str) -> None:
    board = {"cards": [{"at": 0, "text": "a ball", "image": name}]}
    cast = {"cards": [{"at": 0, "text": "@a"}], "cast": {"a": {"text": "a dog", "image": name}}}
    for fields, param in (
        ({"storyboard": cast}, "storyboard"),
        ({"keyframes": [{"image": name, "at": 1}]}, "keyframes"),
        ({"storyboard": board}, "storyboard"),
        ({"pieces": [{"video": name, "at": 0}]}, "pieces"),
        ({"mask": {"file_id": name}}, "mask"),
    ):
        with pytest.raises(RequestError) as refused, gather(desk, key, fields, None):
            pass
        assert refused.value.status == 404
        assert refused.value.param == param


def test_a_character_is_a_picture(client: httpx.Client, desk: Desk, studio: Studio) -> None:
    """Its own, or the middle one of its clip; nothing when the file was deleted. A damaged one is none."""
    job = submit(desk, LOCAL_KEY, "create", {"prompt": "a ball", "model": "stub"}, token=None)
    claimed = claim(studio)
    assert claimed is not None
    paint(studio, claimed)
    cast = []
    for name, data in (("clip", content_of(desk, LOCAL_KEY, job.id)), ("still", PNG.data)):
        answer = client.post("/v1/files", files={"file": (name, data)}, data={"purpose": "user_data"})
        cast.append(Character(id=name, key_id=LOCAL_KEY.id, name="Mo", file_id=answer.json()["id"], created_at=0.0))
    gone = dataclasses.replace(cast[0], file_id="file_gone")
    with gather(desk, LOCAL_KEY, {}, None, cast=(*cast, gone)) as given:
        clip, picture = given.cast
        assert read_image(clip).shape == (16, 16, 3)
        assert picture.read_bytes() == PNG.data
    desk.store.write(f"files/{cast[1].file_id}", PNG.data[:-1])
    with pytest.raises(DamageError), gather(desk, LOCAL_KEY, {}, None, cast=cast):
        pass
