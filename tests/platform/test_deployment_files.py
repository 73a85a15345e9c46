"""The files that describe a deployment fit the checkout they lie in and hold no secret and no address of an index."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from portal.assets import FILES, SOURCE_MAP, copy_files

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ["requirements.txt", "requirements-dev.txt", "package-lock.json"]


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded


def test_compose_has_every_part_and_runs_the_commands_that_exist() -> None:
    services = compose()["services"]
    assert {"web", "worker", "beat", "migrate", "database", "redis"} <= services.keys()
    for name in ("web", "worker", "beat"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    commands = [part for service in services.values() for part in service.get("command", [])]
    for command in ("migrate", "database_prepare", "files_check"):
        assert command in commands
        assert (ROOT / f"portal/tenancy/management/commands/{command}.py").exists()


def test_the_object_store_is_optional() -> None:
    services = compose()["services"]
    for name in ("objects", "bucket"):
        assert services[name]["profiles"] == [name]
        assert not [user for user, service in services.items() if name in service.get("depends_on", {})]
    settings = set(re.findall(r'given(?:\.get\(|\[)"([A-Z_]+)"', (ROOT / "portal/stored_files.py").read_text()))
    for kind in ("FILES", "ANCHORS"):
        chosen = {name for name in services["web"]["environment"] if name.startswith(f"{kind}_S3_")}
        assert chosen == {f"{kind}_S3_{name}" for name in settings}
        for name in chosen:
            assert services["web"]["environment"][name] == f"${{{name}:-}}"


def test_compose_hands_on_every_setting_that_the_operations_page_names() -> None:
    """A line in `.env` that reaches no part would be ignored without a word."""
    text = (ROOT / "docs/operations.md").read_text().split("| variable | meaning |", 1)[1].split("\n\n", 1)[0]
    first = [row.split("|")[1] for row in text.splitlines()[2:]]
    named = {name for cell in first for name in re.findall(r"`([A-Z_0-9]+)`", cell)}
    of_the_image = {"TIEOUT_MODE", "TIEOUT_VAR", "STATIC_ROOT"}
    of_others = {"DATABASE_URL", "DATABASE_MIGRATOR_URL", "TIEOUT_EMBEDDED_IDLE", "TIEOUT_TEST"}
    given = compose()["services"]["web"]["environment"]
    assert len(named) > 25 and named - given.keys() - of_the_image - of_others == set()


def test_compose_takes_every_secret_from_the_environment() -> None:
    for service in compose()["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"KEY|PASSWORD|_URL", name):
                assert "${" in str(value), name


def test_only_the_migration_job_knows_the_migrator_and_nobody_the_administrator() -> None:
    services = compose()["services"]
    assert [name for name, given in services.items() if "DATABASE_MIGRATOR_URL" in given.get("environment", {})] == [
        "migrate"
    ]
    assert [name for name, given in services.items() if "DATABASE_URL" in given.get("environment", {})] == ["prepare"]


def test_image_copies_what_exists_and_does_not_run_as_root() -> None:
    text = (ROOT / "Dockerfile").read_text()
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE):
        *sources, _ = line.split()
        for source in sources:
            assert (ROOT / source).exists(), source
            assert f"!{source}" in ignored, source
    last_stage = text.rsplit("\nFROM ", 1)[1]
    assert "\nUSER tieout\n" in last_stage
    assert "HEALTHCHECK" in last_stage
    for directory in ROOT.glob("*/__init__.py"):
        if directory.parent.name != "tests":
            assert f"COPY {directory.parent.name} " in text


@pytest.mark.parametrize("name", LOCKS)
def test_locks_name_no_index(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "resolved" not in text
    assert not re.search(r"--(extra-)?index-url|--find-links|file:|registry\.", text)


def test_npm_packages_are_pinned() -> None:
    package = json.loads((ROOT / "package.json").read_text())
    lock = json.loads((ROOT / "package-lock.json").read_text())
    for name, version in package["dependencies"].items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
        assert lock["packages"][f"node_modules/{name}"]["version"] == version


def test_assets_are_copied_without_source_map_lines(tmp_path: Path) -> None:
    for source in FILES.values():
        path = tmp_path / "modules" / source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            b"a{}\n/*# sourceMappingURL=a.map */" if source.endswith("css") else b"a()\n//# sourceMappingURL=a.js.map\n"
        )
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "old.js").write_text("gone")
    copy_files(tmp_path / "modules", tmp_path / "vendor")
    assert {path.name for path in (tmp_path / "vendor").iterdir()} == FILES.keys()
    for name in ("plotly.min.js", "tabler.min.css"):
        assert not SOURCE_MAP.search((tmp_path / "vendor" / name).read_bytes())


def test_shell_scripts_parse_and_make_knows_its_targets() -> None:
    for script in (".ci/run", ".ci/system-parts"):
        assert (ROOT / script).stat().st_mode & 0o111
        subprocess.run(["bash", "-n", script], cwd=ROOT, check=True)
    said = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for target in ("setup", "run", "test", "check", "bench", "demo-reset", "lock"):
        assert f"make {target} " in said
