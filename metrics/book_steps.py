"""What changes of lines added to the books and is not yet in their series, and what a further change has to know.

`books_lock()` · `standing_get() -> Standing | None` · `steps_write(…)` · `steps_join(books)`

A change writes one row per book and reads none of the series it adds to: a reader adds the few rows that wait. The change that
finds many of them makes one of them, and the change that finds them too large has the books rebuilt.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, Final

import numpy as np
from psycopg.sql import SQL, Identifier

from metrics.engine.arrays import Ints
from metrics.engine.bridge import TOTAL
from metrics.engine.change import BookChange
from metrics.engine.series import FIGURES
from metrics.models import ArrBook, BookStep
from metrics.packing import packed_steps, summed_steps, unpacked_series
from metrics.repository import RateStamp
from portal.postgres.prepared import run_binary
from portal.tenancy.scope import scoped_client_id

MOST_STEPS: Final = 3 * 24  # of the three books; every reader of a book adds those of that book
LARGEST: Final = 3 << 20  # bytes of steps; then a rebuild costs less than reading them on and on
BOOK: Final = [field.attname for field in ArrBook._meta.concrete_fields]
LOCK: Final = (
    SQL("SELECT {} FROM metrics_arrbook WHERE client_id = %(client)b ORDER BY id FOR UPDATE")
    .format(SQL(", ").join(map(Identifier, BOOK)))
    .as_bytes()
)
STANDING: Final = b"""
    SELECT policy.id, policy.parameters::text,
        (SELECT id FROM metrics_source WHERE client_id = %(client)b AND is_authoritative LIMIT 1),
        (SELECT array[id, added_count, changed_count] FROM metrics_rateimport WHERE client_id = %(client)b
            ORDER BY id DESC LIMIT 1),
        own.id,
        (SELECT figures FROM metrics_bookseries
            WHERE client_id = %(client)b AND book_id = own.id AND dimension = 'total' AND "group" = ''),
        waiting.newest, waiting.count, waiting.size,
        (SELECT json_build_array(policy_parameters, month) FROM metrics_monthclose
            WHERE client_id = %(client)b AND revision = 1 ORDER BY month, id LIMIT 1)::text
    FROM (SELECT id, parameters FROM metrics_policyversion WHERE client_id = %(client)b
        ORDER BY number DESC LIMIT 1) policy
    LEFT JOIN metrics_arrbook own ON own.client_id = %(client)b AND own.recognition = policy.parameters ->> 'recognition'
    CROSS JOIN LATERAL (
        SELECT array_agg(newest) FILTER (WHERE book_id = own.id) AS newest, count(*) AS count,
            coalesce(sum(pg_column_size(movements) + pg_column_size(groups) + pg_column_size(cohorts)), 0)::bigint AS size
        FROM metrics_bookstep WHERE client_id = %(client)b) waiting
"""
WRITE: Final = b"""
    WITH steps AS (
        INSERT INTO metrics_bookstep (client_id, book_id, groups, cohorts, newest, movements)
        SELECT %(client)b, new.book, new.groups, new.cohorts, new.newest::bigint[], new.movements::jsonb
        FROM unnest(%(book)b::bigint[], %(groups)b::bytea[], %(cohorts)b::bytea[], %(newest)b::text[], %(movements)b::text[])
            AS new (book, groups, cohorts, newest, movements)
    ), taken AS (
        DELETE FROM metrics_bookpatch WHERE client_id = %(client)b
            AND book_id = ANY(%(book)b::bigint[]) AND customer = ANY(%(customers)b::text[])
    ), books AS (
        UPDATE metrics_arrbook book
        SET input_hash = new.hash, version = book.version + 1, built_at = statement_timestamp()
        FROM unnest(%(ids)b::bigint[], %(hashes)b::text[]) AS new (id, hash)
        WHERE book.id = new.id AND book.client_id = %(client)b
    )
    UPDATE tenancy_clientsummary
    SET as_of_month = %(as_of_month)b, arr = %(arr)b, arr_previous = %(arr_previous)b, nrr = %(nrr)b,
        customers = %(customers_now)b, state = %(state)b, updated_at = statement_timestamp()
    WHERE client_id = %(client)b RETURNING id
"""


@dataclass(frozen=True)
class Standing:
    """What holds for the client once its books are locked: policy, source, rates, the policy's own book, and what waits.

    `newest` are the figures of the own book's total in its last month, None where it has no month; `steps` and `size` (bytes)
    are of all books together. `earlier` is the policy of the months before the first close, and that month.
    """

    policy_id: int
    parameters: dict[str, Any]
    source_id: int | None
    rates: RateStamp | None
    own_id: int | None
    newest: Ints | None
    steps: int
    size: int
    earlier: tuple[dict[str, Any], int] | None


def books_lock() -> list[ArrBook]:
    """The client's books, locked until the transaction ends."""
    return [ArrBook.from_db("default", BOOK, row) for row in run_binary(LOCK, {"client": scoped_client_id()})]


def standing_get() -> Standing | None:
    """Where the client stands, in one question; None without a policy. Ask after the books are locked, not with it."""
    rows = run_binary(STANDING, {"client": scoped_client_id()})
    if not rows:
        return None
    policy, parameters, source, rates, own, total, newest_steps, count, size, earlier = rows[0]
    newest = None
    if total is not None:
        newest = unpacked_series(total, len(FIGURES))[:, -1] + np.array(newest_steps or [[0]], dtype=np.int64).sum(
            axis=0
        )
    stamp, before = tuple(rates) if rates else None, tuple(json.loads(earlier)) if earlier else None
    return Standing(policy, json.loads(parameters), source, stamp, own, newest, count, size, before)


def steps_write(
    changes: Mapping[int, BookChange], customers: Collection[str], hashes: Mapping[int, str], summary: Mapping[str, Any]
) -> bool:
    """Write down, in one statement, what a change does to each book (by id), the books' new input hashes and the fields of
    the client's summary. False where the client has no summary yet.
    """
    rows = [step_row(book, change, customers) for book, change in changes.items()]
    names = ("book", "groups", "cohorts", "newest", "movements")
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    books = {"client": scoped_client_id(), "ids": list(hashes), "hashes": list(hashes.values())}
    fields = {name: value for name, value in summary.items() if name != "customers"}
    reached = {"customers": list(customers), "customers_now": summary["customers"]}
    return bool(run_binary(WRITE, columns | books | fields | reached))


def step_row(book: int, change: BookChange, customers: Collection[str]) -> tuple[Any, ...]:
    """The columns of a `BookStep`."""
    total = change.groups.get((TOTAL, ""))
    newest = [0] * len(FIGURES) if total is None else total[:, -1].tolist()
    movements: dict[str, list[Any]] = {customer: [] for customer in customers}
    for month, customer, product, kind, cents in change.movements:
        movements[customer].append([month, product, kind, cents])
    cohorts = packed_steps({(cohort,): step for cohort, step in change.cohorts.items()})
    return book, packed_steps(change.groups), cohorts, "{" + ",".join(map(str, newest)) + "}", json.dumps(movements)


def steps_join(books: Sequence[ArrBook]) -> None:
    """Make one step of all that wait for a book, in the place of the latest; the caller has locked the books."""
    for book in books:
        rows = list(BookStep.objects.filter(book=book).order_by("id"))
        if len(rows) < 2:
            continue
        last = rows[-1]
        last.groups = joined(row.groups for row in rows)
        last.cohorts = joined(row.cohorts for row in rows)
        last.newest = [sum(values) for values in zip(*(row.newest for row in rows), strict=True)]
        last.movements = reduce(or_, (row.movements for row in rows))
        last.save()
        BookStep.objects.filter(book=book).exclude(pk=last.pk).delete()


def joined(parts: Iterable[bytes | memoryview]) -> bytes:
    """One `packed_steps` that says what several say together."""
    return packed_steps({key: step for key, step in summed_steps(parts).items() if step.any()})
