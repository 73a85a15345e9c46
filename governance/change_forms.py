"""The forms in which people ask for a change, one for each kind, in the words of the pages."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from django import forms

from governance.change_content import THRESHOLDS, ContentFault, Held, change_settle, metric_moved, named
from governance.engine_formulas import is_fixed
from governance.figure_input import BESIDE, against_fields, against_of, echoed, limits_read, limits_typed, typed_hint
from governance.forms import parameter_field, readable_name, readable_text
from governance.metric_content import LENGTHS
from governance.metric_forms import BEGUN, content_field, formula_kept, previewed
from governance.models import ChangeKind, ChangeRequest, MetricStatus
from governance.services.changes import LONGEST_TEXT, LONGEST_TITLE, MAY_RESTATE, Wish
from metrics.selectors.clauses import TITLES, WHY, sentence_of
from portal.lib.dates import month_text
from portal.lib.money import DEFAULT_LOCALE
from portal.lib.periods import month_format, month_parse

PARAMETERS: Final = tuple(name for name in TITLES if name != "reporting_currency")
MODES: Final = [
    ("prospective", "From then on. What was reported stays as it was reported."),
    ("restating", "From then on, and months that were reported are restated: both figures stay side by side."),
]  # fmt: skip

NOT_RESTATED: Final = (
    "An open month. Months that were reported keep their figures: only a rule of the ARR policy can restate them. A metric’s "
    "page marks the month from which another formula holds, with the month before by both."
)


@dataclass(frozen=True)
class Ground:
    """What a form is made from: what holds, the months to choose from, and where its parts ask for more."""

    held: Held
    open_months: Sequence[int]
    closed_months: Sequence[int]
    preview_url: str = ""
    echo_url: str = ""
    locale: str = DEFAULT_LOCALE
    has_numbers: bool = True  # without any there is nothing to close before a rule can hold
    elsewhere: Mapping[str, str] | None = None  # what the library or a file says: a metric’s form begins with it


class WishForm(forms.Form):
    """What every request says: its title, why, from when, and whether the past is restated."""

    kind: ClassVar[str] = ""
    asked: ClassVar[tuple[str, ...]] = ()  # the fields that only this kind has
    apart: ClassVar[tuple[str, ...]] = ("title", "version")  # those that the page shows in places of their own
    title = forms.CharField(
        label="In one line",
        max_length=LONGEST_TITLE,
        help_text="How people will speak of it.",
        validators=[readable_name],
    )
    rationale = forms.CharField(
        label="Why this change", max_length=LONGEST_TEXT, widget=forms.Textarea({"rows": 4}), validators=[readable_text],
        help_text="What goes wrong today, and what is better then. The board decides by it.",
    )  # fmt: skip
    mode = forms.ChoiceField(label="What it is for", choices=MODES, widget=forms.RadioSelect, initial="prospective")
    from_month = forms.ChoiceField(label="Holds from", required=False)
    is_emergency = forms.BooleanField(
        label="It cannot wait for the next meeting of the board", required=False,
        help_text="The board is asked at once, and looks at it again afterwards.",
    )  # fmt: skip
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, ground: Ground, about: str = "", change: ChangeRequest | None = None, **kwargs: Any
    ) -> None:
        self.ground, self.about, self.change = ground, about, change
        kwargs["initial"] = self.begun(change) | {"version": change.version if change else None}
        super().__init__(*args, **kwargs)
        self.fields["from_month"].choices = self.months()  # type: ignore[attr-defined]
        if self.kind not in MAY_RESTATE:
            del self.fields["mode"]
            self.fields["from_month"].help_text = NOT_RESTATED
        else:
            self.fields["from_month"].help_text = self.waits()
            if self.ground.closed_months:
                self.fields["from_month"].widget.attrs["data-closed-to"] = month_format(self.ground.closed_months[0])
        self.add_content()
        self.order_fields(["version", "title", *self.asked, "rationale", "mode", "from_month", "is_emergency"])

    def begun(self, change: ChangeRequest | None) -> dict[str, Any]:
        """What the form begins with: a request that is written anew, or the first month to choose."""
        if change is None:
            return {"from_month": month_format(self.ground.open_months[0])}
        month = change.from_month
        return {
            "title": change.title, "rationale": change.rationale, "is_emergency": change.is_emergency,
            "mode": "restating" if change.is_restating else "prospective",
            "from_month": month_format(month) if month is not None else "",
        }  # fmt: skip

    def waits(self) -> str:
        """From which months a rule may hold, and what it waits for before it does."""
        ground = self.ground
        first = month_text(ground.open_months[0], ground.locale)
        begins = f"Unless it restates what was reported: {first} or a later month. " if ground.closed_months else ""
        return f"{begins}It takes effect once its month has begun and the months before it are closed."

    def open_label(self, month: int) -> str:
        """An open month, with the one that has to be closed before a rule can hold from it."""
        told = month_text(month, self.ground.locale)
        if self.kind not in MAY_RESTATE or not self.ground.has_numbers or month - 1 in self.ground.closed_months:
            return told
        return f"{told}, once {month_text(month - 1, self.ground.locale)} is closed"

    def months(self) -> list[Any]:
        """Months that are open, and those that are closed where the past may be restated."""
        still_open = [(month_format(month), self.open_label(month)) for month in self.ground.open_months]
        choices: list[Any] = [("", "Not decided yet"), ("Still open", still_open)]
        if self.kind in MAY_RESTATE and self.ground.closed_months:
            closed = [(month_format(month), month_text(month)) for month in self.ground.closed_months]
            choices.append(("Closed: only as a restatement", closed))
        return choices

    def clean(self) -> dict[str, Any]:
        """Where a field is wrong already, all else that is wrong is said with it; else whoever keeps the request says it."""
        given = super().clean() or {}
        if self.errors:
            with suppress(KeyError):
                try:
                    self.settled_content()
                except ContentFault as error:
                    self.blame(ContentFault([each for each in error.faults if each[0] and each[0] not in self.errors]))
        return given

    def add_content(self) -> None:
        """The fields of the kind."""

    @abstractmethod
    def content(self) -> dict[str, Any]:
        """What is asked for, in the shape of the kind."""

    def settled_content(self) -> dict[str, Any]:
        """The content as it would be kept. KeyError while a field is missing; ContentFault where it cannot be asked for."""
        return change_settle(self.kind, self.content(), self.ground.held).content

    def wish(self) -> Wish:
        """What the form says, as the service takes it."""
        given = self.cleaned_data
        return Wish(
            title=given["title"], content=self.content(), rationale=given["rationale"],
            is_restating=given.get("mode") == "restating", is_emergency=given["is_emergency"],
            from_month=month_parse(given["from_month"]) if given.get("from_month") else None,
        )  # fmt: skip

    def blame(self, error: ContentFault) -> None:
        """Say what is wrong beside the field that it is wrong in."""
        for field, fault in error.faults:
            at = "mode" if field == "is_restating" else field
            text = f"{fault[:1].upper()}{fault[1:]}."
            if at in self.fields:
                self.add_error(at, text)
            else:
                self.add_error(None, f"{named(field)}: {fault}." if field else text)


class PolicyWishForm(WishForm):
    """Other values of the policy's parameters; each begins with what holds."""

    kind = ChangeKind.POLICY
    rules_fault = ""  # what is wrong with all rules together
    asked = PARAMETERS
    apart = ("title", "version", *PARAMETERS)

    def begun(self, change: ChangeRequest | None) -> dict[str, Any]:
        present = self.ground.held.policy.to_dict()
        return super().begun(change) | present | (change.content["parameters"] if change else {})

    def add_content(self) -> None:
        for name in PARAMETERS:
            field = parameter_field(name)
            field.label = TITLES[name] if field.label == "Answer" else f"{TITLES[name]}: {str(field.label).lower()}"
            self.fields[name] = field

    def content(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {"parameters": {name: given[name] for name in PARAMETERS if name in given}}

    @property
    def opened(self) -> list[str]:
        """The rules that were open when the form was sent, in their order."""
        given = self.data.getlist("opened") if self.is_bound else []  # type: ignore[attr-defined]
        return [name for name in PARAMETERS if name in given]

    def blame(self, error: ContentFault) -> None:
        """What is wrong with no rule of its own is said at those that are open; above all of them, where none is."""
        super().blame(ContentFault([each for each in error.faults if each[0]]))
        for fault in [fault for field, fault in error.faults if not field]:
            text = f"{fault[:1].upper()}{fault[1:]}."
            for name in self.opened:
                self.add_error(name, f"{text} Choose something else here, or in another rule.")
            self.rules_fault = (
                "" if self.opened else f"{text} Open the rule that shall change, and choose something else."
            )

    def clauses(self) -> list[dict[str, Any]]:
        """Every parameter with what it says now, why it matters, and whether its part is open."""
        present = self.ground.held.policy.to_dict()
        asked_for = set(self.change.content["parameters"]) if self.change else {self.about}
        moved = set(self.changed_data) if self.is_bound else set()
        return [
            {
                "field": self[name], "title": TITLES[name], "now": sentence_of(name, present[name]), "why": WHY[name],
                "is_open": name in {*asked_for, *moved, *self.opened} or bool(self[name].errors),
            }
            for name in PARAMETERS
        ]  # fmt: skip


def beside(name: str) -> tuple[str, ...]:
    """The field that belongs to one of a metric's fields."""
    return (against_of(name),) if name in THRESHOLDS else ()


def metric_field(name: str) -> str:
    """The form's name of a part of a metric: why it is measured is not why it is changed."""
    return "why_measured" if name == "rationale" else name


class MetricWishForm(WishForm):
    """Another content of a metric, with the preview of the formula that is being written."""

    kind = ChangeKind.METRIC_CHANGE
    asked = tuple(field for name in LENGTHS for field in (metric_field(name), *beside(name)))

    def begun(self, change: ChangeRequest | None) -> dict[str, Any]:
        entry = self.ground.held.registry.entries.get(self.about)
        content: Mapping[str, Any] = self.ground.elsewhere or (entry.versions[-1].content if entry else {})
        if change:  # what it moves, over what is there now
            content = {**content, **metric_moved(change)} if entry and change.present else change.content["metric"]
        content = {**content, **limits_typed(content, content.get("unit", ""), self.ground.locale)}
        given = {metric_field(name): value for name, value in content.items()}
        return super().begun(change) | given

    def add_content(self) -> None:
        for name in LENGTHS:
            self.fields[metric_field(name)] = content_field(name)
        previewed(self.fields, self.ground.preview_url)
        for name in THRESHOLDS:
            against_fields(self.fields, name, self.ground.held.registry.targets_for(self.about))
            echoed(self.fields[name], name, self.ground.echo_url, f"#id_unit, #id_{against_of(name)}")
        if is_fixed(self.about):
            formula_kept(self.fields)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        limits_read(self, given.get("unit", ""), self.ground.locale)
        return given

    def content(self) -> dict[str, Any]:
        given = {name: self.cleaned_data.get(metric_field(name), "") for name in LENGTHS}
        return {"key": self.about, "metric": given}


class NewMetricWishForm(MetricWishForm):
    """A metric that is not there yet."""

    kind = ChangeKind.METRIC_NEW
    asked = ("key", *MetricWishForm.asked)

    def begun(self, change: ChangeRequest | None) -> dict[str, Any]:
        is_empty = change is None and self.about not in self.ground.held.registry.entries
        return {
            **super().begun(change),
            **(BEGUN if is_empty else {}),
            "key": change.content["key"] if change else self.about,
        }

    def add_content(self) -> None:
        super().add_content()
        self.fields["key"] = forms.CharField(
            label="Key", max_length=60, help_text="Its name in formulas: small letters, digits and _; it never changes."
        )
        if self.about in self.ground.held.registry.entries:
            self.fields["key"].widget.attrs |= {"readonly": True}

    def content(self) -> dict[str, Any]:
        return super().content() | {"key": self.cleaned_data.get("key", "")}


class RetireWishForm(WishForm):
    """The end of a metric: what replaces it, and from when it is gone."""

    kind = ChangeKind.METRIC_RETIRE
    asked = ("successor", "sunset_on")

    def begun(self, change: ChangeRequest | None) -> dict[str, Any]:
        given = {name: change.content[name] for name in self.asked} if change else {}
        return super().begun(change) | given

    def add_content(self) -> None:
        del self.fields["from_month"]
        others = [
            (key, entry.name)
            for key, entry in self.ground.held.registry.entries.items()
            if entry.metric.status == MetricStatus.ACTIVE and key != self.about
        ]
        self.fields["successor"] = forms.ChoiceField(
            label="What replaces it", required=False, choices=[("", "Nothing"), *others]
        )
        self.fields["sunset_on"] = forms.DateField(
            label="Last shown on", widget=forms.DateInput({"type": "date"}),
            help_text="Until then it is shown with a banner; afterwards its page stays, and it is in no list.",
        )  # fmt: skip

    def content(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {"key": self.about, "successor": given["successor"], "sunset_on": given["sunset_on"].isoformat()}


class ThresholdWishForm(WishForm):
    """From when a metric's value deserves a look, or an alert."""

    kind = ChangeKind.THRESHOLD
    asked = tuple(field for name in THRESHOLDS for field in (name, *beside(name)))

    def begun(self, change: ChangeRequest | None) -> dict[str, Any]:
        entry = self.ground.held.registry.entries.get(self.about)
        content: Mapping[str, Any] = self.ground.elsewhere or (entry.versions[-1].content if entry else {})
        if change:
            content = change.content["thresholds"]
        return super().begun(change) | limits_typed(content, self.unit(), self.ground.locale)

    def unit(self) -> str:
        """In what the metric's thresholds are."""
        entry = self.ground.held.registry.entries.get(self.about)
        return entry.versions[-1].content["unit"] if entry else ""

    def add_content(self) -> None:
        for name in THRESHOLDS:
            self.fields[name] = content_field(name)
            hint = typed_hint(self.unit(), self.ground.held.currency)
            self.fields[name].help_text = f"{hint} {BESIDE}"
            against_fields(self.fields, name, self.ground.held.registry.targets_for(self.about))
            echoed(self.fields[name], name, self.ground.echo_url, f"#id_{against_of(name)}", unit=self.unit())

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        limits_read(self, self.unit(), self.ground.locale)
        return given

    def content(self) -> dict[str, Any]:
        return {"key": self.about, "thresholds": {name: self.cleaned_data[name] for name in THRESHOLDS}}


class QuotaWishForm(WishForm):
    """A rule by which quotas or pay are set, in words, with the metrics that it reads."""

    kind = ChangeKind.QUOTA_RULE
    asked = ("key", "rule", "metrics")

    def begun(self, change: ChangeRequest | None) -> dict[str, Any]:
        before = self.ground.held.rules.get(self.about, {})
        return super().begun(change) | (dict(change.content) if change else dict(before))

    def add_content(self) -> None:
        self.fields["key"] = forms.CharField(
            label="Key of the rule", max_length=60,
            help_text="Small letters, digits and _, such as enterprise_quota. The key of a rule that holds replaces it.",
        )  # fmt: skip
        self.fields["rule"] = forms.CharField(
            label="The rule", max_length=LONGEST_TEXT, widget=forms.Textarea({"rows": 4}),
            help_text="Such as: a representative's quota for the quarter is 4 times their base pay in new ARR.",
        )  # fmt: skip
        standing = self.ground.held.registry.entries.values()
        self.fields["metrics"] = forms.MultipleChoiceField(
            label="Metrics that it reads", widget=forms.SelectMultiple({"size": 8}),
            choices=[(entry.key, entry.name) for entry in standing if entry.is_standing],
        )  # fmt: skip

    def content(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.asked}


FORMS: Final[Mapping[str, type[WishForm]]] = {
    form.kind: form
    for form in (PolicyWishForm, NewMetricWishForm, MetricWishForm, RetireWishForm, ThresholdWishForm, QuotaWishForm)
}
