"""Renewal: what is offered to whom, the reminders of it, and the standings that time changes.

The jobs move nothing but dates and say so once: run twice, or after days of standstill, they change nothing more.
"""

import datetime as dt
import logging
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery
from moneyed import Money

from accounts.models import User
from audit.services import record
from members.choices import InvoicePurpose, LicenceState, Standing
from members.models import Invoice, Licence, Membership, MembershipPeriod, ReminderStep, RenewalReminder
from members.notifications.dues import DUES_REMINDER, MEMBERSHIP_ENDED
from members.services.invoices import PriceMissing, issue_invoice, price_for
from members.services.memberships import (
    NotRenewable,
    period_end,
    refresh_standing,
    renew_membership,
    renewal_start,
)
from notifications.services import notify

logger = logging.getLogger(__name__)

REMINDED = (Standing.ACTIVE, Standing.GRACE, Standing.LAPSED, Standing.SUSPENDED)
LATEST = 30  # days after its own day until which a missed step is still sent
TOLD_OF_END = frozenset({Standing.GRACE, Standing.LAPSED})


class LicenceNotChecked(Exception):
    """Raised when a member who lapsed renews, but the licence was not checked lately."""


@dataclass(frozen=True)
class RenewalOffer:
    """What a member gets for the dues of the next period, on the day that it was asked for.

    price: None where the chapter has set none yet.
    """

    starts_on: dt.date
    ends_on: dt.date
    price: Money | None
    needs_licence_check: bool
    invoice: Invoice | None  # that was asked for before and is open


def renewal_offer(membership: Membership, *, on: dt.date) -> RenewalOffer | None:
    """Return what renewing on a day would give, in every standing in which paying helps; None where it does not."""
    try:
        starts_on = renewal_start(membership, on=on)
    except NotRenewable:
        return None
    invoice = Invoice.objects.open().unfulfilled().filter(membership=membership).first()
    try:
        price = invoice.money if invoice is not None else price_for(membership.tier, membership.chapter, on=on)
    except PriceMissing:
        price = None
    return RenewalOffer(
        starts_on=starts_on,
        ends_on=period_end(starts_on, membership.tier),
        price=price,
        needs_licence_check=_needs_licence_check(membership, starts_on=starts_on, on=on),
        invoice=invoice,
    )


@transaction.atomic
def request_renewal(membership: Membership, *, actor: User, at: dt.datetime, on: dt.date) -> Invoice | None:
    """Ask a member for the dues of the next period; asked twice, it is the same invoice.

    Where membership costs nothing it is renewed at once, and None is returned. Raises NotRenewable, PriceMissing,
    LicenceNotChecked.
    """
    locked = (
        Membership.objects.select_for_update(of=("self",))
        .select_related("user", "chapter", "tier")
        .get(pk=membership.pk)
    )
    starts_on = renewal_start(locked, on=on)
    if _needs_licence_check(locked, starts_on=starts_on, on=on):
        raise LicenceNotChecked
    invoice = issue_invoice(
        locked.user,
        chapter=locked.chapter,
        tier=locked.tier,
        purpose=InvoicePurpose.RENEWAL,
        membership=locked,
        actor=actor,
        at=at,
        on=on,
    )
    if invoice is None:
        renew_membership(locked, actor=actor, at=at, on=on)
    return invoice


def _needs_licence_check(membership: Membership, *, starts_on: dt.date, on: dt.date) -> bool:
    """Whether a member returns from a lapse, of a kind that needs a licence, and no check of it is fresh."""
    if not membership.tier.needs_licence or membership.standing != Standing.LAPSED or starts_on != on:
        return False
    licences = Licence.objects.filter(user=membership.user_id, state=LicenceState.VERIFIED)
    return not licences.exclude(recheck_on__lte=on).exclude(valid_until__lt=on).exists()


def refresh_due_standings(*, on: dt.date, at: dt.datetime) -> int:
    """Derive anew the standings whose day has come, and tell whose period or grace has ended: M3, M5, M10.

    Returns how many changed.
    """
    changed = 0
    for pk in list(Membership.objects.due_for_standing(on).order_by("pk").values_list("pk", flat=True)):
        try:
            changed += _refresh_one(pk, on=on, at=at)
        except Exception:
            logger.exception("The standing of membership %s could not be derived.", pk)
    return changed


@transaction.atomic
def _refresh_one(pk: int, *, on: dt.date, at: dt.datetime) -> bool:
    membership = Membership.objects.select_for_update().get(pk=pk)
    before = membership.standing
    after = refresh_standing(membership, on=on)
    if after == before:
        return False
    record(
        "members.standing_changed",
        actor=None,
        subject=membership,
        at=at,
        person=membership.user_id,
        chapter=membership.chapter_id,
        detail={"from": before, "to": after, "on": on},
    )
    if after in TOLD_OF_END:
        period = membership.periods.order_by("-ends_on").values_list("pk", flat=True).first()
        key = f"members.ended:{membership.pk}:{period}:{after}"
        data = {"standing": str(after)}
        recipients = [membership.user_id]
        notify(MEMBERSHIP_ENDED, subject_id=membership.pk, key=key, recipients=recipients, data=data, at=at)
    return True


def send_reminders(*, on: dt.date, at: dt.datetime) -> int:
    """Remind members of their dues as the plan of their kind of membership says; return how many were reminded.

    Of several steps that were missed only the latest is sent, and none that is over a month late. Nobody is reminded
    whose membership ended by expulsion, resignation or death, or who has renewed.
    """
    plans: dict[int, list[ReminderStep]] = {}
    for step in ReminderStep.objects.order_by("tier", "offset_days"):
        plans.setdefault(step.tier_id, []).append(step)
    sent = 0
    for plan in plans.values():
        for step, following in zip(plan, [*plan[1:], None], strict=True):
            for membership, period in _due(step, following, on=on):
                try:
                    sent += _remind(membership, period, step, at=at)
                except Exception:
                    logger.exception("Membership %s could not be reminded of dues.", membership)
    return sent


def _due(step: ReminderStep, following: ReminderStep | None, *, on: dt.date) -> list[tuple[int, int]]:
    """Return memberships and their last periods for which this step is the latest whose day has come."""
    latest_end = on - dt.timedelta(days=step.offset_days)
    earliest_end = latest_end - dt.timedelta(days=LATEST)
    if following is not None:
        earliest_end = max(earliest_end, on - dt.timedelta(days=following.offset_days - 1))
    last = MembershipPeriod.objects.filter(membership=OuterRef("pk")).order_by("-ends_on")
    was_sent = RenewalReminder.objects.filter(
        membership=OuterRef("pk"), period=OuterRef("last_period"), offset_days__gte=step.offset_days
    )
    return list(
        Membership.objects.filter(
            standing__in=REMINDED,
            tier=step.tier_id,
            user__is_active=True,
            resigned_on__isnull=True,
            deceased_on__isnull=True,
        )
        .annotate(last_period=Subquery(last.values("pk")[:1]), last_end=Subquery(last.values("ends_on")[:1]))
        .filter(~Exists(was_sent), last_end__range=(earliest_end, latest_end))
        .order_by("pk")
        .values_list("pk", "last_period")
    )


@transaction.atomic
def _remind(membership_id: int, period_id: int, step: ReminderStep, *, at: dt.datetime) -> bool:
    reminder, is_new = RenewalReminder.objects.get_or_create(
        membership_id=membership_id,
        period_id=period_id,
        offset_days=step.offset_days,
        defaults={"step": step, "text": step.text, "sent_at": at},
    )
    if is_new:
        user_id = Membership.objects.values_list("user", flat=True).get(pk=membership_id)
        key = f"members.dues_reminder:{reminder.pk}"
        # One line in a person's list, however many reminders: the latest stands.
        collapse_key = f"members.dues_reminder:{membership_id}:{period_id}"
        notify(
            DUES_REMINDER,
            subject_id=reminder.pk,
            key=key,
            recipients=[user_id],
            scope=collapse_key,
            collapse_key=collapse_key,
            at=at,
        )
    return is_new
