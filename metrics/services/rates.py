"""A client's own exchange rates.

`rates_import(client=, file=, file_name=, user=) -> RateImport` · `rates_remove(client=, currency=, user=) -> RateImport`

Once a client has rates of its own for a currency, only those count for it; every other currency is valued by the ECB's.
"""

import hashlib
import tempfile
from typing import IO, Any, Final

import polars as pl
from django.conf import settings
from django.core.files import File
from django.db import connection
from psycopg.sql import SQL, Literal

from metrics import repository
from metrics.files import FileTooLarge, file_name_shown
from metrics.intake.faults import Faults
from metrics.intake.limits import Limits
from metrics.intake.rates import RateFile, read_rates
from metrics.intake.reader import read_limited
from metrics.models import FxRate, RateChange, RateImport
from metrics.services.after_change import rates_changed
from metrics.services.books import books_hold
from metrics.services.problems import ImportProblem
from portal.tenancy import audit
from portal.tenancy.models import Client

PIECE: Final = 1 << 20
# Read in the request itself. The ECB's whole history, 41 currencies since 1999, is 280,000 rows and 6 MB.
LIMITS: Final = Limits(max_bytes=20_000_000, max_rows=1_000_000, max_columns=50, max_text_cells=5_000_000)
KEY: Final = ["currency", "day"]


class RatesRefused(ImportProblem):
    """The file has faults; `faults` names each row, column, value and reason. Nothing was changed."""

    def __init__(self, faults: Faults) -> None:
        super().__init__(f"the file is refused: {len(faults)} faults")
        self.faults = faults


def rates_import(*, client: Client, file: "IO[bytes] | File[Any]", file_name: str, user: Any = None) -> RateImport:
    """Add and correct the client's rates from a file of `date`, `currency`, `rate`; rates that the file lacks stay.

    Every corrected rate keeps its old value in the history, and the numbers are recomputed. Raises RatesRefused with every
    fault, ImportProblem when the file is too large; then nothing is changed.
    """
    content, sha256 = rates_read(client=client, file=file)
    if len(content.faults):
        raise RatesRefused(content.faults)
    read_in = client.currency
    books_hold(client=client)
    client.refresh_from_db(fields=["currency"])
    if client.currency != read_in:
        raise ImportProblem(
            f"The client reports in {client.currency} now: these rates were read as units of {read_in}."
        )
    imported: RateImport = RateImport.objects.create(
        client=client, file_name=file_name_shown(file_name), file_sha256=sha256, created_by=user
    )
    added, changed = rates_difference(client, content.rates)
    repository.rows_insert(FxRate, added.select(*KEY, rate=exact("rate_e10")), rate_import_id=imported.pk)
    if changed.height:
        correct(imported, changed)
    imported.added_count, imported.changed_count = added.height, changed.height
    imported.unchanged_count = content.rates.height - added.height - changed.height
    imported.save(update_fields=["added_count", "changed_count", "unchanged_count"])
    counts = {name: getattr(imported, f"{name}_count") for name in ("added", "changed", "unchanged")}
    details = {"file": imported.file_name, "sha256": sha256, "currencies": currencies_of(content.rates), **counts}
    audit.record("rates.imported", object_type="rates", object_id=imported.pk, after=details, details=details)
    if added.height or changed.height:
        rates_changed(client=client, reason=f"{imported.file_name} was loaded")
    return imported


def rates_remove(*, client: Client, currency: str, user: Any = None) -> RateImport:
    """Take all of the client's own rates of a currency away: from now on the ECB's count for it again.

    The numbers are recomputed; that it was done, and the sha256 of what was taken away, stay in the history and the audit log.
    Raises ImportProblem where there is none.
    """
    books_hold(client=client)
    taken = repository.own_rates([currency])
    if not taken.height:
        raise ImportProblem(f"There are no rates of your own for {currency[:3]}.")
    sha256 = repository.frame_digest(taken, *KEY)
    removal: RateImport = RateImport.objects.create(
        client=client, file_sha256=sha256, removed_currency=currency, removed_count=taken.height, created_by=user
    )
    FxRate.objects.filter(currency=currency).delete()
    days = {"first": str(taken["day"].min()), "last": str(taken["day"].max())}
    details = {"currency": currency, "removed": taken.height, "sha256": sha256, **days}
    audit.record("rates.removed", object_type="rates", object_id=removal.pk, before=details, details=details)
    rates_changed(client=client, reason=f"all own {currency} rates were taken away")
    return removal


def rates_read(*, client: Client, file: "IO[bytes] | File[Any]") -> tuple[RateFile, str]:
    """The validated content of a file of rates, and the file's sha256. Raises ImportProblem when it is too large."""
    digest, size = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(prefix="tieout-") as copy:
        file.seek(0)
        while piece := file.read(PIECE):
            size += len(piece)
            if size > settings.UPLOAD_MAX_BYTES:
                raise FileTooLarge("The file is too large: split it.")
            digest.update(piece)
            copy.write(piece)
        copy.flush()
        return read_rates(read_limited(copy.name, limits=LIMITS), client.currency), digest.hexdigest()


def rates_difference(client: Client, rates: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Of these rates, those for new days and those that differ from the client's (`old_e10`).

    The reporting currency's own rate is 1 by definition and is not kept.
    """
    wanted = rates.filter(pl.col("currency") != client.currency)
    known = repository.own_rates(currencies_of(wanted)).rename({"rate_e10": "old_e10"})
    joined = wanted.join(known, on=KEY, how="left")
    return joined.filter(pl.col("old_e10").is_null()), joined.filter(pl.col("old_e10") != pl.col("rate_e10"))


def correct(imported: RateImport, changed: pl.DataFrame) -> None:
    """Write the new rates over the old ones, and the old ones into the history."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        (at,) = cursor.fetchone()
    history = changed.select(*KEY, old=exact("old_e10"), new=exact("rate_e10"))
    repository.rows_insert(RateChange, history, rate_import_id=imported.pk, at=at)
    with connection.cursor() as cursor:
        cursor.execute(
            SQL(
                "UPDATE metrics_fxrate rate SET rate = change.new, rate_import_id = {0} FROM metrics_ratechange change"
                " WHERE change.rate_import_id = {0} AND change.currency = rate.currency AND change.day = rate.day"
            ).format(Literal(imported.pk))
        )


def exact(name: str) -> pl.Expr:
    """Ten-billionths as a decimal."""
    return pl.col(name).cast(pl.Decimal(38, 0)) * pl.lit("0.0000000001").cast(pl.Decimal(38, 10))


def currencies_of(rates: pl.DataFrame) -> list[str]:
    return sorted(rates["currency"].unique().to_list())
