"""What happens to requests of this app outside its views."""

import logging
import re

_TOKEN = re.compile(r"(/references/)[\w-]{20,}")


class MaskTokens(logging.Filter):
    """Keep the secret of a referee's link out of the log: Django names the address of what went wrong."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        masked = _TOKEN.sub(r"\1…", message)
        if masked != message:
            record.msg, record.args = masked, ()
        return True
