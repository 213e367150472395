"""Continuing the chain: numbers and hashes for what was written since."""

import datetime as dt
import hashlib
import json

from django.db import transaction

from audit.models import AuditEvent, ChainHead, raw_events

GENESIS = "0" * 64  # what the first event is chained to
MOST = 1000
BATCH = 200


@transaction.atomic
def seal(*, at: dt.datetime, limit: int = MOST) -> int:
    """Number events in the order in which they were written and chain each to the one before; return how many.

    One sealer works at a time. An event whose transaction commits later gets a later number.
    """
    ChainHead.objects.get_or_create(pk=ChainHead.ONLY)
    head = ChainHead.objects.select_for_update().get(pk=ChainHead.ONLY)
    events = list(AuditEvent.objects.unsealed()[:limit])
    if not events:
        return 0
    for event in events:
        head.number += 1
        event.number = head.number
        event.hash = head.hash = link_hash(head.hash, event)
    raw_events().bulk_update(events, ["number", "hash"], batch_size=BATCH)
    head.sealed_at = at
    head.save(update_fields=["number", "hash", "sealed_at"])
    return len(events)


def link_hash(previous: str, event: AuditEvent) -> str:
    """Return the SHA-256 that chains an event to the one before it: everything but the detail's own words."""
    facts = {
        "number": event.number,
        "id": event.pk,
        "at": event.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        "actor_id": event.actor_id,
        "action": event.action,
        "subject_type": event.subject_type,
        "subject_id": event.subject_id,
        "person_id": event.person_id,
        "chapter_id": event.chapter_id,
        "reason_code": event.reason_code,
        "detail_hash": event.detail_hash,
    }
    spelled = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{previous}\n{spelled}".encode()).hexdigest()
