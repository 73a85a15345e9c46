"""What people read when they vote and sign says what it says: no character of a title or a reason turns the words around."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client as Browser

from governance.change_content import ContentFault
from governance.forms import ItemForm
from governance.models import DefinitionItem
from governance.services.board_meetings import meeting_keep, meeting_plan
from governance.services.change_states import change_move
from governance.services.problems import DefinitionError
from governance.services.registry import metric_add, registry_start
from governance.services.voting import statement_of
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from tests.governance.boards import NOW, WISH, a_board, in_review, vote
from tests.governance.test_change_requests import GRACE, asked, metric_content

TURNED = "Grace \u202ekcab"


@pytest.mark.parametrize(
    ("field", "text"), [("title", TURNED), ("title", "\u200b"), ("title", "Gr\x07ace"), ("rationale", TURNED)]
)
def test_a_request_whose_words_would_turn_around_the_statement_that_is_voted_on_is_not_kept(
    northwind: Client, rita: User, field: str, text: str
) -> None:
    with pytest.raises(ContentFault) as refused, tenant_context(northwind):
        asked(northwind, "policy", GRACE, rita, **{field: text})
    assert [name for name, _ in refused.value.faults] == [field]


def test_the_form_says_so_with_all_else_that_is_wrong(
    northwind: Client, rita: User, signed_in: Callable[[User], Browser]
) -> None:
    sent = {
        "title": TURNED,
        "rationale": TURNED,
        "renewal_grace_days": "30",
        "mode": "prospective",
        "from_month": "never",
    }
    page = signed_in(rita).post("/c/northwind/changes/new/policy/", sent)
    assert page.status_code == 422 and {"title", "rationale", "from_month"} <= set(page.context["form"].errors)


@pytest.mark.parametrize("name", ["ARR\u200b", "ARR\u200d", "A\u00adRR", "ＡＲＲ", "\u0410RR", "\u0391RR"])
def test_no_metric_has_a_name_that_looks_like_another_ones(northwind: Client, rita: User, name: str) -> None:
    with tenant_context(northwind):
        registry_start(client=northwind, user=rita)
        content = metric_content(northwind, "arr", name=name, formula="book_ending * 1")
        with pytest.raises(DefinitionError, match=r"nobody sees|that of another metric"):
            metric_add(client=northwind, key="other", content=content, reason="Mine", user=rita)


def test_a_title_does_not_end_by_a_mark_and_go_on_as_the_statement(northwind: Client, rita: User, finn: User) -> None:
    """Who votes reads one title and then what Tieout says; marks within the title are single."""
    title = "Grace” from Jan 2020 on, restating closed months. It is not “this"
    with tenant_context(northwind):
        a_board(northwind, chair_finance=finn)
        request = in_review(northwind, by=rita, wish=replace(WISH, title=title))
        said = statement_of(request, finn, "finance")
        assert said.count("“") == said.count("”") == 1
        assert "“Grace’ from Jan 2020 on, restating closed months. It is not ‘this” from Jan 2030 on" in said
        vote(request, finn)


def test_what_is_said_about_a_request_and_at_a_meeting_can_be_read(northwind: Client, rita: User, finn: User) -> None:
    with tenant_context(northwind):
        a_board(northwind, chair_finance=finn)
        request = in_review(northwind, rita)
        with pytest.raises(DefinitionError, match=r"U\+202E"):
            vote(request, finn, "no", TURNED)
        with pytest.raises(DefinitionError, match=r"U\+202E"):
            change_move(request=request, step="send_back", user=finn, reason=TURNED)
        with pytest.raises(DefinitionError, match=r"U\+202E"):
            meeting_plan(client=northwind, title=TURNED, at=NOW, user=finn)
        meeting = meeting_plan(client=northwind, title="Board", at=NOW, user=finn)
        with pytest.raises(DefinitionError, match=r"U\+202E"):
            meeting_keep(meeting=meeting, version=meeting.version, attendance=[], minutes=TURNED, user=finn)


def test_nobody_signs_under_a_name_that_turns_around_what_follows_it(
    rita: User, northwind: Client, signed_in: Callable[[User], Browser]
) -> None:
    page = signed_in(rita).post("/me/", {"name": "Rita\u202e", "locale": "", "time_zone": ""})
    rita.refresh_from_db()
    assert rita.name == "Rita" and "U+202E" in page.content.decode()


def test_a_definition_that_people_sign_can_be_read() -> None:
    form = ItemForm(DefinitionItem(key="own"), dict.fromkeys(("title", "question", "definition", "answer"), TURNED))
    assert {"title", "question", "definition", "answer"} <= set(form.errors)
