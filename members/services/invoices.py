"""Invoices: asking for dues. How they are paid is in `members.services.payments`."""

import datetime as dt
from decimal import Decimal

from django.db import transaction
from moneyed import Money

from accounts.models import User
from audit.services import record
from members.choices import InvoicePurpose
from members.models import Application, Chapter, Invoice, Membership, Tier, TierPrice
from members.rules.amounts import pro_rata_difference
from members.services.memberships import period_end
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


def tier_change_price(membership: Membership, *, tier: Tier, chapter: Chapter, on: dt.date) -> Money:
    """Return what a change to another kind of membership costs on a day: M16. Raises PriceMissing, CurrenciesDiffer.

    The difference of the two prices in force on that day, for the days that are left of the current period, that day
    and the last one included (`members.rules.amounts.pro_rata_difference`). It is nothing for a cheaper kind and
    where no period runs (in grace): the next renewal is asked for at the new price. A period that is paid already and
    begins later stays as it was paid.
    """
    old, new = price_for(membership.tier, chapter, on=on), price_for(tier, chapter, on=on)
    period = membership.periods.filter(starts_on__lte=on, ends_on__gte=on).order_by("-ends_on").first()
    starts_on = period.starts_on if period is not None else on
    return pro_rata_difference(
        old=old,
        old_days=_days(starts_on, period_end(starts_on, membership.tier)),
        new=new,
        new_days=_days(starts_on, period_end(starts_on, tier)),
        days_left=_days(on, period.ends_on) if period is not None else 0,
    )


def _days(first: dt.date, last: dt.date) -> int:
    return (last - first).days + 1


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
    price: Money | None = None,
) -> Invoice | None:
    """Ask a person for the dues of one period; return None where they are nothing. Raises PriceMissing.

    `price` is asked instead where it is not a whole period that is paid for. Asked again for the same application or
    membership, it returns the open invoice.
    """
    for thing in ({"application": application}, {"membership": membership}):
        if next(iter(thing.values())) is not None:
            existing = Invoice.objects.open().unfulfilled().filter(**thing).first()
            if existing is not None:
                return existing
    if price is None:
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
