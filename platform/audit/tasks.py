"""Leaves: `seal_log` continues the chain, asked for after each commit and by the beat every minute."""

import logging
import time

from celery import shared_task
from django.utils import timezone

logger = logging.getLogger(__name__)

WORK_SECONDS = 30  # for one task; settings.CELERY_TASK_SOFT_TIME_LIMIT is twice that
BROKEN_SECONDS = 10  # a broker that failed is not asked again before that: each try would hold a request up
_broken_until = 0.0  # by the clock of this process


def nudge() -> None:
    """Ask a worker to seal what was just written. Where no broker answers, the beat does it within a minute."""
    global _broken_until
    if time.monotonic() < _broken_until:
        return
    try:
        seal_log.delay()
    except Exception as error:
        _broken_until = time.monotonic() + BROKEN_SECONDS
        logger.warning("No broker for the audit log: %s", type(error).__name__)


@shared_task
def seal_log() -> int:
    """Number and chain what was written, in short transactions."""
    from audit import services  # noqa: PLC0415 -- leaf

    end = time.monotonic() + WORK_SECONDS
    sealed = 0
    while (number := services.seal(at=timezone.now())) and time.monotonic() < end:
        sealed += number
    return sealed
