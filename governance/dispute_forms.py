"""The forms of disputes."""

from decimal import Decimal
from typing import Any

from django import forms

from governance.figure_input import echoed, figure_read, typed_hint
from governance.models import DisputedFigure
from governance.selectors.figure_disputes import Correction
from governance.selectors.published_figures import DIMENSIONS, Subject
from portal.lib.periods import month_parse

LONGEST = 4000


class SubjectForm(forms.Form):
    """Which figure, as addresses and hidden fields name it."""

    figure = forms.ChoiceField(choices=DisputedFigure.choices, widget=forms.HiddenInput)
    month = forms.CharField(max_length=7, widget=forms.HiddenInput)
    recognition = forms.ChoiceField(
        choices=[(each, each) for each in ("", "start", "signed", "live")], required=False, widget=forms.HiddenInput
    )
    dimension = forms.ChoiceField(
        choices=[(each, each) for each in ("", *DIMENSIONS)], required=False, widget=forms.HiddenInput
    )
    group = forms.CharField(max_length=200, required=False, widget=forms.HiddenInput)
    customer = forms.CharField(max_length=200, required=False, widget=forms.HiddenInput)
    metric = forms.SlugField(max_length=60, required=False, widget=forms.HiddenInput)

    def clean_month(self) -> int:
        try:
            return month_parse(self.cleaned_data["month"])
        except ValueError as error:
            raise forms.ValidationError("This is no month.") from error

    def subject(self) -> Subject:
        """The figure that was named."""
        names = ("figure", "month", "recognition", "dimension", "group", "customer", "metric")
        return Subject(**{name: self.cleaned_data[name] for name in names})


class ChooseForm(forms.Form):
    """Which figure of which month, for who comes from the list of disputes and not from the figure."""

    of = forms.ChoiceField(label="Figure")
    month = forms.ChoiceField(label="Month")

    def __init__(
        self, *args: Any, figures: list[tuple[str, str]], months: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["of"].choices = figures  # type: ignore[attr-defined]
        self.fields["month"].choices = months  # type: ignore[attr-defined]


class DisputeForm(SubjectForm):
    """What one believes instead, and why."""

    believed = forms.CharField(label="What it should be", required=False, max_length=40)
    reason = forms.CharField(
        label="Why do you believe so?", max_length=LONGEST, widget=forms.Textarea({"rows": 4}),
        help_text="What you know, and where it can be seen.",
    )  # fmt: skip

    def __init__(self, *args: Any, unit: str, currency: str, locale: str, echo: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unit, self.locale = unit, locale
        hint = f"{typed_hint(unit, currency)} Leave it empty where you only know that the figure is wrong."
        self.fields["believed"].help_text = hint
        echoed(self.fields["believed"], "believed", echo, unit=unit)

    def clean_believed(self) -> Decimal | None:
        text: str = self.cleaned_data["believed"]
        try:
            return figure_read(text, self.unit, self.locale) if text.strip() else None
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


class TakeForm(forms.Form):
    """Who looks into it."""

    owner = forms.ChoiceField(label="Who looks into it")

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = people  # type: ignore[attr-defined]


class SettleForm(forms.Form):
    """What came of it."""

    step = forms.ChoiceField(
        label="What came of it", choices=[("stand", "The figure stands"), ("correct", "It was corrected")],
        widget=forms.RadioSelect,
    )  # fmt: skip
    correction = forms.ChoiceField(label="Corrected by", required=False)
    reason = forms.CharField(label="Why", max_length=LONGEST, widget=forms.Textarea({"rows": 3}))

    def __init__(self, *args: Any, corrections: list[Correction], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "Nothing: it stands"), *((each.key, each.label) for each in corrections)]
        self.fields["correction"].choices = choices  # type: ignore[attr-defined]
        if not corrections:
            self.fields[
                "correction"
            ].help_text = (
                "Nothing has changed the figure yet: restate its month, or bring a change into effect that touches it."
            )


class WordsForm(forms.Form):
    """A comment, or a reason."""

    text = forms.CharField(max_length=LONGEST, required=False, widget=forms.Textarea({"rows": 2}))


class AttachForm(forms.Form):
    """Of which customer the explanation is kept."""

    customer = forms.CharField(label="Customer id", max_length=200)
