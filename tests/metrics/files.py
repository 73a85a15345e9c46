"""Files of contract lines for the tests, written out by hand."""

import csv
import io
from typing import Any, Final

from metrics.intake.layout import CONTRACT_NAMES

PLAIN: Final = {
    "contract_id": "K1",
    "line_id": "K1-1",
    "customer_id": "C1",
    "customer_name": "Customer One",
    "product": "Platform",
    "charge_type": "recurring",
    "amount": "1200",
    "amount_basis": "year",
    "currency": "USD",
    "start_date": "2024-01-01",
    "end_date": "2024-12-31",
}


def line(number: int = 1, **cells: str) -> dict[str, str]:
    """A valid line of a contract and customer of its own."""
    own = {"contract_id": f"K{number}", "line_id": f"K{number}-1", "customer_id": f"C{number}"}
    return {**PLAIN, **own, **cells}


def csv_bytes(rows: list[dict[str, str]], header: tuple[str, ...] = CONTRACT_NAMES) -> bytes:
    """The rows as a file in our own format."""
    text = io.StringIO()
    writer = csv.DictWriter(text, header, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def named(data: bytes, name: str = "contracts.csv") -> Any:
    """Bytes as an open file with a name."""
    file = io.BytesIO(data)
    file.name = name
    return file


# Twenty rows, each wrong in one way: the cells, and a word of the reason that must name it.
TWENTY_FAULTS: Final = [
    ({"contract_id": ""}, "contract_id", "required"),
    ({"customer_id": ""}, "customer_id", "required"),
    ({"customer_name": ""}, "customer_name", "required"),
    ({"product": ""}, "product", "required"),
    ({"charge_type": "subscription"}, "charge_type", "subscription"),
    ({"charge_type": ""}, "charge_type", "required"),
    ({"amount": "-1"}, "amount", "negative"),
    ({"amount": "12,5"}, "amount", "decimal comma"),
    ({"amount": ""}, "amount", "required"),
    ({"amount": "1e30"}, "amount", "number"),
    ({"amount_basis": "weekly"}, "amount_basis", "weekly"),
    ({"discount": "1201"}, "discount", "exceeds"),
    ({"currency": "EURO"}, "currency", "ISO"),
    ({"currency": ""}, "currency", "required"),
    ({"start_date": "2024-02-30"}, "start_date", "2024-02-30"),
    ({"start_date": ""}, "start_date", "required"),
    ({"end_date": "2023-12-31"}, "end_date", "before"),
    ({"end_date": "", "amount_basis": "total"}, "end_date", "total"),
    ({"line_id": "K1-1"}, "line_id", "K1-1"),
    ({"replaces_line_id": "K21-1"}, "replaces_line_id", "itself"),
]


def faulty_file() -> bytes:
    """One good row (row 2), then the twenty (rows 3 to 22)."""
    rows = [line(1)] + [line(place, **cells) for place, (cells, _, _) in enumerate(TWENTY_FAULTS, 2)]
    return csv_bytes(rows)
