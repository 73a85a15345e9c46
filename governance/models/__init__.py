"""The tables of governance, by room."""

from governance.models.items import DefinitionItem, Function, ItemChange, ItemEvent, ItemKind, ItemState

__all__ = ["DefinitionItem", "Function", "ItemChange", "ItemEvent", "ItemKind", "ItemState"]
