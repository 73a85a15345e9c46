"""The tables of governance, by room."""

from governance.models.answers import Answer, Asking, Respondent, Verdict
from governance.models.documents import PolicyDocument
from governance.models.items import DefinitionItem, Function, ItemChange, ItemEvent, ItemKind, ItemState
from governance.models.publications import Publication, PublicationMode, PublicationState
from governance.models.signoff import (
    Certificate,
    Signature,
    SignCode,
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
    "DefinitionItem",
    "Function",
    "ItemChange",
    "ItemEvent",
    "ItemKind",
    "ItemState",
    "PolicyDocument",
    "Publication",
    "PublicationMode",
    "PublicationState",
    "Respondent",
    "SignCode",
    "Signature",
    "SignedItem",
    "Signer",
    "SignerState",
    "Signoff",
    "SignoffMode",
    "SignoffState",
    "Verdict",
]
