"""The living gallery: every component with realistic figures, full and empty, as static pages.

`python -m tests.pages.gallery` writes /tmp/gallery; `--shots` also takes screenshots at 1440 and 390 px in both themes with
Debian's chromium and runs axe on each; `--serve` keeps them up. They are served with the site's own content policy.
"""

import argparse
import os
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

OUT = Path(os.environ.get("GALLERY", "/tmp/gallery"))
HERE = Path(__file__).resolve().parent
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
        from django.contrib.staticfiles import finders

        bare = path.split("?")[0]
        if not bare.startswith("/static/"):
            return super().translate_path(path)
        return str(finders.find(bare.removeprefix("/static/")) or OUT / "missing")

    def do_GET(self) -> None:
        if self.path == "/poll/":
            self.send_response(204)
            self.end_headers()
        else:
            super().do_GET()

    def end_headers(self) -> None:
        from portal.tenancy.middleware import CONTENT_POLICY

        self.send_header("Content-Security-Policy", CONTENT_POLICY)
        super().end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class names it so
        """Quiet."""


def shell(active: str) -> dict[str, Any]:
    """The frame as `portal.tenancy.shell` gives it."""
    firm = {"name": "Keel Revenue Advisors"}
    client = {"pk": 1, "name": "Northwind", "slug": "northwind", "accent": "#b3541e", "firm": firm}
    other = {"pk": 2, "name": "Halden Instruments", "slug": "halden", "firm": firm}
    nav = [{"label": label, "icon": symbol, "url": f"/{symbol}/", "active": label == active} for label, symbol in NAV]
    return {
        "user": {"email": "ana.ruiz@keel.example", "name": "Ana Ruiz", "is_authenticated": True},
        "client": client,
        "memberships": [{"client": client}, {"client": other}],
        "nav": nav,
        "jump": [{"label": item["label"], "url": item["url"], "group": "Northwind"} for item in nav],
    }


def write(out: Path = OUT) -> list[str]:
    """Render every page into `out`; returns their names."""
    from django.conf import settings
    from django.template import Context, Engine
    from django.template.backends.django import get_installed_libraries
    from django.test import RequestFactory, override_settings

    from tests.pages import gallery_contexts

    options: Any = settings.TEMPLATES[0]["OPTIONS"]
    engine = Engine(
        dirs=[str(HERE.parent.parent / "templates"), str(HERE / "gallery_pages")],
        app_dirs=True,
        builtins=[*Engine.default_builtins, *options["builtins"]],
        libraries=get_installed_libraries(),
    )
    out.mkdir(parents=True, exist_ok=True)
    pages = gallery_contexts.pages(shell)
    with override_settings(ROOT_URLCONF="tests.pages.gallery_urls"):
        for name, (template, context) in pages.items():
            request = RequestFactory().get(f"/{name}.html")
            base = {"request": request, "reader": {"locale": "en", "theme": "auto"}, "csrf_token": "gallery"}
            (out / f"{name}.html").write_text(engine.get_template(template).render(Context(base | context)))
    return list(pages)


def serve(out: Path = OUT) -> tuple[ThreadingHTTPServer, str]:
    """The gallery on a free port, until `shutdown()`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(out)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_port}"


def main() -> int:
    """Write, and with --shots look."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--shots", action="store_true")
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("names", nargs="*")
    chosen = parser.parse_args()
    import django
    from django.conf import settings

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    django.setup()
    names = write()
    print(f"{len(names)} pages in {OUT}")
    if chosen.serve:
        print(serve()[1])
        threading.Event().wait()
    if chosen.shots:
        from tests.pages.gallery_shots import shoot

        return 1 if shoot(chosen.names or names) else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
