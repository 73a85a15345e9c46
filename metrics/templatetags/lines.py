"""Words of contract lines: what the columns of a file call by code."""

from typing import Final

from django import template

register = template.Library()

CHARGES: Final = {"usage_minimum": "usage minimum", "one_time": "one-time"}
BASES: Final = {"total": "whole term"}


@register.filter
def charge_words(charge_type: str) -> str:
    """`one_time` as `one-time`; a charge type that is a word already stays."""
    return CHARGES.get(charge_type, charge_type)


@register.filter
def basis_words(amount_basis: str) -> str:
    """What an amount pays for: month, quarter, year, or the whole term."""
    return BASES.get(amount_basis, amount_basis)
