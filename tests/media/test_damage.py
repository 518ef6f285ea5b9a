"""Damaged files: each is refused with a sentence or read all the same; none hangs, none fills the memory."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from ozora.media import write_video
from tests.media.films import Film, tone, write_film

SEED = 7
MIB = 1 << 20
MAX_ADDRESS_BYTES = 3 << 30  # what the reader may ask for at all
MAX_MEMORY_BYTES = 300 * MIB  # what it may use, 60 MiB of which are Python with its libraries
MAX_FILE_S = 10.0
MAX_TOTAL_S = 120

READ = """
import json, re, sys, time
from pathlib import Path
from ozora.errors import MediaError
from ozora.media import read_footage
for name in sys.stdin.read().split():
    begun_s, said = time.monotonic(), ""
    try:
        footage = read_footage(Path(name))
        read = (footage.frames.ndim == 4 and 1 <= len(footage.frames) <= 3600 and footage.fps > 0)
        verdict = "read" if read else "nonsense"
    except MediaError as error:
        verdict, said = "refused", str(error)
    except BaseException as error:
        verdict, said = "broken", repr(error)
    status = Path("/proc/self/status")  # ru_maxrss would count the process that started this one
    peak = re.search("VmHWM: *\\t* *([0-9]+) kB", status.read_text() if status.exists() else "")
    memory = int(peak[1]) * 1024 if peak else 0
    took_s = time.monotonic() - begun_s
    print(json.dumps(dict(name=Path(name).name, verdict=verdict, said=said, took_s=took_s, memory=memory)), flush=True)
"""


def _bases(folder: Path) -> dict[str, bytes]:
    """A small whole file of each family."""
    rng = np.random.default_rng(SEED)
    frames = rng.integers(0, 255, (6, 32, 48, 3), dtype=np.uint8)
    films = {
        "a.avi": Film(codec="mpeg4"),
        "a.mkv": Film(codec="ffv1"),
        "a.mov": Film(codec="prores_ks", pix_fmt="yuv422p10le"),
        "a.ts": Film(codec="mpeg2video"),
    }
    for name in ("a.mp4", "a.webm"):
        write_video(frames, Fraction(24), folder / name, sound=tone(0.25))
    write_video(frames, Fraction(24), folder / "a.gif")
    for name, film in films.items():
        write_film(folder / name, list(frames), film)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _damages(name: str, content: bytes, other: bytes) -> Iterator[tuple[str, bytes]]:
    """What happens to any file: cut off, bits turned, pieces lost, doubled or out of order, a foreign head."""
    rng = np.random.default_rng([SEED, *name.encode()])
    size = len(content)
    for share in (0.02, 0.1, 0.3, 0.6, 0.9, 0.99):
        yield f"cut-{share}", content[: int(size * share)]
    for number, (first, count) in enumerate([(64, 4), (200, 8), (600, 30), (size, 5), (size, 50), (size, 500)]):
        turned = np.frombuffer(content, np.uint8).copy()
        places = rng.integers(0, min(first, size), count)
        turned[places] ^= (1 << rng.integers(0, 8, count)).astype(np.uint8)
        yield f"bits-{number}", turned.tobytes()
    third = size // 3
    yield "hole", content[:third] + bytes(third) + content[2 * third :]
    yield "lost", content[:third] + content[2 * third :]
    yield "double", content[: 2 * third] + content[third:]
    yield "swapped", content[2 * third :] + content[third : 2 * third] + content[:third]
    yield "foreign-head", other[:100] + content[100:]
    yield "headless", content[100:]


def _boxes(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Lies of an MP4 (ISO/IEC 14496-12): sizes, counts and lengths that are far too large, or none."""

    def put(mark: bytes, offset: int, value: bytes) -> bytes:
        at = content.index(mark) + offset
        return content[:at] + value + content[at + len(value) :]

    huge, none = b"\xff\xff\xff\xff", bytes(4)
    yield "wide", put(b"avc1", 28, b"\xff\xff\xff\xff")
    yield "no-width", put(b"avc1", 28, none)
    yield "many-samples", put(b"stsz", 12, huge)
    yield "no-samples", put(b"stsz", 12, none)
    yield "large-samples", put(b"stsz", 8, b"\x7f\xff\xff\xff")
    yield "many-times", put(b"stts", 8, huge)
    yield "slow-times", put(b"stts", 16, b"\x7f\xff\xff\xff")
    yield "no-times", put(b"stts", 16, none)
    yield "many-chunks", put(b"stco", 8, huge)
    yield "far-chunks", put(b"stco", 12, huge)
    yield "long", put(b"mvhd", 20, huge)
    yield "timeless", put(b"mdhd", 16, none)
    yield "large-box", put(b"moov", -4, b"\x7f\xff\xff\xff")
    yield "endless-box", put(b"trak", -4, none)
    yield "larger-box", put(b"mdat", -4, b"\x00\x00\x00\x01")
    yield "many-entries", put(b"stsd", 8, huge)
    yield "large-extradata", put(b"avcC", -4, b"\x7f\xff\xff\xff")
    yield "anamorphic", put(b"tkhd", 44, b"\x7f\xff\xff\xff")


def _others(folder: Path) -> Iterator[tuple[str, bytes]]:
    """What is no damage but no clip either, and the smallest clip."""
    yield "empty.mp4", b""
    yield "text.mp4", b"This is a text about a video. " * 100
    yield "html.mp4", b"<!doctype html><title>404</title>" * 9
    yield "zip.mp4", b"PK\x03\x04" + bytes(4000)
    yield "zeros.mp4", bytes(100_000)
    yield "noise.mp4", np.random.default_rng(SEED).bytes(50_000)
    yield "list.mp4", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"
    yield "list.txt", b"ffconcat version 1.0\nfile /etc/passwd\n"
    yield "head.mp4", b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2"
    yield "head.webm", b"\x1a\x45\xdf\xa3" + b"\xff" * 60
    yield "head.gif", b"GIF89a\xff\xff\xff\xff\xf7\x00\x00" + bytes(768) + b","
    yield "large.gif", b"GIF89a\xff\xff\xff\xff\x80\x00\x00" + bytes(6) + b",\0\0\0\0\xff\xff\xff\xff\0\x02\x02D\x01\0;"
    yield "large.apng", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x06\0\0\0" + bytes(40)
    yield "riff.avi", b"RIFF\xff\xff\xff\xffAVI LIST\xff\xff\xff\xffhdrlavih" + b"\xff" * 60
    with av.open(str(folder / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=48_000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    yield "sound.mp4", (folder / "sound.mp4").read_bytes()
    write_video(np.zeros((1, 16, 16, 3), np.uint8), Fraction(24), folder / "one.mp4")
    yield "one.mp4", (folder / "one.mp4").read_bytes()


def _corpus(folder: Path) -> list[Path]:
    (folder / "bases").mkdir()
    bases = _bases(folder / "bases")
    files = [
        (f"{damage}-{name}", data)
        for name, content in bases.items()
        for damage, data in _damages(name, content, bases["a.avi" if name != "a.avi" else "a.mp4"])
    ]
    files += [(f"{damage}-a.mp4", data) for damage, data in _boxes(bases["a.mp4"])]
    files += [(f"whole-{name}", content) for name, content in bases.items()]
    files += list(_others(folder / "bases"))
    paths = [folder / name for name, _ in files]
    for path, (_, data) in zip(paths, files, strict=True):
        path.write_bytes(data)
    return paths


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MAX_ADDRESS_BYTES, MAX_ADDRESS_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """What another process with little memory says of each file."""
    paths = _corpus(tmp_path_factory.mktemp("damaged"))
    done = subprocess.run(
        [sys.executable, "-c", READ],
        input="\n".join(map(str, paths)),
        capture_output=True,
        text=True,
        timeout=MAX_TOTAL_S,
        preexec_fn=_limit,
        check=False,
    )
    result = {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert len(result) == len(paths), f"died with {done.returncode} after {list(result)[-1:]}: {done.stderr[-500:]}"
    return result


def test_each_is_refused_with_a_sentence_or_read(verdicts: dict[str, dict[str, object]]) -> None:
    assert len(verdicts) >= 100
    wrong = {name: found["said"] for name, found in verdicts.items() if found["verdict"] not in ("read", "refused")}
    assert not wrong
    refused = [str(found["said"]) for found in verdicts.values() if found["verdict"] == "refused"]
    assert len(refused) >= 40
    assert all(re.search(r": (convert|give|make|cut) ", said) and "\n" not in said for said in refused)


def test_whole_files_and_a_single_frame_are_read(verdicts: dict[str, dict[str, object]]) -> None:
    whole = [name for name in verdicts if name.startswith(("whole", "one"))]
    assert len(whole) == 8
    assert {verdicts[name]["verdict"] for name in whole} == {"read"}


@pytest.mark.parametrize("name", ["empty.mp4", "text.mp4", "zeros.mp4", "list.mp4", "list.txt", "sound.mp4"])
def test_what_is_no_clip_is_refused(verdicts: dict[str, dict[str, object]], name: str) -> None:
    assert verdicts[name]["verdict"] == "refused"


def test_none_hangs_and_none_fills_the_memory(verdicts: dict[str, dict[str, object]]) -> None:
    slow = {name: found["took_s"] for name, found in verdicts.items() if float(str(found["took_s"])) > MAX_FILE_S}
    assert not slow
    assert max(int(str(found["memory"])) for found in verdicts.values()) < MAX_MEMORY_BYTES
