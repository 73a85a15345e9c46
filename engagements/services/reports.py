"""Keeping the final status report: its content and its hash, as they were at the close."""

from datetime import date

from engagements.models import Engagement, FinalReport
from engagements.selectors.report import report_content, report_get
from engagements.services.changes import record_change
from portal.tenancy import audit


def report_keep(*, engagement: Engagement, with_hours: bool, today: date) -> FinalReport:
    """Keep the report as it stands; the one of an earlier close stays beside it."""
    content = report_content(engagement, today, with_hours=with_hours)
    earlier = report_get(engagement)
    row: FinalReport = FinalReport.objects.create(
        engagement=engagement,
        number=(earlier.number if earlier else 0) + 1,
        content=content,
        sha256=audit.digest(content),
    )
    record_change(
        engagement, "report.kept", about="report", about_id=row.number, path="report/", after=row.sha256,
        text=f"kept the final status report (number {row.number})", details={"sha256": row.sha256},
    )  # fmt: skip
    return row
