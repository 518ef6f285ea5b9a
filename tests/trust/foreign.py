"""Files of others: any kind of picture and clip, with credentials inside, beside, elsewhere, or damaged."""

from __future__ import annotations

import contextlib
import http.server
import io
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from c2pa import Builder, C2paSignerInfo, Signer
from numpy.typing import NDArray
from PIL import Image

from ozora.trust.identity import Identity
from tests.trust.clips import draw_clip

CAMERA = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"
CLIP = draw_clip(3, frames=6, height=64, width=96)

STILLS = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "tiff": "TIFF", "gif": "GIF"}
FILMS = {
    "mp4": ("mp4", "libx264"),
    "mov": ("mov", "libx264"),
    "mkv": ("matroska", "libx264"),
    "webm": ("webm", "libvpx"),
    "ts": ("mpegts", "libx264"),
    "avi": ("avi", "mjpeg"),
    "apng": ("apng", "apng"),
}
MEDIA_TYPES = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "tiff": "image/tiff",
    "gif": "image/gif",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "mkv": "video/x-matroska",
    "webm": "video/webm",
    "ts": "video/mp2t",
    "avi": "video/x-msvideo",
    "apng": "image/apng",
}
SIGNED = ("jpeg", "png", "webp", "tiff", "gif", "mp4", "mov", "avi")


def shoot(kind: str, folder: Path, frames: NDArray[np.uint8] = CLIP) -> Path:
    """Write a picture or clip as somebody's camera would, without credentials."""
    path = folder / f"camera.{kind}"
    if kind in STILLS:
        Image.fromarray(frames[0]).save(path, STILLS[kind])
        return path
    form, codec = FILMS[kind]
    pixels = {"apng": "rgb24", "mjpeg": "yuvj420p"}.get(codec, "yuv420p")
    with av.open(str(path), "w", format=form) as container:
        stream = container.add_stream(codec, rate=12)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width, stream.pix_fmt = frames.shape[1], frames.shape[2], pixels
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def attest(path: Path, kind: str, by: Identity, *, address: str = "", beside: bool = False) -> Path:
    """Sign what a camera shot: inside, in a file beside it, or with nothing in it but an ``address``."""
    actions = [{"action": "c2pa.created", "digitalSourceType": CAMERA}]
    definition = {
        "claim_generator_info": [{"name": "Camera"}],
        "format": MEDIA_TYPES[kind],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}],
    }
    signed = io.BytesIO()
    credentials = C2paSignerInfo(by.algorithm, by.chain_pem, by.key_pem, None)
    with Signer.from_info(credentials) as signer, Builder(definition) as builder, path.open("rb") as plain:
        if address:
            builder.set_remote_url(address)
        if address or beside:
            builder.set_no_embed()
        manifest = builder.sign(signer, MEDIA_TYPES[kind], plain, signed)
    if beside:
        path.with_name(f"{path.name}.c2pa").write_bytes(manifest)
    else:
        path.write_bytes(signed.getvalue())
    return path


def damage(path: Path) -> Path:
    """Destroy the credentials in a file, and leave the pictures."""
    content = bytearray(path.read_bytes())
    place = content.index(b"c2pa.assertions")
    content[place - 40 : place + 200] = b"\xff" * 240
    if (start := content.find(b"caBX")) > 0:  # a chunk of PNG has a checksum, and readers look at it
        end = start + 4 + int.from_bytes(content[start - 4 : start], "big")
        content[end : end + 4] = zlib.crc32(content[start:end]).to_bytes(4, "big")
    path.write_bytes(content)
    return path


@contextlib.contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """An address on loopback, and which paths of it were asked for."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"nothing")

        do_POST = do_HEAD = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """Be quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/manifest", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
