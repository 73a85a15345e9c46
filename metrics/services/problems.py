"""What can be wrong with a request to import, in words for the person who made it."""


class ImportProblem(ValueError):
    """The request cannot be carried out; the message says why and what to do. Nothing was changed."""
