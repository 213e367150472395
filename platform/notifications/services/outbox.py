"""`notify`, the only way anything tells anybody anything, and `cancel`, which takes it back."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from notifications.choices import FINAL_STATES, EventState, MessageState, Verdict
from notifications.models import Delivery, Event, Item, Message
from notifications.registry import Kind, get_kind
from notifications.tasks import nudge

MOST_NAMED = 500  # people named in one event; more are a queryset of the kind


class NotInTransaction(RuntimeError):
    """Raised where an event would not commit together with the change that it reports."""


class TooManyRecipients(ValueError):
    """Raised for more than 500 named people: a kind for so many says who they are by `recipients`."""


def notify(
    kind: Kind,
    *,
    subject_id: object,
    key: str,
    recipients: Iterable[int] | None = None,
    actor: User | None = None,
    scope: str = "",
    collapse_key: str = "",
    data: Mapping[str, Any] | None = None,
    at: dt.datetime | None = None,
) -> Event:
    """Tell people that something happened; the row commits with the change that it reports, or not at all.

    kind: a registered kind.
    subject_id: how `kind.load` finds the thing.
    key: names the fact; the same key again returns the first event and tells nobody twice.
    recipients: ids of at most 500 people; without it the kind's `recipients` says who.
    actor: who did it; is never told about it.
    scope: what one mutes as a whole; by default the subject.
    collapse_key: events with the same one are shown as one line; by default kind and subject.
    data: codes and numbers that the kind's sentences need, never a text of anybody.

    Raises NotInTransaction outside of a transaction, UnknownKind for a kind that is not registered,
    TooManyRecipients.
    """
    if not connection.in_atomic_block:
        raise NotInTransaction(kind.name)
    get_kind(kind.name)
    named = None if recipients is None else sorted({int(pk) for pk in recipients} - {actor.pk if actor else None})
    if named is not None and len(named) > MOST_NAMED:
        raise TooManyRecipients(f"{kind.name}: {len(named)}")
    now = at or timezone.now()
    subject = str(subject_id)
    event, is_new = Event.objects.get_or_create(
        key=key,
        defaults={
            "kind": kind.name,
            "subject_id": subject,
            "scope": scope or f"{kind.name}:{subject}",
            "collapse_key": collapse_key or f"{kind.name}:{subject}",
            "actor": actor,
            "recipients": named,
            "data": dict(data or {}),
            "urgency": kind.urgency,
            "created_at": now,
            "due_at": now,
        },
    )
    if is_new:
        event_id = event.pk
        transaction.on_commit(lambda: nudge(event_id), robust=True)
    return event


@transaction.atomic
def cancel(scope: str, *, user_ids: Iterable[int] | None = None, at: dt.datetime) -> int:
    """Take back what was not sent yet about one thing, and remove it from notification centres.

    For the people named, or for everybody. What is being sent at this moment cannot be stopped. Returns how many
    deliveries were withdrawn.
    """
    deliveries = Delivery.objects.filter(event__scope=scope, verdict__in=[Verdict.WAITING, Verdict.DIGEST]).exclude(
        # Gone, or perhaps gone: the page of deliveries must not say otherwise.
        Q(message__state=MessageState.SENDING) | Q(message__is_ambiguous=True)
    )
    items = Item.objects.filter(scope=scope)
    if user_ids is not None:
        people = list(user_ids)
        deliveries, items = deliveries.filter(user__in=people), items.filter(user__in=people)
    else:
        Event.objects.unfinished().filter(scope=scope).update(state=EventState.CANCELLED)
    messages = list(deliveries.exclude(message=None).values_list("message_id", flat=True).distinct())
    withdrawn = deliveries.update(verdict=Verdict.CANCELLED, decided_at=at)
    items.delete()
    (
        Message.objects.filter(pk__in=messages)
        .exclude(state__in=[*FINAL_STATES, MessageState.SENDING])
        .exclude(deliveries__verdict=Verdict.WAITING)
        .update(state=MessageState.CANCELLED)
    )
    return withdrawn
