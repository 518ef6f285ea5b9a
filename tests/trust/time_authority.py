"""A time stamp service (RFC 3161) on loopback: OpenSSL's answers behind a small HTTP server, and services that fail."""

from __future__ import annotations

import contextlib
import http.server
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.trust.certificates import certify

_CONFIG = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""


class TimeAuthority:
    """``answer`` is what it does with a request: "stamp", "refuse" (500), "nonsense" or "hang"."""

    def __init__(self, folder: Path) -> None:
        self.answer = "stamp"
        self.address = ""
        self.num_asked = 0
        self.released = threading.Event()
        self._folder = folder
        folder.mkdir()
        _write_certificate(folder)
        (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder))
        (folder / "serial").write_text("01\n")

    def reply(self, query: bytes) -> bytes:
        """What OpenSSL answers."""
        (self._folder / "query").write_bytes(query)
        command = ["openssl", "ts", "-reply", "-queryfile", str(self._folder / "query"), "-config"]
        command += [str(self._folder / "tsa.cnf"), "-signer", str(self._folder / "tsa.pem")]
        command += ["-chain", str(self._folder / "office.pem")]
        command += ["-inkey", str(self._folder / "tsa.key"), "-out", str(self._folder / "reply")]
        subprocess.run(command, check=True, capture_output=True)
        return (self._folder / "reply").read_bytes()


@contextlib.contextmanager
def stamping(folder: Path) -> Iterator[TimeAuthority]:
    """A service that runs for the length of the block."""
    authority = TimeAuthority(folder)

    def refuse(query: bytes) -> tuple[int, bytes]:
        return 500, b"out of order"

    def nonsense(query: bytes) -> tuple[int, bytes]:
        return 200, b"nonsense"

    def hang(query: bytes) -> tuple[int, bytes]:
        authority.released.wait(60)
        return 500, b""

    def stamp(query: bytes) -> tuple[int, bytes]:
        return 200, authority.reply(query)

    ways: dict[str, Callable[[bytes], tuple[int, bytes]]] = {
        "stamp": stamp,
        "refuse": refuse,
        "nonsense": nonsense,
        "hang": hang,
    }

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            authority.num_asked += 1
            query = self.rfile.read(int(self.headers["content-length"]))
            status, body = ways[authority.answer](query)
            self.send_response(status)
            self.send_header("content-type", "application/timestamp-reply")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Be quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    authority.address = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield authority
    finally:
        authority.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _write_certificate(folder: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    leaf, office = certify(key, usage=ExtendedKeyUsageOID.TIME_STAMPING)
    (folder / "tsa.pem").write_bytes(leaf)
    (folder / "office.pem").write_bytes(office)
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "tsa.key").write_bytes(plain)
