"""How a person wants to hear of things.

`choices_set(user=, chosen=)` · `fewer(user=, kinds=)`
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from portal.notices.kinds import KINDS, How
from portal.notices.models import NoticeChoice


def choices_set(*, user: Any, chosen: Mapping[str, str]) -> None:
    """Keep what a person chose for some kinds. ValueError for a kind or a choice that there is not."""
    for kind, how in chosen.items():
        if kind not in KINDS or how not in KINDS[kind].options:
            raise ValueError(f"'{kind}' has no choice '{how}'")
    with transaction.atomic():
        for kind, how in sorted(chosen.items()):
            if not KINDS[kind].is_fixed:
                NoticeChoice.objects.update_or_create(user=user, kind=kind, defaults={"how": how})


def fewer(*, user: Any, kinds: Iterable[str]) -> list[str]:
    """No mail of these kinds any more, as far as that is a person's to choose; gives the kinds that ended."""
    ended = [kind for kind in kinds if kind in KINDS and How.NEVER in KINDS[kind].options]
    choices_set(user=user, chosen=dict.fromkeys(ended, How.NEVER))
    return ended
