"""Forms of what is specified, built, tested and taught."""

from typing import Any

from django import forms

from engagements.forms_project import day_input
from engagements.models import Component, Document, Engagement, Participant, ProjectTest, Severity, SpecSection
from engagements.services.testing import FAILED, NOT_APPLICABLE, PASSED

WHEN = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
SPARE_ROWS = 3


def area(rows: int) -> forms.Textarea:
    """A text of several lines."""
    return forms.Textarea(attrs={"rows": rows})


class ComponentForm(forms.Form):
    """Who builds a component, what comes first, and what is worth knowing."""

    owner = forms.ModelChoiceField(
        label="Who builds it", queryset=Participant.objects.none(), required=False, empty_label="Nobody yet"
    )
    needs = forms.CharField(
        label="What comes first", max_length=200, required=False, help_text="Numbers of components, with commas"
    )
    note = forms.CharField(label="Notes", max_length=4000, required=False, widget=area(3))

    def __init__(self, component: Component, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault(
            "initial",
            {"owner": component.owner_id, "needs": ", ".join(map(str, component.needs)), "note": component.note},
        )
        super().__init__(*args, **kwargs)
        team = Participant.objects.filter(engagement=component.engagement, is_firm_staff=True).select_related("user")
        self.fields["owner"].queryset = team.order_by("user__name", "pk")  # type: ignore[attr-defined]

    def clean_needs(self) -> list[int]:
        parts = self.cleaned_data["needs"].replace(",", " ").split()
        if not all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts):
            raise forms.ValidationError("Numbers of components, with commas between.")
        return [int(part) for part in parts]


class BlockerForm(forms.Form):
    """What stands in the way of a component."""

    title = forms.CharField(label="What stands in the way", max_length=300)
    severity = forms.ChoiceField(label="How grave", choices=Severity.choices, initial=Severity.MEDIUM)


class SpecForm(forms.Form):
    """A version of a section: its text, and a cell for each column of each row."""

    text = forms.CharField(label="Text", required=False, max_length=40_000, widget=area(8))
    note = forms.CharField(label="What changed", max_length=300, required=False)
    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, section: SpecSection, rows: list[list[str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.columns: list[str] = list(section.columns)
        self.shown = [*rows, *([[""] * len(self.columns)] * SPARE_ROWS if self.columns else [])]

    def rows(self) -> list[list[str]]:
        """The rows as they were sent: each column is a list of cells, all of one length."""
        given: Any = self.data
        columns = [given.getlist(f"cell-{place}") for place in range(len(self.columns))]
        return [list(row) for row in zip(*columns, strict=False)]


class AnswerForm(forms.Form):
    """The engineer's answer."""

    seen = forms.CharField(max_length=64)
    is_accepted = forms.BooleanField(required=False)
    note = forms.CharField(max_length=4000, required=False)


class RunForm(forms.Form):
    """What came out of a test, with its evidence."""

    result = forms.ChoiceField(label="What came out", widget=forms.RadioSelect)
    evidence = forms.CharField(label="How it was tested, and what came out", max_length=4000, widget=area(4))
    link = forms.CharField(label="A link to the evidence", max_length=500, required=False)
    file = forms.FileField(label="Or a picture or file", required=False, max_length=1000, allow_empty_file=True)

    def __init__(self, test: ProjectTest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(PASSED, "Passed"), (FAILED, "Failed")]
        if not test.is_critical:
            choices.append((NOT_APPLICABLE, "Does not apply, for the reason below"))
        self.fields["result"].choices = choices  # type: ignore[attr-defined]


class TrainingPlanForm(forms.Form):
    """When a training takes place, and who is invited."""

    planned_at = forms.DateTimeField(
        label="When", required=False, input_formats=WHEN,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )  # fmt: skip
    invited = forms.CharField(
        label="Who is invited", required=False, max_length=30_000, widget=area(5), help_text="One name a line"
    )


class TrainingForm(forms.Form):
    """When a training was held, and who came."""

    held_on = forms.DateField(label="Held on", widget=day_input())
    others = forms.CharField(
        label="Who came besides", required=False, max_length=30_000, widget=area(2), help_text="One name a line"
    )
    attendance = forms.CharField(label="Or in one line, who came", max_length=600, required=False)
    recording = forms.URLField(label="Link to the recording", max_length=500, required=False, assume_scheme="https")


class MaterialForm(forms.Form):
    """A document for a training."""

    document = forms.ModelChoiceField(label="Document", queryset=Document.objects.none())
    used = forms.BooleanField(required=False)

    def __init__(self, engagement: Engagement, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Document.objects.filter(engagement=engagement).order_by("position")
        self.fields["document"].queryset = rows  # type: ignore[attr-defined]


class QuestionForm(forms.Form):
    """A question, asked here or in a training."""

    text = forms.CharField(label="Question", max_length=600, widget=area(2))
    asker = forms.CharField(label="Who asked", max_length=120, required=False, help_text="Where it was somebody else")


class ReplyForm(forms.Form):
    """An answer to a question."""

    answer = forms.CharField(label="Answer", max_length=4000, widget=area(3))
    published = forms.BooleanField(label="Show it among the FAQ", required=False)
