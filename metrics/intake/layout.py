"""The canonical files: which columns `contracts.csv` and `fx_rates.csv` have, and what stands in them."""

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["text", "choice", "currency", "amount", "date"]


@dataclass(frozen=True)
class Column:
    """One canonical column: `name` in the file, `frame_name` in the engine's frame."""

    name: str
    kind: Kind
    is_required: bool = False
    frame_name: str = ""
    choices: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """The name in the engine's frame."""
        return self.frame_name or self.name


CHARGE_TYPES: Final = ("recurring", "usage_minimum", "usage_overage", "one_time", "services", "trial")
AMOUNT_BASES: Final = ("month", "quarter", "year", "total")

CONTRACT_COLUMNS: Final = (
    Column("contract_id", "text", True),
    Column("line_id", "text", True),
    Column("customer_id", "text", True),
    Column("customer_name", "text", True),
    Column("parent_customer_id", "text"),
    Column("product", "text", True),
    Column("charge_type", "choice", True, choices=CHARGE_TYPES),
    Column("amount", "amount", True, "amount_e6"),
    Column("amount_basis", "choice", True, choices=AMOUNT_BASES),
    Column("discount", "amount", False, "discount_e6"),
    Column("currency", "currency", True),
    Column("signed_date", "date", False, "signed_on"),
    Column("start_date", "date", True, "starts_on"),
    Column("end_date", "date", False, "ends_on"),
    Column("live_date", "date", False, "live_on"),
    Column("cancelled_date", "date", False, "cancelled_on"),
    Column("replaces_contract_id", "text"),
    Column("replaces_line_id", "text"),
    Column("segment", "text"),
    Column("region", "text"),
    Column("rep", "text"),
)

RATE_COLUMNS: Final = (
    Column("date", "date", True, "day"),
    Column("currency", "currency", True),
    Column("rate", "amount", True, "rate_e10"),
)

CONTRACT_NAMES: Final = tuple(column.name for column in CONTRACT_COLUMNS)
RATE_NAMES: Final = tuple(column.name for column in RATE_COLUMNS)
