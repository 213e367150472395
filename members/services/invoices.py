"""Invoices: asking for dues. How they are paid is in `members.services.payments`."""

import datetime as dt
from decimal import Decimal

from django.db import transaction
from moneyed import Money

from accounts.models import User
from audit.services import record
from members.choices import InvoicePurpose
from members.models import Application, Chapter, Invoice, Membership, Tier, TierPrice
from members.services.numbers import next_number

DAYS_TO_PAY = 30


class PriceMissing(Exception):
    """Raised when a chapter has no price for a kind of membership: the treasurer sets one first."""


def price_for(tier: Tier, chapter: Chapter, *, on: dt.date) -> Money:
    """Return the dues for one period in the currency of the price. Raises PriceMissing."""
    price = TierPrice.objects.in_force(tier, chapter, on)
    if price is None:
        raise PriceMissing
    return price.money


@transaction.atomic
def issue_invoice(
    user: User,
    *,
    chapter: Chapter,
    tier: Tier,
    purpose: InvoicePurpose,
    actor: User | None,
    at: dt.datetime,
    on: dt.date,
    application: Application | None = None,
    membership: Membership | None = None,
) -> Invoice | None:
    """Ask a person for the dues of one period; return None where they are nothing. Raises PriceMissing.

    Asked again for the same application or membership, it returns the open invoice.
    """
    for thing in ({"application": application}, {"membership": membership}):
        if next(iter(thing.values())) is not None:
            existing = Invoice.objects.open().unfulfilled().filter(**thing).first()
            if existing is not None:
                return existing
    price = price_for(tier, chapter, on=on)
    if price.amount == Decimal(0):
        return None
    invoice = Invoice.objects.create(
        number=f"{on.year}-{chapter.country}-{next_number(f'invoice:{on.year}-{chapter.country}'):05d}",
        user=user,
        chapter=chapter,
        tier=tier,
        purpose=purpose,
        application=application,
        membership=membership,
        currency=price.currency.code,
        amount=price.amount,
        issued_on=on,
        due_on=on + dt.timedelta(days=DAYS_TO_PAY),
        payer_name=user.name_native,
    )
    record(
        "members.invoice_issued",
        actor=actor,
        subject=invoice,
        at=at,
        person=user,
        chapter=chapter,
        detail={"amount": invoice.amount, "currency": invoice.currency, "purpose": purpose},
    )
    return invoice


@transaction.atomic
def void_invoice(invoice: Invoice, *, actor: User | None, at: dt.datetime, reason: str = "") -> bool:
    """Take an unpaid invoice back. Returns whether that changed anything.

    Money that came is reversed first: an invoice on which some of it stands is not taken back.
    """
    locked = Invoice.objects.select_for_update().get(pk=invoice.pk)
    paid = sum((payment.amount for payment in locked.payments.all()), Decimal(0))
    if not locked.is_open or paid > 0:
        return False
    locked.voided_at = invoice.voided_at = at
    locked.version += 1
    locked.save(update_fields=["voided_at", "version"])
    record(
        "members.invoice_voided",
        actor=actor,
        subject=invoice,
        at=at,
        person=invoice.user_id,
        chapter=invoice.chapter_id,
        detail={"reason": reason},
    )
    return True
