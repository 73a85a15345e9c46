"""What the lines of a log hold."""

import logging


class RefusalInOneLine(logging.Filter):
    """Keeps the traceback out of a request that was refused (4xx): it is an answer, not a fault of the program."""

    def filter(self, record: logging.LogRecord) -> bool:
        if 400 <= getattr(record, "status_code", 0) < 500:
            record.exc_info = record.exc_text = None
        return True
