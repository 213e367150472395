"""Leaves: ids in, one service called, safe to run twice. `sweep` is the guarantee, everything else is haste."""

import logging
import time
from collections.abc import Callable

from celery import shared_task
from django.utils import timezone

logger = logging.getLogger(__name__)


WORK_SECONDS = 30  # for one task; settings.CELERY_TASK_SOFT_TIME_LIMIT is twice that
BROKEN_SECONDS = 10  # until the next sweep looks anyway
_broken_until = 0.0  # by the clock of this process


def nudge(event_id: int) -> None:
    """Ask a worker to tell an event at once. A broker that is down costs the seconds until the next sweep.

    It is not asked again for ten seconds: each failing try would hold a request up by more than half a second.
    """
    global _broken_until
    if time.monotonic() < _broken_until:
        return
    try:
        expand_event.delay(event_id)
    except Exception as error:
        _broken_until = time.monotonic() + BROKEN_SECONDS
        logger.warning("No broker for event %s: %s", event_id, type(error).__name__)


def _deadline() -> Callable[[], bool]:
    """Return whether a task has to come to its end, well before Celery kills it in the middle of a letter."""
    end = time.monotonic() + WORK_SECONDS
    return lambda: time.monotonic() > end


@shared_task
def expand_event(event_id: int) -> None:
    """Tell an event and send what is due of it."""
    from notifications import services  # noqa: PLC0415 -- leaf

    is_over = _deadline()
    if services.expand(event_id):
        services.deliver_due(is_over=is_over)


@shared_task
def sweep() -> dict[str, int]:
    """Do everything that is due."""
    from notifications import services  # noqa: PLC0415 -- leaf

    return services.sweep(is_over=_deadline())


@shared_task
def forget_old() -> int:
    """Delete what is older than it is kept."""
    from notifications import services  # noqa: PLC0415 -- leaf

    return services.forget_old(at=timezone.now())
