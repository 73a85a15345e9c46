"""What every operation does with a request: pages, limits, malformed bodies, errors that say nothing they should not."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser

from metrics.models import ContractLine
from portal.accounts.models import User
from portal.accounts.services.tokens import token_revoke
from portal.accounts.views.tokens import API_SCOPES, IN_WORDS
from portal.tenancy.api_paging import cursor_of
from portal.tenancy.models import Client
from portal.tenancy.permissions import VIEW_CLIENT, VIEW_DATA
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint, Program
from tests.engine.frames import frame, line
from tests.metrics.loading import load_lines
from tests.tenancy.routes_api import API_ROUTES, numbers, some_rates

PROBLEM = "application/problem+json"


@pytest.fixture
def api(northwind: Client, ana: User, program: Mint) -> Program:
    return program(northwind, ana)


@pytest.fixture
def lines(northwind: Client) -> int:
    """Twenty-three contract lines."""
    with tenant_context(northwind):
        load_lines(frame(*(line(f"L{n:02d}", customer_name="One") for n in range(23))))
    return 23


# --- pages ------------------------------------------------------------------------------------------------------------


def walk(api: Program, client: Client, url_name: str, size: int) -> list[list[Any]]:
    """All pages, each by the address that the one before it gave."""
    answer = api.get(client, url_name, {"page_size": str(size)})
    pages = [answer.json()["results"]]
    while following := answer.json()["next"]:
        assert following.startswith("http://testserver/api/v1/")
        answer = api.call(following.removeprefix("http://testserver"))
        pages.append(answer.json()["results"])
    return pages


def test_pages_show_every_row_once(api: Program, northwind: Client, lines: int) -> None:
    pages = walk(api, northwind, "api_lines", 5)
    assert [len(page) for page in pages] == [5, 5, 5, 5, 3]
    seen = [row["line_id"] for page in pages for row in page]
    assert seen == sorted(set(seen)) and len(seen) == lines
    assert [len(page) for page in walk(api, northwind, "api_lines", 23)] == [23]


def test_rows_that_come_meanwhile_shift_no_page(api: Program, northwind: Client) -> None:
    sequences = [row["sequence"] for row in walk(api, northwind, "api_audit", 500)[0]]
    first = api.get(northwind, "api_audit", {"page_size": "1"}).json()
    assert api.post(northwind, "api_rates", some_rates()).status_code == 201  # writes new entries
    rest = api.call(first["next"].removeprefix("http://testserver"), query=None).json()["results"]
    assert [first["results"][0]["sequence"], *(row["sequence"] for row in rest)] == sequences[: 1 + len(rest)]


@pytest.mark.parametrize("size", ["0", "-1", "501", "1000000000", "ten", ""])
def test_a_page_is_bounded(size: str, api: Program, northwind: Client) -> None:
    answer = api.get(northwind, "api_lines", {"page_size": size})
    assert answer.status_code == 400 and answer.json()["errors"][0]["field"] == "page_size"


@pytest.mark.parametrize("cursor", ["x", "%00", "k1", "a" * 61, "🙂", cursor_of(2**63), cursor_of(-1)])
def test_a_made_up_cursor_is_refused(cursor: str, api: Program, northwind: Client) -> None:
    assert api.get(northwind, "api_lines", {"cursor": cursor}).status_code == 400


# --- refusals ---------------------------------------------------------------------------------------------------------


def is_problem(answer: Any, status: int) -> bool:
    assert (answer.status_code, answer["Content-Type"]) == (status, PROBLEM), answer.content[:300]
    return answer.json()["status"] == status  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "url", ["/api/", "/api/v1/", "/api/v2/x/", "/api/v1/clients/northwind/bridge", "/api/v1/clients/n/x/"]
)
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_an_address_that_is_none_is_a_problem_too(url: str, method: str, api: Program, nobody: Program) -> None:
    assert is_problem(api.call(url, method), 404) and is_problem(nobody.call(url, method), 404)
    assert api.call(url, method).content == nobody.call(url, method).content


def test_methods_and_media_types(api: Program, northwind: Client) -> None:
    base = "/api/v1/clients/northwind/"
    for method in ("post", "put", "patch", "delete", "options", "trace"):
        answer = api.call(f"{base}bridge/", method)
        assert is_problem(answer, 405) and answer["Allow"] == "GET, HEAD"
    assert api.call(f"{base}lines/", "head").status_code == 200
    assert is_problem(api.call(f"{base}rates/", "post", b"x", content_type="text/csv"), 415)
    assert is_problem(api.call(f"{base}lines/", HTTP_ACCEPT="text/html"), 406)
    assert is_problem(api.call(f"{base}lines/?page_size=5&page_size=6"), 400)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"rates": NaN}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"rates":"\\u0000"}',
        b'{"\\ud800":1}',
        b"1e400",
    ],
)
def test_a_body_that_cannot_be_read_is_no_error_of_ours(body: bytes, api: Program) -> None:
    for path in ("rates/", "policies/"):
        assert is_problem(api.call(f"/api/v1/clients/northwind/{path}", "post", body), 400)


def test_a_form_in_a_strange_encoding_is_no_error_of_ours(api: Program) -> None:
    form = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n\xff\x00\r\n--b--\r\n'
    for media_type in (
        "multipart/form-data; boundary=b; charset=hex",
        "multipart/form-data",
        "multipart/form-data; boundary=é",
    ):
        answer = api.call("/api/v1/clients/northwind/rates/", "post", form, content_type=media_type)
        assert is_problem(answer, 400), media_type


def test_bodies_are_bounded(api: Program, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE, settings.UPLOAD_MAX_BYTES = 1000, 2000
    url = "/api/v1/clients/northwind/"
    assert is_problem(api.call(f"{url}rates/", "post", b" " * 1001), 413)
    answer = api.call(
        f"{url}imports/", "post", b"x", content_type="multipart/form-data; boundary=b", CONTENT_LENGTH="2000000"
    )
    assert is_problem(answer, 413)
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
    rates = some_rates()["rates"] * 10_001
    many = api.call(f"{url}rates/", "post", {"rates": rates})
    assert is_problem(many, 400)


@pytest.mark.parametrize(
    ("url_name", "query", "field"),
    [
        ("api_bridge", {"from": "2024-13"}, "from"),
        ("api_bridge", {"from": "0001-01"}, "from"),
        ("api_bridge", {"from": "2024-02", "to": "2024-01"}, "to"),
        ("api_bridge", {"from": "1950-01", "to": "2000-01"}, "to"),
        ("api_bridge", {"by": "customer"}, "by"),
        ("api_bridge", {"segment": ""}, "segment"),
        ("api_bridge", {"segment": "x\x00"}, "segment"),
        ("api_bridge", {"basis": "carr"}, "basis"),
        ("api_cell", {"from": "2023-01", "to": "2024-01"}, "to"),
        ("api_cell", {"from": "2024-01", "to": "2024-01", "by": "segment"}, "group"),
        ("api_cell", {"from": "2024-01", "to": "2024-01", "limit": "100000"}, "limit"),
        ("api_cell", {"to": "2024-01"}, "from"),
        ("api_movers", {"count": "101"}, "count"),
        ("api_retention", {"product": "Platform"}, "product"),
        ("api_explain", {"customer": "C1"}, "month"),
    ],
)
def test_parameters_are_bounded_and_named(
    url_name: str, query: dict[str, str], field: str, api: Program, northwind: Client
) -> None:
    answer = api.get(northwind, url_name, query)
    assert is_problem(answer, 400) and field in {error["field"] for error in answer.json()["errors"]}


def test_an_error_of_ours_is_logged_and_says_nothing(
    api: Program, northwind: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        ContractLine.objects.filter(pk=1).update(amount=1)
        raise RuntimeError("secret canary")

    monkeypatch.setattr("metrics.api.views.numbers.headline_reported", broken)
    answer = api.get(northwind, "api_headline")
    assert is_problem(answer, 500) and b"canary" not in answer.content and b"Traceback" not in answer.content
    assert "secret canary" in caplog.text


def test_a_missing_rate_is_a_conflict_that_names_currency_and_day(api: Program, northwind: Client) -> None:
    with tenant_context(northwind):
        load_lines(frame(line(currency="XAF", customer_name="One")))
        numbers(northwind)
    answer = api.get(northwind, "api_explain", {"customer": "C1", "month": "2024-06"})
    assert is_problem(answer, 409) and "XAF" in answer.json()["detail"] and "2024-06-30" in answer.json()["detail"]
    bridge = api.get(northwind, "api_bridge").json()
    assert bridge["book"]["state"] == "blocked" and bridge["rows"] == []
    gaps = api.get(northwind, "api_rate_gaps").json()["results"]
    assert gaps[0]["currency"] == "XAF" and gaps[0]["line_ids"] == ["L1"]


# --- tokens and throttling ----------------------------------------------------------------------------------------------


def test_a_revoked_token_is_dead_at_once(api: Program, northwind: Client) -> None:
    assert api.get(northwind, "api_client").status_code == 200
    with tenant_context(northwind):
        assert api.row is not None
        token_revoke(client=northwind, token=api.row)
    answer = api.get(northwind, "api_client")
    assert is_problem(answer, 401) and answer["WWW-Authenticate"].startswith("Bearer")


def test_a_session_opens_no_operation(ana: User, northwind: Client, signed_in: Any) -> None:
    browser: Browser = signed_in(ana)
    assert is_problem(browser.get("/api/v1/clients/northwind/"), 401)


def test_the_client_says_what_the_token_may_do(northwind: Client, eve: User, program: Mint) -> None:
    body = program(northwind, eve, {VIEW_CLIENT, VIEW_DATA}).get(northwind, "api_client").json()
    assert body["scopes"] == [VIEW_CLIENT] and body["currency"] == "USD" and body["firm"] == "Ridge Consulting"


def test_too_many_requests_of_one_token_are_put_off(
    api: Program, northwind: Client, ana: User, program: Mint, settings: Any
) -> None:
    rates = {"DEFAULT_THROTTLE_RATES": {"token": "3/min"}}
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, **rates}
    assert [api.get(northwind, "api_client").status_code for _ in range(3)] == [200] * 3
    answer = api.get(northwind, "api_client")
    assert is_problem(answer, 429) and 0 < int(answer["Retry-After"]) <= 60
    assert program(northwind, ana).get(northwind, "api_client").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM portal_cache")
        keys = [key for (key,) in cursor.fetchall()]
    assert keys and all(re.fullmatch(rf":1:{northwind.pk}:throttle:\d+", key) for key in keys)


def test_a_token_is_offered_exactly_what_operations_ask_for() -> None:
    assert set(API_SCOPES) == {route.permission for route in API_ROUTES}
    assert set(API_SCOPES) <= IN_WORDS.keys()


def test_an_unknown_parameter_is_named_with_the_known_ones(api: Program, northwind: Client) -> None:
    (error,) = api.get(northwind, "api_rates", {"curency": "EUR"}).json()["errors"]
    assert error["field"] == "curency"
    assert "There is no 'curency' here; known are " in str(error) and "currency" in str(error).partition("known are")[2]
