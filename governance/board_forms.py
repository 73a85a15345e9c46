"""The forms of the board: seats, the table of decision rights, and meetings."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict

from governance.board_words import KINDS
from governance.models import DecisionRight, Function, PayPeriod
from governance.selectors.board import BoardNow, seat_candidates
from governance.services.board import RightRow
from metrics.figures import from_cents
from portal.lib.money import money_text, parse_money

CENTS: Final = Decimal(100)


class SeatForm(forms.Form):
    """Who gets a seat, and for what they speak."""

    person = forms.ChoiceField(label="Who")
    function = forms.ChoiceField(label="Speaks for", choices=Function.choices)
    is_chair = forms.BooleanField(label="Takes the chair", required=False)

    def __init__(self, *args: Any, board: BoardNow | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {str(row.user_id): row for row in seat_candidates(board)}
        self.fields["person"].choices = [  # type: ignore[attr-defined]
            (key, f"{row.user.get_full_name()}, {row.get_role_display()}") for key, row in self.people.items()
        ]

    @property
    def user(self) -> Any:
        """The person who was chosen."""
        return self.people[self.cleaned_data["person"]].user


class RightForm(forms.Form):
    """One row of the table of decision rights."""

    kind = forms.ChoiceField(label="Change", choices=list(KINDS.items()), required=False)
    from_amount = forms.CharField(label="From this effect on ARR", max_length=40, required=False)
    is_restating = forms.BooleanField(label="Only where it restates", required=False)
    feeds_pay = forms.BooleanField(label="Only where it feeds pay", required=False)
    functions = forms.MultipleChoiceField(
        label="Must say yes", choices=Function.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    needs_chair = forms.BooleanField(label="The chair too", required=False)
    yes_count = forms.IntegerField(label="Yes in all", min_value=1, max_value=40, initial=1)
    quorum = forms.IntegerField(label="Quorum", min_value=1, max_value=40, initial=1)

    def __init__(self, *args: Any, currency: str, locale: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency, self.locale = currency, locale

    def clean_from_amount(self) -> int:
        """The amount in cents; empty is nothing."""
        text = self.cleaned_data["from_amount"].strip()
        if not text:
            return 0
        try:
            amount = parse_money(text, self.currency, self.locale)
        except ValueError as error:
            raise forms.ValidationError("Write an amount such as 120,000.") from error
        if amount < 0:
            raise forms.ValidationError("The size of an effect has no sign: write an amount from 0 on.")
        return int(amount * CENTS)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("yes_count") and given.get("quorum") and given["quorum"] < given["yes_count"]:
            self.add_error("quorum", "As many have to take part as must say yes.")
        return given

    def row(self) -> RightRow:
        """The row as the service takes it."""
        given = self.cleaned_data
        return RightRow(
            kind=given["kind"], from_cents=given["from_amount"], is_restating=given["is_restating"],
            feeds_pay=given["feeds_pay"], functions=tuple(given["functions"]), needs_chair=given["needs_chair"],
            yes_count=given["yes_count"], quorum=given["quorum"],
        )  # fmt: skip


RightFormSet = forms.formset_factory(RightForm, extra=1, can_delete=True, max_num=41, validate_max=True)


class RightsForm(forms.Form):
    """What stands beside the table: what was seen, and the period of quotas and pay."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    pay_period = forms.TypedChoiceField(
        label="Quotas and pay are set for a", choices=PayPeriod.choices, coerce=int,
        help_text="Counted from the start of the fiscal year. What feeds them changes with a new one, unless Sales and Finance "
        "both say yes.",
    )  # fmt: skip


def rights_formset(board: BoardNow, locale: str, data: Mapping[str, Any] | None = None) -> Any:
    """The table as forms, one for each row and one empty."""
    currency = board.board.client.currency
    initial = [initial_of(right, currency, locale) for right in board.rights]
    return RightFormSet(data, initial=initial, prefix="rights", form_kwargs={"currency": currency, "locale": locale})


def initial_of(right: DecisionRight, currency: str, locale: str) -> dict[str, Any]:
    """A row as its form shows it."""
    amount = money_text(from_cents(right.from_cents), currency, locale) if right.from_cents else ""
    names = ("kind", "is_restating", "feeds_pay", "functions", "needs_chair", "yes_count", "quorum")
    return {name: getattr(right, name) for name in names} | {"from_amount": amount}


class MeetingForm(forms.Form):
    """When the board meets."""

    title = forms.CharField(label="Name", max_length=120, initial="Review board")
    at = forms.DateTimeField(
        label="When", widget=forms.DateTimeInput({"type": "datetime-local"}), input_formats=["%Y-%m-%dT%H:%M"]
    )

    def __init__(self, data: QueryDict | None = None, *, zone: str) -> None:
        super().__init__(data)
        self.zone = zone
        self.fields["at"].help_text = f"By the clock of {zone.replace('_', ' ')}, where the client is."

    def instant(self) -> dt.datetime:
        """The instant that was given by the client's clock."""
        found: dt.datetime = self.cleaned_data["at"]
        return found.replace(tzinfo=ZoneInfo(self.zone))


class NoteForm(forms.Form):
    """What was said about one request at a meeting."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    note = forms.CharField(
        label="What was said", max_length=4000, required=False, widget=forms.Textarea({"rows": 3, "data-draft": "note"})
    )


class MinutesForm(forms.Form):
    """Who was there, and what else there is to keep."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    attendance = forms.MultipleChoiceField(
        label="Who was there", required=False,
        widget=forms.CheckboxSelectMultiple(
            {"data-seal": "Who was there", "data-seal-none": "Nobody is noted as there: the minutes will say so for ever."}
        ),
    )  # fmt: skip
    minutes = forms.CharField(
        label="Minutes", max_length=20000, required=False,
        widget=forms.Textarea(
            {"rows": 6, "data-draft": "minutes", "data-seal": "Minutes", "data-seal-none": "Nothing is written in the minutes."}
        ),
        help_text="How each request stands is kept with the agenda by itself; here is room for the rest.",
    )  # fmt: skip

    def __init__(self, *args: Any, names: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["attendance"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]
