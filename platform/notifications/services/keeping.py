"""How long what was told is kept."""

import datetime as dt

from django.db import transaction

from notifications.choices import FINAL_STATES, EventState
from notifications.models import Event, Message

KEPT = dt.timedelta(days=365)
BATCH = 500


def forget_old(*, at: dt.datetime) -> int:
    """Delete events that were told a year ago, with their lines and deliveries, and messages of that age.

    In short transactions, so that nothing waits for it. Returns how many events were deleted.
    """
    before = at - KEPT
    events = Event.objects.filter(
        created_at__lt=before, state__in=[EventState.DONE, EventState.CANCELLED, EventState.DEAD]
    )
    messages = Message.objects.filter(created_at__lt=before, state__in=FINAL_STATES)
    deleted = 0
    for rows in (events, messages):
        while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH]):
            with transaction.atomic():
                rows.model._default_manager.filter(pk__in=ids).delete()
            deleted += len(ids) if rows is events else 0
    return deleted
