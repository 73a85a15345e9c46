"""A program keeps the metric registry: proposes, changes, owns, weighs, files, and holds it against what is known."""

from typing import Any

import pytest

from governance.metric_content import LENGTHS
from governance.models import Metric
from governance.services.registry import registry_start
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.permissions import MANAGE_METRICS, RECONCILE, TOKEN_SCOPES, VIEW_ARR, VIEW_POLICY
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint, Program
from tests.governance.boards import BASE, a_board
from tests.reporting.numbers import numbers_load
from tests.tenancy.routes_registry import NEW
from tests.tenancy.routes_reporting import POLICY

GROWTH = {name: NEW[name] for name in LENGTHS if name in NEW}
BASE_URL = "/api/v1/clients/northwind/"


@pytest.fixture
def api(northwind: Client, rita: User, program: Mint) -> Program:
    """A program of Rita's, whose client's ARR is 42,000 at the end of March 2026."""
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=POLICY | {"reactivation_window_months": None})
        numbers_load(northwind)
        registry_start(client=northwind)
    return program(northwind, rita)


def errors(answer: Any) -> dict[str, str]:
    """What an answer says is wrong, by field."""
    assert answer.status_code == 400, answer.content
    return {error["field"]: error["detail"] for error in answer.json()["errors"]}


def test_a_metric_is_proposed_agreed_owned_and_changed(api: Program, northwind: Client, rita: User) -> None:
    def send(name: str, method: str, body: dict[str, Any]) -> Any:
        return api.call(f"{BASE_URL}metrics/own_growth/{name}/", method, body)

    bad = api.post(
        northwind, "api_metrics", {"key": "own_growth", "content": GROWTH | {"unit": "furlong"}, "reason": "Try"}
    )
    assert set(errors(bad)) == {"content.unit"}
    made = api.post(northwind, "api_metrics", {"key": "own_growth", "content": GROWTH, "reason": "Sales asked"})
    assert made.status_code == 201 and made.json()["status"] == "proposed"
    assert (made.json()["revision"], made.json()["next_steps"]) == (1, ["activate", "retire"])
    better = {"revision": 1, "content": GROWTH | {"name": "Growth of new"}, "reason": "Plainer"}
    assert send("versions", "post", better).json()["revision"] == 2
    assert send("versions", "post", better | {"reason": "Late"}).status_code == 409, "somebody was faster"
    active = send("step", "post", {"revision": 2, "step": "activate", "reason": "Agreed"}).json()
    assert active["status"] == "active" and not active["is_governed"]
    assert send("step", "post", {"revision": 3, "step": "retire", "reason": "No"}).status_code == 409, (
        "deprecated first"
    )
    nobody = send("owner", "put", {"revision": 3, "person": "otto@example.com"})
    assert "none of the client's people" in errors(nobody)["person"]
    assert send("owner", "put", {"revision": 3, "person": rita.email}).json()["owner"] == rita.email
    assert send("pay", "put", {"revision": 4, "feeds_pay": True}).json()["feeds_pay"] is True
    needed = api.get(northwind, "api_metric", key="new_arr").json()["dependants"]
    assert "own_growth" in needed, "what is built on it ends first"


def test_what_a_board_decides_about_changes_by_no_program(api: Program, northwind: Client, finn: User) -> None:
    with tenant_context(northwind):
        a_board(northwind, BASE, finance=finn)
    entry = api.get(northwind, "api_metric", key="quick_ratio").json()
    assert entry["is_governed"] is True
    body = {
        "revision": 1,
        "content": entry["content"] | {"name": "Speed"},
        "effective_month": "2090-01",
        "reason": "Mine",
    }
    refused = api.post(northwind, "api_metric_versions", body, key="quick_ratio")
    assert refused.status_code == 409 and "ask for its change" in refused.json()["detail"]
    ended = api.post(
        northwind, "api_metric_step", {"revision": 1, "step": "deprecate", "reason": "Mine"}, key="quick_ratio"
    )
    assert ended.status_code == 409 and "ask for its retirement" in ended.json()["detail"]
    text = api.get(northwind, "api_metrics_yaml").json()["yaml"].replace("name: Quick ratio", "name: Speed")
    seen = api.post(northwind, "api_metrics_drift", {"yaml": text}).json()["seen"]
    assert api.post(northwind, "api_metrics_yaml", {"yaml": text, "seen": seen, "reason": "Mine"}).status_code == 409
    with tenant_context(northwind):
        assert Metric.objects.get(key="quick_ratio").version == 1


def test_a_file_is_applied_once_its_drift_was_seen(api: Program, northwind: Client) -> None:
    text = api.get(northwind, "api_metrics_yaml").json()["yaml"].replace("name: Quick ratio", "name: Speed")
    sent = {"yaml": text, "seen": "0" * 64, "reason": "From the repository"}
    assert api.post(northwind, "api_metrics_yaml", sent).status_code == 409
    seen = api.post(northwind, "api_metrics_drift", {"yaml": text}).json()["seen"]
    done = api.post(northwind, "api_metrics_yaml", sent | {"seen": seen}).json()
    assert [each["key"] for each in done["changed"]] == ["quick_ratio"]
    assert api.get(northwind, "api_metric", key="quick_ratio").json()["revision"] == 2
    (new, _) = api.get(northwind, "api_metric_versions", key="quick_ratio").json()["versions"]
    assert (new["content"]["name"], new["reason"]) == ("Speed", "From the repository")


def test_a_cell_or_the_whole_matrix_is_put(api: Program, northwind: Client) -> None:
    url = f"{BASE_URL}registry/matrix/"
    before = api.get(northwind, "api_matrix").json()
    sent = {"seen": before["seen"], "cells": {"quick_ratio": {"rep": "P2"}}}
    after = api.call(url, "patch", sent).json()
    assert after["cells"]["quick_ratio"] == before["cells"]["quick_ratio"] | {"rep": "P2"}, "the others stay"
    assert api.call(url, "patch", sent).status_code == 409
    empty = {key: dict.fromkeys(row, "") for key, row in after["cells"].items()}
    cleared = api.call(url, "patch", {"seen": after["seen"], "cells": empty}).json()
    assert not any(cleared["cells"].values())
    assert "no metric" in next(
        iter(errors(api.call(url, "patch", {"seen": cleared["seen"], "cells": {"zebra": {"rep": "P0"}}})).values())
    )


def test_figures_that_people_know_are_held_against_the_registry(api: Program, northwind: Client) -> None:
    known = {"metric": "arr", "month": "2026-03", "expected": "41999.5", "tolerance": "1", "source": "Board pack"}
    kept = api.post(northwind, "api_controls", known).json()
    assert (kept["value"], kept["agrees"], kept["difference"]) == ("42000.00", True, "1/2")
    api.post(northwind, "api_controls", known | {"side": "lower"})
    (row,) = api.get(northwind, "api_controls").json()["results"]
    assert row["agrees"] is False, "the registry is higher than it may be"
    assert set(errors(api.post(northwind, "api_controls", known | {"metric": "zebra"}))) == {"metric"}
    assert api.call(f"{BASE_URL}registry/controls/{row['id']}/", "delete").json() == {"id": row["id"]}
    assert api.get(northwind, "api_controls").json() == {"next": None, "results": []}


def test_lineage_availability_and_a_formula_that_is_tried(
    api: Program, northwind: Client, rita: User, program: Mint
) -> None:
    rows = api.get(northwind, "api_lineage", {"metric": "quick_ratio"}).json()["measures"]
    assert rows and all("quick_ratio" in (*row["direct"], *row["through"]) for row in rows)
    ready = {row["key"]: row for row in api.get(northwind, "api_availability").json()["metrics"]}
    assert ready["arr"]["months"] == 3 and not ready["arr"]["is_buildable"], "a trend needs twelve months"
    asked = {"formula": "arr / customers", "unit": "money per customer"}
    tried = api.get(northwind, "api_formula", asked).json()
    assert tried["fault"] == "" and tried["points"][0]["value"] == "21000.00"
    wrong = api.get(northwind, "api_formula", asked | {"formula": "arr / zebra"}).json()
    assert wrong["fault"] and wrong["place"][1] == "zebra"
    blind = program(northwind, rita, TOKEN_SCOPES - {VIEW_ARR})
    assert blind.get(northwind, "api_formula", asked).json()["points"] == []
    known = {"metric": "arr", "month": "2026-03", "expected": "1", "source": "Guess"}
    kept = program(northwind, rita, {RECONCILE}).post(northwind, "api_controls", known).json()
    assert [kept[name] for name in ("value", "agrees", "difference")] == [None] * 3, "nobody guesses ARR by it"
    reader = program(northwind, rita, {VIEW_POLICY, MANAGE_METRICS})
    assert reader.get(northwind, "api_controls").status_code == 403
