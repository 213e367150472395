"""What operators and the office look at: does everything answer, what waits, what was given up. No text of anybody."""

import datetime as dt
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from celery import current_app
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from notifications.choices import EventState, MessageState, Urgency
from notifications.models import Attempt, Event, MailAddress, Message
from notifications.services.delivery import retry_message
from notifications.services.expansion import retry_event

MOST_SECONDS = 2.0  # for each check
MOST_RETRIED = 500  # at one press of a button
DAY = dt.timedelta(days=1)
# What is told and sent is most of the tables, and is counted nowhere.
COUNTED_EVENTS = [EventState.NEW, EventState.EXPANDING, EventState.DEAD]
COUNTED_MESSAGES = [
    MessageState.OPEN,
    MessageState.CLAIMED,
    MessageState.SENDING,
    MessageState.RETRY,
    MessageState.UNKNOWN,
    MessageState.FAILED,
    MessageState.EXPIRED,
]


@dataclass(frozen=True)
class Check:
    """Whether one engine answered in time, and after how many milliseconds."""

    is_ok: bool
    milliseconds: int


def _ask_database() -> None:
    # A thread of its own has a connection of its own, which nobody else would close.
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    finally:
        connection.close()


def _ask_broker() -> None:
    """Connect as a publisher does; the transport without a server writes into a folder."""
    with current_app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=0, timeout=MOST_SECONDS)
        if broker.transport.driver_name == "filesystem":
            probe = Path(broker.default_channel.data_folder_out) / f".health-{uuid.uuid4().hex}"
            probe.touch()
            probe.unlink()


def _ask_cache() -> None:
    key, value = f"notifications.health.{uuid.uuid4().hex}", uuid.uuid4().hex
    cache.set(key, value, 10)
    if cache.get(key) != value:
        raise LookupError(key)
    cache.delete(key)


CHECKS: dict[str, Callable[[], None]] = {"database": _ask_database, "broker": _ask_broker, "cache": _ask_cache}
_busy = {name: threading.Lock() for name in CHECKS}


def check_engines() -> dict[str, Check]:
    """Ask database, broker and cache at the same time, each for two seconds at most."""
    began = time.monotonic()
    finished: dict[str, Check] = {}
    threads = [
        threading.Thread(target=_run, args=(name, check, began, finished), daemon=True)
        for name, check in CHECKS.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, began + MOST_SECONDS - time.monotonic()))
    late = Check(is_ok=False, milliseconds=int(MOST_SECONDS * 1000))
    return {name: finished.get(name, late) for name in CHECKS}


def _run(name: str, check: Callable[[], None], began: float, finished: dict[str, Check]) -> None:
    """Run one check. While an earlier one hangs, later ones give up: threads do not pile up behind a dead engine."""
    if not _busy[name].acquire(timeout=MOST_SECONDS):
        return
    try:
        check()
        is_ok = True
    except Exception:
        # Whatever an engine raises, it does not answer; why is for nobody outside.
        is_ok = False
    finally:
        _busy[name].release()
    finished[name] = Check(is_ok, int((time.monotonic() - began) * 1000))


@transaction.atomic
def oldest_due(at: dt.datetime) -> dict[str, int | None]:
    """Return for how many seconds the oldest event and the oldest message have been due: two queries.

    On PostgreSQL each may take two seconds, then a DatabaseError is raised: a table may be locked.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(int(MOST_SECONDS * 1000))])
    events = Event.objects.due(at).order_by().aggregate(oldest=Min("due_at"))["oldest"]
    messages = Message.objects.due(at).order_by().aggregate(oldest=Min("due_at"))["oldest"]
    return {"events": _age(events, at), "messages": _age(messages, at)}


def _age(moment: dt.datetime | None, at: dt.datetime) -> int | None:
    return int((at - moment).total_seconds()) if moment is not None else None


@dataclass(frozen=True)
class Lane:
    """What is due of one urgency: how many, and for how many seconds the oldest."""

    urgency: Urgency
    events: int
    events_age: int | None
    messages: int
    messages_age: int | None


@dataclass(frozen=True)
class QueueHealth:
    """Numbers about the machinery."""

    lanes: list[Lane]
    events: list[tuple[EventState, int]]
    messages: list[tuple[MessageState, int]]
    attempts: list[dict[str, Any]]
    sent_today: int
    addresses_cooling: int
    addresses_bouncing: int


def queue_health(at: dt.datetime) -> QueueHealth:
    """Count what waits, what was given up and what was tried in the last day: seven queries."""
    events, messages = _due(Event.objects.due(at)), _due(Message.objects.due(at))
    nothing: tuple[int, dt.datetime | None] = (0, None)
    lanes = []
    for urgency in sorted(Urgency, reverse=True):
        event_count, event_at = events.get(urgency, nothing)
        message_count, message_at = messages.get(urgency, nothing)
        lanes.append(Lane(urgency, event_count, _age(event_at, at), message_count, _age(message_at, at)))
    event_states = _by_state(Event.objects.filter(state__in=COUNTED_EVENTS))
    message_states = _by_state(Message.objects.filter(state__in=COUNTED_MESSAGES))
    midnight = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    attempts = Attempt.objects.filter(started_at__gt=at - DAY).values("outcome", "code").annotate(number=Count("pk"))
    addresses = MailAddress.objects.aggregate(
        cooling=Count("pk", filter=Q(cooling_until__gt=at)), bouncing=Count("pk", filter=Q(score__gt=0))
    )
    return QueueHealth(
        lanes=lanes,
        events=[(state, event_states.get(state, 0)) for state in COUNTED_EVENTS],
        messages=[(state, message_states.get(state, 0)) for state in COUNTED_MESSAGES],
        attempts=[dict(row) for row in attempts.order_by("-number", "outcome", "code")[:50]],
        sent_today=Attempt.objects.filter(started_at__gte=midnight, outcome="sent").count(),
        addresses_cooling=addresses["cooling"],
        addresses_bouncing=addresses["bouncing"],
    )


def _due(rows: QuerySet[Any]) -> dict[int, tuple[int, dt.datetime | None]]:
    found = rows.order_by().values_list("urgency").annotate(number=Count("pk"), oldest=Min("due_at"))
    return {urgency: (number, oldest) for urgency, number, oldest in found}


def _by_state(rows: QuerySet[Any]) -> dict[str, int]:
    return dict(rows.order_by().values_list("state").annotate(number=Count("pk")))


def retry_events(code: str, *, at: dt.datetime) -> int:
    """Let the latest 500 events that were given up for one error go on. Returns how many there were."""
    return sum(retry_event(event, at=at) for event in Event.objects.given_up().filter(error_code=code)[:MOST_RETRIED])


def retry_messages(code: str, *, at: dt.datetime) -> int:
    """Give the latest 500 messages that were given up for one error another chance. Returns how many there were.

    What may have been sent is left to a person who looks at it.
    """
    rows = Message.objects.given_up().certainly_not_sent().filter(error_code=code)
    return sum(retry_message(message, at=at) for message in rows[:MOST_RETRIED])
