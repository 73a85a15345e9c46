"""What the definitions are worth on the client's own contracts. Runs in the client's scope.

`worths(client, items) -> dict[int, Worth]` · `example_of(client, item) -> WorkedExample | None`
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from governance.library.reader import library_item, values_of
from governance.models import DefinitionItem
from governance.selectors.items import policy_drafted
from metrics.selectors.exposure import exposure_list
from metrics.selectors.exposure_figures import ChoiceArr, Exposure
from metrics.selectors.worked_example import WorkedExample, worked_example
from portal.tenancy.models import Client


@dataclass(frozen=True)
class Worth:
    """An item's exposure, with the choice that holds and the one that lies furthest from it."""

    exposure: Exposure
    own: ChoiceArr | None
    other: ChoiceArr | None

    @property
    def amount(self) -> Decimal | None:
        return self.exposure.amount

    @property
    def difference(self) -> Decimal | None:
        """ARR under the choice furthest from the one that holds, less ARR under that one."""
        if self.own is None or self.other is None or self.own.arr is None or self.other.arr is None:
            return None
        return self.other.arr - self.own.arr


def heaviest_first(item: DefinitionItem, worth: Worth | None) -> tuple[Decimal, int]:
    """The order of items: those worth most come first, the others as they are asked."""
    return -(worth.amount or Decimal(0)) if worth else Decimal(0), item.position


def choices_for(item: DefinitionItem) -> list[Any]:
    """The values that are compared: those offered, the recommended one and the one that holds."""
    values = list(values_of(item.parameter, library_item(item.key)))
    return distinct([*values, item.recommended_value, item.value])


def distinct(values: Sequence[Any]) -> list[Any]:
    """Values in their order, each once; lists have no hash."""
    return [value for place, value in enumerate(values) if value not in values[:place]]


def worths(client: Client, items: Iterable[DefinitionItem]) -> dict[int, Worth]:
    """The worth of each item that sets a parameter, by its id; computed for all at once."""
    asked = [item for item in items if item.parameter]
    if not asked:
        return {}
    found = exposure_list(client, [(item.parameter, choices_for(item)) for item in asked], base=policy_drafted(client))
    return {item.pk: worth_of(item, exposure) for item, exposure in zip(asked, found, strict=True)}


def worth_of(item: DefinitionItem, exposure: Exposure) -> Worth:
    """The exposure as seen from the choice that holds."""
    own = next((choice for choice in exposure.choices if choice.value == item.value), None)
    arr = own.arr if own else None
    others = [choice for choice in exposure.choices if choice is not own and choice.arr is not None]
    other = max(others, key=lambda choice: abs((choice.arr or 0) - arr)) if others and arr is not None else None
    return Worth(exposure, own, other)


def example_of(client: Client, item: DefinitionItem) -> WorkedExample | None:
    """The contracts on which the choices of an item differ most; None for an item without a parameter."""
    if not item.parameter:
        return None
    return worked_example(client, item.parameter, choices_for(item), base=policy_drafted(client))
