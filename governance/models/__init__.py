"""The tables of governance, by room."""

from governance.models.answers import Answer, Asking, MailDay, News, Respondent, Verdict
from governance.models.documents import PolicyDocument
from governance.models.items import DefinitionItem, Function, ItemChange, ItemEvent, ItemKind, ItemState

__all__ = [
    "Answer",
    "Asking",
    "DefinitionItem",
    "Function",
    "ItemChange",
    "ItemEvent",
    "ItemKind",
    "ItemState",
    "MailDay",
    "News",
    "PolicyDocument",
    "Respondent",
    "Verdict",
]
