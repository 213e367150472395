"""Erasing the details of events: the only change that the log permits, and it says so itself."""

import datetime as dt
from collections.abc import Iterable

from django.db import transaction

from accounts.models import User
from audit.models import AuditEvent, raw_events
from audit.services.recording import record

ERASED = "audit.detail_erased"
BATCH = 500


@transaction.atomic
def erase_detail(event_ids: Iterable[int], *, actor: User | None, reason: str, at: dt.datetime) -> int:
    """Empty the details of events, with the salt that would prove a guess, and write events that name them.

    `reason` is a code. Details of the naming events stay: without them the chain could not be proved. Returns how
    many details were emptied; asking again changes nothing.
    """
    wanted = sorted(set(event_ids))
    erased = 0
    for start in range(0, len(wanted), BATCH):
        events = (
            AuditEvent.objects.select_for_update()
            .filter(pk__in=wanted[start : start + BATCH])
            .exclude(salt="")
            .exclude(action=ERASED)
            .order_by("pk")
        )
        ids = list(events.values_list("pk", flat=True))
        if not ids:
            continue
        raw_events().filter(pk__in=ids).update(detail={}, salt="")
        first = AuditEvent.objects.get(pk=ids[0])
        record(ERASED, actor=actor, subject=first, at=at, reason_code=reason, detail={"events": ids})
        erased += len(ids)
    return erased
