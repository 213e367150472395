"""From an open message to the other side and back: claim, check, render, commit, send, note what became of it.

Nothing is sent inside a transaction, and everything that is written after a claim names the owner of the lease. A
worker that dies before it commits `SENDING` leaves a message that is checked anew; one that dies later leaves a
message that may have been sent. Such a message, and one whose connection broke, is sent again with the same
Message-ID where it concerns a person directly, and never where it can wait for a digest or is an announcement
(docs/decisions/0014-outbox.md).
"""

import datetime as dt
import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation

from accounts.models import User
from notifications.channels import CHANNELS
from notifications.channels.outcomes import Line, Outcome, Result
from notifications.choices import Channel, Floor, MessageState, Mode, Urgency, Verdict
from notifications.models import Attempt, Delivery, Event, Item, MailAddress, Message, Mute, Reader
from notifications.registry import Kind, LetterVoid, Notice, Subject, UnknownKind, get_kind
from notifications.services import alerts, preferences
from notifications.services.schedule import after_quiet, zone_of

BATCH = 20
LEASE = dt.timedelta(seconds=120)  # longer than any channel's time-out
RECONCILE = dt.timedelta(seconds=60)  # before a message that may have been sent is tried again
PAUSES = [dt.timedelta(seconds=seconds) for seconds in (30, 120, 600, 3600, 4 * 3600)]
SPREAD = 0.2  # of a pause, either way


@dataclass
class Prepared:
    """A message that is ready to be sent, outside of any transaction."""

    message: Message
    parcel: object
    attempt: int


def deliver_due(*, limit: int = 200, is_over: Callable[[], bool] = lambda: False) -> int:
    """Send what is due now, the most urgent first. Returns how many messages were worked on.

    Where `is_over` says so, what is claimed but not begun is handed back and nothing more is claimed.
    """
    worked = 0
    while worked < limit and not is_over():
        owner = str(uuid.uuid4())
        batch = _claim(owner)
        for message_id in batch:
            if is_over():
                _hand_back(owner)
                return worked
            _deliver(message_id, owner)
            worked += 1
        if len(batch) < BATCH:
            break
    return worked


def _hand_back(owner: str) -> None:
    """Let others take at once what this worker has claimed and will not send."""
    rows = Message.objects.filter(lease_owner=owner, state=MessageState.CLAIMED)
    rows.update(state=MessageState.RETRY, lease_owner="", lease_until=None)


@transaction.atomic
def _claim(owner: str) -> list[int]:
    now = timezone.now()
    ids = list(Message.objects.due(now).select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
    Message.objects.filter(pk__in=ids).update(state=MessageState.CLAIMED, lease_owner=owner, lease_until=now + LEASE)
    return ids


def recover(*, at: dt.datetime) -> int:
    """Take back what dead workers held: what was only checked is due again, what was being sent is doubtful."""
    left = Message.objects.left_behind(at)
    doubtful = left.filter(state=MessageState.SENDING)
    count = doubtful.update(
        state=MessageState.UNKNOWN, due_at=at + RECONCILE, is_ambiguous=True, error_code="lease", lease_owner=""
    )
    return count + left.filter(state=MessageState.CLAIMED).update(state=MessageState.RETRY, due_at=at, lease_owner="")


def _deliver(message_id: int, owner: str) -> None:
    """Check, send and settle one message; an error concerns it alone."""
    try:
        prepared = _prepare(message_id, owner)
    except Exception as error:
        _put_off(message_id, owner, error)
        return
    if prepared is not None:
        try:
            outcome = CHANNELS[prepared.message.channel].send(prepared.parcel)
        except Exception as error:
            # Nobody knows how far it came; left alone it would end the sweep for everybody, each time anew.
            alerts.report("send", prepared.message.kind or "digest", error)
            outcome = Outcome(Result.AMBIGUOUS, type(error).__name__)
        settle(prepared.message, outcome, attempt=prepared.attempt, owner=owner)


@transaction.atomic
def _prepare(message_id: int, owner: str) -> Prepared | None:
    """Decide once more whether the message may go, render it and commit that it is being sent."""
    now = timezone.now()
    rows = Message.objects.filter(pk=message_id, lease_owner=owner, state=MessageState.CLAIMED)
    message = rows.select_for_update(of=("self",)).select_related("user").first()
    if message is None or message.lease_until is None or message.lease_until <= now:
        return None
    if message.is_ambiguous and (message.urgency < Urgency.NORMAL or message.tries > len(PAUSES)):
        _close(message, MessageState.FAILED, Verdict.UNKNOWN, now)
        return None
    reader = preferences.reader_of(message.user)
    if message.urgency < Urgency.SECURITY and not message.period:
        due_at = after_quiet(now, zone=zone_of(message.user.time_zone), quiet_hours=reader.quiet_hours)
        if due_at > now and due_at < message.expires_at:
            rows.update(state=MessageState.RETRY, due_at=due_at, lease_owner="")
            return None
    lines = _check(message, reader, now)
    if not lines:
        _close(message, MessageState.SUPPRESSED, None, now)
        return None
    with translation.override(message.user.interface_language), timezone.override(zone_of(message.user.time_zone)):
        try:
            parcel = CHANNELS[message.channel].render(message, lines)
        except LetterVoid:
            _close(message, MessageState.SUPPRESSED, Verdict.NOT_VISIBLE, now)
            return None
    number = message.tries + 1
    rows.update(state=MessageState.SENDING, tries=number, lease_until=now + LEASE)
    Attempt.objects.create(message=message, number=number, started_at=now)
    return Prepared(message, parcel, number)


def _check(message: Message, reader: Reader, now: dt.datetime) -> list[Line]:
    """Note a verdict for each event that must not go, and return what is left to say, one line for each subject."""
    user = message.user
    deliveries = list(
        Delivery.objects.filter(message=message, verdict=Verdict.WAITING)
        .select_related("event__actor")
        .order_by("event_id")
    )
    general = _general_verdict(message, user, now)
    scopes = {delivery.event.scope for delivery in deliveries}
    muted = set(Mute.objects.filter(user=user, scope__in=scopes).values_list("scope", flat=True))
    keys = {delivery.event.collapse_key for delivery in deliveries}
    lines = Item.objects.filter(user=user, collapse_key__in=keys)
    read = dict(lines.read().order_by("read_at").values_list("collapse_key", "read_at"))
    # An event that stands in a line which is still unread was not read, whatever was read a moment earlier.
    unread = dict(lines.unread().values_list("collapse_key", "created_at"))
    kinds = {delivery.event.kind: _kind_or_none(delivery.event.kind) for delivery in deliveries}
    chosen = {name: preferences.chosen_modes(kind, [user.pk]) for name, kind in kinds.items() if kind is not None}
    subjects = {
        name: kind.load(user, {delivery.event.subject_id for delivery in deliveries if delivery.event.kind == name})
        for name, kind in kinds.items()
        if kind is not None and general is None
    }
    refused: dict[Verdict, list[int]] = {}
    going: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        event, kind = delivery.event, kinds[delivery.event.kind]
        verdict = general
        if verdict is None and kind is None:
            verdict = Verdict.BROKEN
        if verdict is None and kind is not None:
            mode = chosen[event.kind].get((user.pk, message.channel), kind.modes.get(Channel(message.channel)))
            is_locked = message.channel in kind.locked
            # What is pulled has no line that could be read: seen is what came before one last looked.
            is_pulled = kind.pull is not None
            read_at = reader.pulled_seen_at if is_pulled else read.get(event.collapse_key)
            told_at = event.created_at if is_pulled else delivery.created_at
            unread_since = unread.get(event.collapse_key)
            if unread_since is not None and unread_since <= told_at:
                read_at = None
            if event.subject_id not in subjects[event.kind]:
                verdict = Verdict.NOT_VISIBLE
            elif event.scope in muted and not is_locked:
                verdict = Verdict.MUTED
            elif mode == Mode.OFF and not is_locked:
                verdict = Verdict.OFF
            elif read_at is not None and read_at >= told_at and not is_locked:
                verdict = Verdict.READ
            elif not message.period and now > max(event.created_at + kind.lifetime, message.expires_at):
                verdict = Verdict.EXPIRED
        if verdict is not None:
            refused.setdefault(verdict, []).append(delivery.pk)
        else:
            going.setdefault(event.collapse_key, []).append(delivery)
    for verdict, ids in refused.items():
        Delivery.objects.filter(pk__in=ids).update(verdict=verdict, decided_at=now)
    return [_line(group, kinds, subjects, reader, message.channel) for group in going.values()]


def _kind_or_none(name: str) -> Kind | None:
    try:
        return get_kind(name)
    except UnknownKind as error:
        alerts.report("check", name, error)
        return None


def _general_verdict(message: Message, user: User, now: dt.datetime) -> Verdict | None:
    """Return why nothing at all may go to this person on this channel now, or None."""
    if not user.is_active:
        return Verdict.INACTIVE
    if message.channel == Channel.MAIL and message.urgency < Urgency.SECURITY:
        cooling = MailAddress.objects.filter(address=user.email.lower(), cooling_until__gt=now)
        if cooling.exists():
            return Verdict.COOLING
    return None


def _line(
    group: list[Delivery],
    kinds: dict[str, Kind | None],
    subjects: Mapping[str, Mapping[str, Subject]],
    reader: Reader,
    channel: str,
) -> Line:
    """Put the events on one subject into one line, under the lowest of all floors."""
    event = group[-1].event
    kind = kinds[event.kind]
    assert kind is not None  # noqa: S101 -- an unknown kind was refused above
    subject = subjects[event.kind][event.subject_id]
    floor = min(subject.floor, site_floor(), Floor(reader.mail_floor) if channel == Channel.MAIL else Floor.FULL)
    actor = event.actor.name_native if event.actor is not None and floor == Floor.FULL else ""
    notice = Notice(subject=subject, count=len(group), actor=actor, data=event.data)
    return Line(kind=kind, notice=notice, floor=Floor(floor), scope=event.scope)


def site_floor() -> Floor:
    """Return how much the League lets leave the site at most."""
    return Floor(settings.NOTIFICATIONS_FLOOR)


@transaction.atomic
def settle(message: Message, outcome: Outcome, *, attempt: int, owner: str) -> None:
    """Note what the other side answered. A worker that lost its lease notes nothing but the attempt."""
    now = timezone.now()
    Attempt.objects.filter(message=message, number=attempt).update(
        ended_at=now, outcome=outcome.result.value, code=outcome.code[:100]
    )
    rows = Message.objects.filter(pk=message.pk, lease_owner=owner, state=MessageState.SENDING)
    if not rows.select_for_update().exists():
        return
    message.error_code = outcome.code[:100]
    match outcome.result:
        case Result.SENT:
            rows.update(sent_at=now)
            _forget_data(message)
            _close(message, MessageState.SENT, Verdict.SENT, now, error_code="")
        case Result.NO_ADDRESS:
            _close(message, MessageState.SUPPRESSED, Verdict.NO_ADDRESS, now)
        case Result.PERMANENT:
            _close(message, MessageState.FAILED, Verdict.REFUSED, now)
        case Result.AMBIGUOUS:
            due_at = now + max(RECONCILE, _pause(attempt))
            rows.update(state=MessageState.UNKNOWN, is_ambiguous=True, due_at=due_at, error_code=message.error_code)
        case Result.TEMPORARY:
            _retry(message, attempt, now, Verdict.EXPIRED)


def _pause(tries: int) -> dt.timedelta:
    """Return how long to wait after so many tries, spread: a flood of refused letters must not come back as one."""
    return PAUSES[min(tries, len(PAUSES)) - 1] * random.uniform(1 - SPREAD, 1 + SPREAD)  # noqa: S311 -- no secret


def _forget_data(message: Message) -> None:
    """Keep of a letter's own data only which letter it was: addresses and networks are nobody's business later."""
    kind = _kind_or_none(message.kind) if message.kind else None
    if kind is None or kind.letter is None:
        return
    for event in Event.objects.filter(deliveries__message=message, deliveries__channel=Channel.MAIL):
        Event.objects.filter(pk=event.pk).update(data={"letter": event.data.get("letter", "")})


def _retry(message: Message, tries: int, now: dt.datetime, verdict: Verdict) -> None:
    """Try again after a pause, unless the message is worthless by then or was tried often enough."""
    due_at = now + _pause(tries)
    if tries > len(PAUSES):
        _close(message, MessageState.FAILED, verdict, now)
    elif due_at > message.expires_at:
        _close(message, MessageState.EXPIRED, verdict, now)
    else:
        Message.objects.filter(pk=message.pk).update(
            state=MessageState.RETRY, due_at=due_at, error_code=message.error_code, lease_owner=""
        )


def _close(
    message: Message, state: MessageState, verdict: Verdict | None, now: dt.datetime, *, error_code: str | None = None
) -> None:
    """End a message, and with it every event that it still carried."""
    if verdict is not None:
        Delivery.objects.filter(message=message, verdict=Verdict.WAITING).update(verdict=verdict, decided_at=now)
    Message.objects.filter(pk=message.pk).update(
        state=state, error_code=message.error_code if error_code is None else error_code, lease_owner=""
    )


@transaction.atomic
def _put_off(message_id: int, owner: str, error: Exception) -> None:
    """After an error on our side: alert once for its cause, try again later, give up after the last try."""
    rows = Message.objects.filter(pk=message_id, lease_owner=owner, state=MessageState.CLAIMED)
    message = rows.select_for_update().first()
    if message is None:
        return
    alerts.report("deliver", message.kind or "digest", error)
    now = timezone.now()
    number = message.tries + 1
    Attempt.objects.create(
        message=message, number=number, started_at=now, ended_at=now, outcome="error", code=type(error).__name__
    )
    rows.update(tries=number)
    message.error_code = type(error).__name__
    _retry(message, number, now, Verdict.BROKEN)


@transaction.atomic
def retry_message(message: Message, *, at: dt.datetime) -> bool:
    """Give a refused or expired message another chance. Returns whether it was one."""
    lifetime = message.expires_at - message.created_at
    given_up = Message.objects.filter(pk=message.pk, state__in=[MessageState.FAILED, MessageState.EXPIRED])
    if not given_up.update(
        state=MessageState.RETRY, due_at=at, expires_at=at + lifetime, error_code="", is_ambiguous=False
    ):
        return False
    # What was withdrawn, muted or read stays so: only what could not be sent is tried again.
    Delivery.objects.filter(
        message=message, verdict__in=[Verdict.REFUSED, Verdict.EXPIRED, Verdict.BROKEN, Verdict.UNKNOWN]
    ).update(verdict=Verdict.WAITING, decided_at=None)
    return True
