"""The registry as a file: written, compared, applied by the rules of the pages, by page and by command."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client as Browser

from governance.library.metric_reader import metrics_read
from governance.models import ChangeRequest, Metric, MetricVersion
from governance.selectors.metric_values import MetricValues
from governance.selectors.registry import registry_get
from governance.selectors.registry_drift import drift_get, registry_yaml
from governance.services.problems import DefinitionError
from governance.services.registry_file import registry_apply
from portal.accounts.models import User
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.governance.boards import a_board
from tests.governance.metric_pages import HOME, kept, ritas

__all__ = ["kept", "ritas"]
MARCH = month_parse("2026-03")
OWN_ONE = (
    "\n- key: own_growth\n  name: Own\n  definition: Ours\n  formula: arr_growth × 2\n  unit: percent\n  better: up\n"
    "  timing: lagging\n  function: sales\n  refresh: daily\n  status: proposed\n"
)


def test_a_registry_that_is_written_and_read_has_no_drift(kept: Client) -> None:
    with tenant_context(kept):
        registry = registry_get(kept)
        text = registry_yaml(registry)
        drift = drift_get(registry, metrics_read(text, "USD"))
        assert drift.is_empty and drift.lacking == ()
        with pytest.raises(DefinitionError, match="says what the registry says"):
            registry_apply(client=kept, text=text, seen=None, reason="Again")


def changed_file(kept: Client) -> str:
    """Two metrics that fit only each other, a new one, an owner, a state and a priority."""
    with tenant_context(kept):
        text = registry_yaml(registry_get(kept))
    text = text.replace("formula: 1 − grr", "formula: 1 − grr × 1")
    text = text.replace(
        "- key: mrr\n  status: active", "- key: mrr\n  status: deprecated\n  owner: rita@example.com\n  successor: arr"
    )
    text = text.replace(
        "  priorities:\n    ceo: P1\n    cfo: P1\n    cro: P2\n    revops: P2\n", "  priorities:\n    ceo: P2\n", 1
    )
    return text + OWN_ONE


def test_a_file_names_no_owner_of_another_client_and_does_not_say_that_there_is_one(
    ritas: Browser, kept: Client, otto: User
) -> None:
    answers = []
    for owner in (otto.email, "nobody@example.com"):
        text = changed_file(kept).replace("rita@example.com", owner)
        shown = ritas.post(f"{HOME}import/", {"file": SimpleUploadedFile("metrics.yaml", text.encode())})
        seen = re.findall(r'name="seen" value="(\w{64})"', shown.text)[0]
        answer = ritas.post(f"{HOME}import/apply/", {"text": text, "seen": seen, "reason": "From the repository"})
        assert answer.status_code == 422 and f"{owner} is none of the client" in answer.text
        answers.append("is one of the client" in answer.text)
    assert answers == [False, False]


def test_a_file_that_is_refused_is_shown_against_the_registry_as_it_is(ritas: Browser, kept: Client) -> None:
    text = changed_file(kept).replace("rita@example.com", "nobody@example.com")
    shown = ritas.post(f"{HOME}import/", {"file": SimpleUploadedFile("metrics.yaml", text.encode())})
    seen = re.findall(r'name="seen" value="(\w{64})"', shown.text)[0]
    answer = ritas.post(f"{HOME}import/apply/", {"text": text, "seen": seen, "reason": "From the repository"})
    assert answer.status_code == 422
    assert seen in answer.text, "what had been stored before the refusal is no part of the registry"
    assert "1 − grr × 1" in answer.text and "own_growth" in answer.text


def test_what_a_file_may_not_change_says_so_before_it_is_applied_and_the_rest_can_be(
    ritas: Browser, kept: Client, rita: User
) -> None:
    with tenant_context(kept):
        a_board(kept, revops=rita)
        text = registry_yaml(registry_get(kept))
    text = text.replace("What customers owe for a year", "What customers owe us for a year", 1)
    text = text.replace("Amount of open opportunities that close", "Amount of all opportunities that close", 1)
    text += OWN_ONE + "  owner: nobody@example.com\n"
    shown = ritas.post(f"{HOME}import/", {"file": SimpleUploadedFile("metrics.yaml", text.encode())}).text
    assert "“arr” is in use and the board decides about it: ask for its change." in shown
    assert "/c/northwind/changes/new/metric_change/?about=arr" in shown
    assert "nobody@example.com is none of the client" in shown and "Apply the rest" in shown
    given = {"text": text, "seen": re.findall(r'name="seen" value="(\w{64})"', shown)[0], "reason": "Repository"}
    assert ritas.post(f"{HOME}import/apply/", given).status_code == 409, (
        "unless the rest alone is wished, it is all or none"
    )
    assert ritas.post(f"{HOME}import/apply/", given | {"rest": "1"}).status_code == 302
    with tenant_context(kept):
        entries = registry_get(kept).entries
        assert entries["open_pipeline"].newest["definition"].startswith("Amount of all opportunities")
        assert entries["arr"].newest["definition"].startswith("What customers owe for") and "own_growth" not in entries


def test_a_file_of_which_nothing_may_be_applied_offers_no_button(ritas: Browser, kept: Client, rita: User) -> None:
    with tenant_context(kept):
        a_board(kept, revops=rita)
        text = registry_yaml(registry_get(kept)).replace("What customers owe for", "What customers owe us for", 1)
    shown = ritas.post(f"{HOME}import/", {"file": SimpleUploadedFile("metrics.yaml", text.encode())}).text
    assert "Nothing of it can be applied" in shown and "import/apply/" not in shown


def test_a_file_is_shown_first_and_then_applied_by_the_rules_of_the_pages(
    ritas: Browser, kept: Client, rita: User
) -> None:
    text = changed_file(kept)
    shown = ritas.post(f"{HOME}import/", {"file": SimpleUploadedFile("metrics.yaml", text.encode())})
    html = shown.content.decode()
    fixed = text.replace("formula: arr / 12", "formula: arr / 6")
    refused = ritas.post(f"{HOME}import/", {"file": SimpleUploadedFile("metrics.yaml", fixed.encode())})
    assert refused.status_code == 422 and "In “mrr”, the formula stays as it shipped (arr / 12)" in refused.text
    assert shown.status_code == 200 and "1 − grr × 1" in html and "own_growth" in html
    with tenant_context(kept):
        assert not Metric.objects.filter(key="own_growth").exists()
    seen = re.findall(r'name="seen" value="(\w{64})"', html)[0]
    given = {"text": text.replace("\n", "\r\n"), "seen": seen, "reason": "From the repository"}
    assert ritas.post(f"{HOME}import/apply/", given | {"seen": "0" * 64}).status_code == 409
    assert ritas.post(f"{HOME}import/apply/", given | {"reason": " "}).status_code == 422
    assert ritas.post(f"{HOME}import/apply/", given).status_code == 302
    with tenant_context(kept):
        registry = registry_get(kept)
        rate = registry.entries["annual_churn_rate"]
        assert rate.upcoming == () and rate.content["formula"] == "1 − grr × 1"
        assert registry.entries["mrr"].priorities == {"ceo": "P2"}
        found = registry.entries["mrr"].metric
        assert (found.status, found.owner, found.successor.key) == ("deprecated", rita, "arr")
        assert registry.entries["own_growth"].metric.status == "proposed"
        assert drift_get(registry, metrics_read(text, "USD")).is_empty
        assert MetricValues(kept, registry).point("annual_churn_rate", MARCH).version == 1, (
            "what was shown before stays"
        )


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            "status: active\n  name: ARR\n",
            "status: retired\n  name: ARR\n",
            "“arr” is active, and cannot become retired at once. Write deprecated",
        ),
        (
            "status: active\n  name: ARR\n",
            "status: active\n  owner: nobody@example.com\n  name: ARR\n",
            "none of the client",
        ),
        ("formula: book_ending", "formula: book_ending + 1", "cannot be added"),
        ("formula: book_ending", "formula: book_ending × 2", "In “arr”, the formula stays as it shipped (book_ending)"),
        ("- key: arr\n", "- key: ARR\n", "small letters"),
        ("unit: money", "unit: money\n  colour: red", "In “arr”, there is no field “colour”. Take it away"),
        (
            "  name: ARR\n",
            '  owner: "a\\0b"\n  name: ARR\n',
            "In “arr”, the owner cannot be read. Write an e-mail address",
        ),
    ],
)
def test_a_file_that_breaks_a_rule_changes_nothing(kept: Client, before: str, after: str, told: str) -> None:
    with tenant_context(kept):
        text = registry_yaml(registry_get(kept))
        assert before in text
    versions = 0
    with pytest.raises(DefinitionError, match=re.escape(told)), tenant_context(kept):
        versions = MetricVersion.objects.count()
        registry_apply(client=kept, text=text.replace(before, after, 1), seen=None, reason="Try")
    with tenant_context(kept):
        assert MetricVersion.objects.count() == versions


OWN = (
    "\n- key: own_payback\n  name: Own payback\n  definition: Ours\n  formula: ltv / cac\n  unit: ratio\n  better: up\n"
    "  timing: lagging\n  function: sales\n  refresh: daily\n  status: active\n"
)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("", "", "“own_payback” cannot be active: it is built on Lifetime value, CAC, which are not active"),
        (
            "formula: net_new_arr /",
            "formula: cac / ltv * net_new_arr /",
            "“arr_growth” cannot be active: it is built on",
        ),
    ],
)
def test_a_file_makes_nothing_active_that_is_built_on_what_is_only_proposed(
    kept: Client, before: str, after: str, told: str
) -> None:
    with tenant_context(kept):
        text = registry_yaml(registry_get(kept))
    with pytest.raises(DefinitionError, match=re.escape(told)), tenant_context(kept):
        given = text.replace(before, after, 1) if before else text + OWN
        registry_apply(client=kept, text=given, seen=None, reason="Try")
    with tenant_context(kept):
        assert not Metric.objects.filter(key="own_payback").exists()
        registry_apply(
            client=kept, text=text + OWN.replace("status: active", "status: proposed"), seen=None, reason="Try"
        )
        assert Metric.objects.get(key="own_payback").status == "proposed"


def test_a_file_brings_no_more_metrics_than_a_registry_has(kept: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is beyond the bound would keep every formula of the registry from being checked."""
    text = changed_file(kept)
    with tenant_context(kept):
        monkeypatch.setattr("governance.services.registry.MOST_METRICS", Metric.objects.count())
        with pytest.raises(DefinitionError, match="a registry has at most"):
            registry_apply(client=kept, text=text, seen=None, reason="One more")


def test_a_file_that_is_no_text_is_refused(ritas: Browser) -> None:
    answer = ritas.post(f"{HOME}import/", {"file": SimpleUploadedFile("metrics.yaml", b"\xff\xfe\x00")})
    assert answer.status_code == 422 and b"no text in UTF-8" in answer.content


def test_an_export_is_a_file_of_yaml(ritas: Browser, kept: Client) -> None:
    answer: Any = ritas.get(f"{HOME}registry.yaml")
    assert answer["Content-Disposition"] == 'attachment; filename="northwind-metrics.yaml"'
    with tenant_context(kept):
        assert answer.content.decode() == registry_yaml(registry_get(kept))


def test_the_commands_write_show_and_apply(kept: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "metrics.yaml"
    call_command("registry_export", str(file), f"--client={kept.slug}")
    call_command("registry_import", str(file), f"--client={kept.slug}")
    assert "The file says what the registry says" in capsys.readouterr().out
    file.write_text(file.read_text().replace("name: Quick ratio", "name: Speed"))
    call_command("registry_import", str(file), f"--client={kept.slug}")
    assert "~ quick_ratio, name: Quick ratio → Speed" in capsys.readouterr().out
    with pytest.raises(CommandError, match="say why"):
        call_command("registry_import", str(file), f"--client={kept.slug}", "--apply")
    call_command("registry_import", str(file), f"--client={kept.slug}", "--apply", "--reason", "From the repository")
    with tenant_context(kept):
        assert MetricVersion.objects.filter(metric__key="quick_ratio").count() == 2


def test_what_the_board_decides_is_asked_for_as_the_file_says_it(ritas: Browser, kept: Client, rita: User) -> None:
    with tenant_context(kept):
        a_board(kept, revops=rita)
        text = registry_yaml(registry_get(kept))
    text = text.replace("What customers owe for a year", "What “A&B” owe us for a <year>", 1)
    shown = ritas.post(f"{HOME}import/", {"file": SimpleUploadedFile("metrics.yaml", text.encode())})
    address, said = asked_for(shown.text)
    form = ritas.post(address, {"filed": said})
    assert form.status_code == 200, "nothing is kept yet: it is the form, with what the file says"
    begun = form.context["form"].initial
    assert begun["definition"].startswith("What “A&B” owe us for a <year>")
    assert (begun["name"], begun.get("title", "")) == ("ARR", "")
    with tenant_context(kept):
        assert not ChangeRequest.objects.exists()
    for broken in ("no JSON", "[]", '{"unit": "stones"}', '{"other": "x"}', "[" * 100_000):
        plain = ritas.post(address, {"filed": broken})
        assert plain.status_code == 200 and plain.context["form"].initial["definition"].startswith("What customers owe")


def test_thresholds_are_asked_for_as_the_file_says_them(ritas: Browser, kept: Client, rita: User) -> None:
    with tenant_context(kept):
        a_board(kept, revops=rita)
        text = registry_yaml(registry_get(kept))
    before, after = text.split("- key: nrr\n", 1)
    after = re.sub(r"warn_at: '[\d.]+'\n", "warn_at: '1.03'\n", after, count=1)
    shown = ritas.post(
        f"{HOME}import/", {"file": SimpleUploadedFile("m.yaml", f"{before}- key: nrr\n{after}".encode())}
    )
    address, said = asked_for(shown.text)
    assert address == "/c/northwind/changes/new/threshold/?about=nrr"
    assert ritas.post(address, {"filed": said}).context["form"].initial["warn_at"] == "103"


def test_a_file_with_another_status_leads_to_the_request_that_is_possible(
    ritas: Browser, kept: Client, rita: User
) -> None:
    with tenant_context(kept):
        a_board(kept, revops=rita)
        Metric.objects.filter(key="quick_ratio").update(status="retired")
        Metric.objects.filter(key="nrr").update(status="deprecated")
        text = registry_yaml(registry_get(kept))
    for key, stored in (("quick_ratio", "retired"), ("nrr", "deprecated"), ("open_pipeline", "proposed")):
        assert f"- key: {key}\n  status: {stored}" in text
        text = text.replace(f"- key: {key}\n  status: {stored}", f"- key: {key}\n  status: active")
    shown = ritas.post(f"{HOME}import/", {"file": SimpleUploadedFile("metrics.yaml", text.encode())}).text
    assert "“quick_ratio” is retired and does not come back: propose a metric with another key." in shown
    asked = [unescape(each) for each in re.findall(r'action="([^"]*/changes/new/[^"]*)"', shown)]
    assert asked == [f"/c/northwind/changes/new/metric_new/?about={key}" for key in ("nrr", "open_pipeline")]
    for address in asked:
        assert ritas.get(address).context["form"].initial["key"] == address.partition("about=")[2]


def asked_for(html: str) -> tuple[str, str]:
    """Where the board is asked for the one metric that differs, and what is sent there."""
    found = re.search(r'action="([^"]*/changes/new/[^"]*)">.*?name="filed" value="([^"]*)"', html, re.DOTALL)
    assert found is not None
    return unescape(found[1]), unescape(found[2])
