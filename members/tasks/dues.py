"""Files of receipts, standings that time changes, reminders of dues."""

import logging

from celery import shared_task
from django.utils import timezone

logger = logging.getLogger(__name__)


@shared_task(queue="bulk")
def make_receipt(receipt_id: int) -> None:
    """Make the file of a receipt."""
    from members.models import Receipt  # noqa: PLC0415 -- leaf
    from members.services import receipts  # noqa: PLC0415 -- leaf

    receipts.ensure_receipt(Receipt.objects.get(pk=receipt_id))


@shared_task(queue="bulk")
def make_missing_receipts() -> int:
    """Make the files that lost messages left unmade; one failure never stops the rest."""
    from members.models import Receipt  # noqa: PLC0415 -- leaf
    from members.services import receipts  # noqa: PLC0415 -- leaf

    made = 0
    for receipt in Receipt.objects.without_file().order_by("pk")[:200]:
        try:
            receipts.ensure_receipt(receipt)
            made += 1
        except Exception:
            logger.exception("The file of receipt %s could not be made.", receipt.pk)
    return made


@shared_task
def refresh_standings() -> int:
    """Derive anew the standings that the passing of time has changed, and tell those concerned."""
    from members.models import league_day  # noqa: PLC0415 -- leaf
    from members.services import renewals  # noqa: PLC0415 -- leaf

    return renewals.refresh_due_standings(on=league_day(), at=timezone.now())


@shared_task
def remind_of_dues() -> int:
    """Send the reminders of dues that the plans name for today, each once."""
    from members.models import league_day  # noqa: PLC0415 -- leaf
    from members.services import renewals  # noqa: PLC0415 -- leaf

    return renewals.send_reminders(on=league_day(), at=timezone.now())
