"""Months in addresses."""

from portal.lib.periods import month_format, month_parse


class MonthConverter:
    """`2025-12` in an address is a month to the view; anything else is no address."""

    regex = r"(?:19|2[01])[0-9]{2}-(?:0[1-9]|1[0-2])"

    def to_python(self, value: str) -> int:
        return month_parse(value)

    def to_url(self, value: int) -> str:
        return month_format(value)
