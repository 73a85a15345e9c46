"""Which PostgreSQL server Tieout talks to, and as whom.

One address (`DATABASE_URL`, or the embedded server when it is unset) names a server, a database and an administrator; the
four roles of the wall are derived from it. Where the environment names them one by one (`DATABASE_APP_URL`,
`DATABASE_SYSTEM_URL`, `DATABASE_MIGRATOR_URL`, as in production) no administrator is known to the web or the worker at all.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import dj_database_url

ALIASES = {"default": "app", "system": "system", "migrator": "migrator"}


@dataclass(frozen=True)
class Server:
    """An administrator's address of one database: what `database_prepare` connects to."""

    host: str
    port: str
    name: str
    user: str
    password: str
    secret: str
    prefix: str = ""  # of the roles' names, where several databases share one set of roles

    @classmethod
    def from_url(cls, url: str, secret: str) -> "Server":
        parts = dj_database_url.parse(url)
        host, port, name, user, password = (
            str(parts.get(key) or "") for key in ("HOST", "PORT", "NAME", "USER", "PASSWORD")
        )
        return cls(host, port, name, user, password, secret)

    def role(self, kind: str) -> str:
        """The name of the `kind` role (owner, migrator, app, system); cluster-wide, so it carries the database's name."""
        return f"{self.prefix or self.name}_{kind}"

    def role_password(self, kind: str) -> str:
        """Derived, so that nothing has to be stored: whoever holds the secret key can compute it, nobody else."""
        return hmac.new(self.secret.encode(), f"role:{self.role(kind)}".encode(), hashlib.sha256).hexdigest()

    def named(self, name: str) -> "Server":
        return replace(self, name=name)

    def conninfo(self, dbname: str | None = None) -> dict[str, Any]:
        """Keyword arguments for `psycopg.connect` as the administrator."""
        given = {"host": self.host, "port": self.port, "user": self.user, "password": self.password}
        return {key: value for key, value in given.items() if value} | {"dbname": dbname or self.name}

    def url(self, kind: str, scheme: str = "postgresql") -> str:
        """The address for one of the derived roles."""
        host = quote(self.host, safe="") if self.host.startswith("/") else self.host
        port = f":{self.port}" if self.port else ""
        return f"{scheme}://{self.role(kind)}:{self.role_password(kind)}@{host}{port}/{self.name}"


def databases(server: Server | None, env: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Django's DATABASES: one database under three aliases, each a role of the wall.

    `server` is None where the environment names every role's address itself.
    """
    configured: dict[str, Any] = {}
    for alias, kind in ALIASES.items():
        url = server.url(kind) if server else env.get(f"DATABASE_{kind.upper()}_URL", "")
        if not url:
            continue  # production gives the migrator's address to the migration job alone
        entry: dict[str, Any] = dict(dj_database_url.parse(url))
        entry["ENGINE"] = "portal.postgres"
        entry["ATOMIC_REQUESTS"] = False  # the tenant scope owns the transaction: see portal.tenancy.scope
        entry["CONN_HEALTH_CHECKS"] = True  # a pooled connection of a server that was restarted is replaced, not used
        entry["OPTIONS"] = {"connect_timeout": 10, "application_name": f"tieout-{kind}"}
        if alias == "default" and env.get("DATABASE_POOL_SIZE"):
            # A server that is down is asked again with the next request, not ever more rarely, and nobody waits for it long
            waiting = {"timeout": 5, "reconnect_timeout": 2}
            entry["OPTIONS"]["pool"] = {"min_size": 1, "max_size": int(env["DATABASE_POOL_SIZE"]), **waiting}
        configured[alias] = entry
    return configured
