"""Every background job of metrics, where Celery looks for them."""

from metrics.jobs_books import books_check, books_rebuild, month_close
from metrics.jobs_imports import import_advance, import_run, imports_recover, rows_write
from metrics.jobs_quality import quality_look_job

__all__ = [
    "books_check",
    "books_rebuild",
    "import_advance",
    "import_run",
    "imports_recover",
    "month_close",
    "quality_look_job",
    "rows_write",
]
