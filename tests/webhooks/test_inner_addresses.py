"""A webhook leads to the open internet or nowhere: what somebody typed never reaches a machine behind the wall."""

import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client as Browser

from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from portal.webhooks.models import WebhookEndpoint
from portal.webhooks.services.endpoints import WebhookError, endpoint_add, endpoint_change
from tests.webhooks.conftest import deliveries, emit, listen, send
from tests.webhooks.receiver import Receiver

SignedIn = Callable[[User], Browser]
OUTER, INSIDE = "https://hooks.example.com/tieout", "https://inside.example.com/tieout"
TYPED = [
    "http://hooks.example.com/", "ftp://hooks.example.com/", "file:///etc/passwd", "https://user:pass@hooks.example.com/",
    "https://hooks.example.com:22/", "https://hooks.example.com/#part", "https://", "http://127.0.0.1:8000/", "javascript:x",
]  # fmt: skip
INNER = [
    "127.0.0.1", "10.1.2.3", "172.20.0.5", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1", "fd00:ec2::254",
    "::ffff:10.0.0.1", "64:ff9b::a00:1",
]  # fmt: skip


@pytest.fixture(autouse=True)
def in_production(settings: Any) -> None:
    """Only on a developer's machine may anything lead to the machine itself."""
    settings.PRODUCTION = True


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Something on this machine that must never be reached."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        yield server


class Names:
    """A name server whose answers change; `asked` counts."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.asked = list(answers), 0

    def __call__(self, host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        found = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


@pytest.mark.parametrize("url", TYPED)
def test_an_address_that_is_not_public_https_is_not_taken(northwind: Client, finn: User, url: str) -> None:
    with pytest.raises(WebhookError, match="cannot be used"), tenant_context(northwind):
        endpoint_add(client=northwind, user=finn, name="Inner", url=url, events=["month.closed"])
    made = listen(northwind, finn, OUTER)
    with pytest.raises(WebhookError, match="cannot be used"), tenant_context(northwind):
        endpoint_change(endpoint=made, name="Inner", url=url, events=["month.closed"])


WRITTEN = [
    "https://127.0.0.1/", "https://10.1.2.3/", "https://172.20.0.5/hook", "https://192.168.0.1:8443/", "https://169.254.169.254/",
    "https://0.0.0.0/", "https://[::1]/", "https://[fe80::1]/", "https://[fd00:ec2::254]/", "https://[::ffff:10.0.0.1]/",
    "https://2130706433/", "https://127.1/", "https://0x7f000001/", "https://localhost/",
]  # fmt: skip


@pytest.mark.parametrize("url", WRITTEN)
def test_an_address_inside_is_refused_before_it_is_kept(
    northwind: Client, finn: User, adam: User, signed_in: SignedIn, url: str
) -> None:
    made = listen(northwind, finn, OUTER)
    said: dict[str, Any] = {"name": "Inner", "url": url, "events": ["month.closed"]}
    with pytest.raises(WebhookError, match="not public") as refusal, tenant_context(northwind):
        endpoint_add(client=northwind, user=finn, **said)
    assert refusal.value.field == "url"
    with pytest.raises(WebhookError, match="not public"), tenant_context(northwind):
        endpoint_change(endpoint=made, **said)
    page = signed_in(adam).post("/c/northwind/settings/webhooks/new/", said)
    assert page.status_code == 422 and "lies in a network that is not public" in page.content.decode()
    with tenant_context(northwind):
        assert [row.url for row in WebhookEndpoint.objects.all()] == [OUTER]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        *((f"https://[{host}]/", "names a zone") for host in ("fe80::1%25eth0", "fe80::1%eth0", "fe80::1%259", "::1%251")),
        *((f"https://{host}./", "a dot at its end") for host in ("127.0.0.1", "10.1.2.3", "127.1", "2130706433", "8.8.8.8")),
    ],
)  # fmt: skip
def test_an_ip_address_to_which_nothing_is_ever_sent_as_it_is_written_is_refused_before_it_is_kept(
    northwind: Client, finn: User, url: str, said: str
) -> None:
    """A zone belongs to one machine; no name server knows an IP address with a dot at its end, which went for a name."""
    with tenant_context(northwind):
        with pytest.raises(WebhookError, match=said):
            endpoint_add(client=northwind, user=finn, name="Inner", url=url, events=["month.closed"])
        assert not WebhookEndpoint.objects.exists()


@pytest.mark.parametrize("address", INNER)
def test_a_name_that_leads_inside_is_refused_before_it_is_kept(
    northwind: Client, finn: User, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", inner_only(address))
    with pytest.raises(WebhookError, match="not public"), tenant_context(northwind):
        endpoint_add(client=northwind, user=finn, name="Inner", url=INSIDE, events=["month.closed"])
    with tenant_context(northwind):
        assert not WebhookEndpoint.objects.exists()


def inner_only(address: str) -> Any:
    """A name server by which one name lies inside; every other name is looked up as ever."""
    ask = socket.getaddrinfo

    def look(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        if host == urlsplit(INSIDE).hostname:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]
        return ask(host, port, *args, **kwargs)

    return look


def test_a_name_that_nobody_knows_yet_is_taken(northwind: Client, finn: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: Any, **kwargs: Any) -> Any:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert listen(northwind, finn, OUTER).url == OUTER


def test_a_developers_machine_may_be_told_itself(northwind: Client, finn: User, settings: Any) -> None:
    settings.PRODUCTION = False
    assert listen(northwind, finn, "http://127.0.0.1:8000/").url.startswith("http://127.0.0.1:8000")
    with pytest.raises(WebhookError, match="not public"):
        listen(northwind, finn, "https://10.1.2.3/")


@pytest.mark.parametrize("address", INNER)
def test_a_name_that_leads_inside_is_not_connected_to(
    northwind: Client, finn: User, monkeypatch: pytest.MonkeyPatch, listener: socket.socket, address: str
) -> None:
    listen(northwind, finn, OUTER)
    emit(northwind)
    monkeypatch.setattr(socket, "getaddrinfo", Names([address]))
    assert refused(northwind)
    with pytest.raises(TimeoutError):
        listener.accept()


def refused(client: Client) -> bool:
    """Nothing was taken, and the log says no more than that."""
    assert send(client) == 0
    (row,) = deliveries(client)
    (tried,) = row.attempts.all()
    return tried.status is None and tried.answer == "" and tried.fault == "the address cannot be reached"


def test_one_inner_address_among_outer_ones_is_one_too_many(
    northwind: Client, finn: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen(northwind, finn, OUTER)
    emit(northwind)
    monkeypatch.setattr(socket, "getaddrinfo", Names(["93.184.216.34", "10.0.0.1"]))
    assert refused(northwind)


def test_a_name_that_answers_differently_the_second_time_leads_nowhere(
    northwind: Client, finn: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is asked once, and the connection goes to the very address that was looked at."""
    listen(northwind, finn, OUTER)
    emit(northwind)
    names, connected = Names(["93.184.216.34"], ["127.0.0.1"]), []

    def connect(address: tuple[str, int], *args: Any, **kwargs: Any) -> Any:
        connected.append(address[0])
        raise OSError("no network in a test")

    monkeypatch.setattr(socket, "getaddrinfo", names)
    monkeypatch.setattr(socket, "create_connection", connect)
    assert refused(northwind)
    assert connected == ["93.184.216.34"] and names.asked == 1


def test_where_one_address_of_a_name_cannot_be_reached_the_next_is_tried(
    northwind: Client, finn: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many names have an IPv6 address too, and many machines no way there."""
    listen(northwind, finn, OUTER)
    emit(northwind)
    tried: list[str] = []

    def connect(address: tuple[str, int], *args: Any, **kwargs: Any) -> Any:
        tried.append(address[0])
        raise OSError("the network is unreachable")

    monkeypatch.setattr(socket, "getaddrinfo", Names(["2600:1f18::5", "93.184.216.34"]))
    monkeypatch.setattr(socket, "create_connection", connect)
    assert refused(northwind)
    assert tried == ["2600:1f18::5", "93.184.216.34"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate of our own for this machine, and its key."""
    folder: Path = tmp_path_factory.mktemp("tls")
    files = str(folder / "cert.pem"), str(folder / "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-out", files[0], "-keyout", files[1]],
        check=True, capture_output=True,
    )  # fmt: skip
    return files


@pytest.mark.parametrize(("is_trusted", "taken"), [(False, 0), (True, 1)])
def test_over_https_only_a_certificate_that_is_trusted_counts(
    northwind: Client,
    finn: User,
    certificate: tuple[str, str],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    is_trusted: bool,
    taken: int,
) -> None:
    settings.PRODUCTION = False
    receiver = Receiver(certificate=certificate)
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", certificate[0])
    endpoint: WebhookEndpoint = listen(northwind, finn, receiver.url)
    emit(northwind)
    assert send(northwind) == taken and len(receiver.received) == taken
    receiver.stop()
    assert endpoint.url.startswith("https://")
