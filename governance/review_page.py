"""What the pages of the board's review and of the handbook show, made ready for their templates."""

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone

from governance.audit_forms import DAY
from governance.handbook import handbook_chapters
from governance.models import BoardReview
from governance.oversight_page import tabs
from governance.selectors.board_review import review_content, review_kept, review_quarter, review_quarters
from portal.tenancy import audit as log
from portal.tenancy.access import TenantRequest
from portal.tenancy.clock import day_now
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
    kept, period = review_kept(quarter), review_quarter(request.client, timezone.now(), quarter)
    if kept is None and period is None:
        return None
    content = kept.content if kept else review_content(request.client, period)  # type: ignore[arg-type]
    sha256 = log.digest(content)
    may_hold = kept is None and request.standing.may(HOLD_REVIEW)
    return {
        "quarter": quarter,
        "content": content,
        "chapters": content["chapters"],
        "kept": kept,
        "sha256": sha256,
        "first_month": kept.first_month if kept else period.first,  # type: ignore[union-attr]
        "last_month": kept.last_month if kept else period.last,  # type: ignore[union-attr]
        "form": (form or HeldForm(initial={"sha256": sha256, "held_on": day_now(request.client)}))
        if may_hold
        else None,
    }


def review_paper(request: TenantRequest, quarter: str) -> dict[str, Any] | None:
    """The review on paper."""
    context = review_context(request, quarter)
    if context is None:
        return None
    kept = context["kept"]
    return paper_of(request, context, f"Review of {quarter}", kept.held_on if kept else day_now(request.client))


def handbook_context(request: TenantRequest) -> dict[str, Any]:
    """The handbook as it is now."""
    chapters = [each.told() for each in handbook_chapters(request.client, sees_figures=request.standing.may(VIEW_ARR))]
    return {
        "tabs": tabs(request, "handbook"),
        "chapters": chapters,
        "sha256": log.digest(chapters),
        "as_of": day_now(request.client),
    }


def handbook_paper(request: TenantRequest) -> dict[str, Any]:
    """The handbook on paper."""
    return paper_of(request, handbook_context(request), "Governance handbook", day_now(request.client))


def paper_of(request: TenantRequest, context: dict[str, Any], name: str, day: dt.date) -> dict[str, Any]:
    """What `pdf/chapters.html` takes."""
    return context | {
        "document_name": name,
        "client_name": request.client.name,
        "as_of": day,
        "reader": {"locale": request.client.locale},
    }
