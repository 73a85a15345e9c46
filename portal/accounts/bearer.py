"""Secrets that open something: made here, kept only as their sha256, and never written to a log.

A link holds its secret in the path (`/join/<secret>/`, `/link/<secret>/`). The first GET puts the hash into the session and
redirects to the bare address, so that the secret leaves the address bar, the history and every Referer at once; nothing is
consumed before a POST. `RedactSecrets` takes it out of whatever a server logs; production runs gunicorn without an access
log, and a proxy that keeps one should cut these two paths (`docs/security.md`).
"""

import hashlib
import logging
import re
import secrets

SECRET_BYTES = 32
IN_PATH = re.compile(r"(/(?:join|link|calendar|notifications/fewer)/|/password/reset/key/)[^/\s\"']{12,}")
IN_HEADER = re.compile(r"tieout_[0-9a-f]{8}_[A-Za-z0-9_-]{20,}")


def new_secret() -> str:
    """256 bits as text that fits an address."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hash_of(secret: str) -> str:
    """What is kept of a secret; nothing slower is needed where the secret itself is 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def redacted(text: str) -> str:
    """The text with every link's secret and every API token cut out."""
    return IN_HEADER.sub("tieout_…", IN_PATH.sub(r"\1…", text))


class RedactSecrets(logging.Filter):
    """Keeps the secrets of links and tokens out of a handler's lines; add it to handlers of Django and gunicorn."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if (clean := redacted(message)) != message:
            record.msg, record.args = clean, ()
        return True
