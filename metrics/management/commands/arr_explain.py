"""`manage.py arr_explain`: the lines, values, rates, rules and clauses behind one customer's ARR."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from metrics.commands import NumbersCommand, add_recognition
from metrics.explain_text import why_text
from metrics.selectors.drill import Why, why_get
from portal.tenancy.commands import month_argument
from portal.tenancy.models import Client


class Command(NumbersCommand):
    help = (
        "Say why a customer's ARR is what it is at a month end: lines, annual values, rates, rules and policy clauses."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--customer", required=True, metavar="ID", help="the customer's id in the contracts")
        parser.add_argument("--month", required=True, type=month_argument, metavar="YYYY-MM", help="the month end")
        add_recognition(parser)
        parser.add_argument("--format", choices=["text", "json"], default="text", help="text (default) or json")

    def run(self, client: Client, options: dict[str, Any]) -> None:
        why = why_get(client, options["customer"], options["month"], options["recognition"])
        if why is None:
            raise CommandError(f"'{client.slug}' has no customer '{options['customer']}'")
        self.emit(why_json(why) if options["format"] == "json" else why_text(why))


def why_json(why: Why) -> str:
    """The explanation with its policy clauses and source rows as JSON."""
    rows = [
        {"line_id": line.explained.line_id, "source": line.source_name, "file": line.file_name, "row": line.source_row}
        for line in why.lines
    ]
    told = {**why.explanation.to_dict(), "policy_version": why.policy_number}
    told |= {"clauses": [asdict(clause) for clause in why.clauses], "source_rows": rows}
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"
