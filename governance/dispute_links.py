"""Addresses of disputes: where one is raised about a figure, and where the figure of one is explained."""

from urllib.parse import urlencode

from django.urls import reverse

from governance.models import DisputedFigure, FigureDispute
from governance.selectors.figure_disputes import Mark
from portal.lib.periods import month_format


def raise_url(slug: str, figure: str, month: int, **about: str) -> str:
    """Where a figure is disputed: `about` are recognition, dimension, group, customer, metric."""
    given = {"figure": figure, "month": month_format(month)} | {name: text for name, text in about.items() if text}
    return f"{reverse('dispute_new', kwargs={'client_slug': slug})}?{urlencode(given)}"


def mark_shown(slug: str, mark: Mark) -> dict[str, str]:
    """A mark beside a disputed figure, with its way to the dispute."""
    url = reverse("dispute", kwargs={"client_slug": slug, "number": mark.number})
    return {"label": f"disputed, D-{mark.number}", "url": url}


def figure_url(slug: str, row: FigureDispute) -> str:
    """Where the disputed figure is published, with the panel that explains it."""
    if row.figure == DisputedFigure.METRIC and row.metric:
        return reverse("metric", kwargs={"client_slug": slug, "key": row.metric.key})
    month = month_format(row.month)
    asked = {"basis": row.recognition, "to": month}
    if row.customer:
        asked["why"] = f"customer:{month}:{row.customer}"
    elif row.figure in ("nrr", "grr"):
        asked["why"] = f"retention:{month}"
    else:
        column = "customers_churned" if row.figure == "logo_churn" else row.figure
        asked["why"] = f"cell:{month}:{month}:{column}"
    if row.group:
        asked |= {"of": row.dimension, "group": row.group}
    return f"{reverse('arr', kwargs={'client_slug': slug})}?{urlencode(asked)}"
