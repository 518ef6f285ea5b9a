"""A file that is written whole or not at all.

Work goes into a hidden neighbor of the target and takes the target's name only when it is complete, so that an
exception, Ctrl-C or a full disk leaves the folder as it was (idea: the rename of POSIX, which is atomic on one disk).
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from ozora.errors import OutputError

VIDEO_SUFFIXES = (".mp4", ".webm", ".gif")
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
SUFFIXES = VIDEO_SUFFIXES + IMAGE_SUFFIXES
SEQUENCE_SUFFIXES = (".png", ".tiff", ".exr")

_MAX_NAME_BYTES = 240  # file systems allow 255; the rest is for a sidecar's suffix
_HIDDEN = ".unfinished-"
_PATTERN = re.compile(r"%(0\d)?d")
_REASONS = {
    errno.ENOSPC: "the disk is full: free some space or choose another folder",
    errno.EDQUOT: "the disk quota is used up: free some space or choose another folder",
    errno.EFBIG: "the file is larger than this disk or account allows: choose another folder or a shorter clip",
    errno.EACCES: "the folder may not be written to: choose another folder",
    errno.EPERM: "the folder may not be written to: choose another folder",
    errno.EROFS: "the disk is read-only: choose another folder",
    errno.ENOTDIR: "a part of the path is a file, not a folder: choose another folder",
    errno.ENAMETOOLONG: "the name is too long: choose a shorter one",
    errno.ENOENT: "the folder is gone: choose another one",
}


def is_sequence(path: Path) -> bool:
    """Whether ``path`` names numbered pictures, such as ``frames/%04d.png``."""
    return path.suffix.lower() in SEQUENCE_SUFFIXES and _PATTERN.search(path.name) is not None


def number(path: Path, index: int) -> Path:
    """The path of picture ``index`` of a sequence; its first is 1, as in FFmpeg."""
    return path.with_name(_PATTERN.sub(lambda match: match.group() % index, path.name, count=1))


def sidecar(path: Path) -> Path:
    """Where the record of ``path`` goes: ``clip.mp4.json``; for numbered pictures ``record.json`` beside them."""
    return path.with_name("record.json" if is_sequence(path) else path.name + ".json")


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all; ``OutputError`` otherwise."""
    with whole_file(path) as draft, writing(path):
        draft.write_text(text, encoding="utf-8")


def check_output(path: Path, *, frames: int = 1) -> None:
    """Raise ``OutputError`` now if ``frames`` pictures could not be written to ``path`` later. Writes nothing."""
    _check_name(path, frames)
    with writing(path):
        _check_target(path)
        _check_folder(path.parent)


def output_error(path: Path, error: OSError) -> OutputError:
    """The sentence for a person that an ``OSError`` while writing ``path`` amounts to."""
    reason = _REASONS.get(error.errno or 0, error.strerror or type(error).__name__)
    return OutputError(f"{path} was not written, {reason}")


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an ``OSError`` of the block into the ``OutputError`` for ``path``."""
    try:
        yield
    except OSError as error:
        raise output_error(path, error) from error


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a hidden path to write to, which becomes ``path`` if the block ends well and vanishes if it does not.

    Missing folders are made, and removed again after a failure.
    """
    made: list[Path] = []
    draft = _draft_path(path)
    try:
        with writing(path):
            made += _missing_folders(path.parent)
            path.parent.mkdir(parents=True, exist_ok=True)
        yield draft
        with writing(path):
            _flush(draft)
            draft.replace(_target(path))
    except BaseException:
        _discard([draft, *made])
        raise


@contextlib.contextmanager
def whole_sequence(path: Path) -> Iterator[Path]:
    """As ``whole_file`` for numbered pictures: gives the pattern that the block is to number its files after."""
    made: list[Path] = []
    folder = _draft_path(path).with_suffix("")
    try:
        with writing(path):
            made += _missing_folders(path.parent)
            folder.mkdir(parents=True)
        yield folder / path.name
        with writing(path):
            for picture in sorted(folder.iterdir()):
                made.insert(0, picture.replace(path.parent / picture.name))
            folder.rmdir()
    except BaseException:
        _discard([folder, *made])
        raise


@contextlib.contextmanager
def passing_file(draft: Path) -> Iterator[Path]:
    """Give a path beside ``draft``, or the pattern of a sequence in a folder of its own, for a step in between; it does
    not stay."""
    if is_sequence(draft):
        folder = draft.parent.with_name(f"{draft.parent.name}-plain")
        folder.mkdir()
        passing = folder / draft.name
    else:
        folder, passing = draft.parent, draft.with_name(f"{draft.stem}-plain{draft.suffix}")
    try:
        yield passing
    finally:
        _discard([folder] if is_sequence(draft) else [passing])


def _check_name(path: Path, frames: int) -> None:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise OutputError(f"{path.name or path} does not say which format it is: end the name in one of {known}")
    if "\0" in str(path) or len(os.fsencode(path.name)) > _MAX_NAME_BYTES:
        raise OutputError(f"{path.name[:40]!r}... is no usable file name: choose a shorter, plain one")
    if frames > 1 and suffix in IMAGE_SUFFIXES and not is_sequence(path):
        pattern = f"{path.stem}-%04d.png"
        raise OutputError(f"{path.name} holds one picture, not {frames}: use {pattern} or a video such as .mp4")


def _check_target(path: Path) -> None:
    if is_sequence(path):
        if number(path, 1).exists():
            raise OutputError(f"{number(path, 1)} is there already: choose another folder for the sequence")
    elif path.is_dir():
        raise OutputError(f"{path} is a folder: give the name of a file in it")
    elif path.exists() and not stat.S_ISREG(path.stat().st_mode):
        raise OutputError(f"{path} is not an ordinary file: choose another name")


def _check_folder(folder: Path) -> None:
    nearest = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not nearest.is_dir():
        raise OutputError(f"{nearest} is a file, not a folder: choose another folder")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise OutputError(f"{nearest} may not be written to: choose another folder")


def _target(path: Path) -> Path:
    """Where the bytes belong: behind a link, the file that it points to."""
    return path.resolve() if path.is_symlink() else path


def _draft_path(path: Path) -> Path:
    return _target(path).with_name(f"{_HIDDEN}{secrets.token_hex(4)}{path.suffix.lower()}")


def _missing_folders(folder: Path) -> list[Path]:
    """What has to be made for ``folder`` to exist, the deepest first."""
    return [parent for parent in (folder, *folder.parents) if not parent.exists()]


def _flush(draft: Path) -> None:
    """Wait until the bytes are on the disk: some disks say only now that they are full."""
    with draft.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk: a file that was synced itself can still lose its name.

    Some network drives cannot do that for folders, and need not.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


def _discard(paths: list[Path]) -> None:
    """Remove files, a folder of drafts, and folders that are empty, in this order; what resists stays."""
    for path in paths:
        with contextlib.suppress(OSError):
            if path.name.startswith(_HIDDEN) and path.is_dir():
                shutil.rmtree(path)
            elif path.is_dir():
                path.rmdir()
            else:
                path.unlink(missing_ok=True)
