"""Addresses of people, invitations, links, tokens and sign-in.

Of allauth's own pages only those listed here exist, each with its `access` mark: nobody signs up, and an e-mail address is
changed by no page, because invitations and links are bound to it.
"""

from typing import Any

from allauth import urls as allauth_urls
from django.urls import URLPattern, URLResolver, include, path

from portal.accounts.views import adoption, firm, links, me, people, sso, sso_settings, tokens
from portal.tenancy.access import Access

PUBLIC_SIGN_IN = {
    "account_login",
    "account_logout",  # ends whatever session there is
    "account_inactive",
    "account_signup",  # says that accounts come from invitations; allauth's mails need its name
    "account_request_login_code",
    "account_confirm_login_code",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "mfa_authenticate",
    "mfa_login_webauthn",
}
OWN_SECURITY = {
    "account_reauthenticate",
    "account_change_password",
    "account_set_password",
    "mfa_index",
    "mfa_reauthenticate",
    "mfa_activate_totp",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
    "mfa_edit_webauthn",
    "mfa_remove_webauthn",
    "mfa_reauthenticate_webauthn",
}


def chosen(patterns: list[Any]) -> list[Any]:
    """Allauth's patterns cut down to the ones above, each view marked with who may open it."""
    kept: list[Any] = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            pattern.url_patterns[:] = chosen(pattern.url_patterns)
            kept += [pattern] if pattern.url_patterns else []
        elif isinstance(pattern, URLPattern) and pattern.name in PUBLIC_SIGN_IN | OWN_SECURITY:
            kind = "public" if pattern.name in PUBLIC_SIGN_IN else "person"
            pattern.callback.access = Access(kind)  # type: ignore[attr-defined]
            kept.append(pattern)
    return kept


CLIENT = "c/<slug:client_slug>/"
FIRM = "f/<slug:firm_slug>/"

urlpatterns: list[Any] = [
    path("accounts/", include(chosen(allauth_urls.urlpatterns))),
    path("me/", me.me, name="me"),
    # what was mailed
    path("join/", links.invitation_join, name="invitation_join"),
    path("join/<str:secret>/", links.invitation_open, name="invitation_open"),
    path("link/", links.magic_link_confirm, name="magic_link_confirm"),
    path("link/again/", links.magic_link_again, name="magic_link_again"),
    path("link/<str:secret>/", links.magic_link_open, name="magic_link_open"),
    # company sign-in
    path("sso/", sso.sso_start, name="sso_start"),
    path("sso/callback/", sso.sso_callback, name="sso_callback"),
    # a client's people
    path(f"{CLIENT}people/", people.people, name="people"),
    path(f"{CLIENT}people/invite/", people.people_invite, name="people_invite"),
    path(f"{CLIENT}people/invitations/<int:invitation_id>/again/", people.invitation_resend, name="invitation_resend"),
    path(
        f"{CLIENT}people/invitations/<int:invitation_id>/withdraw/",
        people.invitation_withdraw,
        name="invitation_withdraw",
    ),
    path(f"{CLIENT}people/<int:member_id>/role/", people.person_role, name="person_role"),
    path(f"{CLIENT}people/<int:member_id>/end/", people.person_end, name="person_end"),
    path(f"{CLIENT}people/<int:member_id>/link/", people.person_link, name="person_link"),
    path(f"{CLIENT}adoption/", adoption.adoption, name="adoption"),
    # a client's programs
    path(f"{CLIENT}settings/tokens/", tokens.tokens, name="tokens"),
    path(f"{CLIENT}settings/tokens/new/", tokens.token_new, name="token_new"),
    path(f"{CLIENT}settings/tokens/<int:token_id>/end/", tokens.token_end, name="token_end"),
    # a client's company sign-in
    path(f"{CLIENT}settings/sign-in/", sso_settings.sso_settings, name="sso_settings"),
    path(f"{CLIENT}settings/sign-in/domains/", sso_settings.sso_domain_new, name="sso_domain_new"),
    path(
        f"{CLIENT}settings/sign-in/domains/<int:domain_id>/confirm/",
        sso_settings.sso_domain_agree,
        name="sso_domain_agree",
    ),
    path(f"{CLIENT}settings/sign-in/domains/<int:domain_id>/end/", sso_settings.sso_domain_end, name="sso_domain_end"),
    # a firm's people
    path(FIRM, firm.firm, name="firm"),
    path(f"{FIRM}people/invite/", firm.firm_invite, name="firm_invite"),
    path(
        f"{FIRM}people/invitations/<int:invitation_id>/withdraw/",
        firm.firm_invitation_withdraw,
        name="firm_invitation_withdraw",
    ),
    path(f"{FIRM}people/<int:member_id>/role/", firm.consultant_role, name="consultant_role"),
    path(f"{FIRM}people/<int:member_id>/end/", firm.consultant_end, name="consultant_end"),
    path(f"{FIRM}clients/<int:client_id>/people/<int:member_id>/", firm.assignment_change, name="assignment_change"),
]
