"""Tests of what was built: every run is kept, a failed one raises an issue, and some the system runs by itself.

Technical tests are the firm's to run, the customer's the client's own people's. One with a `check_key` is run by the system
alone: nobody says what comes out of it.
"""

import datetime as dt
from typing import Any, Final
from urllib.parse import urlsplit

from engagements.models import Engagement, ProjectTest, Risk, Severity, TestRun
from engagements.selectors.computed_tests import TEST_CHECKED, Computed
from engagements.services.changes import record_change
from engagements.services.conversation import risk_add
from engagements.services.files import file_keep
from engagements.services.moves import require_open
from engagements.services.problems import EngagementError

PASSED, FAILED, NOT_APPLICABLE, UNTESTED = "passed", "failed", "not_applicable", "untested"
RESULTS: Final = {PASSED: "passed", FAILED: "failed", NOT_APPLICABLE: "set aside as not applicable"}
LONGEST: Final = 4000


def run_record(
    *, test: ProjectTest, result: str, evidence: str, user: Any, is_firm_staff: bool, link: str = "", upload: Any = None
) -> TestRun:
    """Keep what came out of a test. A failure raises an issue that has to be closed, unless one of this test is open already.

    EngagementError where there is no evidence (or, for what does not apply, no reason), or it is not this person's to run.
    """
    require_open(test.engagement)
    test = locked(test)
    _may_record(test, result, is_firm_staff)
    if not evidence.strip() or len(evidence) > LONGEST:
        ask = "why it does not apply" if result == NOT_APPLICABLE else "how it was tested and what came out"
        raise EngagementError(f"say {ask}, in up to {LONGEST:,} characters")
    if link and (urlsplit(link).scheme not in {"http", "https"} or not urlsplit(link).netloc):
        raise EngagementError("a link begins with https://")
    kept = (
        file_keep(engagement=test.engagement, about="test", about_id=test.pk, upload=upload, user=user)
        if upload
        else None
    )
    run: TestRun = TestRun.objects.create(
        engagement=test.engagement, test=test, result=result, evidence=evidence.strip(), link=link, file=kept, by=user
    )
    _take_over(test, run)
    return run


def _may_record(test: ProjectTest, result: str, is_firm_staff: bool) -> None:
    if result not in RESULTS:
        raise EngagementError("a test has passed, has failed, or does not apply")
    if test.check_key:
        raise EngagementError("the system runs this test by itself")
    if test.kind == "customer" and is_firm_staff:
        raise EngagementError("the client's own people run this test")
    if test.kind != "customer" and not is_firm_staff:
        raise EngagementError("the firm runs this test")
    if result == NOT_APPLICABLE and test.is_critical:
        raise EngagementError("a critical test always applies")


def run_compute(*, test: ProjectTest, now: dt.datetime, user: Any = None) -> TestRun | None:
    """Let the system run a test. None where nothing has changed since its last run.

    EngagementError where the system does not run it, or cannot tell yet because something is missing: the message says what.
    """
    require_open(test.engagement)
    if test.check_key not in TEST_CHECKED:
        raise EngagementError("the system cannot run this test")
    found = TEST_CHECKED[test.check_key](test.engagement.client, now)
    if not found.can_tell:
        raise EngagementError(f"this cannot be tested yet: {found.sentence.rstrip('.')}")
    return run_keep(test=locked(test), found=found, user=user)


def run_keep(*, test: ProjectTest, found: Computed, user: Any = None) -> TestRun | None:
    """Keep what the system found, unless it is what it found last."""
    result = PASSED if found.holds else FAILED
    last = TestRun.objects.filter(test=test).first()
    if last is not None and (last.result, last.evidence, last.figures) == (result, found.sentence, found.figures):
        return None
    run: TestRun = TestRun.objects.create(
        engagement=test.engagement, test=test, result=result, evidence=found.sentence, figures=found.figures, by=user
    )
    _take_over(test, run)
    return run


def runs_recompute(*, engagement: Engagement, now: dt.datetime) -> int:
    """Run again what the system has run before; what it cannot tell stays as it was. Gives how many came out differently."""
    rows = ProjectTest.objects.filter(engagement=engagement).exclude(check_key="").exclude(state=UNTESTED)
    count = 0
    for test in rows.select_related("engagement__client"):
        found = TEST_CHECKED[test.check_key](engagement.client, now)
        if found.can_tell and run_keep(test=locked(test), found=found) is not None:
            count += 1
    return count


def locked(test: ProjectTest) -> ProjectTest:
    """The test as it stands, kept from others until the transaction ends."""
    found: ProjectTest = (
        ProjectTest.objects.select_for_update(of=("self",)).select_related("engagement__client").get(pk=test.pk)
    )
    return found


def _take_over(test: ProjectTest, run: TestRun) -> None:
    """The newest run is what the test says."""
    before = test.state
    test.state, test.evidence, test.tested_by, test.tested_at = run.result, run.evidence, run.by, run.at
    test.save(update_fields=["state", "evidence", "tested_by", "tested_at"])
    record_change(
        test.engagement, "test.run", about="test", about_id=test.pk, path=f"build/tests/{test.pk}/", before=before,
        after={"result": run.result, "evidence": run.evidence, "link": run.link, "figures": run.figures},
        text=f"{'ran' if run.by else 'computed'} the test “{test.text[:120]}”: {RESULTS[run.result]}",
        details={"result": run.result, "file": run.file.sha256 if run.file else ""},
    )  # fmt: skip
    if run.result == FAILED and not open_issues(test).exists():
        severity = Severity.CRITICAL if test.is_critical else Severity.MEDIUM
        risk_add(
            engagement=test.engagement, kind="issue", severity=severity, title=f"Test failed: {test.text}"[:300],
            remedy=run.evidence, about="test", about_id=test.pk,
        )  # fmt: skip


def open_issues(test: ProjectTest) -> Any:
    """Issues of the test that nobody has closed."""
    return Risk.objects.filter(engagement=test.engagement, about="test", about_id=test.pk).exclude(state="closed")
