"""What people choose: the settings page, and fewer mails by a link that needs no sign-in."""

from collections.abc import Callable

from django.core import signing
from django.test import Client as Browser

from portal.accounts.models import User
from portal.notices.kinds import KINDS, How, Kind
from portal.notices.models import NoticeChoice
from portal.notices.selectors import SALT, choices_of, fewer_url, how_of
from portal.tenancy.models import Client
from tests.notices.conftest import notices, told

SETTINGS = "/me/notifications/"


def path_of(url: str) -> str:
    return url[url.index("/notifications/") :]


def test_the_page_offers_what_is_ones_to_choose_and_says_what_is_not(
    finn: User, signed_in: Callable[[User], Browser]
) -> None:
    browser = signed_in(finn)
    page = browser.get(SETTINGS).content.decode()
    assert 'name="mentioned"' in page and 'name="signature"' not in page and "You are asked to sign" in page
    assert 'name="portfolio"' not in page, "the firm's alone"
    given = {choice.kind.value: choice.how for choice in choices_of(finn) if not choice.spec.is_fixed}
    assert browser.post(SETTINGS, given | {"task": "weekly"}).status_code == 302
    assert how_of([finn.pk], Kind.TASK)[finn.pk] == How.WEEKLY
    assert browser.post(SETTINGS, given | {"task": "hourly"}).status_code == 422
    assert browser.post(SETTINGS, given | {"signature": "never"}).status_code == 302
    assert how_of([finn.pk], Kind.SIGNATURE)[finn.pk] == How.NOW, "being asked to sign cannot be turned off"


def test_the_firm_is_told_quietly_by_default(northwind: Client, finn: User, ana: User) -> None:
    told(northwind, finn, ana, kind=Kind.MEETING)
    at_finn, at_ana = notices(northwind, finn)[0].mail_at, notices(northwind, ana)[0].mail_at
    assert at_finn is not None and at_ana is not None and at_finn < at_ana
    assert any(spec.of_firm != spec.usual for spec in KINDS.values())


def test_a_link_in_a_mail_ends_its_kinds_on_post_alone_and_without_signing_in(finn: User) -> None:
    stranger = Browser(enforce_csrf_checks=True)
    path = path_of(fewer_url(finn, [Kind.TASK, Kind.SIGNATURE]))
    page = stranger.get(path)
    assert page.status_code == 200 and b"A task or homework" in page.content and b"asked to sign" not in page.content
    assert not NoticeChoice.objects.exists(), "a mail scanner opens links and changes nothing"
    assert stranger.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert dict(NoticeChoice.objects.values_list("kind", "how")) == {"task": "never"}
    assert fewer_url(finn, [Kind.SIGNATURE]) == "", "there is nothing to end"


def test_an_address_that_is_not_ours_ends_nothing(finn: User) -> None:
    forged = signing.dumps([finn.pk, ["task"]], salt="another")
    broken = signing.dumps("nothing", salt=SALT)
    for token in ("x", forged, broken):
        assert Browser().post(f"/notifications/fewer/{token}/").status_code == 404
    assert not NoticeChoice.objects.exists()
