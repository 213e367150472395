"""Digests: what waited for a person's own hour goes out as one letter. Run twice, it is still one."""

import datetime as dt

from django.db import IntegrityError, transaction

from notifications.choices import Channel, MessageState, Urgency, Verdict
from notifications.models import Delivery, Message, Reader
from notifications.services.preferences import digest_due
from notifications.services.schedule import period_of, zone_of

LIFETIME = dt.timedelta(hours=12)
BATCH = 200


def make_due_digests(*, at: dt.datetime) -> int:
    """Turn what waits into a message for everybody whose digest is due. Returns how many were made."""
    due = Reader.objects.filter(digest_due_at__lte=at).order_by("digest_due_at", "pk")
    return sum(_make_digest(pk, at=at) for pk in list(due.values_list("pk", flat=True)[:BATCH]))


def remind_of_digests(*, at: dt.datetime) -> int:
    """Set an hour for what waits for a digest without one; two writers may have missed each other. Returns how many."""
    left = (
        Delivery.objects.filter(verdict=Verdict.DIGEST, user__notification_reader__digest_due_at__isnull=True)
        .order_by("user_id")
        .values_list("user_id", flat=True)
        .distinct()
    )
    return sum(_remind(pk, at=at) for pk in list(left[:BATCH]))


@transaction.atomic
def _remind(user_id: int, *, at: dt.datetime) -> bool:
    Reader.objects.get_or_create(user_id=user_id)
    reader = Reader.objects.select_for_update(of=("self",)).select_related("user").get(pk=user_id)
    waiting = Delivery.objects.filter(user_id=user_id, verdict=Verdict.DIGEST)
    due_at = digest_due(reader, time_zone=reader.user.time_zone, at=at)
    if due_at is None:
        return bool(waiting.update(verdict=Verdict.OFF, decided_at=at))
    if reader.digest_due_at is None and waiting.exists():
        Reader.objects.filter(pk=user_id).update(digest_due_at=due_at)
        return True
    return False


@transaction.atomic
def _make_digest(user_id: int, *, at: dt.datetime) -> bool:
    reader = (
        Reader.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(pk=user_id, digest_due_at__lte=at)
        .first()
    )
    if reader is None or reader.digest_due_at is None:
        return False
    due_at = reader.digest_due_at
    Reader.objects.filter(pk=user_id).update(digest_due_at=None)
    waiting = Delivery.objects.filter(user_id=user_id, verdict=Verdict.DIGEST)
    if not waiting.exists():
        return False
    local_day = due_at.astimezone(zone_of(reader.user.time_zone)).date()
    message = _open_digest(user_id, period_of(local_day, reader.digest), at)
    waiting.update(message=message, verdict=Verdict.WAITING)
    return True


def _open_digest(user_id: int, period: str, at: dt.datetime) -> Message:
    """Create the message of a period; one that has a message already (the hour changed) is named by the hour too."""
    for name in (period, f"{period}@{at:%m%d%H%M}"):
        try:
            with transaction.atomic():
                return Message.objects.create(
                    user_id=user_id,
                    channel=Channel.MAIL,
                    bucket=f"digest:{name}",
                    period=name,
                    urgency=Urgency.DIGESTABLE,
                    state=MessageState.RETRY,  # complete: nothing joins it
                    created_at=at,
                    due_at=at,
                    expires_at=at + LIFETIME,
                )
        except IntegrityError:
            continue
    raise IntegrityError(f"Two digests of {period} within a minute.")
