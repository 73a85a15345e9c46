"""The server of the settings, found running: what administrative commands connect to."""

from dataclasses import replace

from django.conf import settings

from portal.database import Server
from portal.embedded.server import ensure_running


def server_of_settings() -> Server | None:
    """The administrator's view of the configured server; None where only the roles' own addresses are known."""
    server: Server | None = settings.DATABASE_SERVER
    if server is not None and settings.EMBEDDED_POSTGRES:
        return replace(server, port=str(ensure_running(settings.VAR_DIR)))
    return server
