"""Requests to addresses that somebody else typed: public hosts only, checked on the very address that is connected to.

The name is resolved once, every answer must be public, and the connection goes to the address that was checked, so that a
name which answers differently the second time leads nowhere. No redirects, one megabyte at most, and ten seconds in all: each
step, the name's resolution too, gets what is left of them, however slowly the other side speaks.
"""

import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

MOST_BYTES = 1_000_000
MOST_SECONDS = 10.0
STEP_SECONDS = 5.0
LOOK_SECONDS = 3.0  # somebody waits for the page
PORTS = {443, 8443}
OPEN_V6 = ipaddress.ip_network(
    "2000::/3"
)  # all that is given out of IPv6; what carries an IPv4 address lies outside it, or is a tunnel
TUNNELS = [ipaddress.ip_network(block) for block in ("2002::/16", "2001::/32", "192.88.99.0/24")]


class OutboundError(Exception):
    """The address may not be called, or did not answer as it should; the text names no address."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; OutboundError where it is none."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise OutboundError("the answer is no JSON") from error
        if not isinstance(value, dict):
            raise OutboundError("the answer is no JSON object")
        return value


def url_check(url: str, *, allow_loopback: bool = False) -> None:
    """OutboundError unless the address is https on a usual port, without user information; http only for loopback."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise OutboundError("the address is malformed") from error
    if not parts.hostname or parts.username is not None or parts.password is not None or parts.fragment:
        raise OutboundError("the address is malformed")
    if port == 0:
        raise OutboundError("the address uses an unusual port")
    if allow_loopback and parts.hostname in ("127.0.0.1", "localhost", "::1") and parts.scheme in ("http", "https"):
        return
    if parts.scheme != "https":
        raise OutboundError("the address must begin with https://")
    if (port or 443) not in PORTS:
        raise OutboundError("the address uses an unusual port")


def host_check(url: str, *, allow_loopback: bool = False, seconds: float = LOOK_SECONDS) -> None:
    """OutboundError where the host of an address lies inside: written as an IP address in any way, or by what its name is now.

    For whoever keeps an address to send to later; `request` looks again, at what the name is then. A name that nobody knows, or
    about which nobody answers in time, is no reason: it may come to be known. An IP address in a way in which nothing is ever
    sent to it, with a zone or a dot at its end, comes to be none.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if "%" in host:
        raise OutboundError("its host names a zone of one machine’s own network")
    if host.endswith(".") and is_numeric(host.rstrip(".")):
        raise OutboundError("its host is an IP address with a dot at its end: write it without")
    try:
        found = resolved(host, parts.port or 443, seconds)
    except (OSError, UnicodeError, httpcore.ConnectTimeout):
        return
    if any(not is_public(address, allow_loopback=allow_loopback) for address in found):
        raise OutboundError("its host lies in a network that is not public")


def url_plain(url: str) -> str:
    """The address in plain ASCII, as it goes over the wire: the host by IDNA, path and query with percent signs.

    OutboundError where the host is no name that IDNA knows, or where nothing of it can be sent.
    """
    try:
        said = httpx.URL(url)
        host, target = said.raw_host.decode("ascii"), said.raw_path.decode("ascii")
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise OutboundError(
            "the address is malformed: its host name or its path cannot be written as an address"
        ) from error
    port = "" if said.port is None else f":{said.port}"
    return f"{said.scheme}://{f'[{host}]' if ':' in host else host}{port}{target}"


def url_origin(url: str) -> str:
    """Scheme and host of an address: what may be told of one whose path or query may hold a token."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def request(
    method: str,
    url: str,
    *,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    allow_loopback: bool = False,
    read_at_most: int | None = None,
) -> Answer:
    """One request to a public host. OutboundError for everything that is not a plain answer.

    Who wants only the beginning of the answer says how much of it (`read_at_most`, in bytes): then a long one is no error.
    """
    url_check(url, allow_loopback=allow_loopback)
    url = url_plain(url)
    deadline = time.monotonic() + MOST_SECONDS
    given = [("Host", urlsplit(url).netloc), ("Accept", "application/json"), ("User-Agent", "Tieout"), *headers]
    if body:
        given.append(("Content-Length", str(len(body))))
    limits = dict.fromkeys(("connect", "read", "write", "pool"), STEP_SECONDS)
    backend = PublicHosts(allow_loopback=allow_loopback, deadline=deadline)
    try:
        with (
            httpcore.ConnectionPool(network_backend=backend, retries=0) as pool,
            pool.stream(method, url, headers=given, content=body, extensions={"timeout": limits}) as response,
        ):
            return Answer(response.status, _read(response, deadline, read_at_most))
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError, UnicodeError) as error:
        raise OutboundError("the address cannot be reached") from error


class PublicHosts(httpcore.NetworkBackend):
    """Connects to addresses that `is_public` allows, and to no other; everything ends by the deadline."""

    def __init__(self, *, allow_loopback: bool, deadline: float) -> None:
        self._network = httpcore.SyncBackend()
        self._allow_loopback = allow_loopback
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        found = resolved(host, port, time_left(self._deadline, timeout))
        refused = [text for text in found if not is_public(text, allow_loopback=self._allow_loopback)]
        if refused or not found:
            raise OutboundError("the address cannot be reached")
        *others, last = found
        for text in others:
            try:
                return self.connected(text, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue  # a name often has an IPv6 address too, and the machine no way there
        return self.connected(last, port, timeout, local_address, socket_options)

    def connected(
        self,
        address: str,
        port: int,
        timeout: float | None,
        local_address: str | None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> httpcore.NetworkStream:
        """A connection to one address that was checked."""
        left = time_left(self._deadline, timeout)
        stream = self._network.connect_tcp(address, port, left, local_address, socket_options)
        return TimedStream(stream, self._deadline)


class TimedStream(httpcore.NetworkStream):
    """A connection that ends at its deadline, although each byte may come in time."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, time_left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, time_left(self._deadline, timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = time_left(self._deadline, timeout)
        return TimedStream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def time_left(deadline: float, timeout: float | None) -> float:
    """How long one step may still take, in seconds; a timeout where nothing is left."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time is up")
    return left if timeout is None else min(left, timeout)


def resolved(host: str, port: int, seconds: float) -> list[str]:
    """Every IP address of a name, the one that the machine prefers first; a timeout where that takes longer.

    A resolver cannot be interrupted, so it is left behind.
    """
    found: list[list[str] | OSError | UnicodeError] = []

    def look() -> None:
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.append(list(dict.fromkeys(str(entry[4][0]) for entry in entries)))
        except (OSError, UnicodeError) as error:
            found.append(error)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(seconds)
    if not found:
        raise httpcore.ConnectTimeout("the name server is too slow")
    if isinstance(found[0], Exception):
        raise found[0]
    return found[0]


def is_numeric(host: str) -> bool:
    """Whether a host is an IP address, in any of the ways to write one."""
    try:
        socket.inet_aton(host)
    except OSError:
        return ":" in host
    return True


def is_public(address: str, *, allow_loopback: bool = False) -> bool:
    """Whether an IP address is one of the open internet, and no tunnel into another net.

    An IPv6 address that is only a way to write an IPv4 one (compatible, translated, NAT64) is refused, whichever it holds; one
    that is mapped, as systems themselves write it, is what it holds.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if ip.is_loopback:
        return allow_loopback
    if ip.version == 6 and ip not in OPEN_V6:
        return False
    return ip.is_global and not ip.is_multicast and not any(ip in net for net in TUNNELS if net.version == ip.version)


def _read(response: httpcore.Response, deadline: float, read_at_most: int | None) -> bytes:
    chunks, size = [], 0
    for chunk in response.iter_stream():
        size += len(chunk)
        chunks.append(chunk)
        if read_at_most is not None and size >= read_at_most:
            return b"".join(chunks)[:read_at_most]
        if size > MOST_BYTES or time.monotonic() > deadline:
            raise OutboundError("the answer is too large or too slow")
    return b"".join(chunks)
