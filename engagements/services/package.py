"""The documentation package as one PDF: setting it takes seconds, so a job does it.

`package_ask(engagement=, user=) -> PackageFile` · `package_make(package=) -> PackageFile` · `packages_due(client=)`

At-least-once and idempotent: what is made already is not made again, and what a lost message left open is made in the morning.
"""

from typing import Any, Final

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from engagements.models import Engagement, PackageFile
from engagements.selectors.package import Paper, package_sha256, paper_list
from engagements.services.changes import record_change
from engagements.services.files import file_take
from engagements.services.moves import require_open
from engagements.services.problems import EngagementError
from portal.lib.paper import PaperError, paper, paper_size
from portal.tenancy import audit
from portal.tenancy.clock import day_now, paper_reader
from portal.tenancy.jobs import enqueue
from portal.tenancy.models import Client

JOB: Final = "engagements.tasks.package"
TEMPLATE: Final = "pdf/package.html"


def package_ask(*, engagement: Engagement, user: Any) -> PackageFile:
    """Ask for the package as it reads now; where the newest one says the same, or is being made, that is the answer.

    A closed engagement still gives its papers, because its maintenance goes on; an archived one is left as it is.
    """
    if engagement.state == "archived":
        require_open(engagement)
    Engagement.objects.select_for_update().get(pk=engagement.pk)
    newest = PackageFile.objects.filter(engagement=engagement).first()
    if newest is not None:
        is_same = newest.file_id is not None and newest.sha256 == package_sha256(paper_list(engagement))
        if not newest.is_settled or is_same:
            return newest
    package: PackageFile = PackageFile.objects.create(engagement=engagement, asked_by=user)
    audit.record("package.asked", object_type="package", object_id=package.pk, after={"engagement": engagement.pk})
    enqueue(JOB, engagement.client, package.pk)
    return package


def package_make(*, package: PackageFile) -> PackageFile:
    """Set the papers and keep the PDF. What cannot be set says why, and is not tried again by itself."""
    rows = PackageFile.objects.select_for_update(of=("self",)).select_related("engagement__client")
    package = rows.get(pk=package.pk)
    if package.is_settled:
        return package
    engagement = package.engagement
    papers = paper_list(engagement)
    package.sha256, package.made_at = package_sha256(papers), timezone.now()
    try:
        with transaction.atomic():
            content = ContentFile(package_pdf(engagement, papers), name=f"{slugify(engagement.name)}-documentation.pdf")
            package.file = file_take(
                engagement=engagement, about="package", about_id=package.pk, upload=content, user=package.asked_by
            )
    except (PaperError, EngagementError) as error:
        package.problem = str(error)[:300]
    package.save()
    record_change(
        engagement, "package.made", about="package", about_id=package.pk, path="package/",
        text="made the documentation package" if package.file else "could not make the documentation package",
        after={"sha256": package.sha256, "file": package.file.sha256 if package.file else ""},
        details={"papers": len(papers), "problem": package.problem},
    )  # fmt: skip
    return package


def package_pdf(engagement: Engagement, papers: list[Paper]) -> bytes:
    """Some or all papers as one PDF, with the digest of what they say in its foot."""
    client = engagement.client
    is_one = len(papers) == 1
    context = {
        "papers": papers,
        "engagement": engagement,
        "client_name": client.name,
        "document_name": papers[0].title if is_one else f"{engagement.name}: documentation",
        "sha256": papers[0].sha256 if is_one else package_sha256(papers),
        "as_of": day_now(client),
        "made_at": timezone.now(),
        "reader": paper_reader(client),
    }
    return paper(TEMPLATE, context, size=paper_size(client.locale))


def packages_due(*, client: Client) -> int:
    """Make what was asked for and never made; gives how many."""
    rows = list(PackageFile.objects.filter(made_at=None))
    for package in rows:
        package_make(package=package)
    return len(rows)
