"""From one event to its people, in chunks: what each sees on the site, what each will be sent.

A chunk is one transaction that ends by moving the cursor under the worker's lease. A worker that dies leaves the
cursor where the last whole chunk ended; one that wakes up after its lease moves nothing and rolls back.
"""

import datetime as dt
import logging
import uuid
from collections.abc import Iterable, Sequence
from typing import cast

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from notifications.choices import Channel, DigestFrequency, EventState, MessageState, Mode, Urgency, Verdict
from notifications.models import Delivery, Event, Item, Message, Mute, Reader
from notifications.registry import Kind, UnknownKind, get_kind
from notifications.services import alerts, preferences
from notifications.services.schedule import after_quiet, zone_of

logger = logging.getLogger(__name__)

CHUNK = 500  # people
LEASE = dt.timedelta(seconds=60)
MOST_TRIES = 8
LONGEST_PAUSE = dt.timedelta(hours=1)


class LeaseLost(Exception):
    """Raised where another worker has taken over; what was done since is rolled back."""


def expand(event_id: int) -> bool:
    """Tell an event to its people. Returns whether it was this worker that did.

    Between two chunks whatever is more urgent goes first. An error is noted by its class alone and tried again later,
    eight times; then the event is given up for an administrator to look at.
    """
    owner = str(uuid.uuid4())
    now = timezone.now()
    claimed = (
        Event.objects.due(now)
        .filter(pk=event_id)
        .order_by()
        .update(state=EventState.EXPANDING, lease_owner=owner, lease_until=now + LEASE, tries=F("tries") + 1)
    )
    if not claimed:
        return False
    event = Event.objects.get(pk=event_id)
    try:
        kind = get_kind(event.kind)
        while _expand_chunk(event, kind, owner):
            _expand_more_urgent(event.urgency)
    except LeaseLost:
        return False
    except Exception as error:
        _put_off(event, owner, error)
        return False
    return True


def _expand_more_urgent(urgency: int) -> None:
    """Tell what must not wait for the rest of a long list."""
    now = timezone.now()
    waiting = Event.objects.due(now).filter(urgency__gt=urgency).values_list("pk", flat=True)[:20]
    for pk in list(waiting):
        expand(pk)


def _put_off(event: Event, owner: str, error: Exception) -> None:
    """Try again after a pause that doubles, or give up."""
    now = timezone.now()
    tries = Event.objects.values_list("tries", flat=True).get(pk=event.pk)
    is_over = tries >= MOST_TRIES or isinstance(error, UnknownKind)
    code = type(error).__name__
    pause = min(dt.timedelta(seconds=5 * 2**tries), LONGEST_PAUSE)
    Event.objects.filter(pk=event.pk, lease_owner=owner).update(
        state=EventState.DEAD if is_over else EventState.NEW, due_at=now + pause, error_code=code, lease_owner=""
    )
    alerts.report("expand", event.kind, error)


def retry_event(event: Event, *, at: dt.datetime) -> bool:
    """Let an event that was given up go on from the person at whom it stopped. Returns whether it was one."""
    given_up = Event.objects.filter(pk=event.pk, state=EventState.DEAD)
    return bool(
        given_up.update(state=EventState.NEW, due_at=at, tries=0, error_code="", lease_owner="", lease_until=None)
    )


@transaction.atomic
def _expand_chunk(event: Event, kind: Kind, owner: str) -> bool:
    """Tell the next 500 people. Returns whether there may be more of them. Raises LeaseLost."""
    now = timezone.now()
    people = _next_people(event, kind)
    if people:
        _tell(event, kind, people, now)
    is_last = len(people) < CHUNK
    moved = Event.objects.filter(pk=event.pk, lease_owner=owner, state=EventState.EXPANDING).update(
        cursor=people[-1].pk if people else event.cursor,
        told=F("told") + len(people),
        tries=0,
        error_code="",
        lease_until=now + LEASE,
        **({"state": EventState.DONE, "lease_owner": ""} if is_last else {}),
    )
    if not moved:
        raise LeaseLost
    if people:
        event.cursor = people[-1].pk
        event.told += len(people)
    return not is_last


def _next_people(event: Event, kind: Kind) -> list[User]:
    if event.recipients is not None:
        people = User.objects.filter(pk__in=event.recipients)
    elif kind.recipients is not None:
        people = kind.recipients(event.subject_id).filter(is_active=True)
    else:
        people = User.objects.none()
    people = people.filter(pk__gt=event.cursor)
    if event.actor_id is not None:
        people = people.exclude(pk=event.actor_id)
    return list(people.only("pk", "language", "time_zone", "is_active", "is_superuser").order_by("pk")[:CHUNK])


def _tell(event: Event, kind: Kind, people: list[User], now: dt.datetime) -> None:
    """Write what one chunk of people will see and be sent: a handful of statements, whatever their number."""
    ids = [person.pk for person in people]
    allowed = kind.may_see(event.subject_id, people)
    chosen = preferences.chosen_modes(kind, ids)
    readers = {reader.pk: reader for reader in Reader.objects.filter(user__in=ids)}
    muted = set(Mute.objects.filter(user__in=ids, scope=event.scope).values_list("user_id", flat=True))
    decided: list[Delivery] = []
    for_site: list[int] = []
    for_digest: list[int] = []
    for_messages: dict[Channel, list[int]] = {channel: [] for channel in kind.channels if channel != Channel.SITE}
    for person in people:
        if not person.is_active:
            decided.append(_decided(event, person.pk, Channel.SITE, Verdict.INACTIVE, now))
            continue
        if person.pk not in allowed:
            decided.append(_decided(event, person.pk, Channel.SITE, Verdict.NOT_VISIBLE, now))
            continue
        for channel in kind.channels:
            mode = chosen.get((person.pk, channel), kind.modes[channel])
            is_chosen = (person.pk, channel) in chosen
            if mode == Mode.DIGEST and person.pk in readers and readers[person.pk].digest == DigestFrequency.OFF:
                mode, is_chosen = Mode.OFF, True
            if mode == Mode.OFF:
                # What is off for everybody unless they ask for it needs no row: the page of deliveries says it once.
                if is_chosen:
                    decided.append(_decided(event, person.pk, channel, Verdict.OFF, now))
            elif person.pk in muted and channel not in kind.locked:
                decided.append(_decided(event, person.pk, channel, Verdict.MUTED, now))
            elif channel == Channel.SITE:
                for_site.append(person.pk)
            elif mode == Mode.DIGEST:
                for_digest.append(person.pk)
            else:
                for_messages[channel].append(person.pk)
    if for_site:
        _add_items(event, for_site, now)
    by_id = {person.pk: person for person in people}
    for channel, user_ids in for_messages.items():
        if user_ids:
            decided += _join_messages(event, kind, channel, [by_id[pk] for pk in user_ids], readers, now)
    if for_digest:
        decided += [
            Delivery(user_id=pk, channel=Channel.MAIL, event=event, verdict=Verdict.DIGEST, created_at=now)
            for pk in for_digest
        ]
        _await_digest([by_id[pk] for pk in for_digest], now)
    Delivery.objects.bulk_create(decided, ignore_conflicts=True)


def _decided(event: Event, user_id: int, channel: Channel, verdict: Verdict, now: dt.datetime) -> Delivery:
    return Delivery(user_id=user_id, channel=channel, event=event, verdict=verdict, created_at=now, decided_at=now)


def _add_items(event: Event, user_ids: Sequence[int], now: dt.datetime) -> None:
    """Add a line to each notification centre, or add to the line that is still unread.

    Django's bulk_create can neither name a partial index nor add to a column, so the statement is written out. It is
    the same on PostgreSQL and SQLite. Rows come in the order of people, so two workers never wait for each other in a
    circle.
    """
    table = connection.ops.quote_name(Item._meta.db_table)
    moment = cast("str", connection.ops.adapt_datetimefield_value(now))
    row = "(%s, %s, %s, %s, %s, %s, %s, 1, %s, %s)"
    values: list[str | int | None] = []
    for user_id in user_ids:
        values += [
            user_id, event.kind, event.collapse_key, event.subject_id, event.scope, event.pk, event.actor_id,
            moment, moment,
        ]  # fmt: skip
    sql = (
        f"INSERT INTO {table} (user_id, kind, collapse_key, subject_id, scope, event_id, actor_id, count,"  # noqa: S608 -- the name of our own table
        f" created_at, updated_at) VALUES {', '.join([row] * len(user_ids))}"
        " ON CONFLICT (user_id, collapse_key) WHERE read_at IS NULL DO UPDATE SET"
        f" count = {table}.count + 1, event_id = excluded.event_id, actor_id = excluded.actor_id,"
        " updated_at = excluded.updated_at"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def _join_messages(
    event: Event,
    kind: Kind,
    channel: Channel,
    people: Sequence[User],
    readers: dict[int, Reader],
    now: dt.datetime,
) -> list[Delivery]:
    """Add the event to each person's open message with the same bucket, or open one.

    Whoever closes a message locks its row first, so an event joins before the message is closed, or opens a new one.
    The time of a message that is open already does not move: a busy thread cannot put a letter off for ever.
    """
    default = Reader()
    turn = _turn(event)
    fresh = {}
    for person in people:
        due_at = now + (kind.window if kind.urgency < Urgency.SECURITY else dt.timedelta(0)) + turn
        if kind.urgency < Urgency.SECURITY:
            quiet_hours = readers.get(person.pk, default).quiet_hours
            due_at = after_quiet(due_at, zone=zone_of(person.time_zone), quiet_hours=quiet_hours)
        fresh[person.pk] = Message(
            user_id=person.pk,
            channel=channel,
            kind=kind.name,
            bucket=event.collapse_key,
            urgency=event.urgency,
            created_at=now,
            due_at=due_at,
            expires_at=max(due_at, event.created_at + turn) + kind.lifetime,
        )
    found = _open_messages(channel, event.collapse_key, fresh)
    while missing := [message for pk, message in fresh.items() if pk not in found]:
        for message in missing:
            message.pk = None
        Message.objects.bulk_create(missing, ignore_conflicts=True)
        found |= _open_messages(channel, event.collapse_key, [message.user_id for message in missing])
    return [Delivery(user_id=pk, channel=channel, event=event, message_id=found[pk], created_at=now) for pk in fresh]


def _open_messages(channel: Channel, bucket: str, user_ids: Iterable[int]) -> dict[int, int]:
    rows = Message.objects.filter(
        user__in=list(user_ids), channel=channel, bucket=bucket, state=MessageState.OPEN
    ).order_by("user_id")
    return dict(rows.select_for_update().values_list("user_id", "pk"))


def _turn(event: Event) -> dt.timedelta:
    """Spread announcements over time, so that nothing else waits behind them."""
    if event.urgency > Urgency.BROADCAST:
        return dt.timedelta(0)
    return dt.timedelta(minutes=event.told / settings.NOTIFICATIONS_BROADCASTS_PER_MINUTE)


def _await_digest(people: Sequence[User], now: dt.datetime) -> None:
    """Note when the digest of each is due, for those whose digest is not due already.

    The rows are locked: whoever makes a digest at this moment either finds these deliveries, or is waited for.
    """
    by_id = {person.pk: person for person in people}
    Reader.objects.bulk_create([Reader(user_id=pk) for pk in by_id], ignore_conflicts=True)
    locked = Reader.objects.filter(pk__in=by_id).select_for_update().order_by("pk")
    readers = [reader for reader in locked if reader.digest_due_at is None]
    for reader in readers:
        reader.digest_due_at = preferences.digest_due(reader, time_zone=by_id[reader.pk].time_zone, at=now)
    Reader.objects.bulk_update(readers, ["digest_due_at"])
