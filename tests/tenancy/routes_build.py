"""The access matrix of what is specified, built, tested and taught in an engagement."""

from typing import Any

from engagements.models import Component, Document, Meeting, ProjectTraining, SpecSection
from engagements.selectors.spec import spec_get
from engagements.services.spec import spec_write
from engagements.services.trainings import question_add
from portal.accounts.models import User
from portal.tenancy.models import Client
from portal.tenancy.permissions import JOIN_ENGAGEMENT, RUN_ENGAGEMENT, TEST_ENGAGEMENT, VIEW_ENGAGEMENT
from portal.tenancy.scope import tenant_context
from tests.tenancy.engagement_rows import an_engagement, engagement_of, the_newest
from tests.tenancy.matrix import Route, day
from tests.tenancy.routes_api_build import a_computed_test, a_customer_test, a_technical_test

a_component = the_newest(Component, "component_id")
a_section = the_newest(SpecSection, "section_id")
a_training = the_newest(ProjectTraining, "training_id")


def a_specification(client: Client) -> dict[str, Any]:
    """One that waits for the engineer."""
    engagement = engagement_of(client)
    for section in SpecSection.objects.filter(engagement=engagement).select_related("engagement__client"):
        spec_write(section=section, text="As agreed", rows=[], seen=0)
    SpecSection.objects.filter(engagement=engagement).update(state="in_review")
    Meeting.objects.filter(engagement=engagement, key="engineering-handoff").update(state="held")
    return {"engagement_id": engagement.pk}


def returned(client: Client) -> dict[str, Any]:
    """The answer to what is there now."""
    with tenant_context(client):
        section = SpecSection.objects.select_related("engagement__client").order_by("-engagement_id").first()
        seen = spec_get(section.engagement).sha256 if section else "x"
    return {"seen": seen, "note": "The rate limit is missing"}


def a_question(client: Client) -> dict[str, Any]:
    engagement = engagement_of(client)
    user, _ = User.objects.get_or_create(email=f"asks@{client.slug}.example")
    return {
        "engagement_id": engagement.pk,
        "question_id": question_add(engagement=engagement, text="When?", user=user).pk,
    }


def a_document_to_use(client: Client) -> dict[str, Any]:
    with tenant_context(client):
        document = Document.objects.filter(kind="training").order_by("-engagement_id", "pk").first()
        return {"document": document.pk if document else 1, "used": "1"}


def a_paper(client: Client) -> dict[str, Any]:
    return an_engagement(client) | {"key": "troubleshooting"}


VIEW, RUN = VIEW_ENGAGEMENT, RUN_ENGAGEMENT
RESULT = {"result": "passed", "evidence": "Tried it"}

BUILD_ROUTES: list[Route] = [
    Route("build", VIEW, kwargs=an_engagement, status=(200,)),
    Route("component", VIEW, kwargs=a_component, status=(200,)),
    Route("component_change", RUN, "post", a_component, {"note": "With care"}, status=(302,)),
    Route("component_blocker", RUN, "post", a_component, {"title": "No access", "severity": "low"}, status=(302,)),
    Route("component_time", RUN, "post", a_component, {"minutes": "30"}, status=(302,)),
    Route("spec", VIEW, kwargs=an_engagement, status=(200,)),
    Route("spec_section", VIEW, kwargs=a_section, status=(200,)),
    Route("spec_edit", RUN, kwargs=a_section, status=(200,)),
    Route("spec_edit", RUN, "post", a_section, {"text": "As agreed", "seen": "0"}, status=(302,)),
    # An engineer's to answer, and Ana is an architect. tests/engagements/test_spec.py
    Route("spec_reply", RUN, "post", a_specification, returned, status=(422,)),
    Route("project_tests", VIEW, kwargs=an_engagement, status=(200,)),
    Route("project_test", VIEW, kwargs=a_technical_test, status=(200,)),
    Route("technical_run", RUN, "post", a_technical_test, RESULT, status=(302,)),
    Route("customer_run", TEST_ENGAGEMENT, "post", a_customer_test, RESULT, status=(302,), rightful="finance"),
    Route("computed_run", RUN, "post", a_computed_test, status=(302,)),
    Route("trainings", VIEW, kwargs=an_engagement, status=(200,)),
    Route("training", VIEW, kwargs=a_training, status=(200,)),
    Route("training_change", RUN, "post", a_training, {"invited": "Ada"}, status=(302,)),
    Route("training_held", RUN, "post", a_training, {"held_on": day(-5)}, status=(302,)),
    Route("training_material", RUN, "post", a_training, a_document_to_use, status=(302,)),
    Route("package", VIEW, kwargs=an_engagement, status=(200,)),
    Route("package_whole", JOIN_ENGAGEMENT, "post", an_engagement, status=(302,)),
    Route("package_paper", VIEW, kwargs=a_paper, status=(200,)),
    Route("package_paper_pdf", VIEW, kwargs=a_paper, status=(200,)),
    Route("faq", VIEW, kwargs=an_engagement, status=(200,)),
    Route("question_new", JOIN_ENGAGEMENT, "post", an_engagement, {"text": "When?"}, status=(302,)),
    Route("question_reply", RUN, "post", a_question, {"answer": "Then", "published": "on"}, status=(302,)),
]
