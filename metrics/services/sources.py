"""The sources of a client's contract lines.

`source_ensure(client=, name=, kind=) -> Source` · `source_make_authoritative(client=, source=) -> Source` ·
`turn_take(source_id)`
"""

from typing import Final

from django.db import connection

from metrics.models import Source
from metrics.models.intake import SourceKind
from metrics.services.after_change import rates_changed
from metrics.services.books import books_hold
from metrics.services.problems import ImportProblem
from portal.tenancy import audit
from portal.tenancy.models import Client

DEFAULT_NAME = "contracts"
SOURCE_LOCK: Final = 7_603


def source_ensure(*, client: Client, name: str = "", kind: str = SourceKind.SPREADSHEET) -> Source:
    """The client's source of that name, made where there is none; the first source of a client is the authoritative one.

    Without a name: the authoritative source, or a first one called "contracts". Raises ImportProblem for a bad name.
    """
    name = name.strip()
    found = Source.objects.filter(name=name) if name else Source.objects.filter(is_authoritative=True)
    source: Source | None = found.first()
    if source is not None:
        return source
    name = name or DEFAULT_NAME
    if len(name) > 80 or not name.isprintable():
        raise ImportProblem("The name of a source has at most 80 printable characters.")
    if kind not in SourceKind.values:
        raise ImportProblem(f"'{kind}' is no kind of source: use one of {', '.join(SourceKind.values)}.")
    is_first = not Source.objects.filter(is_authoritative=True).exists()
    made: Source = Source.objects.create(client=client, name=name, kind=kind, is_authoritative=is_first)
    after = {"name": name, "kind": kind, "is_authoritative": is_first}
    audit.record("source.created", object_type="source", object_id=name, after=after, details=after)
    return made


def source_make_authoritative(*, client: Client, source: Source) -> Source:
    """From now on this source's lines make ARR, and the former one's are there to be reconciled; the books are recomputed.

    Raises ImportProblem while a file of either is being loaded: what it changes belongs to the books of one of them.
    """
    former = Source.objects.filter(is_authoritative=True).first()
    for found in sorted({source.pk, *([former.pk] if former else [])}):
        if not turn_is_free(found):
            raise ImportProblem("A file is being loaded into one of these sources. Try again when it is done.")
    books_hold(client=client)
    former = Source.objects.filter(is_authoritative=True).first()
    if former is not None and former.pk == source.pk:
        return former
    Source.objects.filter(is_authoritative=True).update(is_authoritative=False)
    source.is_authoritative = True
    source.save(update_fields=["is_authoritative"])
    names = {"authoritative": [former.name if former else None, source.name]}
    audit.record(
        "source.made_authoritative",
        object_type="source",
        object_id=source.name,
        before=former.name if former else None,
        after=source.name,
        details=names,
    )
    rates_changed(client=client, reason=f"{source.name} is now the authoritative source")
    return source


def turn_take(source_id: int) -> None:
    """Wait until nobody else loads a file into this source, or makes it authoritative; the turn ends with the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [SOURCE_LOCK, source_id])


def turn_is_free(source_id: int) -> bool:
    """`turn_take` without waiting: whether the turn was free, and is ours now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [SOURCE_LOCK, source_id])
        return bool(cursor.fetchone()[0])
