"""A small OpenID provider on a local port, with RSA-signed tokens and a switch for every fault a provider can have."""

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm


class OidcProvider:
    """`faults` changes what the provider says; `claims` is who signs in there."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.stranger_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.claims: dict[str, Any] = {}
        self.faults: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.secrets_seen: list[str] = []
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer(provider.get(self.path))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                provider.secrets_seen.append(self.headers.get("Authorization", ""))
                self.answer(provider.token({key: value[0] for key, value in parse_qs(body).items()}))

            def answer(self, said: dict[str, Any] | None) -> None:
                body = json.dumps(said or {"error": "invalid_grant"}).encode()
                self.send_response(200 if said else 400)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def get(self, path: str) -> dict[str, Any]:
        if path == "/keys":
            public = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
            return {"keys": [{**public, "kid": "one", "use": "sig"}]}
        return {
            "issuer": self.faults.get("discovered_issuer", self.issuer),
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }

    def authorize(self, url: str) -> dict[str, str]:
        """The person signs in there; returns the query that the browser brings back."""
        query = {key: value[0] for key, value in parse_qs(urlsplit(url).query).items()}
        code = hashlib.sha256(query["state"].encode()).hexdigest()
        self.codes[code] = query
        return {"code": code, "state": query["state"]}

    def token(self, form: dict[str, str]) -> dict[str, Any] | None:
        asked = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if asked is None or base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return None
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": asked["client_id"],
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
            **self.claims,
            **self.faults.get("claims", {}),
        }
        return {"id_token": self.signed({key: value for key, value in claims.items() if value is not None})}

    def signed(self, claims: dict[str, Any]) -> str:
        header = {"kid": "one"}
        how = self.faults.get("signing")
        if how == "none":
            return jwt.encode(claims, "", algorithm="none", headers=header)
        if how == "hmac":
            pem = json.dumps(json.loads(RSAAlgorithm.to_jwk(self.key.public_key())))
            return jwt.encode(claims, pem.ljust(64), algorithm="HS256", headers=header)
        key = self.stranger_key if how == "stranger" else self.key
        token = jwt.encode(claims, key, algorithm="RS256", headers=header)
        return token[:-4] + "AAAA" if how == "broken" else token
