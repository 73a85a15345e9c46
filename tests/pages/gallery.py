"""The living gallery: every component with realistic figures, full and empty, as static pages.

`python -m tests.pages.gallery` writes /tmp/gallery; `--shots` also takes screenshots at 1440 and 390 px in both themes with
Debian's chromium and runs axe on each. The pages are served with the site's own content policy.
"""

import argparse
import os
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
os.environ.setdefault("TIEOUT_VAR", "/tmp/gallery-var")

import django
from django.conf import settings

PROJECT = Path(__file__).resolve().parent.parent.parent
OUT = Path(os.environ.get("GALLERY", "/tmp/gallery"))
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; object-src 'none'; base-uri 'none'"
)
NAV = [
    ("Home", "home"),
    ("Engagement", "engagement"),
    ("Definitions", "definitions"),
    ("Numbers", "chart"),
    ("Data", "database"),
    ("Governance", "governance"),
    ("Reports", "report"),
]


class Handler(SimpleHTTPRequestHandler):
    """The gallery's files and the static files, under the site's content policy."""

    def translate_path(self, path: str) -> str:
        bare = path.split("?")[0]
        if not bare.startswith("/static/"):
            return super().translate_path(path)
        from django.contrib.staticfiles import finders

        found = finders.find(bare.removeprefix("/static/"))
        return str(found or OUT / "missing")

    def do_GET(self) -> None:
        if self.path == "/poll/":
            self.send_response(204)
            self.end_headers()
        else:
            super().do_GET()

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the name of the base class
        """Quiet."""


def shell(active: str) -> dict[str, Any]:
    """The frame as `portal.tenancy.shell` gives it."""
    firm = {"name": "Keel Revenue Advisors"}
    client = {"pk": 1, "name": "Northwind", "slug": "northwind", "accent": "#b3541e", "firm": firm}
    other = {"pk": 2, "name": "Halden Instruments", "slug": "halden", "firm": firm}
    nav = [
        {"label": label, "icon": symbol, "url": f"/{symbol}/", "active": label == active, "count": 3 * (symbol == "x")}
        for label, symbol in NAV
    ]
    return {
        "user": {"email": "ana.ruiz@keel.example", "name": "Ana Ruiz", "is_authenticated": True},
        "client": client,
        "memberships": [{"client": client}, {"client": other}],
        "nav": nav,
        "jump": [{"label": item["label"], "url": item["url"], "group": "Northwind"} for item in nav],
        "inbox": {"count": 4, "url": "/inbox/"},
    }


def pages() -> dict[str, tuple[str, dict[str, Any]]]:
    """File name → template and context."""
    from tests.pages import gallery_contexts

    return gallery_contexts.pages(shell)


def write() -> list[str]:
    """Render everything into OUT."""
    from django.template import engines
    from django.template.backends.django import DjangoTemplates
    from django.template.context import Context
    from django.test import RequestFactory

    backend = engines["django"]
    assert isinstance(backend, DjangoTemplates)
    engine = backend.engine
    OUT.mkdir(parents=True, exist_ok=True)
    for name, (template, context) in pages().items():
        request = RequestFactory().get(f"/{name}.html")
        base = {"request": request, "reader": {"locale": "en", "theme": "auto"}, "csrf_token": "gallery"}
        (OUT / f"{name}.html").write_text(engine.get_template(template).render(Context(base | context)))
    return list(pages())


def serve() -> tuple[ThreadingHTTPServer, str]:
    """The gallery on a free port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(OUT)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}"


def shoot(names: list[str]) -> int:
    """Screenshots into OUT/shots, axe on each; the number of serious findings and console errors."""
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    server, address = serve()
    (OUT / "shots").mkdir(exist_ok=True)
    bad = 0
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        for theme in ("light", "dark"):
            for width in (1440, 390):
                page = browser.new_page(
                    viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce"
                )
                said: list[str] = []
                page.on(
                    "console", lambda message, said=said: said.append(message.text) if message.type == "error" else 0
                )
                page.on("pageerror", lambda error, said=said: said.append(str(error)))
                for name in names:
                    said.clear()
                    page.goto(f"{address}/{name}.html")
                    page.wait_for_load_state("networkidle")
                    page.wait_for_timeout(400)
                    page.screenshot(
                        path=str(OUT / "shots" / f"{name}-{width}-{theme}.png"), full_page="why" not in name
                    )
                    found = [
                        f"{item['impact']} {item['id']}: {node['html'][:150]}"
                        for item in Axe().run(page).response["violations"]
                        for node in item["nodes"][:3]
                    ]
                    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
                    for line in [*found, *said, *(["scrolls sideways"] if wide else [])]:
                        bad += 1
                        print(f"{name} {width} {theme}: {line}")
                page.close()
        browser.close()
    server.shutdown()
    return bad


def main() -> int:
    """Write, and with --shots look."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--shots", action="store_true")
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("names", nargs="*")
    chosen = parser.parse_args()
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.TEMPLATES[0]["DIRS"].append(Path(__file__).parent / "gallery_pages")
    settings.ROOT_URLCONF = "tests.pages.gallery_urls"
    django.setup()
    names = write()
    print(f"{len(names)} pages in {OUT}")
    if chosen.serve:
        print(serve()[1])
        threading.Event().wait()
    if chosen.shots:
        return 1 if shoot(chosen.names or names) else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
