"""What changes of lines added to the books and is not yet in their series, and what a further change has to know.

`standing_get() -> Standing | None` · `steps_write(…)` · `steps_fold(books)`

A change writes one row per book and reads none of the series it adds to: a reader adds the few rows that wait, and the change
that finds too many of them adds them to the series for good.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from psycopg.sql import SQL, Composable, Identifier, Literal

from metrics.book_rows import COHORTS, GROUPS, add_series, keep_patches, load_patches
from metrics.engine.arrays import Ints
from metrics.engine.bridge import TOTAL
from metrics.engine.change import BookChange
from metrics.engine.series import FIGURES
from metrics.models import ArrBook, BookStep
from metrics.packing import packed_steps, summed_steps, unpacked_series
from metrics.repository import RateStamp, run_binary
from portal.tenancy.scope import scoped_client_id

MOST_STEPS: Final = 24  # changes; a reader adds each of them
MOST_BYTES: Final = 1 << 20  # of movements
STANDING: Final = """
    SELECT policy.id, policy.parameters::text,
        (SELECT id FROM metrics_source WHERE client_id = {client} AND is_authoritative LIMIT 1),
        (SELECT array[id, added_count, changed_count] FROM metrics_rateimport WHERE client_id = {client}
            ORDER BY id DESC LIMIT 1),
        own.id,
        (SELECT figures FROM metrics_bookseries
            WHERE client_id = {client} AND book_id = own.id AND dimension = {total} AND "group" = ''),
        (SELECT array_agg(newest) FROM metrics_bookstep WHERE client_id = {client} AND book_id = own.id),
        (SELECT max(count) >= {steps} OR sum(bytes) >= {bytes} FROM (
            SELECT count(*) AS count, sum(pg_column_size(movements)) AS bytes
            FROM metrics_bookstep WHERE client_id = {client} GROUP BY book_id) waiting)
    FROM (SELECT id, parameters FROM metrics_policyversion WHERE client_id = {client}
        ORDER BY number DESC LIMIT 1) policy
    LEFT JOIN metrics_arrbook own ON own.client_id = {client} AND own.recognition = policy.parameters ->> 'recognition'
"""
WRITE: Final = """
    WITH steps AS (
        INSERT INTO metrics_bookstep (client_id, book_id, groups, cohorts, newest, movements)
        SELECT {client}, new.book, new.groups, new.cohorts, new.newest::bigint[], new.movements
        FROM unnest(%b::bigint[], %b::bytea[], %b::bytea[], %b::text[], %t::jsonb[])
            AS new (book, groups, cohorts, newest, movements)
    ), taken AS (
        DELETE FROM metrics_bookpatch WHERE client_id = {client} AND book_id = ANY(%b) AND customer = ANY(%b)
    ), books AS (
        UPDATE metrics_arrbook book
        SET input_hash = new.hash, version = book.version + 1, built_at = statement_timestamp()
        FROM unnest(%b::bigint[], %b::text[]) AS new (id, hash) WHERE book.id = new.id AND book.client_id = {client}
    )
    UPDATE tenancy_clientsummary SET {summary}, updated_at = statement_timestamp() WHERE client_id = {client} RETURNING id
"""


@dataclass(frozen=True)
class Standing:
    """What holds for the client once its books are locked: policy, source, rates, the policy's own book, and what waits.

    `newest` are the figures of the own book's total in its last month, None where it has no month.
    """

    policy_id: int
    parameters: dict[str, Any]
    source_id: int | None
    rates: RateStamp | None
    own_id: int | None
    newest: Ints | None
    is_full: bool


def standing_get() -> Standing | None:
    """Where the client stands, in one question; None without a policy. Ask after the books are locked, not with it."""
    fixed = {"client": scoped_client_id(), "total": TOTAL, "steps": MOST_STEPS, "bytes": MOST_BYTES}
    rows = run_binary(SQL(STANDING).format(**{name: Literal(value) for name, value in fixed.items()}), [])
    if not rows:
        return None
    policy, parameters, source, rates, own, total, steps, is_full = rows[0]
    newest = None
    if total is not None:
        newest = unpacked_series(total, len(FIGURES))[:, -1] + np.array(steps or [[0]], dtype=np.int64).sum(axis=0)
    return Standing(policy, json.loads(parameters), source, tuple(rates) if rates else None, own, newest, bool(is_full))


def steps_write(
    changes: Mapping[int, BookChange], customers: Collection[str], hashes: Mapping[int, str], summary: Mapping[str, Any]
) -> bool:
    """Write down, in one statement, what a change does to each book (by id), the books' new input hashes and the fields of
    the client's summary. False where the client has no summary yet.
    """
    rows = [step_row(book, change, customers) for book, change in changes.items()]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(5)]
    query = SQL(WRITE).format(client=Literal(scoped_client_id()), summary=settings_of(summary))
    parameters = [*columns, columns[0], list(customers), list(hashes), list(hashes.values()), *summary.values()]
    return bool(run_binary(query, parameters))


def settings_of(fields: Mapping[str, Any]) -> Composable:
    """`name = parameter` for each of some columns."""
    return SQL(", ").join(SQL("{} = %b").format(Identifier(name)) for name in fields)


def step_row(book: int, change: BookChange, customers: Collection[str]) -> tuple[Any, ...]:
    """The columns of a `BookStep`."""
    total = change.groups.get((TOTAL, ""))
    newest = [0] * len(FIGURES) if total is None else total[:, -1].tolist()
    movements: dict[str, list[Any]] = {customer: [] for customer in customers}
    for month, customer, product, kind, cents in change.movements:
        movements[customer].append([month, product, kind, cents])
    cohorts = packed_steps({(cohort,): step for cohort, step in change.cohorts.items()})
    return book, packed_steps(change.groups), cohorts, "{" + ",".join(map(str, newest)) + "}", json.dumps(movements)


def steps_fold(books: Sequence[ArrBook]) -> None:
    """Add all steps that wait to the series of their books, which the caller has locked."""
    groups: dict[tuple[Any, ...], Ints] = {}
    cohorts: dict[tuple[Any, ...], Ints] = {}
    movements: dict[tuple[int, str], list[Any]] = {}
    for book in books:
        rows = list(BookStep.objects.filter(book=book).values_list("groups", "cohorts"))
        groups |= {(book.pk, *key): step for key, step in summed_steps(row[0] for row in rows).items()}
        cohorts |= {(book.pk, *key): step for key, step in summed_steps(row[1] for row in rows).items()}
        movements |= {(book.pk, customer): own for customer, own in load_patches(book).items()} if rows else {}
    add_series(GROUPS, groups)
    add_series(COHORTS, cohorts)
    keep_patches(movements)
    BookStep.objects.all().delete()
