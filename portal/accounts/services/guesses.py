"""Counting guesses before they are looked at."""

import hashlib
from datetime import timedelta

from django.db import connection
from django.utils import timezone

COUNT = """
INSERT INTO accounts_guessbudget (key, tries, ends_at) VALUES (%(key)s, 1, %(ends_at)s)
ON CONFLICT (key) DO UPDATE SET
    tries = CASE WHEN accounts_guessbudget.ends_at <= %(now)s THEN 1 ELSE accounts_guessbudget.tries + 1 END,
    ends_at = CASE WHEN accounts_guessbudget.ends_at <= %(now)s THEN excluded.ends_at ELSE accounts_guessbudget.ends_at END
RETURNING tries
"""


def guess_take(*, purpose: str, subject: str, limit: int, window: timedelta) -> bool:
    """Take one guess out of the budget of `subject`; False when it is used up.

    One statement, so that a thousand parallel guesses are still counted one by one; call it before the guess is compared.
    """
    now = timezone.now()
    key = hashlib.sha256(f"{purpose}\0{subject}".encode()).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"key": key, "now": now, "ends_at": now + window})
        tries: int = cursor.fetchone()[0]
    return tries <= limit
