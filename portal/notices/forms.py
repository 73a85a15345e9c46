"""The form of a person's choices."""

from collections.abc import Iterable
from typing import Any

from django import forms

from portal.notices.selectors import Choice


class ChoicesForm(forms.Form):
    """How a person hears of each kind, from the choices that the kind leaves."""

    def __init__(self, *args: Any, choices: Iterable[Choice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fixed = [choice for choice in choices if choice.spec.is_fixed]
        for choice in choices:
            if not choice.spec.is_fixed:
                self.fields[choice.kind] = forms.ChoiceField(
                    label=choice.kind.label,
                    help_text=choice.spec.text,
                    choices=[(how.value, how.label) for how in choice.options],
                    initial=choice.how,
                )
