"""The form of one part of a playbook, made from the type hints of its class: a new field of the schema appears by itself."""

import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

from django import forms

from engagements.playbook.build import LONGEST, MOST, Plain, one_line
from engagements.playbook.draft import Node, bare_slots
from engagements.playbook.hours import Hours
from engagements.playbook.shape import Slot, scalar_text, title_slot
from engagements.playbook.words import HELP, SHORT, label_of, words_for

Choices = Callable[[str], Sequence[tuple[str, str]] | None]
LINES = re.compile(r"\r\n|\r|\n")
HOURS_PARTS = re.compile(r"\s*[-–]\s*")
MANY_LINES = 400


class HoursWidget(forms.MultiWidget):
    """From so many hours to so many."""

    template_name = "engagements/_hours_widget.html"

    def __init__(self) -> None:
        attrs = {"class": "hours", "inputmode": "decimal", "maxlength": "8"}
        super().__init__(
            [forms.TextInput(attrs | {"aria-label": each}) for each in ("Hours, or the least", "The most")]
        )

    def decompress(self, value: Any) -> list[str]:
        low, *high = HOURS_PARTS.split(str(value or ""), maxsplit=1)
        return [low, *(high or [""])]


class HoursField(forms.MultiValueField):
    """An estimate in hours: one number, or a range; kept as it was written, wrong or not."""

    def __init__(self, **kwargs: Any) -> None:
        parts = (forms.CharField(required=False, max_length=8), forms.CharField(required=False, max_length=8))
        super().__init__(parts, require_all_fields=False, widget=HoursWidget(), **kwargs)

    def compress(self, data_list: Any) -> str:
        low, high = [*data_list, "", ""][:2]
        return f"{low}-{high}" if high and high != low else str(low)


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.Textarea(attrs={"rows": "4"})
        super().__init__(widget=widget, max_length=LONGEST * 10, strip=False, **kwargs)

    def prepare_value(self, value: Any) -> str:
        return "\n".join(value) if isinstance(value, list) else value or ""

    def clean(self, value: Any) -> Any:
        texts = [one_line(line) for line in LINES.split(super().clean(value))]
        found = [text for text in texts if text]
        if len(found) > min(MOST, MANY_LINES):
            raise forms.ValidationError(f"More than {MANY_LINES} lines.")
        return found


class TextField(forms.CharField):
    """A text of a playbook: one line, however many it is shown on."""

    def clean(self, value: Any) -> Any:
        return one_line(super().clean(value))


class PartForm(forms.Form):
    """What a part says by itself. `values` is what a draft keeps: it need not be right, only a text."""

    def __init__(self, node: Node, choices: Choices, data: Any = None) -> None:
        self.node = node
        self.slots = {slot.name: slot for slot in bare_slots(node.kind)}
        super().__init__(data, initial=self._begun(), auto_id=f"p{node.id}-%s", use_required_attribute=False)
        for slot in self.slots.values():
            self.fields[slot.name] = self._field(slot, choices(slot.name))

    def _begun(self) -> dict[str, Any]:
        begun: dict[str, Any] = {}
        for slot in self.slots.values():
            is_said = not slot.is_list and not slot.is_required and slot.default is not None
            default: Plain = scalar_text(slot.default) if is_said else [] if slot.is_list else ""
            value = self.node.data.get(slot.name, default)
            begun[slot.name] = value == "yes" if slot.kind is bool else value
        return begun

    def _field(self, slot: Slot, choices: Sequence[tuple[str, str]] | None) -> forms.Field:
        kind = self.node.kind
        said: dict[str, Any] = {
            "label": label_of(kind, slot.name),
            "help_text": words_for(HELP, kind, slot.name),
            "required": False,
        }
        if choices is not None:
            return _chooser(slot, choices, self.initial[slot.name], said)
        if slot.is_list:
            return LinesField(**said)
        if slot.kind is bool:
            return forms.BooleanField(**said, widget=forms.CheckboxInput())
        if slot.kind is Hours:
            return HoursField(**said)
        if issubclass(slot.kind, StrEnum):
            named = [(str(each), str(each).replace("_", " ").capitalize()) for each in slot.kind]
            return _choice(named, self.initial[slot.name], said)
        if slot.kind is int:
            return TextField(max_length=6, widget=forms.TextInput(attrs={"inputmode": "numeric"}), **said)
        is_short = slot.name in SHORT or slot == title_slot(kind)
        widget = forms.TextInput() if is_short else forms.Textarea(attrs={"rows": "2"})
        return TextField(max_length=LONGEST, widget=widget, **said)

    @property
    def values(self) -> dict[str, Plain]:
        """The part as plain data; call it on a valid form."""
        found: dict[str, Plain] = {}
        for name, slot in self.slots.items():
            value = self.cleaned_data[name]
            if slot.kind is bool:
                value = "yes" if value else "no" if slot.default else ""
            elif slot.is_list and isinstance(self.fields[name], forms.MultipleChoiceField):
                value = _in_order(self.initial[name], value)
            found[name] = value
        return found


def _chooser(slot: Slot, choices: Sequence[tuple[str, str]], now: Any, said: dict[str, Any]) -> forms.Field:
    """A field that names other parts; a name that leads nowhere stays, to be mended."""
    if not slot.is_list:
        return _choice([("", "–"), *choices], now, said)
    known = {key for key, _ in choices}
    lost = [(each, f"{each}: not there") for each in dict.fromkeys(now) if each not in known]
    return forms.MultipleChoiceField(choices=[*choices, *lost], widget=forms.CheckboxSelectMultiple(), **said)


def _choice(choices: Sequence[tuple[str, str]], now: Any, said: dict[str, Any]) -> forms.Field:
    lost = [(now, f"{now}: not there")] if now and now not in {key for key, _ in choices} else []
    return forms.ChoiceField(choices=[*choices, *lost], **said)


def _in_order(before: list[str], chosen: list[str]) -> list[str]:
    """What was chosen, in the order in which it stood before; what is new at the end."""
    return [each for each in before if each in chosen] + [each for each in chosen if each not in before]
