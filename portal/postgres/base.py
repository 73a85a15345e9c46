"""The database backend named in DATABASES."""

from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base
from psycopg import OperationalError


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL; with the embedded server, a connection that fails finds it running or starts it, and tries once more."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        try:
            return super().get_new_connection(conn_params)
        except OperationalError:
            if not settings.EMBEDDED_POSTGRES:
                raise
            from portal.embedded.server import ensure_running  # not imported where a real server is in use

            port = ensure_running(settings.VAR_DIR)  # another one than in the settings, if somebody took that port
            return super().get_new_connection({**conn_params, "port": port})
