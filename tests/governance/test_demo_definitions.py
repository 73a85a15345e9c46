"""The demonstration's definitions: one client half-way, one signed, made by the services that people use."""

import datetime as dt
from collections.abc import Callable

from governance.models import DefinitionItem, PolicyDocument
from governance.selectors.answers import respondents, terms_approved
from governance.selectors.documents import document_diff
from governance.selectors.items import no_assumed_critical
from governance.selectors.signoff import signed_final, signed_policy
from metrics.selectors.policies import policy_latest
from metrics.services.closes import month_close
from metrics.services.policies import policy_publish
from portal.accounts.models import User
from portal.demo.definitions import OBJECTIONS, definitions_half_way, definitions_signed
from portal.lib.periods import month_parse
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.reporting.numbers import numbers_load
from tests.tenancy.routes_reporting import POLICY

Person = Callable[..., User]
TODAY = dt.date(2026, 3, 20)


def test_one_client_is_half_way(northwind: Client, ana: User, finn: User, rita: User, stan: User) -> None:
    with tenant_context(northwind):
        definitions_half_way(northwind, ana, finn, rita, stan, TODAY)
        confirmed = DefinitionItem.objects.filter(state="confirmed").count()
        assert 10 < confirmed < 35 and not terms_approved() and not no_assumed_critical()
        assert sum(row.objections for row in respondents()) == len(OBJECTIONS)
        older, newer = PolicyDocument.objects.order_by("number")
        assert (older.meeting, newer.meeting) == ("Kickoff, 13 Mar 2026", "Refinement 1, 18 Mar 2026")
        diff = document_diff(northwind, older, newer)
        assert diff.confirmed and [each.title for each in diff.changed] == ["Unusual changes"]


def test_another_is_signed_and_in_force(northwind: Client, ana: User, finn: User, rita: User) -> None:
    with tenant_context(northwind):
        policy_publish(client=northwind, parameters=POLICY | {"reactivation_window_months": None})
        numbers_load(northwind)
        month_close(client=northwind, month=month_parse("2026-02"))
        definitions_signed(northwind, ana, finn, rita, TODAY)
        view, newest = signed_final(), policy_latest()
        assert terms_approved() and no_assumed_critical()
        assert view is not None and view.stands and view.certificate is not None and newest is not None
        signed = signed_policy(newest.number)
        assert signed is not None and signed.functions_text == "Finance, RevOps"
