"""The board's review names what changes its quarter, also where it was decided after the quarter was over."""

from typing import Any

from governance.models import ChangeRequest
from governance.selectors.board_review import review_content
from governance.services.change_effect import changes_take_effect
from metrics.models import ContractLine
from metrics.selectors.periods import Period
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close, month_restate
from portal.accounts.models import User
from portal.tenancy.clock import database_time, day_at
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.governance.effects import FEBRUARY, JANUARY, MARCH, client, effect, scheduled
from tests.reporting.numbers import NOW

__all__ = ["client"]
QUARTER = Period("2026-Q1", JANUARY, MARCH)


def told(client: Client) -> dict[str, dict[str, Any]]:
    return {each["key"]: each for each in review_content(client, QUARTER)["chapters"]}


def today(client: Client) -> str:
    return day_at(client, database_time()).isoformat()


def test_a_change_from_a_month_of_the_quarter_is_named_though_it_was_decided_later(
    client: Client, rita: User, finn: User
) -> None:
    request = scheduled(client, rita, finn, MARCH)
    changes_take_effect(client=client, now=NOW)
    with tenant_context(client):
        books_rebuild_all(client=client, now=NOW)
        month_close(client=client, month=MARCH, user=finn)
        found, day = told(client), today(client)
        version = effect(request).policy_version
        assert found["changes"]["sentences"] == (
            "No change was asked for, decided or put into effect in the quarter.",
            f"CR-1 changes months of the quarter, from 2026-03 on; decided after the quarter, on {day}.",
        )
        assert [(row[0], row[-1]) for row in found["changes"]["rows"]] == [("CR-1", "2026-03")]
        assert found["definitions"]["sentences"][1:] == (
            f"Policy v{version.number} holds from 2026-03 on; it was made after the quarter, on {day}.",
        )
        (row,) = found["definitions"]["rows"]
        assert row[2].startswith("Discounts: Discounts are subtracted") and row[2].endswith("are not subtracted.")


def test_the_adjustment_of_a_quarter_is_explained(client: Client, rita: User, finn: User) -> None:
    with tenant_context(client):
        ContractLine.objects.filter(line_id="K5/1").update(starts_on="2026-02-01")
        ContractLine.objects.filter(line_id="K1/1").update(amount=13_000)
        books_rebuild_all(client=client, now=NOW)
    scheduled(client, rita, finn, MARCH)
    changes_take_effect(client=client, now=NOW)
    with tenant_context(client):
        books_rebuild_all(client=client, now=NOW)
        numbers = told(client)["numbers"]
        adjustment = dict(numbers["rows"])["Prior-period adjustment"]
        (said,) = [each for each in numbers["sentences"] if each.startswith("About the prior-period adjustment")]
        assert adjustment == "+11,000.00"
        assert "From Mar 2026 another definition holds (CR-1)." in said
        assert said.endswith("the definition makes +1,000.00, contracts corrected since +10,000.00.")


def test_a_month_of_the_quarter_that_was_restated_later_is_named(client: Client, rita: User, finn: User) -> None:
    with tenant_context(client):
        month_close(client=client, month=MARCH, user=finn)
    scheduled(client, rita, finn, FEBRUARY, is_restating=True)
    changes_take_effect(client=client, now=NOW)
    with tenant_context(client):
        found, day = told(client), today(client)
        assert found["restatements"]["sentences"] == (
            "No closed month was restated in the quarter.",
            f"2026-03 was restated after the quarter, on {day}.",
        )
        assert [row[0] for row in found["restatements"]["rows"]] == ["2026-03"]
        version = effect(ChangeRequest.objects.get()).policy_version
        (row,) = found["definitions"]["rows"]
        assert row[1] == f"Policy v{version.number}" and row[2].startswith("Discounts: ")
        assert found["definitions"]["sentences"] == (
            "What the numbers mean did not change in the quarter; its months were changed by what was made before or after it.",
            f"Policy v{version.number} restates Mar 2026; it was made after the quarter, on {day}.",
        )
        assert "restating them from 2026-02 on; decided after the quarter" in found["changes"]["sentences"][1]
        assert found["numbers"]["sentences"][1] == (
            "All months are closed; Mar 2026 as restated, the others as reported."
        )
        ContractLine.objects.filter(line_id="K1/1").update(amount=13_000)
        books_rebuild_all(client=client, now=NOW)
        for month in (JANUARY, FEBRUARY):
            month_restate(client=client, month=month, reason="A late order form", user=finn)
        assert told(client)["numbers"]["sentences"][1] == "All months are closed; Jan 2026 to Mar 2026 as restated."


def test_a_version_of_the_policy_that_holds_from_an_earlier_month_is_named_where_it_restates(
    client: Client, rita: User, finn: User
) -> None:
    with tenant_context(client):
        month_close(client=client, month=MARCH, user=finn)
    scheduled(client, rita, finn, FEBRUARY, is_restating=True)
    changes_take_effect(client=client, now=NOW)
    with tenant_context(client):
        chapters = review_content(client, Period("2026-03", MARCH, MARCH))["chapters"]
        (said,) = [each for each in chapters if each["key"] == "definitions"]
        version = effect(ChangeRequest.objects.get()).policy_version
        assert [row[1] for row in said["rows"]] == [f"Policy v{version.number}"]
        assert said["sentences"][1].startswith(f"Policy v{version.number} restates Mar 2026; it was made after")


def test_what_neither_happened_in_the_quarter_nor_changes_it_is_not_named(
    client: Client, rita: User, finn: User
) -> None:
    with tenant_context(client):
        month_close(client=client, month=MARCH, user=finn)
        ContractLine.objects.filter(line_id="K1/1").update(amount=13_000)
        books_rebuild_all(client=client, now=NOW)
    scheduled(client, rita, finn, MARCH + 1)
    with tenant_context(client):
        found = told(client)
        assert [found[key]["rows"] for key in ("changes", "definitions", "restatements")] == [(), (), ()]
        month_restate(client=client, month=MARCH, reason="A late credit", user=finn)
        assert len(told(client)["restatements"]["rows"]) == 1
