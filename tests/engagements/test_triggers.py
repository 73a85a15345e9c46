"""Reasons to engage again: found on two real sources and on signed definitions, told once, settled with a reason."""

import datetime as dt

import pytest

from engagements.models import Activity, Engagement, RefinementTrigger
from engagements.selectors.health import upkeep_reasons
from engagements.selectors.triggers import watched
from engagements.services.problems import EngagementError, IllegalMove
from engagements.services.triggers import trigger_settle, triggers_watch
from engagements.services.upkeep import maintenance_due
from governance.services.answers import answer_give
from governance.services.documents import document_create
from governance.services.items import definitions_start, item_confirm, item_reopen
from metrics.models import Source
from metrics.models.intake import SourceKind
from portal.accounts.models import User
from portal.notices.models import Notice
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.engagements.conftest import started
from tests.engagements.upkeep import TERM, at, close, numbers
from tests.engine.frames import frame, line
from tests.governance.conftest import item
from tests.governance.signoffs import ask, sign
from tests.governance.test_documents import confirm_critical
from tests.metrics.loading import load_lines

LAUNCH = dt.date(2026, 8, 3)


@pytest.fixture
def live(project: Engagement) -> Engagement:
    """Launched on 3 Aug 2026."""
    Engagement.objects.filter(pk=project.pk).update(hypercare_from=LAUNCH)
    project.refresh_from_db()
    return project


def names(engagement: Engagement, day: str = "2026-12-05") -> list[str]:
    return [row.trigger_key for row in triggers_watch(engagement=engagement, now=at(day))]


def test_two_months_running_above_five_per_cent_fire_once_for_the_whole_run(live: Engagement, scope: Client) -> None:
    numbers(scope, "106200")
    close(scope, "2026-07", "2026-08", on="2026-09-03")
    assert names(live) == []  # July lies before the launch, so August is the first
    close(scope, "2026-09", on="2026-10-03")
    maintenance_due(client=scope, now=at("2026-10-04"))
    row = RefinementTrigger.objects.get()
    assert row.text == (
        "CRM and Billing were apart by 6.20% at the end of 2026-08 and 6.20% at the end of 2026-09: "
        "more than 5% two months running."
    )
    assert (row.name, row.response) == (
        "Reconciliation drifts",
        "Bring the subject expert back and audit the billing sync",
    )
    told = Notice.objects.filter(text__contains="Reconciliation drifts")
    assert sorted(each.user.name for each in told) == ["Ana", "Finn"]
    assert Activity.objects.filter(text__contains="Reconciliation drifts", is_internal=False).count() == 1
    assert upkeep_reasons(live, dt.date(2026, 10, 5))[0].sentence.startswith("Reconciliation drifts: CRM and Billing")
    close(scope, "2026-10", on="2026-11-03")
    assert names(live) == []  # the third month is the same drift
    Engagement.objects.filter(pk=live.pk).update(hypercare_from=dt.date(2026, 9, 1))
    live.refresh_from_db()
    assert names(live) == []  # and so is what is left of it, seen from a later day


@pytest.mark.parametrize(("crm", "expected"), [("105000", []), ("105000.01", ["drift"]), ("94999.99", ["drift"])])
def test_the_limit_itself_is_no_drift(live: Engagement, scope: Client, crm: str, expected: list[str]) -> None:
    numbers(scope, crm)
    close(scope, "2026-09", "2026-10", on="2026-11-03")
    assert names(live) == expected


def test_one_month_within_the_limit_breaks_the_run_and_a_later_run_is_another_fact(
    live: Engagement, scope: Client
) -> None:
    numbers(scope, "110000")
    close(scope, "2026-08", "2026-09", on="2026-10-03")
    assert names(live) == ["drift"]
    # From October on the CRM has a second line less: what was 10 % above is 1 % above, then 10 % again from November.
    crm = Source.objects.get(name="CRM")
    crm.lines.filter(line_id="S1").update(ends_on="2026-09-30")
    again = line("S3", "110000", customer_id="acme", starts_on="2026-11-01", ends_on="2027-12-31")
    load_lines(
        frame(line("S2", "101000", customer_id="acme", starts_on="2026-10-01", ends_on="2026-10-31"), again), "CRM"
    )
    close(scope, "2026-10", on="2026-11-03")
    close(scope, "2026-11", on="2026-12-03")
    assert names(live) == []
    close(scope, "2026-12", on="2027-01-03")
    assert names(live) == ["drift"]
    assert list(RefinementTrigger.objects.order_by("pk").values_list("fact", flat=True)) == ["2026-08", "2026-11"]


def test_a_product_is_new_when_the_signed_policys_month_did_not_know_it(
    live: Engagement, scope: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers(scope, None, line("N1", "900", product="Usage", signed_on="2026-10-31", starts_on="2026-11-01",
                              ends_on="2027-10-31"))  # fmt: skip
    assert names(live) == []  # nothing is signed
    monkeypatch.setattr("engagements.selectors.triggers.signed_at", lambda: at("2026-10-12"))
    assert names(live) == []  # signed in October, as the product was
    monkeypatch.setattr("engagements.selectors.triggers.signed_at", lambda: at("2026-09-12"))
    assert names(live) == ["product"]
    assert RefinementTrigger.objects.get().text == (
        "Usage is sold since 2026-10-31: the policy signed in 2026-09 did not know it."
    )
    assert names(live) == []


def test_another_billing_system_after_the_launch_is_a_reason(live: Engagement, scope: Client) -> None:
    billing, _ = numbers(scope, None)
    Source.objects.filter(pk=billing.pk).update(created_at=at("2026-07-01"))
    later = load_lines(frame(line("Z1", "5", **TERM)), "Zuora")
    Source.objects.filter(pk=later.pk).update(kind=SourceKind.BILLING, line_count=1, created_at=at("2026-10-01"))
    assert names(live) == ["migration"] and names(live) == []
    assert RefinementTrigger.objects.get().facts == {"source": "Zuora", "since": "2026-10-01"}


def test_the_first_billing_system_is_none(live: Engagement, scope: Client) -> None:
    billing, _ = numbers(scope, None)
    Source.objects.filter(pk=billing.pk).update(created_at=at("2026-10-01"))
    assert names(live) == []


def test_it_is_settled_once_with_a_reason(live: Engagement, scope: Client, ana: User) -> None:
    numbers(scope, "110000")
    close(scope, "2026-09", "2026-10", on="2026-11-03")
    (row,) = triggers_watch(engagement=live, now=at("2026-11-04"))
    with pytest.raises(EngagementError, match="what comes of it"):
        trigger_settle(trigger=row, reason=" ", user=ana)
    settled = trigger_settle(trigger=row, reason="The audit of the sync is ordered", user=ana)
    assert (settled.state, settled.settled_by) == ("settled", ana)
    with pytest.raises(IllegalMove, match="settled already"):
        trigger_settle(trigger=row, reason="Again", user=ana)
    assert names(live) == [] and upkeep_reasons(live, dt.date(2026, 11, 5)) == []
    assert AuditEntry.objects.filter(action="trigger.settled").count() == 1


def test_what_is_not_watched_yet_says_what_it_waits_for(project: Engagement, live: Engagement) -> None:
    assert [(row["key"], row["waits"]) for row in watched(live)] == [
        ("drift", ""),
        ("product", "Watched once the policy is signed."),
        ("migration", ""),
        ("dispute", "Watched once the policy is signed."),
    ]


def test_a_definition_opened_again_or_refused_after_the_signature_is_in_dispute(
    northwind: Client, ana: User, finn: User, rita: User
) -> None:
    with tenant_context(northwind):
        engagement = started(northwind, ana)
        definitions_start(client=northwind, user=ana)
        confirm_critical()
        opened = item("discounts")
        opened = item_reopen(item=opened, version=opened.version, note="Before anything was signed", user=ana)
        item_confirm(item=opened, version=opened.version, by="Finn", meeting="Review")
        document = document_create(client=northwind, user=ana, is_final=True)
        ask(northwind, document, ana, (finn, "finance"), (rita, "revops"))
        sign(northwind, finn)
        sign(northwind, rita)
        assert names(engagement) == []
        refused, later = item("multi-year"), item("discounts")
        answer_give(client=northwind, item=refused, sha256=refused.sha256, verdict="no", comment="Not how we count",
                    user=finn, by_link=False)  # fmt: skip
        item_reopen(item=later, version=later.version, note="Sales counts the list price again", user=ana)
        assert names(engagement) == ["dispute", "dispute"]
        texts = [row.text.split(" on ")[0] for row in RefinementTrigger.objects.order_by("pk")]
        assert texts == ["“Contracts over several years” was refused", "“Discounts” was opened again"]
        assert names(engagement) == []
