"""Moments and days are those of where the client is, on every page of it, unless the reader has a time zone of their own."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.template import Context, Template
from django.test import Client as Browser
from django.urls import reverse

from portal.accounts.models import User
from portal.tenancy.clock import day_at, paper_reader
from portal.tenancy.models import Client

EVENING = dt.datetime(2026, 11, 27, 4, 11, tzinfo=dt.UTC)  # in New York it is still the day before


@pytest.fixture
def in_new_york(northwind: Client) -> Client:
    Client.objects.filter(pk=northwind.pk).update(time_zone="America/New_York")
    northwind.refresh_from_db()
    return northwind


@pytest.mark.parametrize(("own", "shown"), [("", ("EST", "EDT")), ("Europe/Berlin", ("CET", "CEST"))])
def test_a_page_names_the_readers_zone_or_the_clients(
    in_new_york: Client, adam: User, signed_in: Callable[[User], Browser], own: str, shown: tuple[str, ...]
) -> None:
    User.objects.filter(pk=adam.pk).update(time_zone=own)
    adam.refresh_from_db()
    page = signed_in(adam).get(reverse("audit_log", kwargs={"client_slug": "northwind"})).content.decode()
    assert any(f" {zone}</time>" in page for zone in shown) and " UTC</time>" not in page


def test_paper_has_the_day_and_the_moments_of_the_client(in_new_york: Client) -> None:
    text = "{% load figures %}{% date_long at %} / {% instant at %}"
    made = Template(text).render(Context({"at": EVENING, "reader": paper_reader(in_new_york)}))
    assert made.startswith("26 Nov 2026 / ") and "26 Nov 2026, 23:11 EST" in made
    assert day_at(in_new_york, EVENING) == dt.date(2026, 11, 26)
