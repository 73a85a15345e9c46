"""The server of the settings, found running: what administrative commands connect to."""

import re
from dataclasses import replace
from pathlib import Path

from django.conf import settings

from portal.database import Server
from portal.embedded.server import ensure_running


def server_of_settings() -> Server | None:
    """The administrator's view of the configured server; None where only the roles' own addresses are known."""
    server: Server | None = settings.DATABASE_SERVER
    if server is not None and settings.EMBEDDED_POSTGRES:
        return replace(server, port=str(ensure_running(settings.VAR_DIR)))
    return server


def sign_ins_file() -> Path:
    """Where the sign-ins of the demonstration in this database are written: each database has a password of its own."""
    folder, server = Path(settings.VAR_DIR), settings.DATABASE_SERVER
    if server is None or settings.EMBEDDED_POSTGRES:
        return folder / "demo-sign-ins.txt"
    name = re.sub(r"[^A-Za-z0-9.]+", "-", f"{server.host}-{server.port}-{server.name}").strip("-")
    return folder / f"demo-sign-ins-{name}.txt"
