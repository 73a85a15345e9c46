"""The cookies of a session, and whose failures are counted where: what a browser and a proxy may say about themselves."""

import json
import os
import subprocess
import sys
from typing import Any

from django.test import Client as Browser

from portal.accounts.models import User
from tests.accounts.test_sign_in import password_login

NAMES = [
    "SESSION_COOKIE_NAME",
    "SESSION_COOKIE_SECURE",
    "SESSION_COOKIE_HTTPONLY",
    "SESSION_COOKIE_SAMESITE",
    "CSRF_COOKIE_NAME",
    "CSRF_COOKIE_SECURE",
    "SECURE_HSTS_SECONDS",
    "SECURE_HSTS_INCLUDE_SUBDOMAINS",
    "SECURE_SSL_REDIRECT",
    "DEBUG",
]
READ = f"import json; from portal import settings; print(json.dumps({{n: getattr(settings, n) for n in {NAMES!r}}}))"


def test_in_production_cookies_stay_on_this_host_and_on_https() -> None:
    environment = os.environ | {
        "TIEOUT_MODE": "production",
        "DEBUG": "1",
        "SECRET_KEY": "x" * 60,
        "AUDIT_KEY": "y" * 60,
    }
    environment |= {f"DATABASE_{role}_URL": "postgresql://x:y@localhost/z" for role in ("APP", "SYSTEM")}
    told = subprocess.run([sys.executable, "-c", READ], env=environment, capture_output=True, text=True, check=True)
    found = json.loads(told.stdout)
    assert found["SESSION_COOKIE_NAME"].startswith("__Host-") and found["CSRF_COOKIE_NAME"].startswith("__Host-")
    assert found["SESSION_COOKIE_SECURE"] and found["CSRF_COOKIE_SECURE"] and found["SESSION_COOKIE_HTTPONLY"]
    assert found["SESSION_COOKIE_SAMESITE"] == "Lax" and not found["DEBUG"]
    assert found["SECURE_HSTS_SECONDS"] >= 31_536_000 and found["SECURE_HSTS_INCLUDE_SUBDOMAINS"]
    assert found["SECURE_SSL_REDIRECT"]


def test_a_sessions_cookie_is_closed_to_scripts_other_sites_and_subdomains(finn: User, settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_NAME = True, "__Host-session"
    browser = Browser()
    assert password_login(browser, "finn@example.com", secure=True).status_code == 302
    cookie = browser.cookies["__Host-session"]
    assert cookie["httponly"] and cookie["secure"] and cookie["samesite"] == "Lax"
    assert cookie["path"] == "/" and not cookie["domain"], "what __Host- demands"


def statuses(forwarded: str, last: str = "") -> list[int]:
    """Eleven wrong passwords, each from another address as its sender says."""
    return [
        password_login(
            Browser(), "finn@example.com", "wrong", HTTP_X_FORWARDED_FOR=forwarded.format(number) + last
        ).status_code
        for number in range(11)
    ]


def test_a_made_up_sender_escapes_no_lock(finn: User) -> None:
    assert statuses("10.7.0.{}")[-1] == 429


def test_behind_a_proxy_of_ours_the_sender_it_names_counts_and_nothing_further_left(finn: User, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert statuses("10.7.0.{}, ", "203.0.113.7")[-1] == 429
    elsewhere = password_login(Browser(), "finn@example.com", HTTP_X_FORWARDED_FOR="203.0.113.7, 203.0.113.8")
    assert elsewhere.status_code == 302, "another place is another count"
