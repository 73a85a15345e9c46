"""What the frame around every page shows: switcher, navigation, destinations to jump to."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from portal.tenancy import permissions
from portal.tenancy.models import Client, Firm
from portal.tenancy.selectors import Reach, Reached, firms_of, openable

SWITCHER = 30


@dataclass(frozen=True)
class NavItem:
    """One entry of the rail."""

    label: str
    icon: str
    url: str
    active: bool


@dataclass(frozen=True)
class Destination:
    """The entries of a client's rail: which permission shows them, and where they lead."""

    label: str
    icon: str
    url_name: str
    permission: str
    unless: str = ""  # with this permission the page is reached from another entry


CLIENT_NAV = (
    Destination("Home", "home", "client_home", permissions.VIEW_CLIENT),
    Destination("Engagement", "engagement", "engagements", permissions.VIEW_ENGAGEMENT),
    Destination("Definitions", "definitions", "definitions", permissions.VIEW_POLICY),
    Destination("Numbers", "chart", "arr", permissions.VIEW_ARR),
    Destination("Metrics", "target", "metrics", permissions.VIEW_POLICY),
    Destination("Changes", "governance", "changes", permissions.VIEW_CHANGES),
    Destination("Oversight", "report", "oversight", permissions.VIEW_POLICY),
    Destination("Data", "database", "data", permissions.VIEW_DATA),
    Destination("Policy", "policy", "policy", permissions.VIEW_POLICY),
    Destination("Months", "lock", "months", permissions.VIEW_ARR),
    Destination("People", "people", "people", permissions.VIEW_PEOPLE),
    Destination("Audit log", "audit", "audit_log", permissions.VIEW_AUDIT),
    Destination("API tokens", "key", "tokens", permissions.MANAGE_TOKENS, permissions.MANAGE_SETTINGS),
    Destination("Webhooks", "external", "webhooks", permissions.MANAGE_WEBHOOKS, permissions.MANAGE_SETTINGS),
    Destination("Settings", "settings", "client_settings", permissions.MANAGE_SETTINGS),
)

MORE_PAGES = (
    Destination("Policy versions", "", "documents", permissions.VIEW_POLICY),
    Destination("KPI matrix", "", "metric_matrix", permissions.VIEW_POLICY),
    Destination("Metric lineage", "", "metric_lineage", permissions.VIEW_POLICY),
    Destination("Availability of metrics", "", "metric_availability", permissions.VIEW_POLICY),
    Destination("Glossary", "", "metric_glossary", permissions.VIEW_POLICY),
    Destination("Validation of metrics", "", "metric_validation", permissions.VIEW_ARR),
    Destination("Review board", "", "board", permissions.VIEW_CHANGES),
    Destination("Meetings of the board", "", "board_meetings", permissions.VIEW_CHANGES),
    Destination("Restatements", "", "restatements", permissions.VIEW_ARR),
    Destination("Contract audits", "", "quarter_audits", permissions.VIEW_AUDITS),
    Destination("Disputes", "", "disputes", permissions.VIEW_ARR),
    Destination("Quarterly review", "", "board_reviews", permissions.VIEW_REVIEW),
    Destination("Handbook", "", "handbook", permissions.VIEW_POLICY),
    Destination("Contract lines", "", "data_lines", permissions.VIEW_DATA),
    Destination("Imports", "", "data_imports", permissions.VIEW_DATA),
    Destination("Monitors", "", "data_monitors", permissions.VIEW_DATA),
    Destination("Exchange rates", "", "data_rates", permissions.VIEW_DATA),
    Destination("Teams", "", "teams", permissions.VIEW_DATA),
    Destination("Notifications", "", "notices", permissions.VIEW_CLIENT),
    Destination("Adoption", "", "adoption", permissions.VIEW_ADOPTION),
    Destination("API tokens", "", "tokens", permissions.MANAGE_TOKENS),
    Destination("Webhooks", "", "webhooks", permissions.MANAGE_WEBHOOKS),
)
"""Pages below those of the rail, for the search box alone."""


@dataclass
class Shell:
    """The frame of one request; its queries run only when the template asks."""

    request: HttpRequest
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def user(self) -> Any:
        return self.request.user

    @property
    def client(self) -> Client | None:
        return getattr(self.request, "client", None)

    @cached_property
    def memberships(self) -> list[Reached]:
        """The switcher's clients, a screenful at most: the portfolio has them all."""
        if not self.user.is_authenticated:
            return []
        reach: Reach = getattr(self.request, "reach", None) or Reach(self.user)
        return openable(self.user, reach.clients(most=SWITCHER))

    @cached_property
    def firms(self) -> list[Firm]:
        return firms_of(self.user) if self.user.is_authenticated else []

    @cached_property
    def nav(self) -> list[NavItem]:
        """The rail of the client in scope; outside one, what consultants have there."""
        standing = getattr(self.request, "standing", None)
        if standing is None:
            return self.firm_nav
        path = self.request.path
        items = []
        for entry in CLIENT_NAV:
            if standing.may(entry.permission) and not (entry.unless and standing.may(entry.unless)):
                url = reverse(entry.url_name, kwargs={"client_slug": standing.client.slug})
                exact = entry.url_name == "client_home"
                items.append(NavItem(entry.label, entry.icon, url, path == url if exact else path.startswith(url)))
        return items

    @property
    def firm_nav(self) -> list[NavItem]:
        """Portfolio, playbooks and people of the firms that the person works for."""
        items, several = [], len(self.firms) > 1
        for firm in self.firms:
            of = f" of {firm}" if several else ""
            all_of = reverse("firm_engagements", kwargs={"firm_slug": firm.slug})
            items.append(NavItem(f"Engagements{of}", "engagement", all_of, self.request.path.startswith(all_of)))
            after = reverse("follow_ups", kwargs={"firm_slug": firm.slug})
            items.append(NavItem(f"Follow-ups{of}", "clock", after, self.request.path.startswith(after)))
            playbooks = reverse("playbooks", kwargs={"firm_slug": firm.slug})
            items.append(NavItem(f"Playbooks{of}", "file", playbooks, self.request.path.startswith(playbooks)))
            home = reverse("firm", kwargs={"firm_slug": firm.slug})
            items.append(NavItem(str(firm) if several else "Firm", "building", home, self.request.path == home))
        if items:
            items.insert(0, NavItem("Clients", "home", "/", self.request.path == "/"))
        return items

    @property
    def jump(self) -> list[dict[str, str]]:
        """Destinations for the search box: the rail's pages, those below them, and the switcher's clients."""
        pages = [{"label": item.label, "group": "Page", "url": item.url} for item in self.nav]
        standing = getattr(self.request, "standing", None)
        if standing is not None:
            pages += [
                {
                    "label": entry.label,
                    "group": "Page",
                    "url": reverse(entry.url_name, kwargs={"client_slug": standing.client.slug}),
                }
                for entry in MORE_PAGES
                if standing.may(entry.permission)
            ]
        clients = [
            {
                "label": reached.client.name,
                "group": "Client",
                "url": reverse("client_home", kwargs={"client_slug": reached.client.slug}),
            }
            for reached in self.memberships
        ]
        return pages + clients

    @property
    def jump_url(self) -> str:
        """Where the search box asks for what the client has; empty outside a client."""
        standing = getattr(self.request, "standing", None)
        if standing is None:
            return ""
        return reverse("jump", kwargs={"client_slug": standing.client.slug})


def shell_context(request: HttpRequest) -> dict[str, Any]:
    """Template context: `shell`, the `client` in scope, and `reader` for the reader's language of figures and dates."""
    locale = getattr(request, "reader_locale", None) or getattr(getattr(request, "client", None), "locale", "en")
    shell = Shell(request)
    reader = {"locale": locale, "theme": request.COOKIES.get("theme", "auto")}
    return {"shell": shell, "client": shell.client, "reader": reader}
