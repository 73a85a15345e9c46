"""The impact of a change request: started, watched, and read as it is shown to the board."""

from typing import Any

from django.http import Http404

from governance.api.change_shapes import ChangeImpactSerializer, ChangeImpactStateSerializer
from governance.api.changes import ChangeView, change_or_404, told
from governance.change_impact import Impact, ImpactFault
from governance.change_impact_customers import customers_file, customers_name
from governance.models import ChangePreview, ChangeRequest
from governance.selectors.change_previews import newest_preview, preview_standing
from governance.services.change_preview import preview_start
from portal.tenancy.api import Call, Operation
from portal.tenancy.api_files import FileSerializer, file_of
from portal.tenancy.permissions import REQUEST_CHANGES, VIEW_ARR
from portal.tenancy.problems import conflict_on


def stated(change: ChangeRequest, preview: ChangePreview) -> ChangePreview:
    """A preview with whether it is of the present wording and figures."""
    standing = preview_standing(change)
    preview.is_current = standing is not None and standing.pk == preview.pk  # type: ignore[attr-defined]
    return preview


class ChangeImpact(ChangeView):
    operations = {
        "GET": Operation("change_impact_get", VIEW_ARR, ChangeImpactSerializer),
        "POST": Operation(
            "change_impact_start", REQUEST_CHANGES, ChangeImpactStateSerializer, status=202, may_fail=(409,)
        ),
    }

    def get(self, call: Call, number: int) -> Any:
        """The newest computation, how far it is, and the result that stands: what the board is shown, with its sha256.

        Money in the result is whole cents of the reporting currency, a metric's figure decimal text, a month the number
        year × 12 + month − 1; what has no value is null, with the reason beside it. Of other thresholds each month has the
        figures below and above which it rings, as they are (`limits_before`) and as they would be (`limits_after`).
        """
        change = change_or_404(call, number)
        newest = newest_preview(change)
        if newest is None:
            raise Http404
        found = stated(change, newest)
        kept = change.preview if change.preview is not None and change.preview.result is not None else None
        found.shown = None if kept is None else Impact(kept.result).content  # type: ignore[attr-defined]
        found.shown_sha256 = "" if kept is None else kept.sha256  # type: ignore[attr-defined]
        return found

    def post(self, call: Call, number: int) -> Any:
        """Have the impact computed: the one under way, or still current, is given back instead of a second one. 202.

        Its effect for whoever sees numbers.
        """
        with told(number):
            change = change_or_404(call, number)
            preview = preview_start(request=change, user=call.user)
        if not call.may(VIEW_ARR):
            preview.effect_cents = preview.effect_month = None
            preview.effect_is_step, preview.effect_is_restated, preview.effect_book = False, False, ""
        return stated(change_or_404(call, number), preview)


class ChangeImpactCustomers(ChangeView):
    operations = {"GET": Operation("change_impact_customers", VIEW_ARR, FileSerializer, may_fail=(409,))}

    def get(self, call: Call, number: int) -> Any:
        """Every customer that moves under a changed policy, as CSV: the file that was kept with the impact that is shown.

        409 where none was: for a request that does not change the policy, before its impact is computed, where nobody moves.
        """
        change = change_or_404(call, number)
        with conflict_on(ImpactFault):
            kept = customers_file(change)
        return file_of(customers_name(change), "text/csv; charset=utf-8", kept.encode())
