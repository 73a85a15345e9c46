"""What the pages of the board's review and of the handbook show, made ready for their templates."""

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from governance.audit_forms import DAY
from governance.board_words import joined
from governance.handbook import handbook_chapters
from governance.models import BoardReview
from governance.oversight_page import tabs
from governance.selectors.board_review import review_content, review_kept, review_quarter, review_quarters
from portal.lib.dates import quarter_text
from portal.notices.audience import own_people_who
from portal.tenancy import audit as log
from portal.tenancy.access import TenantRequest
from portal.tenancy.clock import day_now, paper_reader
from portal.tenancy.models import Client
from portal.tenancy.permissions import HOLD_REVIEW, VIEW_ARR


class HeldForm(forms.Form):
    """When the review was held, who was there, and what was decided."""

    sha256 = forms.CharField(max_length=64, widget=forms.HiddenInput)
    held_on = forms.DateField(label="Held on", widget=DAY)
    present = forms.CharField(label="Who was there", max_length=1000, widget=forms.Textarea({"rows": 2}))
    decisions = forms.CharField(
        label="What was decided", max_length=4000, required=False, widget=forms.Textarea({"rows": 3})
    )


def reviews_context(request: TenantRequest) -> dict[str, Any]:
    """The quarters that can be reviewed, each with the review that was held."""
    kept = {row.quarter: row for row in BoardReview.objects.select_related("kept_by").defer("content")}
    quarters = review_quarters(request.client, timezone.now())
    return {
        "tabs": tabs(request, "board_reviews"),
        "rows": [{"period": each, "kept": kept.get(each.key)} for each in quarters],
    }


def review_context(request: TenantRequest, quarter: str, form: HeldForm | None = None) -> dict[str, Any] | None:
    """The review of a quarter: as it was held, or as it would be held now; None for what is no quarter of the client."""
    context = review_shown(request.client, quarter)
    if context is None:
        return None
    may_hold = context["kept"] is None and request.standing.may(HOLD_REVIEW)
    initial = {"sha256": context["sha256"], "held_on": day_now(request.client)}
    waits = context["kept"] is None and not may_hold
    keepers = [user.get_full_name() for user in own_people_who(request.client, HOLD_REVIEW)] if waits else []
    return context | {
        "form": (form or HeldForm(initial=initial)) if may_hold else None,
        "keepers": joined(keepers) if keepers else "",
    }


def review_shown(client: Client, quarter: str) -> dict[str, Any] | None:
    """The review itself, for page and paper."""
    kept, period = review_kept(quarter), review_quarter(client, timezone.now(), quarter)
    if kept is None and period is None:
        return None
    content = kept.content if kept else review_content(client, period)  # type: ignore[arg-type]
    return {
        "quarter": quarter,
        "content": content,
        "chapters": content["chapters"],
        "kept": kept,
        "sha256": log.digest(content),
        "first_month": kept.first_month if kept else period.first,  # type: ignore[union-attr]
        "last_month": kept.last_month if kept else period.last,  # type: ignore[union-attr]
    }


def review_paper(client: Client, quarter: str) -> dict[str, Any] | None:
    """The review on paper."""
    context = review_shown(client, quarter)
    if context is None:
        return None
    kept = context["kept"]
    held_on = kept.held_on if kept else day_now(client)
    return paper_of(client, context, f"Review of {quarter_text(quarter)}", held_on)


def handbook_context(request: TenantRequest) -> dict[str, Any]:
    """The handbook as it is now."""
    shown = handbook_shown(request.client, sees_figures=request.standing.may(VIEW_ARR))
    return shown | {"tabs": tabs(request, "handbook"), "as_of": day_now(request.client)}


def handbook_shown(client: Client, *, sees_figures: bool) -> dict[str, Any]:
    """The handbook itself, for page and paper."""
    chapters = [each.told() for each in handbook_chapters(client, sees_figures=sees_figures)]
    return {"chapters": chapters, "sha256": log.digest(chapters)}


def handbook_paper(client: Client, *, sees_figures: bool) -> dict[str, Any]:
    """The handbook on paper."""
    shown = handbook_shown(client, sees_figures=sees_figures)
    return paper_of(client, shown, "Governance handbook", day_now(client))


def paper_of(client: Client, context: dict[str, Any], name: str, day: dt.date) -> dict[str, Any]:
    """What `pdf/chapters.html` takes."""
    return context | {
        "document_name": name,
        "client_name": client.name,
        "as_of": day,
        "reader": paper_reader(client),
    }
