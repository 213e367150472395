"""What time alone does to applications. Every job may run twice: the second run changes nothing."""

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from typing import NamedTuple

from django.db import transaction

from members.choices import ApplicationStatus
from members.models import Application, Invoice
from members.rules.admission import (
    ANSWER_EXPIRES,
    BETWEEN_REMINDERS,
    DRAFT_EXPIRES,
    DRAFT_REMINDERS,
    DUES_EXPIRE,
    DUES_REMINDERS,
)
from members.services import telling
from members.services.applications.decisions import ask_for_dues
from members.services.invoices import void_invoice
from members.services.transitions import (
    TransitionRefused,
    enter,
    lock_application,
    refuse_unless_permitted,
    stop_clock,
)

logger = logging.getLogger(__name__)


class Moved(NamedTuple):
    """What a job did: letters of reminder, applications closed, and dues asked for."""

    reminded: int = 0
    expired: int = 0
    asked: int = 0


def remind_and_expire_drafts(at: dt.datetime) -> Moved:
    """Remind of drafts that nobody touches, twice, and close them after 60 days: A4."""
    idle = Application.objects.filter(status=ApplicationStatus.DRAFT, touched_at__lte=at - DRAFT_REMINDERS[0])
    return settle_each(idle.order_by("pk").values_list("pk", flat=True), _settle_draft, at)


def expire_unanswered(at: dt.datetime) -> Moved:
    """Close applications whose questions were not answered for 45 days: A8."""
    asked = Application.objects.filter(status=ApplicationStatus.INFO_REQUESTED, status_at__lte=at - ANSWER_EXPIRES)
    return settle_each(asked.order_by("pk").values_list("pk", flat=True), _settle_unanswered, at)


def remind_and_expire_unpaid(at: dt.datetime) -> Moved:
    """Remind of dues, three times, and close after 60 days, with the invoice voided: A20."""
    unpaid = Application.objects.filter(status=ApplicationStatus.AWAITING_DUES, status_at__lte=at - DUES_REMINDERS[0])
    return settle_each(unpaid.order_by("pk").values_list("pk", flat=True), _settle_unpaid, at)


def ask_for_dues_left_open(at: dt.datetime) -> int:
    """Ask for the dues of approved applications that waited for a price: A18. Return how many went on."""
    waiting = Application.objects.filter(status=ApplicationStatus.APPROVED).order_by("pk")
    return settle_each(waiting.values_list("pk", flat=True), _ask_for_dues, at).asked


def settle_each(ids: Iterable[int], settle: Callable[[int, dt.datetime], Moved], at: dt.datetime) -> Moved:
    """Settle each application in a transaction of its own; one failure never stops the rest."""
    total = Moved()
    for pk in list(ids):
        try:
            moved = settle(pk, at)
        except Exception:
            logger.exception("Application %s could not be moved on by a job.", pk)
            continue
        total = Moved(*map(sum, zip(total, moved, strict=True)))
    return total


def _is_due(application: Application, since: dt.datetime, steps: tuple[dt.timedelta, ...], at: dt.datetime) -> bool:
    """Whether the next reminder is due: each at its time, or, where the job stood still, some days after the last."""
    sent, last = application.reminders, application.reminded_at
    if sent >= len(steps) or at < since + steps[sent]:
        return False
    return last is None or at >= last + BETWEEN_REMINDERS


def _is_over(application: Application, since: dt.datetime, steps: int, limit: dt.timedelta, at: dt.datetime) -> bool:
    """Whether time is over: every reminder was sent, and the last one some days ago."""
    last = application.reminded_at
    return (
        application.reminders >= steps and at >= since + limit and last is not None and at >= last + BETWEEN_REMINDERS
    )


def _remind(application: Application, what: str, since: dt.datetime, at: dt.datetime) -> Moved:
    application.reminders += 1
    application.reminded_at = at
    application.save(update_fields=["reminders", "reminded_at"])
    about = f"{since.timestamp()}:{application.reminders}"
    telling.tell_applicant(application, what, at=at, about=about)
    return Moved(reminded=1)


@transaction.atomic
def _ask_for_dues(application_id: int, at: dt.datetime) -> Moved:
    locked = lock_application(Application(pk=application_id))
    if locked.status != ApplicationStatus.APPROVED:
        return Moved()
    try:
        with transaction.atomic():
            ask_for_dues(locked, at=at)
    except TransitionRefused:
        return Moved()  # still no price, or the membership to change has ended: the office's page says which
    return Moved(asked=1)


@transaction.atomic
def _settle_draft(application_id: int, at: dt.datetime) -> Moved:
    locked = lock_application(Application(pk=application_id))
    if locked.status != ApplicationStatus.DRAFT:
        return Moved()
    since = locked.touched_at
    if _is_over(locked, since, len(DRAFT_REMINDERS), DRAFT_EXPIRES, at):
        return _expire(locked, "expire_draft", "expired_draft", at)
    return _remind(locked, "draft_idle", since, at) if _is_due(locked, since, DRAFT_REMINDERS, at) else Moved()


@transaction.atomic
def _settle_unanswered(application_id: int, at: dt.datetime) -> Moved:
    locked = lock_application(Application(pk=application_id))
    if locked.status != ApplicationStatus.INFO_REQUESTED or at < locked.status_at + ANSWER_EXPIRES:
        return Moved()
    return _expire(locked, "expire_unanswered", "expired_unanswered", at)


@transaction.atomic
def _settle_unpaid(application_id: int, at: dt.datetime) -> Moved:
    # The invoice before the application, as a payment locks them: none waits for the other.
    invoices = list(Invoice.objects.open().filter(application=application_id).select_for_update())
    locked = lock_application(Application(pk=application_id))
    if locked.status != ApplicationStatus.AWAITING_DUES:
        return Moved()
    since = locked.status_at
    if _is_over(locked, since, len(DUES_REMINDERS), DUES_EXPIRE, at):
        for invoice in invoices:
            void_invoice(invoice, actor=None, at=at)
        return _expire(locked, "expire_unpaid", "expired_unpaid", at)
    return _remind(locked, "dues_waiting", since, at) if _is_due(locked, since, DUES_REMINDERS, at) else Moved()


def _expire(application: Application, name: str, what: str, at: dt.datetime) -> Moved:
    refuse_unless_permitted(application, name, actor=None)
    stop_clock(application, at=at)
    enter(application, ApplicationStatus.EXPIRED, name, actor=None, at=at)
    telling.tell_applicant(application, what, at=at)
    return Moved(expired=1)
