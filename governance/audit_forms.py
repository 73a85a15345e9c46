"""The forms of audits."""

import datetime as dt
from typing import Any, Final

from django import forms

from governance.models import AuditedContract, ContractResult, EvidenceFile, ReasonClass
from governance.sampling import FEWEST, MOST
from governance.services.quarter_audits import Found
from portal.lib.file_kinds import ACCEPT, ALLOWED

USUAL_DAYS = 30
NEEDED: Final = {
    ContractResult.DIFFERS: ("difference", "reason", "note"), ContractResult.NOT_FOUND: ("reason", "note"),
}  # fmt: skip
DAY = forms.DateInput({"type": "date"}, format="%Y-%m-%d")


class DrawForm(forms.Form):
    """Which quarter, how many contracts, until when."""

    quarter = forms.ChoiceField(label="Quarter")
    size = forms.IntegerField(
        label="Contracts", min_value=FEWEST, max_value=MOST, initial=12, help_text=f"{FEWEST} to {MOST}."
    )
    due_on = forms.DateField(label="Done until", widget=DAY)

    def __init__(self, *args: Any, quarters: list[tuple[str, str]], today: dt.date, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"due_on": today + dt.timedelta(days=USUAL_DAYS)})
        super().__init__(*args, **kwargs)
        self.fields["quarter"].choices = quarters  # type: ignore[attr-defined]


class ResultForm(forms.Form):
    """What was found about one contract."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    result = forms.ChoiceField(
        label="What the source says", choices=ContractResult.choices[1:], widget=forms.RadioSelect
    )
    difference = forms.DecimalField(
        label="Difference", required=False, max_digits=18, decimal_places=2,
        help_text="Needed where it differs: what the source says, less the sheet’s ARR. Below zero where the source says less.",
    )  # fmt: skip
    reason = forms.ChoiceField(
        label="Reason", required=False, choices=[("", "None: it agrees"), *ReasonClass.choices],
        help_text="Needed where it differs or was not found.",
    )  # fmt: skip
    note = forms.CharField(
        label="What you saw", required=False, max_length=4000, widget=forms.Textarea({"rows": 3}),
        help_text="Needed where it differs or was not found.",
    )  # fmt: skip
    reference = forms.CharField(
        label="Where the evidence lies", required=False, max_length=400,
        help_text="Such as a folder and page of the signed PDF, or an invoice number.",
    )  # fmt: skip
    file = forms.FileField(
        label="Evidence as a file", required=False, help_text=f"{ALLOWED}.",
        widget=forms.FileInput({"accept": ACCEPT}),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """What a result lacks is said beside the field that lacks it; `check_found` is the rule."""
        given = super().clean() or {}
        lacking = {
            "reason": "Choose the reason, so that what comes again is seen.",
            "note": "Say what the source says, so that somebody else can follow it.",
            "difference": "Say by how much it differs: what the source says, less what the sheet says.",
        }
        needed = NEEDED.get(given.get("result", ""), ())
        for name in needed:
            if name not in self.errors and not given.get(name):
                self.add_error(name, lacking[name])
        return given

    @classmethod
    def of(cls, row: AuditedContract) -> "ResultForm":
        """The form with what was found so far."""
        names = ("version", "difference", "reason", "note", "reference")
        return cls(initial={name: getattr(row, name) for name in names} | {"result": row.result})

    def found(self, evidence: EvidenceFile | None) -> Found:
        """The result as the service takes it."""
        given = {name: self.cleaned_data[name] for name in ("result", "difference", "reason", "note", "reference")}
        return Found(**given, evidence=evidence)


class FollowUpForm(forms.Form):
    """What is to be done, by whom and until when."""

    pattern = forms.CharField(required=False, max_length=220, widget=forms.HiddenInput)
    text = forms.CharField(label="What is to be done", max_length=400, widget=forms.Textarea({"rows": 2}))
    owner = forms.ChoiceField(label="Who does it")
    due_on = forms.DateField(label="Until", widget=DAY)

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = people  # type: ignore[attr-defined]


class FollowUpOwnerForm(forms.Form):
    """Who does a follow-up from now on."""

    owner = forms.ChoiceField()

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = people  # type: ignore[attr-defined]


class OutcomeForm(forms.Form):
    """What came of a follow-up."""

    outcome = forms.CharField(label="What came of it", max_length=1000, widget=forms.Textarea({"rows": 2}))
