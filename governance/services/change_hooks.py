"""What a client's programs are told of change requests.

`change_emit(request=, step=)`
"""

from typing import Final

from governance.models import ChangeRequest
from portal.lib.periods import month_format
from portal.webhooks.services.emitting import webhook_emit

TOLD: Final = {"approve": "change.approved", "take_effect": "change.effective"}


def change_emit(*, request: ChangeRequest, step: str) -> None:
    """That a request was approved, or takes effect; nothing for other steps. In the transaction of the step."""
    event = TOLD.get(step)
    if event is None:
        return
    said = {
        "number": request.number,
        "kind": request.kind,
        "title": request.title,
        "from_month": None if request.from_month is None else month_format(request.from_month),
        "is_restating": request.is_restating,
        "content_sha256": request.content_sha256,
    }
    webhook_emit(client=request.client, event=event, data=said)
