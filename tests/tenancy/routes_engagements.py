"""The access matrix of playbooks and engagements."""

from tests.tenancy.matrix import Route

ENGAGEMENT_ROUTES: list[Route] = []

PAGES = "firm: tests/engagements/test_playbook_pages.py"
OTHER_ENGAGEMENT_ROUTES = {
    "playbooks": PAGES,
    "playbook_shipped": PAGES,
    "playbook_copy": PAGES,
    "playbook_shipped_export": PAGES,
    "playbook": PAGES,
    "playbook_version": PAGES,
    "playbook_edit": PAGES,
    "playbook_diff": PAGES,
    "playbook_export": PAGES,
    "playbook_upload": PAGES,
}
