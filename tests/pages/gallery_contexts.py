"""Which page of the gallery shows what."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django import forms

from tests.pages import gallery_samples as samples

Pages = dict[str, tuple[str, dict[str, Any]]]
CRUMBS = [{"label": "Numbers", "url": "/chart/"}]


class SignInForm(forms.Form):
    login = forms.EmailField(label="Email")
    password = forms.CharField(
        widget=forms.PasswordInput, help_text='<a href="/accounts/password/reset/">Forgot your password?</a>'
    )


class CodeForm(forms.Form):
    code = forms.CharField(label="Code")


class KeyForm(forms.Form):
    credential = forms.CharField(widget=forms.HiddenInput, required=False)


class EmailForm(forms.Form):
    email = forms.EmailField(label="Email")


def option(value: str, selected: bool = False) -> dict[str, Any]:
    return {"value": value.lower().replace(" ", "-"), "label": value, "selected": selected}


def arr() -> dict[str, Any]:
    """The page that sets the tone."""
    return {
        "currency": "EUR",
        "exports": [
            {"label": "Excel", "url": "/x/", "symbol": "table"},
            {"label": "PDF", "url": "/p/", "symbol": "file"},
        ],
        "filters": [
            {"name": "period", "label": "Period", "options": [option("Dec 2025", True), option("Nov 2025")]},
            {"name": "segment", "label": "Segment", "options": [option("All segments", True), option("Enterprise")]},
            {"name": "region", "label": "Region", "options": [option("All regions", True), option("EMEA")]},
            {"name": "product", "label": "Product", "options": [option("All products", True), option("Platform")]},
        ],
        "segments": [
            {"name": "measure", "label": "Measure", "options": [option("ARR", True), option("CARR"), option("LARR")]},
            {"name": "basis", "label": "Basis", "options": [option("As reported", True), option("As restated")]},
        ],
        "tiles": samples.tiles(),
        "bridge": samples.bridge(),
        "bridge_table": samples.bridge_table(),
        "months": samples.month_table(),
        "why_facts": [
            {"label": "Halden Instruments", "value": "1,204,000.00", "url": "/h/"},
            {"label": "Fjord Logistics", "value": "981,350.00", "url": "/f/"},
            {"label": "Marlow & Pike", "value": "744,120.00", "url": "/m/"},
            {"label": "211 more customers", "value": "9,300,342.80", "url": "/o/"},
            {"label": "ARR", "value": "12,229,812.80", "total": True},
        ],
        "why_rule": [
            {"label": "Signed by", "value": "Ida Holm (Finance), 11 Nov 2025"},
            {"label": "", "value": "Jonas Beck (RevOps), 12 Nov 2025"},
            {"label": "Source", "value": "contracts-2025-12.xlsx, row 118", "url": "/source/"},
        ],
    }


def faults() -> dict[str, Any]:
    """Rows set aside, with reasons."""
    return {
        "id": "faults",
        "caption": "Set aside",
        "unit": "EUR",
        "columns": [
            {"label": "Row", "kind": "text", "sort_url": "?order=row", "sorted": "ascending"},
            {"label": "Customer", "kind": "text", "sort_url": "?order=customer"},
            {"label": "Amount", "kind": "money", "sort_url": "?order=amount"},
            {"label": "Starts", "kind": "date"},
            {"label": "What is wrong", "kind": "text", "help": "The first fault found in the row"},
            {"label": "State", "kind": "state"},
        ],
        "rows": [
            {
                "id": 1,
                "cells": [
                    "118",
                    {"value": "Fjord Logistics", "href": "/f/", "note": "Contract F-2204"},
                    Decimal("48000"),
                    samples.TODAY,
                    "Ends before it starts",
                    "waiting",
                ],
            },
            {
                "id": 2,
                "cells": [
                    "2,041",
                    {"value": "Marlow & Pike", "href": "/m/", "note": "Contract MP-7"},
                    {"value": None, "reason": "“1.2e4” is not an amount"},
                    {"value": None, "reason": "No date in the file"},
                    "The amount cannot be read",
                    ("agreed", "Mended"),
                ],
            },
        ],
        "older_url": "?after=2",
        "shown": "1 to 2 of 42",
    }


def import_page() -> dict[str, Any]:
    """Upload with errors, progress, counts, faults."""
    form = samples.ImportForm(data={"effective_on": "31.31.2025", "source": "sf"})
    return {
        "currency": "EUR",
        "crumbs": [{"label": "Data", "url": "/database/"}],
        "form": form,
        "steps": [
            {"label": "Upload", "state": "done", "url": "/u/"},
            {"label": "Map columns", "state": "current"},
            {"label": "Preview", "state": "todo"},
            {"label": "Confirm", "state": "todo"},
            {"label": "Import", "state": "todo"},
        ],
        "facts": [
            {"label": "File", "value": "contracts-2025-11.xlsx"},
            {"label": "Imported", "value": "2 Dec 2025, 09:14 CET, by Jonas Beck"},
            {"label": "Difference to billing", "value": "EUR 0.00"},
        ],
        "counts": [
            {"label": "Loaded", "value": "1,204"},
            {"label": "Unchanged", "value": "40,871", "url": "/same/"},
            {"label": "Set aside", "value": "42", "url": "/aside/"},
            {"label": "In the file", "value": "42,117", "total": True},
        ],
        "faults": faults(),
    }


def states() -> dict[str, Any]:
    """Definitions: states, banners, lists, buttons."""
    return {
        "segments": [
            {"label": "All", "url": "?", "active": True},
            {"label": "Open", "url": "?open"},
            {"label": "Mine", "url": "?mine"},
        ],
        "items": samples.definitions(),
        "signature": [
            {"label": "Signed by", "value": "Ida Holm, Finance"},
            {"label": "On", "value": "11 Nov 2025, 16:02 CET"},
            {"label": "Content", "value": "Nine questions and their values", "url": "/v3/"},
        ],
        "arr": Decimal("12229812.80"),
        "delta": Decimal("260759.15"),
        "ratio": Decimal("0.0219"),
        "down": Decimal("-13800"),
        "ratio_down": Decimal("-0.307"),
    }


def sign_in() -> Pages:
    """Pages without a rail."""
    wrong = SignInForm(data={"login": "ida.holm@northwind.example", "password": ""})
    flags = {"LOGIN_BY_CODE_ENABLED": True, "PASSKEY_LOGIN_ENABLED": True, "request_login_code_url": "/code/"}
    code = {"verify_form": CodeForm(), "email": "ida.holm@northwind.example", "can_resend": True, "cancel_url": "/"}
    alternatives = [{"url": "/k/", "description": "Use a passkey or security key"}]
    return {
        "login": ("account/login.html", {"form": SignInForm(), **flags}),
        "login_errors": ("account/login.html", {"form": wrong, **flags}),
        "request_code": ("account/request_login_code.html", {"form": EmailForm(), "login_url": "/"}),
        "confirm_code": ("account/confirm_login_code.html", code),
        "sso": ("account/sso.html", {"form": EmailForm()}),
        "reauthenticate": (
            "account/reauthenticate.html",
            {"form": CodeForm(), "reauthentication_alternatives": alternatives},
        ),
        "second_step": (
            "mfa/authenticate.html",
            {
                "form": CodeForm(),
                "webauthn_form": KeyForm(),
                "MFA_SUPPORTED_TYPES": ["webauthn"],
                "js_data": {},
            },
        ),
        "password_reset": ("account/password_reset.html", {"form": EmailForm()}),
        "lockout": ("account/lockout.html", {"failure_limit": 10}),
        "error_403": ("403.html", {"request": {"request_id": "5b0e7a9c1f2d", "COOKIES": {}}}),
        "error_404": ("404.html", {}),
        "error_500": ("500.html", {}),
    }


def manage(frame: dict[str, Any]) -> Pages:
    """Pages about one's own account."""
    kinds = {"MFA_SUPPORTED_TYPES": ["totp", "webauthn", "recovery_codes"], "shell": frame}
    codes = [f"{number:08d}" for number in range(41822904, 99999999, 6412345)]
    qr = (
        "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'%3E"
        "%3Cpath d='M0 0h3v3H0zM6 0h3v3H6zM0 6h3v3H0zM4 4h1v1H4zM6 5h2v1H6zM5 7h1v2H5z'/%3E%3C/svg%3E"
    )
    totp = {"form": type("TotpForm", (CodeForm,), {"secret": "JBSWY3DPEHPK3PXP"})(), "totp_svg_data_uri": qr}
    return {
        "security": ("mfa/index.html", {**kinds, "authenticators": {"totp": True}, "is_mfa_enabled": True}),
        "totp": ("mfa/totp/activate_form.html", {**kinds, **totp}),
        "recovery": (
            "mfa/recovery_codes/index.html",
            {**kinds, "unused_codes": codes, "total_count": 10, "can_view_codes": True, "can_download_codes": True},
        ),
        "passkeys_empty": ("mfa/webauthn/authenticator_list.html", {**kinds, "authenticators": []}),
    }


def pages(shell: Callable[[str], dict[str, Any]]) -> Pages:
    """Everything."""
    numbers = shell("Numbers")
    full = arr()
    empty = full | {"bridge": None}
    cohorts = {"shell": numbers, "crumbs": CRUMBS, "heat": samples.heat(), **samples.series()}
    cohorts["heat_empty"] = {"id": "none", "caption": "Cohorts of Platform", "columns": ["Q0", "Q1"], "rows": []}
    cohorts["empty_table"] = {
        "id": "empty-table",
        "caption": "Lost customers",
        "unit": "EUR",
        "columns": [{"label": "Customer"}, {"label": "ARR", "kind": "money"}, {"label": "Last day", "kind": "date"}],
        "rows": [],
        "empty": {"title": "Nobody left in December", "text": "Customers show here from the day after their last day."},
    }
    return {
        "arr": ("arr.html", {"shell": numbers, **full}),
        "arr_empty": ("arr.html", {"shell": numbers, **empty}),
        "why": ("arr.html", {"shell": numbers, **full, "why": True}),
        "cohorts": ("cohorts.html", cohorts),
        "import": ("import.html", {"shell": shell("Data"), **import_page()}),
        "states": ("states.html", {"shell": shell("Definitions"), **states()}),
        **sign_in(),
        **manage(shell("")),
    }
