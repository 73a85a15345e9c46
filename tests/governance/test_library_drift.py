"""What the library has become since a client's registry was started: shown, and taken over by the rules of every change."""

from collections.abc import Callable

import pytest
from django.test import Client as Browser

from governance.library.metric_reader import FiledMetric, library_metrics
from governance.metric_content import content_clean
from governance.models import ChangeRequest, Metric, MetricVersion
from governance.selectors.library_drift import LibraryDrift, library_drift
from governance.selectors.registry import registry_get
from governance.services.problems import DefinitionError
from governance.services.registry_library import library_take
from portal.accounts.models import User
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.governance.boards import BASE, a_board
from tests.governance.metric_pages import HOME
from tests.governance.registry_own import OWN, change, kept

__all__ = ["kept"]
BETTER = "Gained ARR for each unit of ARR that was lost."
NEEDED = FiledMetric("gained", content_clean(OWN | {"name": "Gained", "formula": "new_arr / arr"}, "USD"))
NEW = FiledMetric("gained_twice", content_clean(OWN | {"name": "Gained twice", "formula": "gained × 2"}, "USD"))


@pytest.fixture
def moved_on(kept: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The library explains the quick ratio better, looks at it earlier, and has two metrics more."""
    better = {"definition": BETTER, "warn_at": "3"}
    moved = [
        FiledMetric(each.key, each.content | better) if each.key == "quick_ratio" else each
        for each in library_metrics()
    ]
    monkeypatch.setattr("governance.selectors.library_drift.library_metrics", lambda: (*moved, NEW, NEEDED))
    return kept


def drift(client: Client) -> LibraryDrift:
    return library_drift(registry_get(client))


def test_a_registry_has_what_the_library_says_until_it_moves_on(kept: Client) -> None:
    with tenant_context(kept):
        change("quick_ratio", definition="Our own words")
        assert drift(kept).is_empty, "what the client says otherwise is the client's decision"


def test_what_the_library_says_otherwise_is_told_field_by_field(moved_on: Client) -> None:
    with tenant_context(moved_on):
        change("quick_ratio", definition="Our own words", timing="leading")
        (found,) = drift(moved_on).improved
        told = [(edit.label, edit.stored, edit.shipped, edit.is_own) for edit in found.edits]
        assert told == [("Definition", "Our own words", BETTER, True), ("Worth a look from", "2", "3", False)]
        change("quick_ratio", month=40_000, definition=BETTER, warn_at="3")
        change("quick_ratio", month=40_001, definition="Ours again")
        assert drift(moved_on).improved == (), "it was taken over once; what came after is the client's decision"


def test_new_ones_come_as_proposed_with_what_they_need(moved_on: Client, rita: User) -> None:
    with tenant_context(moved_on):
        made = library_take(client=moved_on, keys=["gained_twice"], user=rita)
        assert [(metric.key, metric.status) for metric in made] == [
            ("gained_twice", "proposed"),
            ("gained", "proposed"),
        ]
        assert AuditEntry.objects.filter(action="metric.proposed").count() == 2
        assert [each.key for each in drift(moved_on).missing] == []
        with pytest.raises(DefinitionError, match="has these metrics already"):
            library_take(client=moved_on, keys=["gained_twice", "nonsense"], user=rita)


def test_what_cannot_be_taken_whole_leaves_nothing_behind(moved_on: Client, rita: User) -> None:
    with tenant_context(moved_on):
        change("quick_ratio", name="Gained twice")
        with pytest.raises(DefinitionError):
            library_take(client=moved_on, keys=["gained_twice"], user=rita)
        assert not Metric.objects.filter(key__in=("gained", "gained_twice")).exists()


def test_it_is_taken_over_by_the_form_of_every_change_and_never_silently(
    moved_on: Client, rita: User, finn: User, signed_in: Callable[[User], Browser]
) -> None:
    ritas = signed_in(rita)
    listed = ritas.get(HOME).text
    assert "the library says 1 metric otherwise and has 2 more" in listed
    assert "the library says" not in signed_in(finn).get(HOME).text
    page = ritas.get(f"{HOME}import/").text
    assert f"<ins>{BETTER}</ins>" in page and f"{HOME}of/quick_ratio/change/?library=1" in page
    assert BETTER in ritas.get(f"{HOME}of/quick_ratio/change/?library=1").text
    assert BETTER not in ritas.get(f"{HOME}of/quick_ratio/change/").text
    ritas.post(f"{HOME}import/library/", {"key": "gained"})
    with tenant_context(moved_on):
        assert Metric.objects.get(key="gained").status == "proposed"
        a_board(moved_on, BASE, finance=finn, user=rita)
    asking = "/c/northwind/changes/new/metric_change/?about=quick_ratio&library=1"
    assert asking.replace("&", "&amp;") in ritas.get(f"{HOME}import/").text
    form = ritas.get(asking).context["form"]
    assert (form["definition"].value(), form["warn_at"].value()) == (BETTER, "3")
    given = {name: form[name].value() or "" for name in form.fields} | {"title": "As the library", "is_emergency": ""}
    assert ritas.post(asking, given | {"rationale": "Clearer"}).status_code == 302
    with tenant_context(moved_on):
        assert ChangeRequest.objects.get().content["metric"]["definition"] == BETTER
        assert MetricVersion.objects.filter(metric__key="quick_ratio").count() == 1, "nothing is changed yet"
