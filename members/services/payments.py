"""Payments, their reversal, and dues that are waived: everything that changes what remains of an invoice.

An invoice is settled when nothing remains. The first time, what it pays for is given in the same transaction: an
application is completed or a period added. A reversal opens the invoice again and takes no period back: that is a
decision of people (a sanction, a resignation), not of the accounts. Paying such an invoice again adds no period.
"""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import transaction
from moneyed import Money

from accounts.models import User
from audit.services import record
from members.channels.base import ProviderPayment
from members.choices import InvoicePurpose, PaymentMethod, Standing, WaiverKind
from members.models import HardshipRequest, Invoice, Membership, Payment, TierPrice, Waiver, WaiverLimit
from members.models.renewals import WAIVED_BY_CHAPTER
from members.notifications.dues import PAYMENT, WAIVER
from members.permissions.dues import can_waive_all, waiver_kinds
from members.rules.standing import standing_on
from members.services.applications import TransitionRefused, complete_application
from members.services.memberships import NotRenewable, renew_membership
from members.services.receipts import issue_receipt
from notifications.services import notify

ENDED = frozenset({Standing.EXPELLED, Standing.RESIGNED, Standing.DECEASED})


class InvoiceSettled(Exception):
    """Raised when something is recorded on an invoice of which nothing remains to be paid."""


class InvoiceVoided(Exception):
    """Raised when something is recorded on an invoice that was taken back."""


class InvoiceChanged(Exception):
    """Raised when something was recorded on an invoice since the page was opened on which somebody decided."""


class CurrencyDiffers(Exception):
    """Raised for money in another currency than the invoice's."""


class TooMuch(Exception):
    """Raised for more money than remains to be paid; `balance` says how much that is."""

    def __init__(self, balance: Money) -> None:
        super().__init__(balance)
        self.balance = balance


class AboveLimit(Exception):
    """Raised when a chapter's officer waives more than the chapter may; `limit` is what is left of it."""

    def __init__(self, limit: Money) -> None:
        super().__init__(limit)
        self.limit = limit


class GroundRefused(Exception):
    """Raised when dues are waived on a ground that only the League may use."""


class NotReversible(Exception):
    """Raised when a payment is reversed that was reversed before, or is a reversal itself."""


class NothingToGive(Exception):
    """Raised when the last payment comes but its membership or application takes it no more."""


class PaymentInFuture(Exception):
    """Raised for a payment that is said to come on a later day than today."""


@transaction.atomic
def confirm_payment(
    invoice: Invoice,
    *,
    actor: User | None,
    amount: Money,
    method: PaymentMethod,
    received_on: dt.date,
    reference: str,
    at: dt.datetime,
    version: int | None = None,
    provider_reference: str = "",
) -> Payment:
    """Record money that came, with its receipt; what settles the invoice gives the membership that it pays for.

    `received_on` decides from when the membership runs: money that came within the grace period counts as such
    however late it is recorded. `version` is that of the page on which somebody decided.

    Raises InvoiceSettled, InvoiceVoided, InvoiceChanged, CurrencyDiffers, TooMuch, PaymentInFuture, NothingToGive.
    """
    locked = _lock_open(invoice, version=version)
    if amount.currency.code != locked.currency:
        raise CurrencyDiffers
    if received_on > _today(locked, at):
        raise PaymentInFuture
    balance = locked.balance()
    if amount > balance:
        raise TooMuch(balance)
    payment = Payment.objects.create(
        invoice=locked,
        amount=amount.amount,
        method=method,
        received_on=received_on,
        reference=reference,
        provider_reference=provider_reference,
        recorded_by=actor,
        recorded_at=at,
    )
    receipt = issue_receipt(payment, at=at)
    _note("members.payment_recorded", locked, actor=actor, at=at, amount=payment.amount, receipt=receipt.number)
    _settle_if_paid(locked, actor=actor, at=at, on=max(received_on, locked.issued_on))
    _advance(invoice, locked)
    key = f"members.payment:{payment.pk}"
    notify(PAYMENT, subject_id=receipt.pk, key=key, recipients=[locked.user_id], at=at)
    return payment


@transaction.atomic
def reverse_payment(
    payment: Payment, *, actor: User, reason: str, at: dt.datetime, version: int | None = None
) -> Payment:
    """Book a payment back as a row of its own with its own receipt; the invoice is open again.

    The period that was given stays. Raises NotReversible, InvoiceChanged.
    """
    locked = Invoice.objects.select_for_update(of=("self",)).select_related("chapter").get(pk=payment.invoice_id)
    if payment.is_reversal or Payment.objects.filter(reverses=payment.pk).exists():
        raise NotReversible
    if version is not None and version != locked.version:
        raise InvoiceChanged
    reversal = Payment.objects.create(
        invoice=locked,
        amount=-payment.amount,
        method=payment.method,
        received_on=_today(locked, at),
        reference=payment.reference,
        reverses=payment,
        reason=reason,
        recorded_by=actor,
        recorded_at=at,
    )
    receipt = issue_receipt(reversal, at=at)
    locked.settled_at = None
    _note("members.payment_reversed", locked, actor=actor, at=at, amount=reversal.amount, receipt=receipt.number)
    _advance(payment.invoice, locked)
    key = f"members.payment:{reversal.pk}"
    notify(PAYMENT, subject_id=receipt.pk, key=key, recipients=[locked.user_id], at=at)
    return reversal


@transaction.atomic
def waive_dues(
    invoice: Invoice,
    *,
    actor: User,
    kind: WaiverKind,
    amount: Money,
    reason: str,
    at: dt.datetime,
    version: int | None = None,
) -> Waiver:
    """Ask less of a person than the invoice says, or nothing; an open request for lower dues is granted by it.

    An officer of a chapter is bound by the chapter's limit (`waiver_limit`), the registrar and the board are not.

    Raises InvoiceSettled, InvoiceVoided, InvoiceChanged, CurrencyDiffers, TooMuch, AboveLimit, GroundRefused,
    NothingToGive.
    """
    locked = _lock_open(invoice, version=version)
    if amount.currency.code != locked.currency:
        raise CurrencyDiffers
    if kind not in waiver_kinds(actor):
        raise GroundRefused
    balance = locked.balance()
    if amount > balance:
        raise TooMuch(balance)
    if not can_waive_all(actor):
        limit = waiver_limit(locked)
        if amount > limit:
            raise AboveLimit(limit)
    waiver = Waiver.objects.create(
        invoice=locked, kind=kind, amount=amount.amount, reason=reason, decided_by=actor, decided_at=at
    )
    HardshipRequest.objects.open().filter(invoice=locked).update(is_granted=True, decided_at=at, decided_by=actor)
    _note("members.dues_waived", locked, actor=actor, at=at, reason_code=kind, amount=waiver.amount, reason=reason)
    _settle_if_paid(locked, actor=actor, at=at, on=_today(locked, at))
    _advance(invoice, locked)
    key = f"members.waiver:{waiver.pk}"
    notify(WAIVER, subject_id=locked.pk, key=key, recipients=[locked.user_id], at=at)
    return waiver


def waiver_limit(invoice: Invoice) -> Money:
    """Return how much an officer of the chapter may still waive of an invoice.

    The chapter's share of the dues, or what the hardship rate saves if that is more; earlier waivers count.
    """
    owners = [owner for owner in (invoice.chapter_id, invoice.chapter.parent_id) if owner]
    limits = dict(WaiverLimit.objects.filter(chapter__in=owners).values_list("chapter", "percent"))
    percent = next((Decimal(limits[owner]) for owner in owners if owner in limits), WAIVED_BY_CHAPTER)
    most = (invoice.amount * percent / 100).quantize(Decimal("0.01"))
    price = TierPrice.objects.in_force(invoice.tier, invoice.chapter, invoice.issued_on)
    if price is not None and price.hardship_amount is not None and price.currency == invoice.currency:
        most = max(most, invoice.amount - price.hardship_amount)
    waived = sum((waiver.amount for waiver in invoice.waivers.all()), Decimal(0))
    return Money(max(most - waived, Decimal(0)), invoice.currency)


@transaction.atomic
def record_provider_payment(paid: ProviderPayment, *, at: dt.datetime) -> Payment:
    """Record what a payment provider says was paid; the same message again returns the first payment.

    Raises Invoice.DoesNotExist and whatever `confirm_payment` raises.
    """
    invoice = Invoice.objects.select_for_update(of=("self",)).select_related("chapter").get(number=paid.invoice_number)
    known = Payment.objects.filter(provider_reference=paid.reference).first()
    if known is not None:
        return known
    return confirm_payment(
        invoice,
        actor=None,
        amount=paid.amount,
        method=PaymentMethod.PROVIDER,
        received_on=_today(invoice, at),
        reference=paid.reference,
        at=at,
        provider_reference=paid.reference,
    )


def _lock_open(invoice: Invoice, *, version: int | None) -> Invoice:
    """Lock an invoice on which something is to be recorded. Raises InvoiceSettled, InvoiceVoided, InvoiceChanged."""
    locked = Invoice.objects.select_for_update(of=("self",)).select_related("chapter", "tier").get(pk=invoice.pk)
    if locked.voided_at is not None:
        raise InvoiceVoided
    if locked.settled_at is not None:
        raise InvoiceSettled
    if version is not None and version != locked.version:
        raise InvoiceChanged
    return locked


def _settle_if_paid(invoice: Invoice, *, actor: User | None, at: dt.datetime, on: dt.date) -> None:
    """Settle an invoice of which nothing remains and give what it pays for, unless that was given before."""
    if invoice.balance().amount > 0:
        return
    invoice.settled_at = at
    _note("members.invoice_settled", invoice, actor=actor, at=at)
    if invoice.fulfilled_at is not None:
        return
    invoice.fulfilled_at = at
    # Written first: completing an application looks at its invoices.
    invoice.save(update_fields=["settled_at", "fulfilled_at"])
    if invoice.application is not None:
        try:
            complete_application(invoice.application, actor=actor, at=at, on=_today(invoice, at))
        except TransitionRefused as refused:
            raise NothingToGive from refused
    elif invoice.membership is not None and invoice.purpose == InvoicePurpose.RENEWAL:
        _renew(invoice.membership, actor=actor, at=at, on=on, today=_today(invoice, at))


def _renew(membership: Membership, *, actor: User | None, at: dt.datetime, on: dt.date, today: dt.date) -> None:
    facts = Membership.objects.with_facts().get(pk=membership.pk).facts()
    # Money that came before an expulsion is returned, not turned into membership.
    if standing_on(facts, today) in ENDED:
        raise NothingToGive
    try:
        renew_membership(membership, actor=actor, at=at, on=on)
    except NotRenewable as not_renewable:
        raise NothingToGive from not_renewable


def _advance(invoice: Invoice, locked: Invoice) -> None:
    """Keep what changed, and show it on the caller's instance too."""
    locked.version += 1
    locked.save(update_fields=["settled_at", "fulfilled_at", "version"])
    invoice.settled_at, invoice.fulfilled_at, invoice.version = locked.settled_at, locked.fulfilled_at, locked.version


def _today(invoice: Invoice, at: dt.datetime) -> dt.date:
    """Return the day that it is in the invoice's chapter."""
    return at.astimezone(ZoneInfo(invoice.chapter.time_zone)).date()


def _note(
    action: str,
    invoice: Invoice,
    *,
    actor: User | None,
    at: dt.datetime,
    reason_code: str = "",
    **detail: object,
) -> None:
    record(
        action,
        actor=actor,
        subject=invoice,
        at=at,
        person=invoice.user_id,
        chapter=invoice.chapter_id,
        reason_code=reason_code,
        detail={"currency": invoice.currency, **detail},
    )
