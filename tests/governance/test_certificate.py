"""The certificate: everything it has to say, and a script that finds a changed byte with nothing but the two files."""

import hashlib
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client as Browser

from docs import verify_certificate
from governance.models import PolicyDocument
from governance.services.certificates import key_id
from portal.accounts.models import User
from portal.tenancy.models import AuditEntry, Client
from portal.tenancy.scope import tenant_context
from tests.governance.signoffs import ask, final, sign
from tests.governance.test_documents import unpacked
from tests.pdf_text import pdf_text

__all__ = ["final"]
SCRIPT = Path(verify_certificate.__file__)


@pytest.fixture
def files(
    started: Client, final: PolicyDocument, anas: Browser, ana: User, finn: User, rita: User, tmp_path: Path
) -> tuple[Path, Path]:
    """The certificate and the policy as people download them."""
    with tenant_context(started):
        ask(started, final, ana, (finn, "finance"), (rita, "revops"))
        sign(started, finn)
        sign(started, rita)
    found = []
    for name in ("certificate.json", "policy.json"):
        path = tmp_path / name
        path.write_bytes(anas.get(f"/c/northwind/definitions/versions/0/{name}").content)
        found.append(path)
    return found[0], found[1]


def verify(*arguments: object) -> tuple[int, str]:
    """Run the script as an auditor does: isolated, from elsewhere, with the bare interpreter."""
    command = [sys.executable, "-I", "-S", str(SCRIPT), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env={}, cwd="/", check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_script_is_given_to_whoever_sees_the_certificate(files: tuple[Path, Path], anas: Browser) -> None:
    address = "/c/northwind/definitions/verify_certificate.py"
    assert address in anas.get("/c/northwind/definitions/versions/0/sign-off/").text
    answer = anas.get(address)
    assert answer.content == SCRIPT.read_bytes()
    assert answer["Content-Disposition"] == 'attachment; filename="verify_certificate.py"'


def test_the_script_confirms_what_is_sound(files: tuple[Path, Path], started: Client) -> None:
    code, said = verify(*files, "--key-id", key_id())
    assert code == 0 and "VALID: Northwind, policy v0, signed by finn@example.com (finance), rita@example.com" in said
    content = json.loads(files[0].read_text())["content"]
    for signature in content["signatures"]:
        assert signature.keys() >= {
            "signer_id", "email", "auth_method", "auth_at", "sha256", "intent", "intent_sha256", "signed_at", "address",
            "user_agent", "items",
        }  # fmt: skip
        assert signature["signed_at"].endswith("Z")
    assert content.keys() >= {"client", "document", "audit_chain", "key_id", "requested_by"}
    with tenant_context(started):
        entry = AuditEntry.objects.get(sequence=content["audit_chain"]["sequence"])
        assert entry.hash == content["audit_chain"]["hash"] and entry.action == "document.approved"


def test_a_changed_byte_is_found_wherever_it_is(files: tuple[Path, Path]) -> None:
    certificate, policy = files
    picker = random.Random(7)
    for path in files:
        whole = path.read_bytes()
        for place in [picker.randrange(len(whole)) for _ in range(12)]:
            if whole[place : place + 1].isspace():
                continue  # white space of the certificate says nothing
            changed = bytearray(whole)
            changed[place] = (changed[place] + 1) % 128
            path.write_bytes(bytes(changed))
            code, said = verify(certificate, policy)
            assert code in (1, 2) and ("NOT VALID" in said or "unreadable" in said), (path.name, place, said)
        path.write_bytes(whole)
    assert verify(certificate, policy)[0] == 0


def test_what_is_wrong_is_named(files: tuple[Path, Path]) -> None:
    certificate, policy = files
    assert "the key is not the expected one" in verify(*files, "--key-id", "0" * 16)[1]
    assert verify(policy, certificate)[0] == 2
    forged = json.loads(certificate.read_text())
    forged["content"]["signatures"][0]["email"] = "mallory@example.com"
    certificate.write_text(json.dumps(forged))
    assert "not what was signed" in verify(*files)[1]


def test_the_scripts_arithmetic_is_ed25519() -> None:
    for number in range(6):
        key = Ed25519PrivateKey.generate()
        raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        message = f"message {number}".encode()
        signature = key.sign(message)
        assert verify_certificate.is_signed_by(raw, message, signature)
        assert not verify_certificate.is_signed_by(raw, message + b"!", signature)
        assert not verify_certificate.is_signed_by(raw, message, signature[:63] + bytes([signature[63] ^ 1]))
    assert not verify_certificate.is_signed_by(b"\xff" * 32, b"", b"\xff" * 64)


def test_the_certificate_on_paper(files: tuple[Path, Path], anas: Browser) -> None:
    pdf = anas.get("/c/northwind/definitions/versions/0/certificate.pdf")
    assert pdf["Content-Type"] == "application/pdf"
    signed, told = json.loads(files[0].read_text())["content"], pdf_text(pdf.content)
    assert f"The file whose sha256 is {hashlib.sha256(files[1].read_bytes()).hexdigest()}" in told
    for signature in signed["signatures"]:
        assert f"“{signature['intent']}” Who {signature['email']}" in told
    assert b"/EmbeddedFile" not in unpacked(pdf.content)
