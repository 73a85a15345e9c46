"""Requests to addresses that somebody typed go to the open internet or nowhere."""

import socket
import threading
from collections.abc import Iterator

import pytest

from portal.lib import outbound
from portal.lib.outbound import Answer, OutboundError, is_public, request, url_check, url_plain

REFUSED = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001::1",
    "fd00:ec2::254",
    "fe80::1",
    "ff02::1",
    "fec0::1",
    "::10.0.0.5",
    "::127.0.0.1",
    "::ffff:0:169.254.169.254",
    "192.88.99.1",
]
ADDRESSES = [
    "https://127.0.0.1/", "https://2130706433/", "https://0x7f.1/", "https://017700000001/", "https://[::1]/", "https://localhost/",
    "https://169.254.169.254/latest", "https://[::ffff:127.0.0.1]/", "http://example.com/", "file:///etc/passwd", "gopher://x/",
    "https://user@example.com/", "https://example.com:22/", "https://example.com:0/", "https://", "https://[bad/", "https://example.com/#f",
]  # fmt: skip


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield server


@pytest.mark.parametrize("address", REFUSED)
def test_inner_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700::1111"])
def test_outer_addresses_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("url", ADDRESSES)
def test_no_such_address_is_called(url: str) -> None:
    with pytest.raises(OutboundError) as caught:
        request("GET", url)
    assert "127.0.0.1" not in str(caught.value)


def test_nothing_connects_inside(listener: socket.socket) -> None:
    """The check stands where the connection is made, so that no second answer of a name server gets around it."""
    port = listener.getsockname()[1]
    for host in ("127.0.0.1", "localhost", "2130706433"):
        with pytest.raises(OutboundError):
            request("GET", f"https://{host}:{port}/")
    with pytest.raises(TimeoutError):
        listener.accept()


def test_loopback_is_for_local_use_alone() -> None:
    url_check("http://127.0.0.1:9000/x", allow_loopback=True)
    for url in ("http://127.0.0.1:9000/x", "http://10.0.0.1/"):
        with pytest.raises(OutboundError):
            url_check(url)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"\xff", b"[]", b""])
def test_an_answer_that_is_no_json_object_is_an_error_of_the_call(body: bytes) -> None:
    with pytest.raises(OutboundError, match="no JSON"):
        Answer(200, body).json()


PLAIN = {
    "https://exämple.com/hook": "https://xn--exmple-cua.com/hook",
    "https://example.com/tür?für=ß&a=%20b": "https://example.com/t%C3%BCr?f%C3%BCr=%C3%9F&a=%20b",
    "https://example.com:8443/a%2Fb?x=1": "https://example.com:8443/a%2Fb?x=1",
    "https://[2606:4700::1111]/x": "https://[2606:4700::1111]/x",
}


@pytest.mark.parametrize("url", PLAIN)
def test_an_address_is_sent_in_plain_letters(url: str) -> None:
    assert url_plain(url) == PLAIN[url]


@pytest.mark.parametrize("url", ["https://ex\u2024\ufdfa.com/", "https://xn--\u00e4.com/", "https://-\ud800.com/"])
def test_a_host_that_is_no_name_is_refused(url: str) -> None:
    with pytest.raises(OutboundError):
        request("GET", url)


def test_a_slow_name_server_is_within_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    enough, answered = threading.Event(), threading.Event()

    def slow(*_: object, **__: object) -> list[object]:
        enough.wait(60)
        answered.set()
        return []

    monkeypatch.setattr(outbound, "MOST_SECONDS", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with pytest.raises(OutboundError, match="cannot be reached"):
        request("GET", "https://slow.example/")
    assert not answered.is_set(), "the call ended while the name server was still silent"
    enough.set()
