"""Words of policies: what people call a version."""

from django import template

from metrics.selectors import policies

register = template.Library()


@register.filter
def policy_name(number: int | None) -> str:
    """`policy v3`, or `the default policy`."""
    return policies.policy_name(number)
