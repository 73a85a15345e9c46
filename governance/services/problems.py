"""What can be wrong with a wish about definitions, in words for the person who had it."""

from portal.lib.legible import text_fault


class DefinitionError(ValueError):
    """The wish cannot be carried out; the message says why and what to do. Nothing was changed."""

    @property
    def sentence(self) -> str:
        """The message as a sentence of a page."""
        text = str(self)
        return f"{text[:1].upper()}{text[1:]}."


class OutdatedError(DefinitionError):
    """Somebody changed it in the meantime: what was shown is no longer what is there."""

    def __init__(self, message: str = "somebody changed this in the meantime: look at it once more") -> None:
        super().__init__(message)


def require_legible(text: str) -> None:
    """DefinitionError for a text with a character that nobody sees, or that turns words around."""
    if fault := text_fault(text):
        raise DefinitionError(f"the text {fault}")
