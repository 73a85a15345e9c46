"""Whether what was computed of a change request is still of this request and of these figures.

`figures_stamp(client, request) -> str` · `preview_standing(request) -> ChangePreview | None` ·
`outdated_of(client, requests) -> list[ChangeRequest]` · `is_of_earlier_shape(preview) -> bool` ·
`newest_preview(request) -> ChangePreview | None`
"""

from collections.abc import Iterable

from django.db.models import Max, Q

from governance.change_impact import SHAPE
from governance.models import ChangePreview, ChangeRequest, Metric, MetricStatus, MetricVersion, PreviewState
from metrics.selectors.stamp import numbers_stamp
from portal.tenancy import audit
from portal.tenancy.models import Client


def figures_stamp(client: Client, request: ChangeRequest | None = None) -> str:
    """Equal as long as no book, no closed month and no metric in use has changed, and effects are told in the same shape; kept
    with every preview. Four queries.

    A metric that is only proposed is part of nothing, unless the request is about it. Who owns one, and how much it matters to
    whom, moves no figure.
    """
    held = Metric.objects.filter(~Q(status=MetricStatus.PROPOSED) | Q(pk=(request and request.metric_id) or 0))
    versions = MetricVersion.objects.filter(metric__in=held).aggregate(newest=Max("id"))["newest"]
    states = held.order_by("id").values_list("id", "status", "feeds_pay", "sunset_on", "successor_id")
    return audit.digest([SHAPE, *numbers_stamp(client), versions, *states])


def preview_standing(request: ChangeRequest) -> ChangePreview | None:
    """The request's preview, where it is done, of the present content and of the present figures."""
    preview: ChangePreview | None = request.preview
    if preview is None or preview.state != PreviewState.DONE or preview.content_sha256 != request.content_sha256:
        return None
    return preview if preview.stamp == figures_stamp(request.client, request) else None


def outdated_of(client: Client, requests: Iterable[ChangeRequest]) -> list[ChangeRequest]:
    """Those whose preview does not stand any more. The figures of most are looked at once, for all of them."""
    given = list(requests)
    stamp = figures_stamp(client) if given else ""
    stands = {each.pk for each in given if each.preview is not None and each.preview.stamp == stamp}
    return [
        each for each in given
        if each.preview is None or each.preview.content_sha256 != each.content_sha256
        or (each.pk not in stands and preview_standing(each) is None)
    ]  # fmt: skip


def is_of_earlier_shape(preview: ChangePreview) -> bool:
    """Whether an earlier version of Tieout computed it, which told effects otherwise: the figures need not have moved."""
    return preview.result is not None and preview.result.get("shape") != SHAPE


def newest_preview(change: ChangeRequest) -> ChangePreview | None:
    """The preview that was started last, without its result."""
    found: ChangePreview | None = ChangePreview.objects.filter(request=change).defer("result").order_by("-id").first()
    return found
