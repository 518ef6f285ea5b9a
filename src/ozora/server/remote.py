"""Calls to other machines that a client chose: pictures to fetch, webhooks to send. Only to public addresses.

The name is looked up once, every address of it must be public, and the connection goes to the address that was
checked, so that a name cannot change its mind in between (DNS rebinding). Redirects are followed by the same rule.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, quote, unquote_to_bytes, urljoin, urlsplit

from ozora.errors import RequestError

MAX_REDIRECTS = 3
TIMEOUT_S = 15.0
AT_ONCE = 8
"""Calls of one process that a client waits for: each holds a thread, and slow servers must not hold them all."""
PLAIN = "".join(map(chr, range(33, 127)))  # what of a URL goes over the line as it is
_slots = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: the status of HTTP and at most so many bytes as were allowed."""

    status: int
    data: bytes
    location: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """``private_hosts`` are names or addresses that are allowed although they are not public."""

    private_hosts: tuple[str, ...] = ()
    max_bytes: int = 30_000_000
    timeout_s: float = TIMEOUT_S


def fetch(url: str, policy: Policy) -> bytes:
    """The bytes behind an http(s) or data URL; ``RequestError`` when they are out of bounds or out of reach."""
    if url.startswith("data:"):
        return _data(url, policy)
    with slot():
        return _follow(url, policy, time.monotonic() + policy.timeout_s)


def _follow(url: str, policy: Policy, deadline: float) -> bytes:
    for _ in range(MAX_REDIRECTS + 1):
        answer = _call("GET", url, b"", {}, policy, deadline)
        if answer.location is None:
            break
        url = _lead(url, answer.location)
    else:
        raise _refused("it leads on too often")
    if answer.status != 200:
        raise _refused(f"its server answers {answer.status}")
    return answer.data


def _lead(url: str, location: str) -> str:
    """Where a redirect leads; its bytes come as Latin-1 (RFC 9110) and most servers mean UTF-8."""
    try:
        return urljoin(url, quote(location.encode("latin-1"), safe=PLAIN))
    except ValueError:
        raise _refused("it leads to what is no URL") from None


def post(url: str, data: bytes, headers: dict[str, str], policy: Policy) -> Answer:
    """Send ``data``; redirects are not followed. ``RequestError`` when the address is out of bounds or of reach."""
    return _call("POST", url, data, headers, policy, time.monotonic() + policy.timeout_s)


@contextlib.contextmanager
def slot() -> Iterator[None]:
    """One of ``AT_ONCE`` calls that a client waits for; ``RequestError`` (429) when there is none."""
    if not _slots.acquire(blocking=False):
        raise RequestError("other addresses are being asked; try again in a moment", status=429, code="busy")
    try:
        yield
    finally:
        _slots.release()


def check_url(url: str, private_hosts: tuple[str, ...] = ()) -> SplitResult:
    """A URL that may be called as far as its text tells, without looking up a name; ``RequestError`` otherwise."""
    try:
        parts = urlsplit(url)
        allowed = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and len(url) <= 2000
        address = _literal(parts.hostname or "")
    except ValueError:
        allowed = None
    if not allowed or parts.username is not None or any(ord(letter) <= 32 for letter in url):
        raise _refused("give a full http or https URL without a user name")
    if address is not None:
        _check_public(parts.hostname or "", [address], private_hosts)
    return parts


def _literal(host: str) -> str | None:
    """The address that a host is by itself, also in the old ways to write it (127.1, 2130706433); ``None`` for a name.

    ``ValueError`` when it is neither.
    """
    plain = host.encode("idna").decode()
    if ":" in plain:
        return str(ipaddress.ip_address(plain))
    if plain == "localhost" or plain.endswith(".localhost"):  # RFC 6761
        return "127.0.0.1"
    try:
        return socket.inet_ntoa(socket.inet_aton(plain))
    except OSError:
        return None


def _call(method: str, url: str, data: bytes, headers: dict[str, str], policy: Policy, deadline: float) -> Answer:
    parts = check_url(url, policy.private_hosts)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with _Line(host, port, _address(host, port, policy), parts.scheme == "https", deadline) as line:
            target = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=PLAIN)
            line.connection.request(method, target, body=data or None, headers={"user-agent": "ozora", **headers})
            response = line.connection.getresponse()
            location = response.getheader("location") if response.status in (301, 302, 303, 307, 308) else None
            return Answer(status=response.status, data=_read(response, policy, deadline), location=location)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _refused(f"it cannot be reached ({type(error).__name__})") from error


class _Line:
    """A connection to an address that was checked, in the name of its host."""

    def __init__(self, host: str, port: int, address: str, secure: bool, deadline: float) -> None:
        self.connection = http.client.HTTPConnection(host, port)
        left = max(0.1, deadline - time.monotonic())
        plain = socket.create_connection((address, port), timeout=left)
        self._handle = plain.dup()  # TLS takes the socket over
        self._end = threading.Timer(left, self._cut)  # a byte now and then would start each timeout anew
        self._end.daemon = True
        self._end.start()
        try:
            context = ssl.create_default_context() if secure else None
            self.connection.sock = context.wrap_socket(plain, server_hostname=host) if context else plain
        except BaseException:
            plain.close()
            self._leave()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.connection.close()
        self._leave()

    def _leave(self) -> None:
        self._end.cancel()
        self._handle.close()

    def _cut(self) -> None:
        with contextlib.suppress(OSError):  # it may just have ended by itself
            self._handle.shutdown(socket.SHUT_RDWR)


def _address(host: str, port: int, policy: Policy) -> str:
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    _check_public(host, found, policy.private_hosts)
    return found[0]


def _check_public(host: str, addresses: list[str], private_hosts: tuple[str, ...]) -> None:
    if host not in private_hosts and not all(is_public(address) for address in addresses):
        raise _refused("its address is not public; a server's --allow-host lets it in")


def is_public(address: str) -> bool:
    """Whether an address belongs to the open internet, also one of version 4 inside of version 6."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo or (None, None))[1]
        if inner is not None:
            return is_public(str(inner))
        if parsed in ipaddress.ip_network("64:ff9b::/96"):
            return is_public(str(ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)))
        if parsed.is_reserved or parsed.is_site_local:  # some of these count as global: ::127.0.0.1, fec0::1
            return False
    return parsed.is_global and not parsed.is_multicast


def _read(response: http.client.HTTPResponse, policy: Policy, deadline: float) -> bytes:
    data = bytearray()
    while piece := response.read1(65536):
        data += piece
        if len(data) > policy.max_bytes:
            raise _refused(f"it is larger than {policy.max_bytes // 1_000_000} MB")
    if time.monotonic() >= deadline:  # cut off, or nearly
        raise _refused(f"it takes longer than {policy.timeout_s:g} seconds")
    return bytes(data)


def _data(url: str, policy: Policy) -> bytes:
    head, comma, body = url.partition(",")
    if not comma or len(body) > policy.max_bytes * 3:
        raise _refused("this data URL cannot be read, or is too large")
    if not head.endswith(";base64"):
        return unquote_to_bytes(body)
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise _refused("this data URL is no base64") from None


def _refused(reason: str) -> RequestError:
    return RequestError(f"the URL cannot be used: {reason}", code="invalid_url")
