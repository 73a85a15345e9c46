"""Throw-away databases with one client of a given size in them, on the server that the settings name.

They are copies of the tests' migrated template, with the roles and the wall of production. A child opens one by name; the
parent drops them.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django
from django.conf import settings

SLUG, SMALL = "bench", "small"
SMALL_LINES = 1_000
PLAIN = "django.contrib.staticfiles.storage.StaticFilesStorage"  # no page needs `collectstatic` first


def setup() -> None:
    """Django, with jobs that go nowhere and pages that need no collected assets."""
    from tests.bench.measure import ENVIRONMENT

    os.environ.update(ENVIRONMENT)
    django.setup()
    storages: dict[str, Any] = settings.STORAGES
    settings.STORAGES = {**storages, "staticfiles": {"BACKEND": PLAIN}}


def keep_files_in(folder: Path) -> None:
    """Uploaded files of this process go there."""
    storages: dict[str, Any] = settings.STORAGES
    options = {"location": folder, "base_url": None}
    settings.STORAGES = {**storages, "default": {**storages["default"], "OPTIONS": options}}


def base_server() -> Any:
    """The administrator's address of the server."""
    from portal.tenancy.server import server_of_settings

    server = server_of_settings()
    if server is None:
        raise SystemExit("make bench needs an administrator's DATABASE_URL, or none at all")
    return server


@contextmanager
def pinned_server() -> Iterator[None]:
    """Keep the embedded server up while this lasts."""
    setup()
    from portal.embedded.server import pinned

    with pinned(settings.VAR_DIR) if settings.EMBEDDED_POSTGRES else nullcontext():
        yield


def open_database(name: str) -> Any:
    """Let this process work in the named database, and return its administrator's address."""
    setup()
    from tests.database import ROLES, use

    server = replace(base_server(), name=name, prefix=ROLES)
    use(server)
    return server


def create_database(name: str, source: str = "") -> None:
    """A fresh database, or a copy of the one called `source`; this process works in it from here on."""
    setup()
    from tests.database import copy_template, template, use

    use(copy_template(base_server(), source or template(base_server()), name))


def drop_database(name: str) -> None:
    """Remove a database of the bench."""
    setup()
    from tests.database import drop

    drop(base_server(), name)


def administrator(name: str) -> Any:
    """A connection beside the wall, for what no role of Tieout may do."""
    import psycopg

    return psycopg.connect(**base_server().conninfo(name), autocommit=True)


def server_version() -> str:
    """Which PostgreSQL this is."""
    with administrator("postgres") as connection:
        (text,) = connection.execute("SHOW server_version").fetchone()
    return str(text)


def client_make(slug: str = SLUG, own_rates: bool = True) -> Any:
    """A client with the policy and the rates of `tests.bench.generate` (or the ECB's), and no lines yet."""
    from metrics.services.policies import policy_publish
    from portal.tenancy.models import Firm
    from portal.tenancy.scope import tenant_context
    from portal.tenancy.services import client_create, firm_create
    from tests.bench.generate import POLICY, rates
    from tests.metrics.loading import load_rates

    firm = Firm.objects.filter(slug="ridge").first() or firm_create(slug="ridge", name="Ridge Consulting")
    client = client_create(firm=firm, slug=slug, name=slug.title(), currency="USD")
    with tenant_context(client):
        policy_publish(client=client, parameters=POLICY)
        if own_rates:
            load_rates(rates())
    return client


def client_get(slug: str = SLUG) -> Any:
    """The client of the bench."""
    from portal.tenancy.models import Client

    return Client.objects.select_related("firm").get(slug=slug)


def stage_make(
    name: str, size: int, with_books: bool = False, with_simple: bool = False, with_closes: bool = False
) -> dict[str, Any]:
    """A database with a client of `size` lines; on demand with its books, also with closed months, or with the peers' table
    `bench_simple` and a second, small client to warm up on.
    """
    create_database(name)
    from metrics.line_columns import read_and_keep
    from metrics.services.books import books_rebuild_all
    from portal.tenancy.scope import tenant_context
    from tests.bench.generate import lines, simple
    from tests.metrics.loading import load_lines

    client, frame = client_make(), lines(size)
    with tenant_context(client):
        read_and_keep(load_lines(frame))  # as an import leaves them
    if with_books:
        with tenant_context(client):
            books_rebuild_all(client=client, now=datetime.now(UTC))
    if with_closes:
        year_closed(client)
    if with_simple:
        simple_table(name, simple(frame))
        with tenant_context(client_make(SMALL)):
            load_lines(lines(SMALL_LINES))
    with administrator(name) as connection:
        connection.execute("VACUUM ANALYZE")
    return {}


def year_closed(client: Any) -> None:
    """The newest twelve months closed; then the grace changes, and the later six of them are restated by that."""
    from metrics.services.books import books_rebuild_all
    from metrics.services.closes import month_close, month_restate
    from metrics.services.policies import policy_publish
    from portal.tenancy.scope import tenant_context
    from tests.bench.generate import LAST, POLICY

    for month in range(LAST - 11, LAST + 1):
        with tenant_context(client):
            month_close(client=client, month=month)
    with tenant_context(client):
        policy_publish(client=client, parameters={**POLICY, "renewal_grace_days": 45})
        books_rebuild_all(client=client, now=datetime.now(UTC))
    for month in range(LAST - 5, LAST + 1):
        with tenant_context(client):
            month_restate(client=client, month=month, reason="Longer grace", redefines=True)


def simple_table(name: str, frame: Any) -> None:
    """What the peers in PostgreSQL work on."""
    with administrator(name) as connection:
        connection.execute(
            "CREATE TABLE bench_simple (customer_id text, segment text, starts_on date, ends_on date, value bigint)"
        )
        with connection.cursor().copy("COPY bench_simple FROM STDIN (FORMAT csv)") as copy:
            for part in frame.iter_slices(50_000):
                copy.write(part.write_csv(include_header=False).encode())


class Stages:
    """The databases and files of one run, made when first asked for and removed at the end."""

    def __init__(self, say: Any) -> None:
        self.say, self._ends = say, ExitStack()
        self._made: set[str] = set()

    def __enter__(self) -> "Stages":
        self._ends.enter_context(pinned_server())
        self.folder = Path(self._ends.enter_context(tempfile.TemporaryDirectory(prefix="tieout-bench-")))
        return self

    def __exit__(self, *error: object) -> None:
        self._ends.close()

    def database(self, size: int, **wanted: bool) -> str:
        """The name of a database with a client of this size, as `stage_make` makes it."""
        from tests.bench.measure import child

        kind = "".join(name.removeprefix("with_")[0] for name in sorted(wanted))
        name = f"tieout_bench_{os.getpid()}_{size}{kind}"
        if name not in self._made:
            self.say(f"preparing a database with {size:,} lines")
            self.own(name)
            child("stage:stage_make", name=name, size=size, **wanted)
        return name

    def own(self, name: str) -> str:
        """Promise to drop a database at the end."""
        self._made.add(name)
        self._ends.callback(drop_database, name)
        return name

    def frames(self, size: int) -> Path:
        """A folder with the lines as Parquet, as CSV, and as the peers get them."""
        from tests.bench.generate import lines, simple, write_csv

        folder = self.folder / str(size)
        if not folder.exists():
            folder.mkdir()
            frame = lines(size)
            frame.write_parquet(folder / "lines.parquet")
            simple(frame).write_parquet(folder / "simple.parquet")
            write_csv(frame, folder / "contracts.csv")
            write_csv(frame.sample(fraction=1, shuffle=True, seed=1), folder / "contracts_anew.csv")
        return folder
