"""Requests for lower dues: a member asks, the office waives (`members.services.payments.waive_dues`) or declines."""

import datetime as dt

from django.db import transaction

from accounts.models import User
from audit.services import record
from members.models import HardshipRequest, Invoice
from members.notifications.dues import HARDSHIP_ASKED, HARDSHIP_DECLINED
from members.services.payments import InvoiceSettled, InvoiceVoided
from notifications.services import notify


class AskedBefore(Exception):
    """Raised when a request about the same invoice waits for its answer."""


class RequestDecided(Exception):
    """Raised when somebody else has answered a request already."""


@transaction.atomic
def request_hardship(invoice: Invoice, *, actor: User, reason: str, at: dt.datetime) -> HardshipRequest:
    """Ask the office to waive dues for want of means, and tell those who decide that somebody asks.

    Raises AskedBefore, InvoiceSettled, InvoiceVoided.
    """
    locked = Invoice.objects.select_for_update().get(pk=invoice.pk)
    if locked.voided_at is not None:
        raise InvoiceVoided
    if locked.settled_at is not None:
        raise InvoiceSettled
    if HardshipRequest.objects.open().filter(invoice=locked).exists():
        raise AskedBefore
    asked = HardshipRequest.objects.create(invoice=locked, reason=reason, created_at=at)
    # The reason is between the member and the office: the log says only that somebody asked.
    record(
        "members.hardship_requested",
        actor=actor,
        subject=locked,
        at=at,
        person=locked.user_id,
        chapter=locked.chapter_id,
    )
    notify(HARDSHIP_ASKED, subject_id=asked.pk, key=f"members.hardship_asked:{asked.pk}", actor=actor, at=at)
    return asked


@transaction.atomic
def decline_hardship(request: HardshipRequest, *, actor: User, answer: str, at: dt.datetime) -> HardshipRequest:
    """Answer a member that the dues stay as they are, and why. Raises RequestDecided."""
    changed = (
        HardshipRequest.objects.open()
        .filter(pk=request.pk)
        .update(is_granted=False, decided_at=at, decided_by=actor, answer=answer)
    )
    if not changed:
        raise RequestDecided
    invoice = request.invoice
    record(
        "members.hardship_declined",
        actor=actor,
        subject=invoice,
        at=at,
        person=invoice.user_id,
        chapter=invoice.chapter_id,
        detail={"reason": answer},
    )
    key = f"members.hardship_declined:{request.pk}"
    notify(HARDSHIP_DECLINED, subject_id=invoice.pk, key=key, recipients=[invoice.user_id], at=at)
    request.refresh_from_db()
    return request
