"""The policy: every rule of ARR that a client decides, as one immutable value.

Source: ARR semantics, section 2. A policy version stores ``Policy.to_dict()``; the engine takes the ``Policy`` and
nothing else, so that no client's rule lives in code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from metrics.engine.lines import CHARGE_TYPES
from portal.lib.currencies import reporting_fault

OVERAGE_CHARGE_TYPE = "usage_overage"
CHOICES: dict[str, tuple[str, ...]] = {
    "recognition": ("start", "signed", "live"),
    "overage": ("exclude", "trailing_3_months"),
    "discounts": ("net", "list"),
    "fx": ("spot", "monthly_average", "contract_date"),
    "customer_unit": ("customer", "parent"),
    "retention_fx": ("constant", "reported"),
}


class PolicyError(ValueError):
    """A policy that cannot be used; ``faults`` names every fault, not only the first."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The parameters of ARR semantics, section 2; hashable, compared by value, changed with ``with_``.

    ``reactivation_window_months`` of ``None`` makes any gap a reactivation. ``included_charge_types`` is sorted and
    without repeats, so that two policies that mean the same are equal.
    """

    reporting_currency: str
    recognition: str
    included_charge_types: tuple[str, ...]
    minimum_term_months: int
    overage: str
    discounts: str
    fx: str
    renewal_grace_days: int
    reactivation_window_months: int | None
    customer_unit: str
    retention_fx: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "included_charge_types", tuple(sorted(set(self.included_charge_types))))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The policy a mapping describes; raises ``PolicyError`` with every missing, unknown or bad parameter."""
        faults = policy_faults(values)
        if faults:
            raise PolicyError(faults)
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form; ``Policy.from_dict`` gives the same policy back."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {"included_charge_types": list(self.included_charge_types)}

    def with_(self, **changes: Any) -> Self:
        """The same policy with some parameters changed, validated again; raises ``PolicyError``."""
        faults = policy_faults(self.to_dict() | changes)
        if faults:
            raise PolicyError(faults)
        return replace(self, **changes)


def policy_faults(values: Mapping[str, Any]) -> list[str]:
    """Every fault of a policy's JSON form, as sentences in the order of the parameters; empty when it can be used."""
    names = [field.name for field in fields(Policy)]
    faults = [f"{name}: unknown parameter" for name in values if name not in names]
    for name in names:
        fault = PARAMETER_FAULT[name](values[name]) if name in values else "missing"
        if fault:
            faults.append(f"{name}: {fault}")
    return faults


def _choice_fault(choices: tuple[str, ...]) -> Callable[[Any], str | None]:
    def fault(value: Any) -> str | None:
        known = isinstance(value, str) and value in choices
        return None if known else f"{value!r} is not one of {', '.join(choices)}"

    return fault


def _count_fault(value: Any) -> str | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return None if is_count else f"{value!r} is not a whole number of 0 or more"


def _window_fault(value: Any) -> str | None:
    return None if value is None else _count_fault(value)


def _charge_types_fault(value: Any) -> str | None:
    if not isinstance(value, list | tuple):
        return f"{value!r} is not a list"
    for name in value:
        if name == OVERAGE_CHARGE_TYPE:
            return "usage_overage counts only through the parameter overage"
        if name not in CHARGE_TYPES:
            return f"{name!r} is not one of {', '.join(CHARGE_TYPES)}"
    return None


PARAMETER_FAULT: dict[str, Callable[[Any], str | None]] = {
    "reporting_currency": reporting_fault,
    "included_charge_types": _charge_types_fault,
    "minimum_term_months": _count_fault,
    "renewal_grace_days": _count_fault,
    "reactivation_window_months": _window_fault,
} | {name: _choice_fault(choices) for name, choices in CHOICES.items()}
