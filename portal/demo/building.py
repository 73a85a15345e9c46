"""What the demonstration's engagements have specified, built, tested and taught, by the services that people use."""

import datetime as dt
from typing import Any, Final

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from engagements.models import (
    Component,
    Document,
    Engagement,
    Participant,
    ProjectTest,
    ProjectTraining,
    Risk,
    SpecSection,
)
from engagements.selectors.spec import spec_get
from engagements.services.building import component_block, component_plan, component_time_add
from engagements.services.documents import document_version_add
from engagements.services.moves import row_move
from engagements.services.problems import EngagementError
from engagements.services.spec import spec_answer, spec_write
from engagements.services.testing import run_compute, run_record
from engagements.services.trainings import material_set, question_add, question_answer, training_hold, training_plan
from metrics.selectors.books import bridge_get
from portal.lib.periods import month_format

SPEC: Final[dict[str, tuple[str, list[list[str]]]]] = {
    "fields": ("ARR fields live on the subscription; the account shows their sum.", [
        ["Subscription", "ARR__c", "Currency", "Formula", "Annual value under the signed policy"],
        ["Subscription", "MRR__c", "Currency", "Formula", "ARR / 12"],
        ["Subscription", "Start__c", "Date", "Billing: start_date", "Required"],
        ["Subscription", "End__c", "Date", "Billing: end_date", "Last day of service; empty for evergreen"],
        ["Subscription", "Status__c", "Picklist", "Billing: status", "Active, Cancelled, Expired"],
        ["Account", "ARR__c", "Roll-up", "Sum of its subscriptions", "Read only"],
    ]),
    "objects": ("Account → Subscription (one for each billing line) → Subscription History (one for each change of ARR).", []),
    "formulas": ("Rounded once, at the end, to cents.", [
        ["ARR of a monthly price", "Monthly amount × 12", "What recurs"],
        ["ARR of several years", "Total value ÷ years of the term", "Contracts of several years"],
        ["ARR in another currency", "Amount × rate of the contract date", "Exchange rates"],
        ["Expansion", "ARR now − ARR before, where more than nought", "Expansion ARR"],
    ]),
    "validation": ("", [
        ["Start__c, End__c", "The end lies after the start", "The contract ends before it begins"],
        ["Amount", "Not empty, not below nought", "Say what the contract is worth"],
    ]),
    "workflows": ("", [
        ["Renewal", "ARR is computed again, and the old term ends"],
        ["Upgrade or downgrade", "ARR from the day on which it takes effect"],
        ["Cancellation", "ARR ends with the last day of service"],
    ]),
    "integration": ("Every four hours from billing to the CRM, never back. A failed run is tried three times, then told.", [
        ["subscription.id", "Billing_ID__c", "Billing → CRM", "The key"],
        ["plan_amount", "Amount__c", "Billing → CRM", "In the currency of the contract"],
        ["current_term_end", "End__c", "Billing → CRM", ""],
    ]),
    "history": ("ARR__c and Status__c are tracked; a snapshot is taken on the first of each month.", []),
    "dashboards": ("", [
        ["Total ARR", "ARR now, against last month and last year", "Subscription"],
        ["ARR bridge", "Beginning, movements, ending, by month", "Subscription History"],
        ["Cohorts", "ARR by segment, product, region and representative", "Subscription"],
    ]),
    "sequence": ("Fields, validation, layouts, formulas, automation, billing, history, snapshot, dashboards, alerts.", []),
}  # fmt: skip
EVIDENCE: Final = {
    "A failed sync": "The connector's key was taken away for one run: the mail came after eleven minutes.",
    "Validation rules": "Saved without amount, without term, with an end before the start: refused each time.",
    "ARR recalculates": "One contract renewed, one upgraded, one cancelled in the sandbox; ARR followed within the minute.",
    "The history": "Four changes made, four lines in the history, each with person and time.",
}
FAILED_TEST, FAILED_AS = (
    "Cohort views filter",
    "Filtering by region leaves out contracts without a region: the parts miss 3 of 80 accounts.",
)
QUESTIONS: Final = (
    ("When does a contract begin to count?", "On its first day of service, whenever it was signed.", True),
    ("Does a discount lower ARR?", "Yes: ARR is what the customer pays in a year, after discounts.", True),
    ("Can I correct a closed month?", "A correction is a revision with its reason; the first report stays readable.", True),
    ("Will last year's board deck change?", "", False),
)  # fmt: skip
PEOPLE: Final = ("Anke Brandt", "Bela Novak", "Carla Rossi", "Deniz Kaya", "Elif Aydin")


def engineer_of(engagement: Engagement, lead: Participant) -> Participant:
    """The engineer on the engagement; where there is none, its lead."""
    return (
        Participant.objects.filter(engagement=engagement, project_role="Engineer").select_related("user").first()
        or lead
    )


def spec_play(engagement: Engagement, lead: Participant, engineer: Participant) -> None:
    """The specification is written, reviewed and accepted; one section was written twice."""
    for section in SpecSection.objects.filter(engagement=engagement):
        text, rows = SPEC.get(section.key, (section.purpose, []))
        if rows and section.key == "formulas":
            spec_write(section=section, text="", rows=rows[:2], seen=0, user=lead.user)
        seen = section.versions.count()
        spec_write(
            section=section,
            text=text,
            rows=rows,
            seen=seen,
            user=lead.user,
            note="After the data meeting" if seen else "",
        )
        row_move(about="spec", row=section, step="submit", user=lead.user)
    now = spec_get(engagement)
    if now.sections and (now.meeting is None or now.meeting.state == "held"):
        spec_answer(
            engagement=engagement, is_accepted=True, seen=now.sha256, user=engineer.user, is_engineer=True,
            note="Mind the rate limit of billing: the first load runs overnight.",
        )  # fmt: skip


def components_play(engagement: Engagement, lead: Participant, engineer: Participant, today: dt.date) -> None:
    """Four components stand, two are under way and one of them is blocked."""
    for component in Component.objects.filter(engagement=engagement):
        component_plan(component=component, owner=engineer, needs=component.needs, note="")
        if component.number > 6:
            continue
        hours = (component.hours_low or 1) + (component.number % 2)
        component_time_add(
            component=component,
            user=engineer.user,
            minutes=int(hours * 60),
            day=today - dt.timedelta(days=14 - component.number),
        )
        row_move(
            about="component", row=component, step="finish" if component.number <= 4 else "start", user=engineer.user
        )
        if component.number <= 3 and lead.user != engineer.user:
            row_move(about="component", row=component, step="verify", user=lead.user)
        if component.number == 6:
            component_block(
                component=component,
                title="The key for the billing interface expires every 24 hours",
                severity="medium",
                owner=lead,
            )


def tests_play(engagement: Engagement, lead: Participant, tester: Participant) -> None:
    """Some tests were run: by people with evidence, by the system with figures; one failed and is open."""
    now = timezone.now()
    for test in ProjectTest.objects.filter(engagement=engagement).select_related("engagement__client"):
        if test.check_key:
            test_computed(test, now)
            continue
        for begins, evidence in EVIDENCE.items():
            if test.text.startswith(begins):
                run_record(test=test, result="passed", evidence=evidence, user=lead.user, is_firm_staff=True)
        if test.text.startswith(FAILED_TEST):
            run_record(test=test, result="failed", evidence=FAILED_AS, user=lead.user, is_firm_staff=True)
        if test.text.startswith("Finance checks total"):
            run_record(
                test=test, result="passed", user=tester.user, is_firm_staff=False, upload=known_totals(engagement),
                evidence="Compared with our own month-end list, month by month: the same to the cent. List attached.",
            )  # fmt: skip


def test_computed(test: ProjectTest, now: dt.datetime) -> None:
    """Let the system run a test, where it can tell."""
    try:
        run_compute(test=test, now=now)
    except EngagementError:
        return


def known_totals(engagement: Engagement) -> SimpleUploadedFile:
    """A small file as Finance would send it: the last twelve month ends."""
    bridge = bridge_get(engagement.client)
    lines = [f"{month_format(row.period.last)},{row.ending}" for row in bridge.totals[-12:]]
    content = "\n".join([f"month,arr_{bridge.head.currency.lower()}", *lines, ""])
    return SimpleUploadedFile("month-end-totals.csv", content.encode())


def mapping_upload(engagement: Engagement, lead: Participant) -> None:
    """The field mapping as a file, twice: the older version keeps its own."""
    document = Document.objects.filter(engagement=engagement, name="Billing field mapping").first()
    if document is None:
        return
    rows = ["billing,crm", "subscription.id,Billing_ID__c", "plan_amount,Amount__c", "current_term_end,End__c"]
    for upto, note in ((3, "First draft"), (4, "The end of the term added")):
        content = "\n".join([*rows[:upto], ""]).encode()
        document_version_add(
            document=document, file=SimpleUploadedFile("field-mapping.csv", content), note=note, user=lead.user
        )


def tests_pass(engagement: Engagement, lead: Participant, signer: Participant) -> None:
    """Everything was built and tested, each test by whose it is."""
    for component in Component.objects.filter(engagement=engagement):
        row_move(about="component", row=component, step="finish")
    for test in ProjectTest.objects.filter(engagement=engagement, check_key=""):
        is_firm = test.kind != "customer"
        run_record(
            test=test, result="passed", evidence="Run with the client's samples",
            user=lead.user if is_firm else signer.user, is_firm_staff=is_firm,
        )  # fmt: skip
    for issue in Risk.objects.filter(engagement=engagement, about="test").exclude(state="closed"):
        row_move(about="risk", row=issue, step="close")


def trainings_play(engagement: Engagement, lead: Participant, asker: Any, today: dt.date, *, is_over: bool) -> None:
    """Trainings that are planned or were held, with people, material and questions."""
    used = Document.objects.filter(engagement=engagement, kind="training").first()
    for place, training in enumerate(ProjectTraining.objects.filter(engagement=engagement)):
        day = today - dt.timedelta(days=9 - place) if is_over or place == 0 else today + dt.timedelta(days=2 + place)
        when = dt.datetime.combine(day, dt.time(13), dt.UTC)
        training_plan(training=training, planned_at=when, invited=PEOPLE)
        if used is not None:
            material_set(training=training, document=used, is_used=True)
        if day >= today:
            continue
        came = training.seats.exclude(name=PEOPLE[-1]).values_list("pk", flat=True)
        training_hold(training=training, held_on=day, came=came, recording="https://video.example.com/training")
        if place == 0:
            for text, answer, is_published in QUESTIONS:
                question = question_add(engagement=engagement, text=text, user=asker, training=training)
                if answer:
                    question_answer(question=question, answer=answer, user=lead.user, is_published=is_published)
