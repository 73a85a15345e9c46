"""Forms of the Data pages."""

from calendar import month_name
from collections.abc import Iterator
from typing import Any, Final

from django import forms
from django.conf import settings

from metrics.intake.layout import CONTRACT_COLUMNS, Column
from metrics.intake.mapping import Mapping
from metrics.models import ContractImport, Source
from metrics.models.intake import SourceKind

CONSTANT: Final = "="
ABSENT: Final = ""
SHOWN_NAME: Final = 48  # characters of a column's name in a list that the page holds 21 times
NEW_SOURCE: Final = "new"
DATE_ORDERS: Final = {
    "dmy": "Day first",
    "mdy": "Month first",
    "ymd": "Year first (2024-03-31)",
}


class UploadForm(forms.Form):
    """A file, and the source it belongs to."""

    source = forms.ChoiceField(label="Source")
    name = forms.CharField(
        label="Name of the new source",
        max_length=80,
        required=False,
        help_text="What people call it: Billing, Salesforce, Renewals sheet. Without it, the first is called “contracts”.",
    )
    kind = forms.ChoiceField(
        label="What it is", choices=SourceKind.choices, initial=SourceKind.SPREADSHEET, required=False
    )
    file = forms.FileField(
        label="File", help_text="CSV or Excel (.xlsx): column names in the first row, then one row for each line."
    )
    is_partial = forms.BooleanField(
        label="The file holds only new and changed lines",
        required=False,
        help_text="Lines that it lacks stay as they are. Otherwise they vanish from ARR once you accept.",
    )

    def __init__(self, *args: Any, sources: list[Source], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(str(source.pk), source.name) for source in sources]
        self.fields["source"].choices = [*known, (NEW_SOURCE, "A new source")]  # type: ignore[attr-defined]
        self.has_sources = bool(known)
        if not known:
            self.fields["source"].widget = forms.HiddenInput()

    def clean_kind(self) -> str:
        """What the source is; of one that does not say, what the command line and the API take it for."""
        return self.cleaned_data["kind"] or SourceKind.SPREADSHEET.value

    def clean_file(self) -> Any:
        """The file, unless it is empty or too large."""
        file = self.cleaned_data["file"]
        if file.size > settings.UPLOAD_MAX_BYTES:
            raise forms.ValidationError(
                f"The file is larger than {settings.UPLOAD_MAX_BYTES // 1_000_000} MB: split it."
            )
        return file

    def clean(self) -> dict[str, Any]:
        """A new source beside others needs a name; the first one can do without."""
        cleaned: dict[str, Any] = super().clean() or {}
        is_new = cleaned.get("source") == NEW_SOURCE and self.has_sources
        if is_new and not (cleaned.get("name") or "").strip():
            self.add_error("name", "Give the new source a name.")
        return cleaned


class RatesForm(forms.Form):
    """A file of exchange rates."""

    file = forms.FileField(label="File", help_text="CSV or Excel with the columns date, currency and rate.")


class MappingForm(forms.Form):
    """Where each of our columns comes from: a column of the file, one value for all rows, or nowhere.

    Built from what was found in the file; the questions that only a person can answer start without an answer.
    """

    def __init__(self, *args: Any, contract_import: ContractImport, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found: dict[str, Any] = contract_import.report["table"]
        remembered = contract_import.mapping or contract_import.source.mapping
        self.start: dict[str, Any] = remembered or self.found["suggested"]
        self.is_remembered = bool(remembered)
        self.questions = {question["setting"]: question for question in self.found["questions"]}
        self.header: list[str] = self.found["header"]
        # By place, not by name: a file has up to 300 columns, whose names can be as long as a page.
        self.places = {name: f"c:{place}" for place, name in enumerate(self.header)}
        self.columns = [(place, name_shown(name)) for name, place in self.places.items()]
        for column in CONTRACT_COLUMNS:
            self._add_column(column)
        self._add_settings()
        self._add_values()

    def _add_column(self, column: Column) -> None:
        start = self.start["columns"].get(column.name, ABSENT)
        constant = self.start["constants"].get(column.name, "")
        blank = "Choose a column …" if column.is_required else "Not in this file"
        choices = [(ABSENT, blank), (CONSTANT, "One value for all rows"), *self.columns]
        initial = CONSTANT if constant else self.places.get(start, ABSENT)
        self.fields[f"column_{column.name}"] = forms.ChoiceField(choices=choices, required=False, initial=initial)
        if column.choices:
            options = [("", "—"), *((choice, choice) for choice in column.choices)]
            field: forms.Field = forms.ChoiceField(choices=options, required=False, initial=constant)
        else:
            field = forms.CharField(required=False, max_length=200, initial=constant)
        self.fields[f"constant_{column.name}"] = field

    def _add_settings(self) -> None:
        order = None if "date_order" in self.questions and not self.is_remembered else self.start.get("date_order")
        self.fields["date_order"] = forms.ChoiceField(
            choices=self.date_choices(), widget=forms.RadioSelect, required=False, initial=order
        )
        ends = [("no", "The last day of service"), ("yes", "The first day without service")]
        asked = "end_is_exclusive" in self.questions and not self.is_remembered
        initial = None if asked else ("yes" if self.start.get("end_is_exclusive") else "no")
        self.fields["end_is_exclusive"] = forms.ChoiceField(
            choices=ends, widget=forms.RadioSelect, required=False, initial=initial
        )
        marks = [(".", "A point: 1234.50"), (",", "A comma: 1234,50")]
        asked = "decimal_mark" in self.questions and not self.is_remembered
        self.fields["decimal_mark"] = forms.ChoiceField(
            choices=marks,
            widget=forms.RadioSelect,
            required=False,
            initial=None if asked else self.start.get("decimal_mark"),
        )
        self.fields["null_markers"] = forms.CharField(
            label="Texts that mean an empty cell",
            required=False,
            max_length=200,
            initial=", ".join(self.start.get("null_markers", [])),
            help_text="Separated by commas, such as NULL, n/a",
        )
        if len(self.found["sheets"]) > 1:
            sheets = [("", "Choose a sheet …"), *((name, name) for name in self.found["sheets"])]
            self.fields["sheet"] = forms.ChoiceField(choices=sheets, required=False, initial=self.start.get("sheet"))

    def date_choices(self) -> list[tuple[str, str]]:
        """The orders, each with what the file's own example would mean."""
        examples = self.questions.get("date_order", {}).get("examples", [])
        return [(order, date_choice(order, label, examples)) for order, label in DATE_ORDERS.items()]

    def _add_values(self) -> None:
        """A choice for each text that a column with fixed values holds in the file."""
        self.value_fields: dict[str, list[tuple[str, str]]] = {}
        for column in CONTRACT_COLUMNS:
            if column.choices:
                self._add_values_of(column)

    def _add_values_of(self, column: Column) -> None:
        chosen = self.data.get(f"column_{column.name}") if self.is_bound else self.initial_of(f"column_{column.name}")
        texts = self.found.get("values", {}).get(self.name_of(chosen), [])
        known = self.start["value_maps"].get(column.name, {})
        foreign = [text for text in texts if text not in column.choices]
        options = [("", "Refuse the row"), *((choice, choice) for choice in column.choices)]
        for place, text in enumerate(foreign):
            name = f"value_{column.name}_{place}"
            self.fields[name] = forms.ChoiceField(
                choices=options, required=False, initial=known.get(text.casefold(), "")
            )
            self.value_fields.setdefault(column.name, []).append((name, text))

    def name_of(self, choice: Any) -> str:
        """The file's column that a choice stands for; "" where it stands for none."""
        return next((name for name, place in self.places.items() if place == choice), "")

    def initial_of(self, name: str) -> Any:
        return self.fields[name].initial

    def rows(self) -> Iterator[dict[str, Any]]:
        """For the template: each of our columns with its fields and examples from the file."""
        for column in CONTRACT_COLUMNS:
            chosen = str(self[f"column_{column.name}"].value() or "")
            yield {
                "column": column,
                "choice": self[f"column_{column.name}"],
                "constant": self[f"constant_{column.name}"],
                "examples": self.found["samples"].get(self.name_of(chosen), []),
                "name": self.name_of(chosen) if len(self.name_of(chosen)) > SHOWN_NAME else "",
                "hint": self.questions.get(column.name, {}).get("text", "") if chosen else "",
                "takes_constant": chosen == CONSTANT or (column.is_required and not chosen),
                "values": [(self[name], text) for name, text in self.value_fields.get(column.name, [])],
            }

    def clean(self) -> dict[str, Any]:
        """Everything that is required is answered."""
        cleaned: dict[str, Any] = super().clean() or {}
        for column in CONTRACT_COLUMNS:
            choice = cleaned.get(f"column_{column.name}")
            if choice == CONSTANT and not (cleaned.get(f"constant_{column.name}") or "").strip():
                self.add_error(f"constant_{column.name}", "Give the value for all rows.")
            elif column.is_required and not choice:
                self.add_error(
                    f"column_{column.name}", f"{column.name} is needed: choose a column, or one value for all rows."
                )
        for setting in ("date_order", "end_is_exclusive", "decimal_mark"):
            if setting in self.questions and not cleaned.get(setting):
                self.add_error(setting, "Only you can say this: choose one.")
        for fields in self.value_fields.values():
            for name, text in fields:
                if name not in self.data:
                    self.add_error(name, f"Say what '{text}' means.")
        if "sheet" in self.fields and not cleaned.get("sheet"):
            self.add_error("sheet", "Say which sheet holds the table.")
        return cleaned

    def mapping(self) -> Mapping:
        """The answers as a mapping."""
        given = self.cleaned_data
        chosen = {column.name: given[f"column_{column.name}"] for column in CONTRACT_COLUMNS}
        return Mapping(
            columns={name: self.name_of(choice) for name, choice in chosen.items() if choice not in (ABSENT, CONSTANT)},
            constants={
                name: given[f"constant_{name}"].strip() for name, choice in chosen.items() if choice == CONSTANT
            },
            value_maps=self.value_maps(chosen),
            date_order=given["date_order"] or None,
            decimal_mark=given["decimal_mark"] or ".",
            end_is_exclusive=given["end_is_exclusive"] == "yes",
            null_markers=tuple(text.strip() for text in given["null_markers"].split(",") if text.strip()),
            sheet=given.get("sheet") or None,
            delimiter=self.start.get("delimiter"),
            encoding=self.start.get("encoding"),
        )

    def value_maps(self, chosen: dict[str, str]) -> dict[str, dict[str, str]]:
        """What the file's texts mean; maps of columns without fixed values (currencies) stay as they were."""
        maps: dict[str, dict[str, str]] = {
            name: texts
            for name, texts in self.start["value_maps"].items()
            if name not in self.value_fields and name == "currency"
        }
        for name, fields in self.value_fields.items():
            texts = {text.casefold(): self.cleaned_data[field] for field, text in fields if self.cleaned_data[field]}
            if texts and chosen[name] not in (ABSENT, CONSTANT):
                maps[name] = texts
        return maps


def name_shown(name: str) -> str:
    """A column's name for a list: a long one by its beginning and its end, since names of one file often begin alike."""
    return name if len(name) <= SHOWN_NAME else f"{name[: SHOWN_NAME - 17]} … {name[-14:]}"


def date_choice(order: str, label: str, examples: list[str]) -> str:
    """An order in words, with what the first example would mean: "Day first: 03/04/2024 is 3 April 2024"."""
    if not examples or order == "ymd":
        return label
    parts = [int(part) for part in "".join(c if c.isdigit() else " " for c in examples[0]).split()[:3]]
    day, month = (parts[0], parts[1]) if order == "dmy" else (parts[1], parts[0])
    return f"{label}: {examples[0]} is {day} {month_name[month]} {parts[2]}" if 1 <= month <= 12 else label
