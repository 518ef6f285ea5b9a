"""What a request gives: pictures and clips that came along, or are named by address or id, as files of this machine."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from ozora.edit.storyboard import Board, Card, Look
from ozora.errors import RequestError, UserError, blaming
from ozora.media import FootageReader, write_image
from ozora.media.file_type import sniff_bytes
from ozora.server import files, jobs
from ozora.server.assets import VARIANTS
from ozora.server.characters import Character
from ozora.server.desk import Desk
from ozora.server.keys import Key
from ozora.server.remote import Policy, fetch
from ozora.server.scratch import scratch
from ozora.server.seals import find_seal
from ozora.server.structures import read_board, read_keyframes, read_pieces
from ozora.server.uploads import MAX_IMAGE_BYTES, Upload, check_image, check_video


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A piece of a clip, and where it lands."""

    path: Path
    at_s: Fraction
    start_s: Fraction
    end_s: Fraction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Files of this machine for each field that brought or named some. ``board`` names its own by their paths."""

    image: Path | None = None
    last: Path | None = None
    keyframes: tuple[tuple[Fraction, Path], ...] = ()
    video: Path | None = None
    other: Path | None = None
    mask: Path | None = None
    pieces: tuple[Kept, ...] = ()
    board: Board | None = None
    cast: tuple[Path, ...] = ()


@contextlib.contextmanager
def gather(
    desk: Desk, key: Key, fields: dict[str, Any], parent: str | None, *, cast: Sequence[Character] = ()
) -> Iterator[Given]:
    """What is given, for as long as the plan is made, with a picture of each of the ``cast`` whose file is there;
    ``RequestError`` when something is not there, or another key's."""
    with scratch() as folder:
        try:
            yield _Folder(desk, key, folder).fill(fields, parent, cast)
        except UserError as error:  # the client knows the fields and ids, not our folders
            error.args = (str(error).replace(f"{folder}/", ""),)
            raise


def clip_of(desk: Desk, key: Key, video: object, param: str = "video") -> str | None:
    """The id of the video that a call is about; ``None`` when it brought a file. 404 when it is another key's."""
    if isinstance(video, Upload):
        check_video(video.data, param)
        return None
    if not isinstance(video, dict) or set(video) != {"id"}:
        raise RequestError('a video is a file or {"id": "video_..."}', param=param)
    with desk.database.reading() as connection:
        job = jobs.get(connection, str(video["id"]), key.id, param)
    if job.status == jobs.FAILED:
        raise RequestError(f"the video {job.id} has failed; make it again, or give another one", param=param)
    if job.status != jobs.COMPLETED:
        raise RequestError(f"the video {job.id} is {job.status}; wait until it is completed", param=param)
    return job.id


def content_of(desk: Desk, key: Key, identity: str, param: str = "video") -> bytes:
    """The file of a completed video of the key. ``RequestError`` when it is past its time, ``DamageError`` when it is
    not what was painted."""
    with desk.database.reading() as connection:
        job = jobs.get(connection, identity, key.id, param)
    name = VARIANTS["video"][0]
    past = RequestError(f"the files of {identity} are past their time; make it again", param=param)
    if job.cleaned_at is not None:
        raise past
    try:
        return desk.store.read(f"{job.folder}/{name}", find_seal(job.content, name))
    except FileNotFoundError:
        raise past from None


class _Folder:
    """A folder that the files of one request of one key are laid into."""

    def __init__(self, desk: Desk, key: Key, path: Path) -> None:
        self._desk, self._key, self._path = desk, key, path

    def fill(self, fields: dict[str, Any], parent: str | None, cast: Sequence[Character]) -> Given:
        """A file for each field that gives one."""
        return Given(
            image=self._picture("input_reference", fields),
            last=self._picture("last_frame", fields),
            keyframes=tuple(
                (item.at, self._named(item.image, check_image, "keyframes"))
                for item in (read_keyframes(fields["keyframes"]) if "keyframes" in fields else ())
            ),
            video=self._clip("video", fields, parent),
            other=self._clip("other_video", fields, None),
            mask=self._mask(fields),
            pieces=tuple(
                Kept(
                    path=self._named(item.video, check_video, "pieces"),
                    at_s=item.at,
                    start_s=item.start,
                    end_s=item.end,
                )
                for item in (read_pieces(fields["pieces"]) if "pieces" in fields else ())
            ),
            board=self._board(read_board(fields["storyboard"])) if "storyboard" in fields else None,
            cast=tuple(path for path in map(self._portrait, cast) if path is not None),
        )

    def _portrait(self, character: Character) -> Path | None:
        """The picture that shows a character, or the middle one of the clip; ``None`` when the file is gone."""
        try:
            data = self._file(character.file_id, "characters")
        except RequestError:
            return None
        path = self._lay(character.id, data)
        if sniff_bytes(data).startswith("image/"):
            return path
        picture = path.with_suffix(".png")
        with FootageReader(path) as reader:
            for number, frame in enumerate(reader):  # a damaged clip ends before the middle that its head promises
                middle = frame
                if number >= reader.num_frames // 2:
                    break
        write_image(middle, picture)
        return picture

    def _lay(self, name: str, data: bytes) -> Path:
        path = self._path / name
        path.write_bytes(data)
        return path

    def _picture(self, param: str, fields: dict[str, Any]) -> Path | None:
        """A picture that came along, is at an address, or is a file of the key."""
        if param not in fields:
            return None
        source = fields[param]
        if isinstance(source, Upload):
            data = source.data
        elif isinstance(source, dict) and set(source) == {"image_url"}:
            policy = Policy(private_hosts=self._desk.settings.private_hosts, max_bytes=MAX_IMAGE_BYTES)
            with blaming(param):
                data = fetch(str(source["image_url"]), policy)
        elif isinstance(source, dict) and set(source) == {"file_id"}:
            data = self._file(str(source["file_id"]), param)
        else:
            message = f'the field \'{param}\' is a file, {{"image_url": "..."}} or {{"file_id": "..."}}'
            raise RequestError(message, param=param)
        check_image(data, param)
        return self._lay(param, data)

    def _mask(self, fields: dict[str, Any]) -> Path | None:
        """A picture or clip; its suffix says which, since that is how it is read."""
        if "mask" not in fields:
            return None
        source = fields["mask"]
        if not isinstance(source, Upload) and set(source) != {"file_id"}:
            raise RequestError('a mask is a file or {"file_id": "..."}', param="mask")
        data = source.data if isinstance(source, Upload) else self._file(str(source["file_id"]), "mask")
        if sniff_bytes(data).startswith("image/"):
            check_image(data, "mask")
            return self._lay("mask.png", data)
        check_video(data, "mask")
        return self._lay("mask.mp4", data)

    def _clip(self, param: str, fields: dict[str, Any], parent: str | None) -> Path | None:
        """The clip of a field: one that came along, or a completed video of the key."""
        if param in fields:
            parent = clip_of(self._desk, self._key, fields[param], param)
        if parent is None and param not in fields:
            return None
        data = fields[param].data if parent is None else content_of(self._desk, self._key, parent, param)
        return self._lay(f"{param}.mp4", data)

    def _board(self, board: Board) -> Board:
        """The board with files in place of ids."""
        cards = tuple(self._card(card, number) for number, card in enumerate(board.cards, start=1))
        return board.model_copy(
            update={"cards": cards, "cast": {name: self._look(who, name) for name, who in board.cast.items()}}
        )

    def _look(self, who: Look, name: str) -> Look:
        if who.image is None:
            return who
        try:
            return who.model_copy(update={"image": self._named(str(who.image), check_image, "storyboard")})
        except RequestError as error:
            error.args, error.param = (f"storyboard, cast, {name}: {error}",), "storyboard"
            raise

    def _card(self, card: Card, number: int) -> Card:
        found: dict[str, Path] = {}
        try:
            if card.image is not None:
                found["image"] = self._named(str(card.image), check_image, "storyboard")
            if card.video is not None:
                found["video"] = self._named(str(card.video), check_video, "storyboard")
        except RequestError as error:
            error.args, error.param = (f"storyboard, card {number}: {error}",), "storyboard"
            raise
        return card.model_copy(update=found)

    def _named(self, identity: str, check: Callable[[bytes, str], str], param: str) -> Path:
        """The file or completed video of the key with this id."""
        if identity.startswith("video_"):
            clip_of(self._desk, self._key, {"id": identity}, param)
            data = content_of(self._desk, self._key, identity, param)
        else:
            data = self._file(identity, param)
        check(data, param)
        return self._lay(identity, data)

    def _file(self, identity: str, param: str) -> bytes:
        with self._desk.database.reading() as connection:
            file = files.get(connection, identity, self._key.id, param)
        return files.read_bytes(self._desk.store, file)
