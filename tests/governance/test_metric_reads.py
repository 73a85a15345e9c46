"""Who uses a metric is counted from what people open and programs read of that metric, and told to whoever would retire it;
and the registry is read whole while others write it.
"""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test import Client as Browser

from governance.metric_uses import Read, read_get
from governance.models import ChangeRequest
from governance.selectors.change_impact import retire_part
from governance.selectors.registry import registry_get
from governance.services.registry import metric_add
from portal.accounts.adoption import adoption_get
from portal.accounts.models import User
from portal.accounts.services.usage import uses_write_all
from portal.tenancy.clock import day_now
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.api.conftest import Mint, program
from tests.governance.metric_pages import HOME, kept
from tests.governance.registry_own import OWN

__all__ = ["kept", "program"]


def test_a_metric_is_used_by_whoever_opens_its_page_or_reads_its_values(
    kept: Client, finn: User, rita: User, signed_in: Callable[[User], Browser], program: Mint
) -> None:
    uses_write_all()
    finns, ritas = signed_in(finn), signed_in(rita)
    for browser, key in ((finns, "quick_ratio"), (finns, "quick_ratio"), (ritas, "quick_ratio"), (finns, "nrr")):
        assert browser.get(f"{HOME}of/{key}/").status_code == 200
    assert finns.get(f"{HOME}of/zebra/").status_code == 404
    assert program(kept, finn).get(kept, "api_metric_values", key="quick_ratio").status_code == 200
    uses_write_all()
    with tenant_context(kept):
        today = day_now(kept)
        assert read_get("quick_ratio", today) == Read(opened=3, people=2, calls=1, callers=1)
        assert read_get("arr", today).words == "In the last 30 days nobody opened its page, and no program read it."
        assert adoption_get(today, today).total.pages == 4, "what a page was about is no page more"
        content = {"key": "quick_ratio", "successor": "", "sunset_on": "2031-03-31"}
        told = retire_part(kept, ChangeRequest(kind="metric_retire", content=content), lambda *_: None)["touched"]
    words = "In the last 30 days its page was opened 3 times by 2 people; its values were read 1 time by programs of 1 person."
    assert [row["note"] for row in told if row["kind"] == "use"] == [words]
    assert words in " ".join(finns.get(f"{HOME}of/quick_ratio/").content.decode().split())


def test_a_metric_that_another_request_adds_in_the_midst_breaks_no_page(kept: Client) -> None:
    added: list[str] = []

    def meanwhile(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        result = execute(sql, params, many, context)
        if not added and sql.startswith("SELECT") and "governance_metric" in sql:
            added.append("growth_of_new")
            metric_add(client=kept, key="growth_of_new", content=OWN, reason="Sales asked")
        return result

    with tenant_context(kept):
        with connection.execute_wrapper(meanwhile):
            before = registry_get(kept)
        assert added and "growth_of_new" not in before.entries
        assert "growth_of_new" in registry_get(kept).entries
