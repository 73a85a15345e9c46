"""Forms of the end of an engagement and of what comes after it."""

from typing import Any

from django import forms

from engagements.forms_project import OUR_TIMES, day_input, owners_of
from engagements.models import Decision, Ending, Engagement, Participant, SystemAccess


class AccessForm(forms.ModelForm):  # type: ignore[type-arg]
    """An access that the firm asks for, or has."""

    class Meta:
        model = SystemAccess
        fields = [
            "system", "system_kind", "kind", "role", "holder", "requested_on", "granted_on", "granted_by", "kept_at", "note",
        ]  # fmt: skip
        labels = {
            "system_kind": "Kind of system", "kind": "Kind of access", "role": "As what (role or permissions)",
            "holder": "Who of the firm holds it", "requested_on": "Asked for on", "granted_on": "Granted on",
            "granted_by": "Granted by", "kept_at": "Where the secret is kept",
        }  # fmt: skip
        help_texts = {
            "kept_at": "A place, such as “vault Northwind, entry CRM”. Never the password or key itself: it would be refused.",
            "granted_by": "Who of the client.",
            "role": "",
        }
        widgets = {"requested_on": day_input(), "granted_on": day_input(), "note": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, engagement: Engagement, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        firm = owners_of(engagement).filter(is_firm_staff=True)
        self.fields["holder"].queryset = firm  # type: ignore[attr-defined]
        self.fields["holder"].empty_label = "Nobody in particular"  # type: ignore[attr-defined]


class GrantForm(forms.Form):
    """A step with an access."""

    step = forms.SlugField()
    granted_by = forms.CharField(max_length=150, required=False)


class PlanForm(forms.Form):
    """What becomes of the firm's access."""

    ending = forms.ChoiceField(label="The firm's access", choices=Ending.choices)
    ends_on = forms.DateField(label="Ends on", required=False, widget=day_input(), validators=OUR_TIMES)
    reason = forms.CharField(label="Reason", required=False, max_length=600, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, engagement: Engagement, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if engagement.kind == "single":
            self.fields["ending"].choices = [  # type: ignore[attr-defined]
                choice for choice in Ending.choices if choice[0] != Ending.KEPT
            ]


class HandoffForm(forms.Form):
    """Who hands over to whom."""

    side = forms.ChoiceField(choices=[("internal", "internal"), ("external", "external")], widget=forms.HiddenInput)
    giver = forms.ModelChoiceField(label="Who hands over", queryset=Participant.objects.none())
    receiver = forms.ModelChoiceField(label="Who receives", queryset=Participant.objects.none())

    def __init__(self, engagement: Engagement, side: str, data: Any = None, **initial: Any) -> None:
        super().__init__(data, initial={"side": side, **initial}, auto_id=f"id_{side}_%s")
        people = owners_of(engagement)
        self.fields["giver"].queryset = people.filter(is_firm_staff=True)  # type: ignore[attr-defined]
        self.fields["receiver"].queryset = people.filter(is_firm_staff=side == "internal")  # type: ignore[attr-defined]


class NoteForm(forms.Form):
    """A note to a step."""

    note = forms.CharField(max_length=1000, required=False)


class DebriefForm(forms.Form):
    """What the firm learnt."""

    went_well = forms.CharField(label="What went well?", required=False, max_length=8000)
    differently = forms.CharField(label="What would we do differently?", required=False, max_length=8000)
    learnings = forms.CharField(label="What goes back into the playbook?", required=False, max_length=8000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget = forms.Textarea(attrs={"rows": 4})


class CloseForm(forms.Form):
    """What the close asks."""

    with_hours = forms.BooleanField(
        label="Say in the report how many hours were planned and logged", required=False,
        help_text="Of the tasks that the client sees, as two sums. Else the report says nothing of hours.",
    )  # fmt: skip


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(max_length=1000)


class CheckInForm(forms.Form):
    """The day of a check-in and whose it is."""

    due_on = forms.DateField(label="On", widget=day_input(), validators=OUR_TIMES)
    owner = forms.ModelChoiceField(
        label="Whose", queryset=Participant.objects.none(), required=False, empty_label="Nobody yet"
    )

    def __init__(self, engagement: Engagement, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = owners_of(engagement).filter(is_firm_staff=True)  # type: ignore[attr-defined]


class HoldForm(forms.Form):
    """What a check-in decided."""

    news = forms.CharField(
        label="New products, prices and edge cases",
        required=False,
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    decision = forms.ChoiceField(label="Who handles it", choices=Decision.choices)
    outcome = forms.CharField(label="Outcome", max_length=8000, widget=forms.Textarea(attrs={"rows": 4}))


class SurveyForm(forms.Form):
    """One answer to a survey."""

    comment = forms.CharField(
        label="Anything you want to add", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, questions: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = [f"q{number}" for number in range(1, len(questions) + 1)]
        scale = [(str(n), {1: "1, not at all", 5: "5, fully"}.get(n, str(n))) for n in range(1, 6)]
        answers = {
            name: forms.TypedChoiceField(label=text, choices=scale, coerce=int, widget=forms.RadioSelect)
            for name, text in zip(self.names, questions, strict=True)
        }
        self.fields = answers | self.fields

    def scores(self) -> list[int]:
        """The numbers in the order of the questions."""
        return [self.cleaned_data[name] for name in self.names]


class PathForm(forms.Form):
    """A step of what the firm offers next."""

    step = forms.SlugField()
    note = forms.CharField(label="Note", required=False, max_length=1000)
    next_on = forms.DateField(label="Come back to it on", required=False, widget=day_input())
