"""Long tables on a phone: rows as cards with names, and the first rows before all of them."""

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory


@pytest.mark.parametrize(("total", "is_asked"), [(20, False), (21, True)])
def test_a_long_table_begins_with_some_rows_on_a_phone(total: int, is_asked: bool) -> None:
    text = render_to_string("_partials/show_rest.html", {"total": total})
    assert (f"Show all {total}" in text) == is_asked


def test_a_table_that_stacks_names_the_figures_of_its_cards() -> None:
    columns = [{"label": "Client", "kind": "text"}, {"label": "A & B", "kind": "count", "is_named": True}]
    table = {"id": "t", "columns": columns, "rows": [{"id": "x", "cells": ["Northwind", 3]}]}
    request = RequestFactory().get("/")
    plain, stacked = (
        render_to_string("_partials/table.html", {"table": table | more}, request) for more in ({}, {"stacks": True})
    )
    assert 'data-label="A &amp; B"' in stacked and 'class="figures table-stack"' in stacked
    assert "table-stack" not in plain
