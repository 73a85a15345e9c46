"""The pages of the registry, as RevOps and others see them."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from urllib.parse import urlencode

import pytest
from django.test import Client as Browser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.models import ControlFigure, ControlSide, Metric, MetricEvent, MetricPriority, MetricVersion
from governance.selectors.availability import availability_list
from governance.selectors.controls import agrees
from governance.selectors.lineage import lineage_list
from governance.selectors.registry import Registry, registry_get
from governance.services.controls import control_remove, control_save
from governance.services.matrix import matrix_digest, matrix_save
from governance.services.problems import DefinitionError, OutdatedError
from governance.services.registry import metric_status_set, metric_version_add
from portal.accounts.models import PageUse, User
from portal.lib.dates import dated_text
from portal.lib.periods import month_parse
from portal.tenancy.clock import day_now
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.formula.test_anything import TYPED
from tests.governance.metric_pages import HOME, kept, page, ritas
from tests.pdf_text import pdf_text
from tests.reporting.numbers import NOW

__all__ = ["kept", "ritas"]
MARCH = month_parse("2026-03")


def names(browser: Browser, **given: str) -> list[str]:
    """The keys of the listed metrics."""
    return re.findall(r"/metrics/of/(\w+)/", browser.get(HOME, given).content.decode())


def test_search_and_filters_leave_what_was_asked_for(ritas: Browser, kept: Client) -> None:
    assert names(ritas, q="quick RATIO") == ["quick_ratio"]
    assert set(names(ritas, role="vp_success", priority="P0")) >= {"nrr", "grr", "logo_churn"}
    assert "open_pipeline" not in names(ritas, status="active") and "open_pipeline" in names(ritas, function="sales")
    assert "No metric fits" in page(ritas, "", q="zebra")


def test_a_retired_metric_is_listed_only_where_it_is_asked_for(ritas: Browser, kept: Client) -> None:
    with tenant_context(kept):
        for step in ("deprecate", "retire"):
            found = Metric.objects.get(key="quick_ratio")
            metric_status_set(metric=found, version=found.version, step=step, reason="No use")
    assert "quick_ratio" not in names(ritas) and names(ritas, status="retired") == ["quick_ratio"]


def test_who_may_not_see_numbers_sees_definitions_alone(
    kept: Client, stan: User, signed_in: Callable[[User], Browser]
) -> None:
    stans = signed_in(stan)
    for path in ("", "of/arr/", "glossary/", "matrix/"):
        told = page(stans, path)
        assert "42,000" not in told and "By month" not in told
    assert stans.get(f"{HOME}validation/").status_code == 403
    assert "/c/northwind/arr/" not in stans.get(f"{HOME}of/arr/").content.decode(), (
        "no way to a page that is not theirs"
    )


def test_an_executive_is_led_to_no_page_of_data(kept: Client, eve: User, signed_in: Callable[[User], Browser]) -> None:
    eves = signed_in(eve)
    assert "/reconciliation/" not in eves.get(f"{HOME}of/reconciliation_variance/").content.decode()
    assert "ARR by two sources" not in page(eves, "validation/") and "42,000" in page(eves, "of/arr/")


def test_a_value_leads_to_what_it_is_made_of(ritas: Browser) -> None:
    html = ritas.get(f"{HOME}of/arr/").content.decode()
    assert "42,000.00" in html and "/c/northwind/arr/?to=2026-03&amp;why=cell%3A2026-03%3A2026-03%3Aending" in html
    assert ritas.get("/c/northwind/arr/?to=2026-03&why=cell%3A2026-03%3A2026-03%3Aending").status_code == 200
    assert "It needs data that is not loaded: Sales and marketing spend" in page(ritas, "of/cac/")
    assert "is built on it" in page(ritas, "of/arr/") and "CAC payback" in page(ritas, "of/cac/")


def test_the_month_from_which_another_formula_holds_is_marked(ritas: Browser, kept: Client) -> None:
    """In February Acme and Bolt paid 36,000, in January Acme alone 12,000."""
    with tenant_context(kept):
        entry = registry_get(kept).entries["arr_per_customer"]
        for month, fields in ((MARCH, {"formula": "previous(arr) / customers"}), (MARCH + 1, {"name": "Per customer"})):
            entry = registry_get(kept).entries["arr_per_customer"]
            metric_version_add(
                metric=entry.metric, version=entry.metric.version, content=entry.versions[-1].content | fields,
                effective_month=month, reason="CR-1: As the board has it",
            )  # fmt: skip
    html = ritas.get(f"{HOME}of/arr_per_customer/").text
    march, february = re.findall(r"<tr[^>]*>\s*<th scope=.row.>\s*(?:Mar|Feb) 2026.*?</tr>", html, re.DOTALL)
    assert 'class="footmark">a</sup>' in march and "row-break" in february and html.count("row-break") == 1
    assert (
        "From Mar 2026 another formula holds (v2: CR-1: As the board has it). Feb 2026 by the formula before: 18,000.00 USD "
        "per customer; by the new one: 6,000.00 USD per customer." in " ".join(html.split())
    )


def test_figures_are_shown_by_quarter_and_by_fiscal_year(ritas: Browser, kept: Client) -> None:
    Client.objects.filter(pk=kept.pk).update(fiscal_year_start=2)
    quarter = page(ritas, "of/net_new_arr/", grain="quarter")
    assert "Against the quarter before" in quarter
    assert re.search(r"Q1 FY2027 \(part\) 30,000\.00 +. ", quarter), (
        "February and March; the quarter before has no whole"
    )
    assert "the numbers begin in Jan 2026" in ritas.get(HOME + "of/net_new_arr/", {"grain": "quarter"}).content.decode()
    assert "FY2027 (part) 30,000.00" in page(ritas, "of/net_new_arr/", grain="year")
    assert "Mar 2026 6,000.00" in page(ritas, "of/net_new_arr/", grain="week"), "what there is not is the month"


def test_a_formula_that_the_engine_computes_is_read_and_not_written(ritas: Browser, kept: Client) -> None:
    with tenant_context(kept):
        content = registry_get(kept).entries["mrr"].content
    html = ritas.get(f"{HOME}of/mrr/change/").text
    assert re.search(r'<textarea name="formula"[^>]* readonly', html) and "It stays as it shipped" in html
    assert " readonly" not in ritas.get(f"{HOME}of/quick_ratio/change/").text
    month = re.findall(r'<option value="(\d{4}-\d\d)"', html)[0]
    form = {**content, "reason": "Agreed", "effective": month, "version": "1"}
    refused = ritas.post(f"{HOME}of/mrr/change/", form | {"formula": "arr / 6"})
    assert refused.status_code == 422 and "The formula of “mrr” stays as it shipped (arr / 12)" in refused.text
    assert (
        "the engine computes this figure for ARR" in refused.text and "Ask for a change of the policy" in refused.text
    )
    assert ritas.post(f"{HOME}of/mrr/change/", form | {"name": "Monthly"}).status_code == 302


def test_who_uses_a_metric_is_counted_from_what_was_opened(ritas: Browser, kept: Client, rita: User, eve: User) -> None:
    with tenant_context(kept):
        for user, times in ((rita, 2), (eve, 5)):
            PageUse.objects.create(user=user, page="arr", day=day_now(kept), role="executive", times=times)
        PageUse.objects.create(user=rita, page="arr", day=day_now(kept) - timedelta(days=31), role="revops", times=90)
    assert "shows it, opened 7 times by 2 of your people in 30 days" in page(ritas, "of/arr/")
    assert "Nobody yet" in page(ritas, "of/fx_effect/") and "is built on it" in page(ritas, "of/grr/")


def test_the_editor_tries_the_formula_while_it_is_written(ritas: Browser, kept: Client) -> None:
    def tried(formula: str, key: str = "mrr", unit: str = "money") -> str:
        return page(ritas, "preview/", formula=formula, key=key, unit=unit)

    assert "7,000.00" in tried("arr / 6") and "3 of 3 months would be another figure" in tried("arr / 6")
    assert "No month would be another figure" in tried("arr / 12")
    assert "cannot be added" in tried("arr + customers") and "“mrr” would be computed from itself" in tried(
        "arr × mrr / mrr"
    )
    assert "“gross” would be computed from itself" in tried("gross + arr", key="gross")
    none = tried("opp_won_count", key="", unit="deals")
    assert "No month has a value yet. It needs data that is not loaded" in none and "<table" not in none
    assert "42,000.00" in tried("arr", key="") and "is no unit" in tried("arr", unit="apples")
    assert "at most 1000 characters" in tried("arr + " * 900)
    with tenant_context(kept):
        assert MetricVersion.objects.filter(metric__key="mrr").count() == 1
    refused = ritas.get(
        f"{HOME}preview/", {"formula": "arr + customers", "unit": "money", "key": "mrr"}
    ).content.decode()
    assert "<mark>arr + customers</mark>" in refused


@given(
    formula=st.one_of(TYPED.map(str.encode), st.binary(max_size=40)),
    key=st.sampled_from([b"", b"mrr", b"composite_score", b"no_such", b"\x00", b"\xff"]),
    unit=st.one_of(st.sampled_from([b"money", b"ratio", b"days per customer"]), st.text(max_size=70).map(str.encode)),
)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_typed_the_preview_answers(ritas: Browser, formula: bytes, key: bytes, unit: bytes) -> None:
    """Also bytes that are no text; a mistake of the program would be raised here."""
    asked = urlencode({"formula": formula, "key": key, "unit": unit})
    assert ritas.get(f"{HOME}preview/?{asked}").status_code == 200


def test_a_change_from_an_old_page_is_refused_and_shown_again(ritas: Browser, kept: Client) -> None:
    with tenant_context(kept):
        entry = registry_get(kept).entries["quick_ratio"]
    html = ritas.get(f"{HOME}of/quick_ratio/change/").content.decode()
    month = re.findall(r'<option value="(\d{4}-\d\d)"', html)[0]
    form = {**entry.content, "name": "Speed", "reason": "Agreed", "effective": month, "version": "1"}
    assert ritas.post(f"{HOME}of/quick_ratio/change/", form).status_code == 302
    second = ritas.post(f"{HOME}of/quick_ratio/change/", form | {"name": "Tempo"})
    assert second.status_code == 409 and b"Tempo" in second.content
    faulty = ritas.post(f"{HOME}of/quick_ratio/change/", form | {"version": "2", "formula": "arr +", "warn_at": "much"})
    assert (
        faulty.status_code == 422 and b"A value is missing at the end. Write a name or a number there" in faulty.content
    )
    assert "“much” is no figure such as 1.05.".encode() in faulty.content


# --- matrix, availability, glossary -----------------------------------------------------------------------------------


def test_the_matrix_changes_what_was_changed_and_nothing_else(ritas: Browser, kept: Client) -> None:
    with tenant_context(kept):
        seen = matrix_digest(registry_get(kept))
    cells = {"seen": seen, "mrr:ceo": "P0", "mrr:cfo": "", "mrr:cro": "P2", "mrr:revops": "P2", "arr:ceo": "P0"}
    cells |= {f"arr:{role}": "P0" for role in ("cfo", "cro", "vp_sales", "vp_marketing", "vp_success")}
    cells |= {f"arr:{role}": "P0" for role in ("sales_manager", "rep", "revops")}
    assert ritas.post(f"{HOME}matrix/save/", cells).status_code == 302
    with tenant_context(kept):
        assert registry_get(kept).entries["mrr"].priorities == {"ceo": "P0", "cro": "P2", "revops": "P2"}
        assert MetricEvent.objects.filter(metric__key="mrr")[0].text == "Priorities: CEO P1 → P0, CFO P1 → none."
        assert not MetricEvent.objects.filter(metric__key="arr", kind="priority").exists()
        assert MetricPriority.objects.filter(metric__key="arr").count() == 9
        with pytest.raises(OutdatedError):
            matrix_save(client=kept, cells={"mrr": {}}, seen=seen)
        with pytest.raises(DefinitionError, match="P0, P1, P2 or empty"):
            matrix_save(client=kept, cells={"mrr": {"boss": "P0"}}, seen=matrix_digest(registry_get(kept)))
    assert ritas.post(f"{HOME}matrix/save/", cells).status_code == 409


def test_the_matrix_of_one_role_keeps_what_the_others_have(ritas: Browser, kept: Client) -> None:
    page = ritas.get(f"{HOME}matrix/?role=ceo").text
    assert 'aria-label="MRR for CFO"' not in page and 'aria-label="MRR for CEO"' in page
    cells = dict(re.findall(r'<input type="hidden" name="(\w+:\w+|seen)" value="(\w*)">', page))
    chosen = re.findall(r'name="(\w+:ceo)".*?<option value="(\w*)"\s+selected>', page, re.DOTALL)
    assert ritas.post(f"{HOME}matrix/save/", cells | dict(chosen) | {"mrr:ceo": "P0"}).status_code == 302
    with tenant_context(kept):
        assert registry_get(kept).entries["mrr"].priorities == {"ceo": "P0", "cfo": "P1", "cro": "P2", "revops": "P2"}
        assert MetricEvent.objects.filter(kind="priority").count() == 1


def test_availability_of_a_client_without_a_registry_leads_to_starting_it(
    northwind: Client, rita: User, eve: User, signed_in: Callable[[User], Browser]
) -> None:
    assert f'action="{HOME}start/"' in signed_in(rita).get(f"{HOME}availability/").text
    read = signed_in(eve).get(f"{HOME}availability/").text
    assert "It is started by Rita" in read and f"{HOME}start/" not in read and "To the matrix" not in read


def test_availability_says_what_can_be_built_and_what_to_do_first(kept: Client) -> None:
    with tenant_context(kept):
        found = {row.entry.key: row for row in availability_list(kept, NOW)}
        assert found["arr"].filled == 1 and found["arr"].months == 3
        assert found["arr"].tasks == ("Load older contracts: there are 3 months of history, and a trend needs twelve.",)
        assert "Load the CRM's opportunities" in found["open_pipeline"].tasks[0].replace("’", "'")
        assert (
            found["open_pipeline"].missing == ("amount", "close_date", "stage") and found["open_pipeline"].months == 0
        )
        two = found["reconciliation_variance"]
        assert any(task.startswith("Two sources are needed") for task in two.tasks) and not two.lacking_text
        assert "mrr" not in found


def test_what_to_do_first_is_said_once_and_each_metric_points_to_it(ritas: Browser, kept: Client) -> None:
    text = page(ritas, "availability/")
    assert text.count("Load older contracts: there are 3 months of history") == 1
    assert "1. Load older contracts" in text and len(re.findall(r"First: 1(?:, \d)* below", text)) > 3


def test_a_month_without_a_value_takes_no_other_with_it(ritas: Browser, kept: Client) -> None:
    """A customer came in January and one in February; in March none, and new ARR per customer would be divided by 0."""
    with tenant_context(kept):
        matrix_save(client=kept, cells={"new_arr_per_customer": {"ceo": "P0"}}, seen=matrix_digest(registry_get(kept)))
        row = next(row for row in availability_list(kept, NOW) if row.entry.key == "new_arr_per_customer")
        assert (row.months, row.lacking) == (2, (MARCH,)) and "0" in row.reason
    assert f"Mar 2026 has no value: {dated_text(row.reason)}." in page(ritas, "availability/")


def test_a_field_that_is_seldom_filled_is_a_task(kept: Client) -> None:
    with tenant_context(kept):
        registry = registry_get(kept)
        matrix_save(client=kept, cells={"carr": {"ceo": "P0"}}, seen=matrix_digest(registry))
        row = next(row for row in availability_list(kept, NOW) if row.entry.key == "carr")
        assert row.least_filled == "signed_date" and row.filled == 0
        assert "Fill “signed_date” in the source of the contracts: it is there on 0% of the lines." in row.tasks


def test_the_glossary_is_on_paper_too(ritas: Browser, kept: Client) -> None:
    answer = ritas.get(f"{HOME}glossary.pdf")
    assert answer["Content-Type"] == "application/pdf"
    with tenant_context(kept):
        says = registry_get(kept).entries["arr_per_customer"].content["definition"]
    told = pdf_text(answer.content)
    assert (
        f"ARR per customer Active · Finance, v1 {says} ARR ÷ Customers" in told
        and "CAC Proposed · Marketing, v1" in told
    )


# --- control figures --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("difference", "side", "result"),
    [
        ("0", "either", True), ("2", "either", True), ("-2", "either", True), ("2.01", "either", False),
        ("2", "higher", True), ("-0.01", "higher", False), ("-2", "lower", True), ("0.01", "lower", False),
    ],
)  # fmt: skip
def test_a_figure_agrees_within_its_tolerance_and_on_its_side(difference: str, side: str, result: bool) -> None:
    assert agrees(Fraction(difference), Fraction(2), ControlSide(side)) is result


def test_a_control_figure_is_entered_checked_and_taken_away(ritas: Browser, kept: Client, rita: User) -> None:
    form = {
        "metric": "arr",
        "month": "2026-03",
        "expected": "41999.99",
        "tolerance": "0",
        "side": "either",
        "source": "Ledger",
    }
    assert ritas.post(f"{HOME}validation/add/", form).status_code == 302
    told = page(ritas, "validation/")
    assert "1 differs" in told and "+0.01" in told and "Rita" in told
    assert ritas.post(f"{HOME}validation/add/", form | {"expected": "42000"}).status_code == 302
    assert "1 control figure agrees" in page(ritas, "validation/")
    assert ritas.post(f"{HOME}validation/add/", form | {"expected": "NaN"}).status_code == 422
    with tenant_context(kept):
        row = ControlFigure.objects.get()
        assert row.by == rita and AuditEntry.objects.filter(action="metric.control_kept").count() == 2
    assert ritas.post(f"{HOME}validation/{row.pk}/end/").status_code == 302
    with tenant_context(kept):
        assert not ControlFigure.objects.exists()
        control_remove(control=row, user=rita)
        assert AuditEntry.objects.filter(action="metric.control_removed").count() == 1, "it is taken away once"
        with pytest.raises(DefinitionError, match="where the figure comes from"):
            control_save(
                client=kept, metric=Metric.objects.get(key="arr"), month=MARCH, expected=Decimal(1), tolerance=Decimal(0),
                side="either", source=" ",
            )  # fmt: skip


def test_arr_is_shown_as_the_sum_of_its_parts(ritas: Browser, kept: Client) -> None:
    told = page(ritas, "validation/")
    assert "ARR of Mar 2026 is the sum of its parts" in told and "one by one Ties 42,000.00 3 lines" in told
    assert "2 segments" in told and "Everything that ever moved Ties 42,000.00 3 months" in told


# --- lineage --------------------------------------------------------------------------------------------------------------


def test_a_formula_is_followed_down_once_however_many_measures_ask(
    kept: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the lineage of a full registry takes seconds."""
    with tenant_context(kept):
        registry = registry_get(kept)
    asked, needs = [], Registry.needs

    def counted(self: Registry, key: str) -> tuple[str, ...]:
        asked.append(key)
        return needs(self, key)

    monkeypatch.setattr(Registry, "needs", counted)
    rows = lineage_list(registry)
    assert asked and any("quick_ratio" in row.through for row in rows)
    once = len(asked)
    assert lineage_list(registry) == rows and len(asked) == once
