"""Forms of maintenance, hypercare and the calendar."""

from django import forms

from engagements.forms_project import OUR_TIMES, day_input

WEEKDAYS = tuple(enumerate(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")))
RESULTS = (("", "Choose what came out"), ("pass", "In order"), ("flag", "Red flag"), ("skip", "Does not apply"))


class ResultForm(forms.Form):
    """What came out of a check."""

    step = forms.ChoiceField(label="Result", choices=RESULTS, error_messages={"required": "Say what came out."})
    note = forms.CharField(
        label="What you found, or why it does not apply", max_length=4000, required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    evidence = forms.CharField(
        label="Evidence in words", max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="How you looked: which report, which contracts, who confirmed it.",
    )  # fmt: skip
    link = forms.URLField(label="Evidence as a link", max_length=500, required=False, assume_scheme="https")
    upload = forms.FileField(
        label="Evidence as a file", required=False, help_text="PDF, a picture, CSV, Office or text."
    )


class SayForm(forms.Form):
    """A step that needs its reason."""

    note = forms.CharField(max_length=4000, required=False)


class BeginForm(forms.Form):
    """From when the schedule runs."""

    begins_on = forms.DateField(label="Runs from", widget=day_input(), validators=OUR_TIMES)


class OfficeHoursForm(forms.Form):
    """Weekday and time of the office hours."""

    weekday = forms.TypedChoiceField(label="Day", choices=WEEKDAYS, coerce=int)
    at = forms.TimeField(label="At", widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))


class GateDayForm(forms.Form):
    """The day by which a gate is meant to open."""

    planned_on = forms.DateField(label="Planned for", required=False, widget=day_input())
