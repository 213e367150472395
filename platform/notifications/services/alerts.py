"""One alert for each cause, not one for each person: an error names its class, never what it was about."""

import logging

from django.core.cache import cache

logger = logging.getLogger(__name__)

SILENCE = 3600  # seconds between two alerts for the same cause


def report(step: str, kind: str, error: Exception) -> None:
    """Tell the operator about an error once an hour for each step, kind and class of error.

    The message and the traceback stay out of the log: either may hold words of a person.
    """
    code = type(error).__name__
    if _is_first(f"notifications.alert.{step}.{kind}.{code}"):
        where = _where(error)
        logger.error("Notifications of kind %s fail at %s: %s at %s", kind, step, code, where)


def _is_first(cause: str) -> bool:
    try:
        return cache.add(cause, value=True, timeout=SILENCE)
    except Exception:  # without a cache an error is told each time, and the work goes on
        return True


def _where(error: Exception) -> str:
    """Name the innermost line of code, which is ours to show."""
    trace = error.__traceback__
    if trace is None:
        return "?"
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"
