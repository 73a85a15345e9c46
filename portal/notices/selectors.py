"""Reading what a person is told at one client, and how they want to hear of it.

`notices_of(user, before=)` · `notices_with(key)` · `unread_count(user)` · `how_of(user_ids, kind, staff)` ·
`is_mailed(user, kind)` · `choices_of(user)` · `fewer_url(user, kinds)`
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.core import signing

from portal.accounts.mail import absolute
from portal.notices.kinds import KINDS, How, Kind, KindSpec
from portal.notices.models import Notice, NoticeChoice
from portal.tenancy.selectors import firms_of

PAGE: Final = 50
MOST_COUNTED: Final = 99
SALT: Final = "tieout fewer mails"
LINK_LASTS: Final = 400 * 24 * 3600  # seconds


@dataclass(frozen=True)
class Choice:
    """A kind on the settings page: its choices and which of them holds."""

    kind: Kind
    spec: KindSpec
    how: str

    @property
    def options(self) -> list[How]:
        return list(self.spec.options)


def notices_of(user: Any, before: int | None = None) -> list[Notice]:
    """What a person was told at the client in scope, the newest first, from below `before`; one page and one more."""
    rows = Notice.objects.filter(user=user).select_related("mailing").order_by("-id")
    return list((rows.filter(pk__lt=before) if before else rows)[: PAGE + 1])


def notices_with(key: str) -> list[Notice]:
    """What everybody was told under one key at the client in scope, by name."""
    return list(Notice.objects.filter(key=key).select_related("user").order_by("user__name", "user_id"))


def unread_count(user: Any) -> int:
    """How many notices wait to be read at the client in scope, counted up to one hundred."""
    return len(Notice.objects.filter(user=user, read_at=None).order_by("id").values_list("pk")[: MOST_COUNTED + 1])


def how_of(user_ids: Iterable[int], kind: str, staff: Iterable[int] = ()) -> dict[int, str]:
    """How each person hears of a kind: as they chose, else as usual for the client's people or the firm's (`staff`)."""
    spec, ids, of_firm = KINDS[kind], list(user_ids), set(staff)
    chosen = dict(NoticeChoice.objects.filter(user_id__in=ids, kind=kind).values_list("user_id", "how"))
    usual = {pk: spec.of_firm if pk in of_firm else spec.usual for pk in ids}
    return {pk: chosen[pk] if chosen.get(pk) in spec.options else how for pk, how in usual.items()}


def is_mailed(user: Any, kind: str) -> bool:
    """Whether a person wants mails of a kind at all."""
    return how_of([user.pk], kind)[user.pk] != How.NEVER


def choices_of(user: Any) -> list[Choice]:
    """Every kind that concerns the person, with how they hear of it."""
    is_consultant = bool(firms_of(user))
    chosen = dict(NoticeChoice.objects.filter(user=user).values_list("kind", "how"))
    return [
        Choice(
            Kind(kind), spec,
            chosen[kind] if chosen.get(kind) in spec.options else spec.of_firm if is_consultant else spec.usual,
        )
        for kind, spec in KINDS.items()
        if is_consultant or not spec.is_firms_alone
    ]  # fmt: skip


def fewer_url(user: Any, kinds: Iterable[str]) -> str:
    """The signed address under which a person ends mails of these kinds without signing in; empty where none can be ended."""
    ends = sorted({kind for kind in kinds if How.NEVER in KINDS[kind].options})
    if not ends:
        return ""
    return absolute(f"/notifications/fewer/{signing.dumps([user.pk, ends], salt=SALT)}/")


def fewer_read(token: str) -> tuple[int, list[str]] | None:
    """Whose mails of which kinds such an address ends; None for one that we did not make, or a very old one."""
    try:
        user_id, kinds = signing.loads(token, salt=SALT, max_age=LINK_LASTS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return int(user_id), [str(kind) for kind in kinds if kind in KINDS]
