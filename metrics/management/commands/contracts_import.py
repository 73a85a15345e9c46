"""`manage.py contracts_import`: load a file of contract lines into one source of a client."""

import json
import sys
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import CommandError, CommandParser

from metrics.commands import fault_lines
from metrics.intake.layout import CONTRACT_NAMES
from metrics.intake.mapping import DATE_ORDERS, Mapping, MappingError
from metrics.models import ContractImport
from metrics.models.intake import ImportState, SourceKind
from metrics.services.after_change import numbers_refresh
from metrics.services.import_run import import_run
from metrics.services.imports import (
    Checked,
    import_accept,
    import_cancel,
    import_check,
    import_map,
    import_read,
    import_start,
)
from metrics.services.problems import ImportProblem
from metrics.services.sources import source_ensure
from portal.tenancy.commands import StepsCommand
from portal.tenancy.models import Client
from portal.tenancy.scope import tenant_context
from portal.tenancy.services import TenancyError

SHOWN_CHANGES = 20


class Command(StepsCommand):
    help = (
        "Load contract lines from a CSV or XLSX file. A file with a fault is refused whole, with every fault on standard "
        "error. The same file twice changes nothing; a changed file prints what it adds, changes and takes away. At a terminal "
        "it then asks; without one (a schedule, a pipe) it is applied once the summary was printed. --dry-run shows the "
        "summary and loads nothing."
    )
    expected: ClassVar[tuple[type[Exception], ...]] = (TenancyError, ImportProblem)

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE.csv|xlsx", help="the contract lines")
        parser.add_argument("--source", default="", metavar="NAME", help="default: the authoritative source")
        parser.add_argument("--kind", default=SourceKind.SPREADSHEET, choices=SourceKind.values, help="of a new source")
        parser.add_argument("--mapping", metavar="FILE.json", help="how the file's columns become ours")
        parser.add_argument("--date-order", choices=DATE_ORDERS, help="how the file writes dates: ymd, dmy or mdy")
        parser.add_argument("--partial", action="store_true", help="keep lines that the file lacks")
        parser.add_argument("--dry-run", action="store_true", help="check and compare only")
        parser.add_argument("--yes", action="store_true", help="do not ask before a change is applied")

    def work(self, client: Client, options: dict[str, Any]) -> None:
        """Check in one transaction, load in another: a refused file leaves its reasons and nothing else."""
        with tenant_context(client):
            contract_import, checked = self.examine(client, options)
        if checked is None or contract_import.state == ImportState.REFUSED:
            self.print_faults(checked)
            raise CommandError(refusal_text(contract_import, checked))
        if contract_import.state == ImportState.UNCHANGED:
            self.stdout.write(f"Nothing changed: {contract_import.unchanged_count} lines are as they were.")
            return
        self.print_notes(checked)
        self.print_summary(contract_import)
        if options["dry_run"] or not self.is_agreed(contract_import, options):
            with tenant_context(client):
                import_cancel(contract_import=contract_import)
            self.stdout.write("Nothing was loaded.")
            return
        self.load(client, contract_import, checked)

    def examine(self, client: Client, options: dict[str, Any]) -> tuple[ContractImport, Checked | None]:
        """Keep, read, map, validate and compare the file."""
        source = source_ensure(client=client, name=options["source"], kind=options["kind"])
        path = Path(options["file"])
        try:
            with path.open("rb") as file:
                contract_import = import_start(
                    client=client, source=source, file=file, file_name=path.name, is_partial=options["partial"]
                )
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}") from error
        is_mapped_anew = bool(options["mapping"] or options["date_order"])
        table = import_read(contract_import=contract_import, is_mapped_anew=is_mapped_anew)
        if contract_import.state in (ImportState.REFUSED, ImportState.UNCHANGED):
            return contract_import, Checked.refused(table.faults)
        if mapping := chosen_mapping(contract_import, options):
            import_map(contract_import=contract_import, mapping=mapping)
        return contract_import, import_check(client=client, contract_import=contract_import, table=table)

    def load(self, client: Client, contract_import: ContractImport, checked: Checked) -> None:
        """Load here and now, and recompute the numbers."""
        with tenant_context(client):
            import_accept(client=client, contract_import=contract_import, in_background=False)
        loaded = import_run(client=client, import_id=contract_import.pk, checked=checked)
        if loaded is None or loaded.state != ImportState.DONE:
            reason = loaded.error if loaded else ""
            raise CommandError(reason or "Another import of this source came first: run the command again.")
        if loaded.source.is_authoritative:
            numbers_refresh(client=client)
        self.stdout.write(f"Loaded {contract_import.file_name} into source '{loaded.source.name}'.")

    def is_agreed(self, contract_import: ContractImport, options: dict[str, Any]) -> bool:
        """Only a person at a terminal is asked, and only where lines stand that would change or vanish."""
        touches = (contract_import.changed_count or 0) + (contract_import.vanished_count or 0)
        if options["yes"] or not touches or not sys.stdin.isatty():
            return True
        return input("Apply this? [y/N] ").strip().casefold() in ("y", "yes")

    def print_faults(self, checked: Checked | None) -> None:
        if checked:
            self.stderr.write(fault_lines(checked.content.faults), ending="")

    def print_notes(self, checked: Checked) -> None:
        if len(checked.content.notes):
            self.stderr.write(fault_lines(checked.content.notes), ending="")

    def print_summary(self, contract_import: ContractImport) -> None:
        """What the file does, in counts, then changed fields with old and new, then totals."""
        done = contract_import
        lines = "line" if done.added_count == 1 else "lines"
        self.stdout.write(
            f"{done.added_count} {lines} added, {done.changed_count} changed, {done.vanished_count} vanished, "
            f"{done.unchanged_count} unchanged."
        )
        examples = done.report["examples"]
        for line in examples["changed"][:SHOWN_CHANGES]:
            changes = "; ".join(f"{f['field']} {f['old'] or '–'} → {f['new'] or '–'}" for f in line["fields"])
            self.stdout.write(f"  changed {line['line_id']}: {changes or 'is back'}")
        for line in examples["vanished"][:SHOWN_CHANGES]:
            self.stdout.write(f"  vanished {line['line_id']} ({line['customer']}, {line['product']})")
        for total in done.totals:
            self.stdout.write(f"  {total['currency']} per {total['basis']}: {total['rows']} rows, {total['amount']}")


def chosen_mapping(contract_import: ContractImport, options: dict[str, Any]) -> Mapping | None:
    """The mapping that the options give; None where the import has one that needs no question.

    CommandError where only a person can say how the file is to be read.
    """
    mapping = read_mapping(options["mapping"]) if options["mapping"] else None
    settled = Mapping.from_dict(contract_import.mapping) if contract_import.mapping else None
    mapping = mapping or settled
    if mapping is None:
        found = contract_import.report["table"]
        questions = found["questions"]
        wanted = [q for q in questions if not (q["setting"] == "date_order" and options["date_order"])]
        raise CommandError(unmapped_text(found, wanted))
    if options["date_order"]:
        return Mapping.from_dict({**mapping.to_dict(), "date_order": options["date_order"]})
    return mapping if options["mapping"] else None


def unmapped_text(found: dict[str, Any], questions: list[dict[str, Any]]) -> str:
    """What to do about a file that is not in our format: the open questions and a mapping to start from."""
    asked = "".join(
        f"\n- {q['text']}" + ("" if not q["options"] else f" ({', '.join(q['options'])})") for q in questions
    )
    suggested = json.dumps(found["suggested"], ensure_ascii=False, indent=2)
    return (
        f"This file is not in Tieout's own format ({', '.join(CONTRACT_NAMES[:4])}, …) and its source has no mapping yet. "
        f"Give one with --mapping FILE.json, or upload the file in the browser."
        + (f"\nQuestions that only you can answer:{asked}" if asked else "")
        + f"\nA mapping to start from:\n{suggested}"
    )


def read_mapping(path: str) -> Mapping:
    """The mapping in a JSON file; CommandError where there is none."""
    try:
        return Mapping.from_dict(json.loads(Path(path).read_text(encoding="utf-8-sig")))
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from error
    except MappingError as error:
        raise CommandError(f"{path} is no mapping: {'; '.join(error.faults)}") from error
    except ValueError as error:
        raise CommandError(f"{path} is no JSON: {error}") from error


def refusal_text(contract_import: ContractImport, checked: Checked | None) -> str:
    """The last line about a refused file; where the date order is in question, how to say it."""
    faults, rows = contract_import.fault_count, contract_import.report.get("faulty_rows", 0)
    what = "1 fault" if faults == 1 else f"{faults} faults in {rows} rows"
    asks = checked is not None and "date_order_unknown" in checked.content.faults.by_code()
    hint = " Say --date-order dmy or --date-order mdy." if asks else ""
    return f"{contract_import.file_name} is refused: {what}. Nothing was loaded.{hint}"
