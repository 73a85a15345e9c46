"""The forms of definition items."""

from typing import Any, Final

from django import forms

from governance.library.reader import library_item, values_of
from governance.models import DefinitionItem, Function
from metrics.engine.lines import CHARGE_TYPES
from metrics.engine.policy import CHOICES, OVERAGE_CHARGE_TYPE
from metrics.selectors.clauses import CHARGE_TYPE_NAMES, sentence_of
from portal.lib.legible import name_fault, text_fault

COUNTABLE: Final = [name for name in CHARGE_TYPES if name != OVERAGE_CHARGE_TYPE]
MOST: Final = {"minimum_term_months": 120, "reactivation_window_months": 120, "renewal_grace_days": 366}
OWN_WORDS: Final = ""


def readable_name(name: str) -> None:
    """For fields whose text stands inside sentences."""
    refuse(name_fault(name))


def readable_text(text: str) -> None:
    """For fields whose text has lines of its own."""
    refuse(text_fault(text))


def refuse(fault: str) -> None:
    """ValidationError with a fault as a sentence, where there is one."""
    if fault:
        raise forms.ValidationError(f"{fault[:1].upper()}{fault[1:]}.")


class ItemForm(forms.Form):
    """An item's content. With a parameter the answer is a value, without one it is a choice or words."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    title = forms.CharField(label="Title", max_length=120, validators=[readable_name])
    question = forms.CharField(
        label="Question", max_length=400, validators=[readable_text], widget=forms.Textarea({"rows": 2})
    )
    definition = forms.CharField(
        label="What it means", max_length=4000, validators=[readable_text], widget=forms.Textarea({"rows": 3})
    )
    rationale = forms.CharField(
        label="Why", max_length=4000, required=False, validators=[readable_text], widget=forms.Textarea({"rows": 3})
    )
    edges = forms.CharField(
        label="Cases that the answer covers", max_length=4000, required=False, help_text="One a line.",
        validators=[readable_text], widget=forms.Textarea({"rows": 4}),
    )  # fmt: skip
    functions = forms.MultipleChoiceField(
        label="Who must say yes", choices=Function.choices, widget=forms.CheckboxSelectMultiple
    )
    is_critical = forms.BooleanField(label="Nothing is built while this is open", required=False)
    note = forms.CharField(label="Why this change", max_length=1000, required=False, widget=forms.Textarea({"rows": 2}))
    meeting = forms.CharField(
        label="Meeting", max_length=200, required=False, help_text="Such as Refinement 1, 3 Nov 2025."
    )

    def __init__(self, item: DefinitionItem, *args: Any, **kwargs: Any) -> None:
        initial = {name: getattr(item, name) for name in (*self.base_fields, "answer", "value") if hasattr(item, name)}
        initial["edges"] = "\n".join(item.edges)
        kwargs.setdefault("initial", initial)
        super().__init__(*args, **kwargs)
        self.item = item
        if item.parameter:
            self.fields["value"] = value_field(item)
        else:
            self.add_answer(item)
            self.add_amount(item)
        self.order_fields(["version", "pick", "value", "answer", *self.base_fields])

    def add_answer(self, item: DefinitionItem) -> None:
        """The published ways to answer it, and words of one's own."""
        shipped = library_item(item.key)
        if shipped and shipped.choices:
            options = [*((text, text) for text in shipped.choices), (OWN_WORDS, "In other words, below")]
            self.fields["pick"] = forms.ChoiceField(
                label="Answer", choices=options, required=False, widget=forms.RadioSelect,
                initial=item.answer if item.answer in shipped.choices else OWN_WORDS,
            )  # fmt: skip
        self.fields["answer"] = forms.CharField(
            label="In other words" if "pick" in self.fields else "Answer", max_length=4000,
            required="pick" not in self.fields, validators=[readable_text], widget=forms.Textarea({"rows": 3}),
        )  # fmt: skip
        if self.fields.get("pick") and self.fields["pick"].initial:
            self.initial["answer"] = ""

    def add_amount(self, item: DefinitionItem) -> None:
        """The figure in the answer that monitors go by, where the item states one."""
        shipped = library_item(item.key)
        if shipped and shipped.value is not None:
            self.fields["value"] = forms.IntegerField(
                label=f"Amount, in {item.client.currency}", min_value=1,
                help_text="Monitors and checks go by it once it is confirmed. The answer says the same, such as 25,000.",
            )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.item.parameter:
            given["answer"] = given.get("pick") or given.get("answer") or ""
            if not given["answer"] and "answer" not in self.errors:
                self.add_error("answer", "Choose an answer, or write one.")
        return given

    def changes(self) -> dict[str, Any]:
        """The content as the service takes it."""
        names = ("title", "question", "definition", "rationale", "functions", "is_critical")
        changes = {name: self.cleaned_data[name] for name in names}
        changes["edges"] = [line.strip() for line in self.cleaned_data["edges"].splitlines() if line.strip()]
        answered = ("value",) if self.item.parameter else ("value", "answer")
        return changes | {name: self.cleaned_data[name] for name in answered if name in self.cleaned_data}


class ConfirmForm(forms.Form):
    """Who confirmed an item, and where."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    by = forms.CharField(label="Confirmed by", max_length=200)
    meeting = forms.CharField(label="Meeting", max_length=200, help_text="Such as Kickoff, 3 Nov 2025.")


class ReopenForm(forms.Form):
    """Why a confirmed item is open again."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    note = forms.CharField(label="Why it is open again", max_length=1000, widget=forms.Textarea({"rows": 2}))


def value_field(item: DefinitionItem) -> forms.Field:
    """The field of an item's parameter, each choice in the words of its clause."""
    usual = "; ".join(sentence_of(item.parameter, value) for value in values_of(item.parameter, library_item(item.key)))
    return parameter_field(item.parameter, usual=usual)


def parameter_field(name: str, *, usual: str = "") -> forms.Field:
    """The field of a parameter of the policy; `usual` helps with a number."""
    if name in CHOICES:
        options = [(value, sentence_of(name, value)) for value in CHOICES[name]]
        return forms.ChoiceField(label="Answer", choices=options, widget=forms.RadioSelect)
    if name == "included_charge_types":
        kinds = [(kind, CHARGE_TYPE_NAMES[kind].capitalize()) for kind in COUNTABLE]
        return forms.MultipleChoiceField(label="What counts", choices=kinds, widget=forms.CheckboxSelectMultiple)
    if name == "reporting_currency":
        return forms.CharField(label="Currency", max_length=3, help_text="Three letters, such as USD.")
    unit = "days" if name.endswith("_days") else "months"
    window = name == "reactivation_window_months"
    return forms.IntegerField(
        label=f"Answer, in {unit}", min_value=0, max_value=MOST[name], required=not window,
        help_text="Empty: any return is a reactivation. 0: every return is a new customer." if window else usual,
    )  # fmt: skip


FIGURES: Final = [
    ("", "As usual: Finance, RevOps and executives do, others do not"),
    ("yes", "Yes"),
    ("no", "No"),
]


class RespondentForm(forms.Form):
    """Somebody who answers for a function."""

    email = forms.EmailField(label="E-mail", max_length=254)
    name = forms.CharField(
        label="Name",
        max_length=150,
        required=False,
        help_text="For somebody who is new here.",
        validators=[readable_name],
    )
    function = forms.ChoiceField(label="Answers for", choices=Function.choices)
    sees_figures = forms.TypedChoiceField(
        label="Sees what a question is worth in ARR", choices=FIGURES, required=False, empty_value=None,
        coerce=lambda given: given == "yes",
        help_text="The ARR of the whole company, beside each of their questions. Without it they read what changes, in words.",
    )  # fmt: skip


class DocumentForm(forms.Form):
    """What the next version of the policy document is for."""

    meeting = forms.CharField(label="Meeting", max_length=200, required=False, help_text="Such as Kickoff, 3 Nov 2025.")
    note = forms.CharField(label="Note", max_length=400, required=False, widget=forms.Textarea({"rows": 2}))
    is_final = forms.BooleanField(
        label="This is the final version, to be signed", required=False,
        help_text="No critical definition may be assumed any more.",
    )  # fmt: skip
