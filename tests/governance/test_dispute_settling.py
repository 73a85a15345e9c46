"""A dispute is corrected by what changed the figure and by nothing else; what is shown of it is in the figure's own unit."""

import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest
from django.test import Client as Browser

from governance.models import ChangeRequest, DisputeEvidence, FigureDispute
from governance.selectors.board_review import review_content
from governance.selectors.figure_disputes import corrections_for
from governance.selectors.published_figures import Subject, decimal_of
from governance.services.change_effect import changes_take_effect
from governance.services.figure_disputes import dispute_raise, dispute_settle, dispute_take
from governance.services.problems import DefinitionError
from governance.services.registry import registry_start
from metrics.models import ContractLine
from metrics.selectors.periods import Period
from metrics.services.books import books_rebuild_all
from metrics.services.closes import month_close, month_restate
from portal.accounts.models import User
from portal.notices.models import Notice
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.governance.boards import in_review
from tests.governance.effects import JANUARY, MARCH, client, scheduled
from tests.reporting.numbers import NOW

__all__ = ["client"]
ENDING = Subject("ending", MARCH)


def taken(client: Client, eve: User, finn: User, subject: Subject = ENDING) -> FigureDispute:
    row = dispute_raise(client=client, subject=subject, believed=None, reason="Too high", user=eve)
    return dispute_take(client=client, dispute=row, owner=finn, user=finn)


def kinds(row: FigureDispute) -> list[str]:
    return [each.key.partition(":")[0] for each in corrections_for(row)]


def test_a_request_that_changed_nothing_corrects_nothing(client: Client, rita: User, finn: User, eve: User) -> None:
    with tenant_context(client):
        month_close(client=client, month=MARCH, user=finn)
        registry_start(client=client, user=rita)
        row = taken(client, eve, finn)
        request = in_review(client, rita)
        for other in ("submitted", "approved", "effective"):
            ChangeRequest.objects.filter(pk=request.pk).update(state=other)
            assert corrections_for(row) == []
            with pytest.raises(DefinitionError, match="while nothing has changed the figure, it is not corrected"):
                dispute_settle(
                    client=client, dispute=row, step="correct", reason="x", user=finn, correction=f"change:{request.pk}"
                )
        assert FigureDispute.objects.get().is_open


def test_a_change_corrects_the_months_that_it_restates_or_holds_for(
    client: Client, rita: User, finn: User, eve: User
) -> None:
    with tenant_context(client):
        registry_start(client=client, user=rita)
        month_close(client=client, month=MARCH, user=finn)
        each = Subject("metric", MARCH, metric="arr_per_customer")  # `arr` would be the ending under another name
        rows = {
            name: taken(client, eve, finn, subject)
            for name, subject in {"march": ENDING, "january": Subject("ending", JANUARY), "each": each}.items()
        }
        wins = taken(client, eve, finn, Subject("metric", MARCH, metric="win_rate_deals"))
    scheduled(client, rita, finn, MARCH, is_restating=True)
    changes_take_effect(client=client, now=NOW)
    with tenant_context(client):
        assert kinds(rows["march"]) == ["close", "change"] and kinds(rows["each"]) == ["close", "change"]
        assert kinds(rows["january"]) == []
        assert "change" not in kinds(wins), "no policy values deals"


def test_parts_of_a_metric_are_decimals_with_their_unit(
    client: Client, rita: User, finn: User, eve: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(client):
        registry_start(client=client, user=rita)
        ContractLine.objects.filter(line_id="K1/1").update(amount=Decimal("12000.36"))
        books_rebuild_all(client=client, now=NOW)
        taken(client, eve, finn, Subject("metric", MARCH, metric="mrr"))
        (part, *_) = DisputeEvidence.objects.get().content["parts"]
        assert "/" not in part["value"] and part["value"].endswith(".36")
        told = Notice.objects.filter(user=rita, kind="dispute").first()
        assert told is not None and told.text.startswith("Eve disputes MRR in Mar 2026 (")
    page = " ".join(signed_in(eve).get("/c/northwind/oversight/disputes/1/").content.decode().split())
    assert "51,000.36 USD" in page and "MRR, " in page


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(115436559, 25), "4617462.36"),
        (Fraction(42000), "42000"),
        (Fraction(-1, 3), "-0.33"),
        (Fraction(0), "0"),
    ],
)
def test_a_fraction_is_told_as_a_decimal(value: Fraction, text: str) -> None:
    assert decimal_of(value, "money", "USD") == text


def test_the_review_counts_the_disputes_of_its_table(client: Client, finn: User, eve: User) -> None:
    with tenant_context(client):
        month_close(client=client, month=MARCH, user=finn)
        first = taken(client, eve, finn)
        taken(client, eve, finn, Subject("ending", JANUARY))
        ContractLine.objects.filter(line_id="K1/1").update(amount=13_000)
        books_rebuild_all(client=client, now=NOW)
        month_restate(client=client, month=MARCH, reason="A late credit", user=finn)
        key = corrections_for(first)[0].key
        dispute_settle(client=client, dispute=first, step="correct", reason="Late", user=finn, correction=key)
        chapters = review_content(client, Period("2026-Q1", JANUARY, MARCH))["chapters"]
        said = next(each for each in chapters if each["key"] == "disputes")["sentences"]
        assert said[0] == "2 figures disputed, 0 found to stand, 1 corrected, 1 still open."
        assert said[1].startswith("D-1 was settled after the quarter, on ")


def settled_page(client: Client, eve: User, finn: User, browser: Browser, believed: Decimal | None) -> str:
    """March is disputed with 51,000, restated to 52,000 and settled as corrected by that: the page of the dispute."""
    with tenant_context(client):
        month_close(client=client, month=MARCH, user=finn)
        row = dispute_raise(client=client, subject=ENDING, believed=believed, reason="Too low", user=eve)
        row = dispute_take(client=client, dispute=row, owner=finn, user=finn)
        ContractLine.objects.filter(line_id="K1/1").update(amount=13_000)
        books_rebuild_all(client=client, now=NOW)
        month_restate(client=client, month=MARCH, reason="A late order form", user=finn)
        key = corrections_for(row)[0].key
        dispute_settle(client=client, dispute=row, step="correct", reason="Late", user=finn, correction=key)
    return " ".join(browser.get("/c/northwind/oversight/disputes/1/").text.split())


@pytest.mark.parametrize(
    ("believed", "said"),
    [
        (60_000, "The claim is not met: what is published is −8,000.00 from what was wanted."),
        (52_000, "The claim is met."),
        (None, "Nobody said what it should be."),
    ],
)
def test_a_correction_says_what_was_wanted_what_is_published_now_and_whether_that_is_it(
    client: Client, finn: User, eve: User, signed_in: Callable[[User], Browser], believed: int | None, said: str
) -> None:
    page = settled_page(client, eve, finn, signed_in(eve), None if believed is None else Decimal(believed))
    assert said in page
    for fact in (
        "<dt>Published before</dt> <dd> 51,000.00 USD </dd>",
        "<dt>Published now</dt> <dd> 52,000.00 USD </dd>",
    ):
        assert fact in page
    assert believed is None or "against what was published when it was raised" in page


def test_what_was_typed_to_settle_it_stays_where_that_is_refused(
    client: Client, finn: User, eve: User, signed_in: Callable[[User], Browser]
) -> None:
    with tenant_context(client):
        month_close(client=client, month=MARCH, user=finn)
        taken(client, eve, finn)
    sent = {"step": "correct", "correction": "", "reason": "Billing sent it late"}
    answer = signed_in(finn).post("/c/northwind/oversight/disputes/1/settle/", sent)
    page = " ".join(answer.text.split())
    assert answer.status_code == 422 and "Nothing was changed" in page and "Billing sent it late" in page
    assert re.search(r'<input[^>]*value="correct"[^>]*checked', page), "and the choice too"
