"""Forms of an engagement and of what is done in it."""

from datetime import date
from typing import Any, Final

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from engagements.models import Engagement, Function, Kind, MeetingItemKind, Participant, RiskKind, Severity, Task
from engagements.playbook.schema import Playbook
from engagements.playbook.schema_rows import Condition
from engagements.playbook.terms import DocumentKind

Choices = list[tuple[str, str]]
# Days that are reckoned on from: a slip of the keyboard is refused at its field, not where weeks are added to it
OUR_TIMES: Final = (MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2199, 12, 31)))


def day_input() -> forms.DateInput:
    """A date field that the browser helps with."""
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class EngagementForm(forms.Form):
    """What starts an engagement: name, type, dates, and an answer to each condition of the playbook."""

    name = forms.CharField(label="Name", max_length=200)
    kind = forms.ChoiceField(label="Type", choices=Kind.choices)
    starts_on = forms.DateField(label="Begins on", widget=day_input(), validators=OUR_TIMES)
    ends_on = forms.DateField(label="Ends on", required=False, widget=day_input(), validators=OUR_TIMES)

    def __init__(self, playbook: Playbook, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conditions: tuple[Condition, ...] = playbook.conditions
        for condition in self.conditions:
            self.fields[f"if_{condition.key}"] = forms.ChoiceField(
                label=condition.question,
                choices=[("", "Choose yes or no"), ("yes", "Yes"), ("no", "No")],  # what nobody chose is no answer
                error_messages={"required": "Answer this: yes or no."},
                help_text=f"If yes: {condition.effect}." if condition.effect else "",
            )

    @property
    def answers(self) -> dict[str, bool]:
        """Condition → whether it holds."""
        return {each.key: self.cleaned_data[f"if_{each.key}"] == "yes" for each in self.conditions}


class CardForm(forms.ModelForm):  # type: ignore[type-arg]
    """The identity card of an engagement."""

    class Meta:
        model = Engagement
        fields = [
            "name", "kind", "starts_on", "ends_on", "deliverable", "success", "crm", "billing_system",
            "hypercare_from", "hypercare_until", "internal_note",
        ]  # fmt: skip
        labels = {
            "kind": "Type", "starts_on": "Begins on", "ends_on": "Ends on",
            "success": "How the client will know that it worked",
            "crm": "CRM", "hypercare_from": "Hypercare from", "hypercare_until": "Hypercare until",
            "internal_note": "For the firm alone",
        }  # fmt: skip
        help_texts = {"success": "", "internal_note": "Nobody of the client reads this."}
        widgets = {name: day_input() for name in ("starts_on", "ends_on", "hypercare_from", "hypercare_until")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self._meta.widgets or ():
            self.fields[name].validators.extend(OUR_TIMES)


class TaskForm(forms.ModelForm):  # type: ignore[type-arg]
    """The plan of a task."""

    class Meta:
        model = Task
        fields = [
            "name", "owner", "starts_on", "due_on", "hours_low", "hours_high", "is_client_visible", "description",
            "end_state", "internal_note",
        ]  # fmt: skip
        labels = {
            "starts_on": "Begins on", "due_on": "Due on", "hours_low": "Hours, at least", "hours_high": "Hours, at most",
            "is_client_visible": "The client sees this task", "end_state": "Done when", "internal_note": "For the firm alone",
        }  # fmt: skip
        help_texts = {"hours_low": "", "internal_note": "Nobody of the client reads this."}
        widgets = {"starts_on": day_input(), "due_on": day_input(), "end_state": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, engagement: Engagement, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = owners_of(engagement)  # type: ignore[attr-defined]
        self.fields["owner"].empty_label = "Nobody yet"  # type: ignore[attr-defined]

    def changes(self) -> dict[str, Any]:
        """What was changed, for the service."""
        return {name: self.cleaned_data[name] for name in self.changed_data}


def owners_of(engagement: Engagement) -> Any:
    """The people that work can be given to."""
    return Participant.objects.filter(engagement=engagement).select_related("user").order_by("user__name", "pk")


class TimeForm(forms.Form):
    """Time on a task: a quarter of an hour up to a day."""

    minutes = forms.IntegerField(min_value=1, max_value=1440)
    day = forms.DateField(required=False)
    note = forms.CharField(max_length=300, required=False)


class StepForm(forms.Form):
    """A step from one state to the next, with what the step asks for."""

    step = forms.SlugField()
    reason = forms.CharField(max_length=1000, required=False)
    starts_at = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"])
    back = forms.CharField(max_length=300, required=False)


class PersonForm(forms.Form):
    """Somebody to put on the engagement; the list holds who reaches the client."""

    person = forms.ChoiceField(label="Person")
    project_role = forms.CharField(label="Role on the project", max_length=100)
    function = forms.ChoiceField(
        label="Function at the client", choices=[("", "None: of the firm"), *Function.choices], required=False
    )

    def __init__(self, people: Choices, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = people  # type: ignore[attr-defined]


class CommentForm(forms.Form):
    """Something said."""

    text = forms.CharField(
        label="Comment", max_length=8000, widget=forms.Textarea(attrs={"rows": 3, "data-mentions": "mentionable"})
    )
    is_internal = forms.BooleanField(label="For the firm alone", required=False)


class RiskForm(forms.Form):
    """A risk, a blocker or an issue."""

    title = forms.CharField(label="What", max_length=300)
    kind = forms.ChoiceField(label="Kind", choices=RiskKind.choices)
    severity = forms.ChoiceField(label="How grave", choices=Severity.choices, initial=Severity.MEDIUM)
    remedy = forms.CharField(
        label="What we do about it", required=False, max_length=8000, widget=forms.Textarea(attrs={"rows": 2})
    )
    owner = forms.ModelChoiceField(
        label="Owner", queryset=Participant.objects.none(), required=False, empty_label="Nobody yet"
    )
    is_internal = forms.BooleanField(label="For the firm alone", required=False)

    def __init__(self, engagement: Engagement, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = owners_of(engagement)  # type: ignore[attr-defined]


class VersionForm(forms.Form):
    """A version of a document: its file, its text, or where it is."""

    file = forms.FileField(label="File", required=False, max_length=1000, allow_empty_file=True)
    text = forms.CharField(
        label="Or its text", required=False, max_length=200_000, widget=forms.Textarea(attrs={"rows": 8})
    )
    link = forms.CharField(label="Or a link", max_length=500, required=False)
    note = forms.CharField(label="What changed", max_length=300, required=False)


class DocumentForm(forms.Form):
    """A document that the playbook did not bring."""

    name = forms.CharField(label="Name", max_length=200)
    kind = forms.ChoiceField(label="Kind", choices=[(kind.value, kind.value.capitalize()) for kind in DocumentKind])
    purpose = forms.CharField(label="What it is for", max_length=600, required=False)
    is_client_visible = forms.BooleanField(label="The client sees this document", required=False, initial=True)


class NotesForm(forms.Form):
    """What was said in a meeting."""

    attendees = forms.CharField(label="Who was there", max_length=600, required=False)
    notes = forms.CharField(label="Notes", required=False, max_length=40_000, widget=forms.Textarea(attrs={"rows": 6}))
    internal_notes = forms.CharField(
        label="Notes for the firm alone", required=False, max_length=40_000, widget=forms.Textarea(attrs={"rows": 3})
    )


class MeetingItemForm(forms.Form):
    """A decision or homework."""

    kind = forms.ChoiceField(label="Kind", choices=MeetingItemKind.choices)
    text = forms.CharField(label="What", max_length=600)
    owner = forms.ModelChoiceField(
        label="Whose", queryset=Participant.objects.none(), required=False, empty_label="Nobody yet"
    )
    due_on = forms.DateField(label="Due on", required=False, widget=day_input())

    def __init__(self, engagement: Engagement, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = owners_of(engagement)  # type: ignore[attr-defined]
