"""Who reads: their locale for figures that are formatted in Python rather than in a template."""

from portal.tenancy.access import TenantRequest


def locale_of(request: TenantRequest) -> str:
    """The person's own locale, or else the client's."""
    return getattr(request, "reader_locale", None) or request.client.locale
