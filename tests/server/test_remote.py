from __future__ import annotations

import base64
import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer

import pytest

from ozora.errors import RequestError
from ozora.server.remote import AT_ONCE, Policy, check_url, fetch, is_public, post, slot

OPEN = Policy(private_hosts=("127.0.0.1",), max_bytes=1000, timeout_s=5.0)


class Site(BaseHTTPRequestHandler):
    """A page, a large one, redirects, and an echo."""

    def do_GET(self) -> None:
        places = {"/in": "/page", "/loop": "/loop", "/out": "http://localhost:9/", "/file": "file:///etc/passwd"}
        places |= {"/accent": "/caf\xc3\xa9", "/broken": "http://[::1"}  # as the bytes of UTF-8 come
        if self.path in places:
            self.send_response(302)
            self.send_header("location", places[self.path])
            self.end_headers()
            return
        self.send_response(200 if self.path in ("/page", "/large", "/caf%C3%A9", "/%C3%BC?a=%20") else 404)
        self.end_headers()
        self.wfile.write(b"x" * (5000 if self.path == "/large" else 10))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(201)
        self.end_headers()
        self.wfile.write(body + self.headers["x-mark"].encode())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_page_and_where_it_leads(site: str) -> None:
    assert fetch(f"{site}/page", OPEN) == b"x" * 10
    for path in ("/in", "/accent", "/caf\u00e9", "/\u00fc?a=%20"):
        assert fetch(site + path, OPEN) == b"x" * 10
    answer = post(f"{site}/", b"hello", {"x-mark": "!"}, OPEN)
    assert (answer.status, answer.data) == (201, b"hello!")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/large", "larger"),
        ("/loop", "too often"),
        ("/out", "not public"),
        ("/file", "full http"),
        ("/broken", "no URL"),
        ("/missing", "404"),
    ],
)
def test_what_is_out_of_bounds(path: str, reason: str, site: str) -> None:
    with pytest.raises(RequestError, match=reason):
        fetch(site + path, OPEN)


def test_private_addresses_are_refused(site: str) -> None:
    for url in (site, "http://localhost:1/", "http://[::1]/", "http://0.0.0.0/", "http://2130706433/"):
        with pytest.raises(RequestError, match="URL cannot be used"):
            fetch(url, Policy())


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("fec0::1", False),
        ("::7f00:1", False),
        ("64:ff9b:1::7f00:1", False),
        ("2606:4700::1111", True),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    "url", ["", "ftp://x.org/", "http://", "http://a:b@x.org/", "http://x.org/ a", "http://x:99999/"]
)
def test_which_urls_may_be_called(url: str) -> None:
    with pytest.raises(RequestError):
        check_url(url)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:9", "[::1]:1", "10.1", "2130706433", "0x7f.1", "\uff11\uff12\uff17.0.0.1", "localhost", "a.localhost"],
)
def test_an_address_that_is_not_public_is_seen_in_the_url(host: str) -> None:
    with pytest.raises(RequestError, match="not public"):
        check_url(f"http://{host}/")


def test_what_may_be_public_is_told_when_it_is_called() -> None:
    for host in ("x.org", "8.8.8.8", "[2606:4700::1111]", "m\u00fcnchen.de"):
        check_url(f"http://{host}/caf\u00e9")
    assert check_url("http://127.0.0.1/", ("127.0.0.1",)).hostname == "127.0.0.1"


def test_data_urls() -> None:
    assert fetch("data:image/png;base64," + base64.b64encode(b"pixels").decode(), OPEN) == b"pixels"
    assert fetch("data:,a%20b", OPEN) == b"a b"
    for url in ("data:image/png;base64,??", "data:none", "data:," + "x" * 4000):
        with pytest.raises(RequestError):
            fetch(url, OPEN)


class Drip(BaseHTTPRequestHandler):
    """Sends a byte now and then, so that no read of it ever takes long: in its head, or in its body."""

    def do_GET(self) -> None:
        with contextlib.suppress(OSError):
            if self.path == "/body":
                self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
            for _ in range(100):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.1)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.mark.parametrize("path", ["/head", "/body"])
def test_a_server_that_drips_is_cut_off(path: str) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Drip)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    began = time.monotonic()
    with pytest.raises(RequestError, match="cannot be used"):
        fetch(f"http://127.0.0.1:{server.server_port}{path}", replace(OPEN, timeout_s=0.5))
    assert time.monotonic() - began < 3
    server.shutdown()
    server.server_close()


def test_slow_servers_do_not_hold_every_thread(site: str) -> None:
    with contextlib.ExitStack() as others:
        for _ in range(AT_ONCE):
            others.enter_context(slot())
        with pytest.raises(RequestError) as refused:
            fetch(f"{site}/page", OPEN)
        assert refused.value.status == 429
        assert fetch("data:,x", OPEN) == b"x"
    assert fetch(f"{site}/page", OPEN)
