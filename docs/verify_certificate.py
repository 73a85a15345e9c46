#!/usr/bin/env python3
"""Check the certificate of a signed policy, or of a signed criterion of a gate, without Tieout, its database or any package.

    python verify_certificate.py CERTIFICATE.json SIGNED.json [--key-id 16HEXDIGITS]

SIGNED.json is what was signed: the policy, or what was shown of the criterion. It recomputes the sha256 of that file, every
definition's hash, the hash of every statement, and the Ed25519 signature of the certificate (RFC 8032). Give --key-id, which
you got from the firm by another way, so that a certificate made with somebody else's key is found too. Python 3.9 or later is
enough. Exit code 0: everything holds; 1: something does not, and it is named; 2: unreadable.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]  # extended coordinates


def canonical(value: Any) -> bytes:
    """The JSON that hashes are of: sorted keys, no white space."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def add(p: Point, q: Point) -> Point:
    """Two points of the curve in extended coordinates."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(factor: int, point: Point) -> Point:
    """A multiple of a point."""
    result = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            result = add(result, point)
        point, factor = add(point, point), factor >> 1
    return result


def x_of(y: int, sign: int) -> int | None:
    """The x of a point from its y; None for a y that is on no point."""
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P:
        return None
    return P - x if (x & 1) != sign else x


def point_of(encoded: bytes) -> Point | None:
    """A point from its 32 bytes; None for bytes that are none."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = x_of(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = point_of(BASE_Y.to_bytes(32, "little"))


def is_signed_by(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature is that of the message under the key."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    key, commitment = point_of(public_key), point_of(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or BASE is None or scalar >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % ORDER
    left, right = times(scalar, BASE), add(commitment, times(challenge, key))
    return not ((left[0] * right[2] - right[0] * left[2]) % P or (left[1] * right[2] - right[1] * left[2]) % P)


def faults(certificate: Any, policy_bytes: bytes, key_id: str | None) -> list[str]:
    """Everything that does not hold, in words; empty when all does."""
    content, policy = certificate["content"], json.loads(policy_bytes)
    key, expected = base64.b64decode(content["public_key"]), content["document"]["sha256"]
    changed = [
        entry["content"]["key"]
        for entry in policy.get("items", [])
        if sha256(canonical(entry["content"])) != entry["sha256"]
    ]
    checks = [
        (
            is_signed_by(key, canonical(content), base64.b64decode(certificate["signature"])),
            "the certificate is not what was signed, or was signed with another key",
        ),
        (content["key_id"] == sha256(key)[:16], "the certificate names another key than its own"),
        (key_id in (None, content["key_id"]), "the key is not the expected one"),
        (sha256(policy_bytes) == expected, "the policy's file is not the one that was signed"),
        (policy.get("number") == content["document"].get("number"), "the certificate is of another version"),
        ("items" in policy or "criterion" in policy, "the file is neither a policy nor a criterion"),
        (not changed, "definitions do not match their hashes: " + ", ".join(changed)),
        (len(content["signatures"]) >= content["quorum"], "there are fewer signatures than were needed"),
    ]
    hashes = {entry["content"]["key"]: entry["sha256"] for entry in policy.get("items", [])}
    for signature in content["signatures"]:
        who, intent = signature["email"], signature["intent"].encode()
        own = all(hashes.get(item["key"]) == item["sha256"] for item in signature["items"])
        checks += [
            (signature["sha256"] == expected, f"{who} signed another file"),
            (sha256(intent) == signature["intent_sha256"], f"the statement of {who} does not match its hash"),
            (own, f"{who} signed other definitions"),
        ]
    return [fault for holds, fault in checks if not holds]


def main(arguments: list[str]) -> int:
    """Check two files and say what holds."""
    parser = argparse.ArgumentParser(description="Check the certificate of a signed policy.")
    parser.add_argument("certificate", type=Path)
    parser.add_argument("policy", type=Path)
    parser.add_argument("--key-id", help="the expected key, 16 hex digits")
    given = parser.parse_args(arguments)
    try:
        certificate = json.loads(given.certificate.read_bytes())
        found = faults(certificate, given.policy.read_bytes(), given.key_id)
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.stderr.write(f"unreadable: {error!r}\n")
        return 2
    for fault in found:
        sys.stdout.write(f"NOT VALID: {fault}\n")
    if found:
        return 1
    content = certificate["content"]
    who = ", ".join("{} ({})".format(each["email"], each["function"]) for each in content["signatures"])
    document = content["document"]
    what = "policy v{}".format(document["number"]) if "number" in document else "gate {}".format(document["gate"])
    sys.stdout.write("VALID: {}, {}, signed by {}\n".format(content["client"]["name"], what, who))
    sys.stdout.write("key {}, audit log {}\n".format(content["key_id"], content["audit_chain"]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
