"""The tables of governance, by room."""

from governance.models.answers import Answer, Asking, Respondent, Verdict
from governance.models.changes import (
    ChangeEvent,
    ChangeKind,
    ChangePreview,
    ChangeRequest,
    ChangeState,
    PreviewState,
    Urgency,
)
from governance.models.documents import PolicyDocument
from governance.models.items import DefinitionItem, Function, ItemChange, ItemEvent, ItemKind, ItemState
from governance.models.publications import Publication, PublicationMode, PublicationState
from governance.models.registry import (
    ControlFigure,
    ControlSide,
    Metric,
    MetricEvent,
    MetricHappening,
    MetricPriority,
    MetricRole,
    MetricStatus,
    MetricVersion,
    Priority,
)
from governance.models.signoff import (
    Certificate,
    Signature,
    SignedItem,
    Signer,
    SignerState,
    Signoff,
    SignoffMode,
    SignoffState,
)

__all__ = [
    "Answer",
    "Asking",
    "Certificate",
    "ChangeEvent",
    "ChangeKind",
    "ChangePreview",
    "ChangeRequest",
    "ChangeState",
    "ControlFigure",
    "ControlSide",
    "DefinitionItem",
    "Function",
    "ItemChange",
    "ItemEvent",
    "ItemKind",
    "ItemState",
    "Metric",
    "MetricEvent",
    "MetricHappening",
    "MetricPriority",
    "MetricRole",
    "MetricStatus",
    "MetricVersion",
    "PolicyDocument",
    "PreviewState",
    "Priority",
    "Publication",
    "PublicationMode",
    "PublicationState",
    "Respondent",
    "Signature",
    "SignedItem",
    "Signer",
    "SignerState",
    "Signoff",
    "SignoffMode",
    "SignoffState",
    "Urgency",
    "Verdict",
]
