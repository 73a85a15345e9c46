"""What the tests of metrics share."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def file_store(settings: Any, tmp_path: Path) -> Path:
    """Uploaded files go into this test's own folder."""
    folder = tmp_path / "store"
    default = {**settings.STORAGES["default"], "OPTIONS": {"location": folder, "base_url": None}}
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # no page needs `collectstatic` first
    settings.STORAGES = {**settings.STORAGES, "default": default, "staticfiles": plain}
    return folder
