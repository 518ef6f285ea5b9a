"""Building the cast pack from Debian's ``0ad-data`` package: download, unpack, produce every role, write.

Needs no root: ``apt-get download`` and ``dpkg-deb -x`` work in a folder of our own. The package is 1.4 GB, 3.3 GB
unpacked.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from ozora.errors import MediaError, OutputError, UserError
from ozora.stage.troupe.archive import ARCHIVE_PLACE, Files, ZipFiles
from ozora.stage.troupe.casting import ROLES, Role
from ozora.stage.troupe.pack import Credits, write_pack
from ozora.stage.troupe.production import produce

PACKAGE = "0ad-data"
ART_CREDITS = "gui/credits/texts/art.json"
Tell = Callable[[str], None]


def _silent(_line: str) -> None:
    """Progress that nobody asked for."""


def _run(command: Sequence[str], folder: Path, advice: str) -> None:
    """Run a tool. Raises UserError with the advice when it is missing or fails."""
    if shutil.which(command[0]) is None:
        raise UserError(f"{command[0]} is not installed; on another system than Debian, give the {PACKAGE} .deb file.")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[-1]
        raise UserError(f"{advice} ({command[0]}: {last})")


def _download(folder: Path, tell: Tell) -> Path:
    """Fetch the package into ``folder``."""
    tell(f"downloading {PACKAGE} (1.4 GB)")
    advice = f"{PACKAGE} cannot be downloaded: check the network and run apt-get update, or give the .deb file."
    _run(["apt-get", "download", PACKAGE], folder, advice)
    found = sorted(folder.glob(f"{PACKAGE}_*.deb"))
    if not found:
        raise UserError(advice)
    return found[0]


def _find_archive(source: Path) -> Path | None:
    """The game's zip in an unpacked package, or the zip itself."""
    if source.is_dir():
        places = (source / ARCHIVE_PLACE, source / "public.zip")
        return next((place for place in places if place.is_file()), None)
    return source if source.suffix == ".zip" else None


def open_archive(source: Path | None, scratch: Path, tell: Tell = _silent) -> ZipFiles:
    """The game's files. ``source``: a .deb, an unpacked package, its public.zip, or nothing to download it into
    ``scratch``.

    Raises UserError when a tool or the network is missing, MediaError when the source is something else.
    """
    if source is not None and not source.exists():
        raise MediaError(f"There is no {source}.")
    archive = _find_archive(source) if source is not None else None
    if archive is None and source is not None and source.suffix != ".deb":
        raise MediaError(f"{source} is neither the {PACKAGE} .deb file nor its unpacked folder.")
    if archive is None:
        deb = (source or _download(scratch, tell)).resolve()
        tell(f"unpacking {deb.name} (3.3 GB)")
        unpacked = scratch / "unpacked"
        advice = f"{deb.name} cannot be unpacked: download it again, and see that 5 GB are free."
        _run(["dpkg-deb", "-x", str(deb), str(unpacked)], scratch, advice)
        archive = _find_archive(unpacked)
    if archive is None:
        raise MediaError(f"The package holds no {ARCHIVE_PLACE}: give the {PACKAGE} package.")
    return ZipFiles(archive)


def read_credits(files: Files) -> Credits:
    """Whom to name for the figures, from the game's own list."""
    authors = []
    try:
        for group in json.loads(files.read(ART_CREDITS))["Content"]:
            authors += [person.get("name") or person["nick"] for person in group["List"]]
    except (ValueError, KeyError, TypeError) as error:
        raise MediaError(f"{ART_CREDITS} in the archive is not the list of artists.") from error
    return Credits(
        title="Figures, buildings and plants from 0 A.D., made smaller and joined for the stage",
        license="CC-BY-SA-3.0",
        license_url="http://creativecommons.org/licenses/by-sa/3.0/",
        source="Wildfire Games, http://www.wildfiregames.com/ (Debian package 0ad-data)",
        authors=("Wildfire Games", *dict.fromkeys(authors)),
        note="Some textures derive from CGTextures materials, distributed as CC-BY-SA by special permission.",
    )


def build_pack(deb: Path | None, out: Path, *, tell: Tell = _silent, roles: Sequence[Role] = ROLES) -> Path:
    """Make the cast pack at ``out`` and return its path; ``tell`` hears a line per step. The same source gives the
    same bytes.

    Raises UserError (tool, network), MediaError (wrong or broken source) or OutputError (cannot write). Takes about a
    minute after the download, and 5 GB of temporary disk unless an unpacked source is given.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="troupe-") as scratch:
            files = open_archive(deb, Path(scratch), tell)
            try:
                members = []
                for number, role in enumerate(roles, start=1):
                    tell(f"{number}/{len(roles)} {role.name}")
                    members.append(produce(files, role))
                credits_ = read_credits(files)
            finally:
                files.close()
            write_pack(members, out, credits_)
    except OSError as error:
        raise OutputError(f"The temporary folder is not usable: {error.strerror}.") from error
    tell(f"wrote {len(members)} members to {out} ({out.stat().st_size / 2**20:.1f} MB)")
    return out
