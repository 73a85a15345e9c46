"""Why a file is not accepted."""


class FileRefused(ValueError):
    """The file is not accepted; the message is for whoever sent it."""
