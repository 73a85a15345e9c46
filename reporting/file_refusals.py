"""When a file of figures is refused: whoever reads it is a program or a spreadsheet, and sees no notice beside an empty table.

`refusal_of(ignored, head) -> HttpResponse | None`
"""

from collections.abc import Iterable

from django.http import HttpResponse

from metrics.models import BookState
from metrics.selectors.figures import BookHead
from portal.tenancy.awaited import RETRY_SECONDS
from reporting.address_reading import Ignored


def refusal_of(ignored: Iterable[Ignored], head: BookHead) -> HttpResponse | None:
    """The answer in place of a file, in one sentence or more; None where there are figures, or nothing to compute any of.

    400 for an address that makes no sense; 503 while the first figures are computed; 409 where they cannot be.
    """
    if said := " ".join(f"{each.why}." for each in ignored):
        return sentence(said, 400)
    if head.has_numbers:
        return None
    if head.state == BookState.STALE:
        answer = sentence("The numbers are being computed: ask again in a few seconds.", 503)
        answer["Retry-After"] = str(RETRY_SECONDS)
        return answer
    return sentence(head.message, 409) if head.state == BookState.BLOCKED else None


def sentence(text: str, status: int) -> HttpResponse:
    """Plain text, as whoever asked for a file reads it."""
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
