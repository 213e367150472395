"""Transfers whose old chapter has kept silent."""

from celery import shared_task
from django.utils import timezone


@shared_task
def settle_silent_transfers() -> int:
    """Count the silence of chapters as agreement where its time is over."""
    from members.services import transfers  # noqa: PLC0415 -- leaf

    return transfers.settle_silent_transfers(timezone.now())
