"""OpenID Connect, the part of it that is needed: authorization code with PKCE, state, nonce, and signed ID tokens.

Written here rather than taken from allauth, whose provider accepts an unsigned ID token from the token endpoint, sends no
nonce, and takes the issuer from the discovery document instead of from the configuration.
"""

import base64
import hashlib
import json
import time
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote, urlencode

import jwt
from django.conf import settings

from portal.accounts.bearer import new_secret
from portal.lib.legible import name_fault
from portal.lib.outbound import OutboundError, request, url_check

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]  # never none, never HMAC
LEEWAY_SECONDS = 60
ATTEMPT_SECONDS = 600
REQUIRED = ["iss", "sub", "aud", "exp", "iat", "nonce"]


class OidcError(Exception):
    """The provider's answer cannot be trusted, or there is none. The text is for the log, not for the page."""


@dataclass(frozen=True)
class Provider:
    """Where a provider's endpoints are, from its own discovery document."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    posts_secret: bool


@dataclass(frozen=True)
class Attempt:
    """One sign-in under way, kept in the session of the browser that began it."""

    public_id: str
    state: str
    nonce: str
    verifier: str
    begun_at: int
    next: str

    def is_fresh(self) -> bool:
        return 0 <= time.time() - self.begun_at <= ATTEMPT_SECONDS

    def to_session(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Claims:
    """Who the provider says it is."""

    issuer: str
    subject: str
    email: str
    is_email_verified: bool
    name: str


def discover(issuer: str) -> Provider:
    """Read a provider's discovery document; it must state the very issuer that was configured."""
    document = _json("GET", issuer.rstrip("/") + "/.well-known/openid-configuration")
    if document.get("issuer") != issuer:
        raise OidcError("the discovery document names another issuer")
    methods = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    try:
        provider = Provider(
            issuer=issuer,
            authorization_endpoint=str(document["authorization_endpoint"]),
            token_endpoint=str(document["token_endpoint"]),
            jwks_uri=str(document["jwks_uri"]),
            posts_secret="client_secret_basic" not in methods,
        )
        url_check(provider.authorization_endpoint, allow_loopback=not settings.PRODUCTION)
    except (KeyError, OutboundError) as error:
        raise OidcError("the discovery document lacks an endpoint, or has a wrong one") from error
    return provider


def attempt_begin(public_id: str, next_path: str) -> Attempt:
    """Fresh secrets for one sign-in."""
    return Attempt(public_id, new_secret(), new_secret(), new_secret(), int(time.time()), next_path)


def authorization_url(provider: Provider, client_id: str, redirect_uri: str, attempt: Attempt) -> str:
    """Where the browser goes to sign in."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest()).rstrip(b"=").decode()
    query = urlencode(
        {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "scope": "openid email profile",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
    )
    return f"{provider.authorization_endpoint}{'&' if '?' in provider.authorization_endpoint else '?'}{query}"


def code_exchange(
    provider: Provider, client_id: str, secret: str, redirect_uri: str, code: str, attempt: Attempt
) -> Claims:
    """Trade the code for an ID token and verify it: signature, issuer, audience, times, nonce."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": attempt.verifier,
    }
    headers = [("Content-Type", "application/x-www-form-urlencoded")]
    if provider.posts_secret:
        form |= {"client_id": client_id, "client_secret": secret}
    else:
        pair = base64.b64encode(f"{quote(client_id, safe='')}:{quote(secret, safe='')}".encode()).decode()
        headers.append(("Authorization", f"Basic {pair}"))
    answer = _json("POST", provider.token_endpoint, headers, urlencode(form).encode())
    token = answer.get("id_token")
    if not isinstance(token, str):
        raise OidcError("the provider sent no ID token")
    return _verified(provider, client_id, token, attempt.nonce)


def _verified(provider: Provider, client_id: str, token: str, nonce: str) -> Claims:
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            raise OidcError("the ID token is not signed with a public key")
        claims = jwt.decode(
            token,
            key=_signing_key(provider, header.get("kid"), header["alg"]),
            algorithms=[header["alg"]],
            audience=client_id,
            issuer=provider.issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": REQUIRED},
        )
    except jwt.PyJWTError as error:
        raise OidcError(f"the ID token does not hold: {type(error).__name__}") from error
    if claims["nonce"] != nonce:
        raise OidcError("the ID token answers another sign-in")
    audience = claims["aud"]
    if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != client_id:
        raise OidcError("the ID token was made for another party")
    if claims["iat"] < time.time() - ATTEMPT_SECONDS - LEEWAY_SECONDS:
        raise OidcError("the ID token is too old")
    subject, email = claims["sub"], claims.get("email")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise OidcError("the ID token names nobody")
    name = str(claims.get("name") or "")[:150]
    return Claims(
        issuer=provider.issuer,
        subject=subject,
        email=email.strip().lower() if isinstance(email, str) else "",
        is_email_verified=claims.get("email_verified") is True,
        name="" if name_fault(name) else name,
    )


def _signing_key(provider: Provider, kid: str | None, algorithm: str) -> Any:
    keys = _json("GET", provider.jwks_uri).get("keys")
    signing = [key for key in keys or [] if isinstance(key, dict) and key.get("use", "sig") == "sig"]
    fitting = [key for key in signing if kid is None or key.get("kid") == kid]
    if len(fitting) != 1:
        raise OidcError("the provider has no such key")
    return jwt.PyJWK.from_json(json.dumps(fitting[0]), algorithm).key


def _json(method: str, url: str, headers: Any = (), body: bytes = b"") -> dict[str, Any]:
    try:
        answer = request(method, url, headers=headers, body=body, allow_loopback=not settings.PRODUCTION)
        if answer.status != 200:
            raise OidcError(f"the provider answered {answer.status}")
        return answer.json()
    except OutboundError as error:
        raise OidcError(str(error)) from error
