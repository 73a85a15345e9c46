"""Saving a firm's playbooks: every save is a new version, and none is ever changed."""

from typing import Any

from django.db import IntegrityError, transaction

from engagements.models import FirmPlaybook, PlaybookVersion
from engagements.playbook.build import to_data
from engagements.playbook.schema import Playbook
from engagements.services.problems import EngagementError
from portal.tenancy import audit
from portal.tenancy.models import Firm


def playbook_create(
    *, firm: Firm, playbook: Playbook, origin: str = "", note: str = "", user: Any = None
) -> PlaybookVersion:
    """A new playbook of the firm with its version 1. Its key gets a number where the firm has the key already."""
    with transaction.atomic():
        Firm.objects.select_for_update().get(pk=firm.pk)
        key = free_key(firm, playbook.key)
        row = FirmPlaybook.objects.create(firm=firm, key=key, name=playbook.name[:200], origin=origin[:300])
        return _version_store(row, playbook, 1, note or (f"From {origin}" if origin else "First version"), user)


def playbook_save(
    *, row: FirmPlaybook, playbook: Playbook, based_on: int, note: str = "", user: Any = None
) -> PlaybookVersion:
    """The next version; the one in force is given back where nothing changed.

    EngagementError where somebody saved another version after `based_on`, which the change did not see.
    """
    with transaction.atomic():
        row = FirmPlaybook.objects.select_for_update().get(pk=row.pk)
        newest = row.versions.order_by("-number").first()
        number = newest.number if newest else 0
        if number != based_on:
            raise EngagementError(f"version {number} was saved meanwhile: look at it, then change that one")
        if newest is not None and newest.sha256 == audit.digest(to_data(playbook)):
            return newest
        if row.name != playbook.name:
            row.name = playbook.name[:200]
            row.save(update_fields=["name"])
        return _version_store(row, playbook, number + 1, note, user)


def free_key(firm: Firm, key: str) -> str:
    """The key, or the key with the first number that is free in the firm."""
    taken = set(FirmPlaybook.objects.filter(firm=firm, key__startswith=key[:55]).values_list("key", flat=True))
    return next(k for n in range(1, len(taken) + 2) if (k := key if n == 1 else f"{key[:55]}-{n}") not in taken)


def _version_store(row: FirmPlaybook, playbook: Playbook, number: int, note: str, user: Any) -> PlaybookVersion:
    content = to_data(playbook)
    try:
        with transaction.atomic():
            version = PlaybookVersion.objects.create(
                playbook=row,
                number=number,
                content=content,
                sha256=audit.digest(content),
                note=note[:400],
                created_by=user,
            )
    except IntegrityError as error:
        raise EngagementError("another version was saved at the same moment: look at it first") from error
    audit.record_for_firm(
        row.firm,
        "playbook.saved",
        object_type="playbook",
        object_id=row.key,
        after=content,
        details={"name": row.name, "version": number, "sha256": version.sha256, "note": note},
    )
    return version
