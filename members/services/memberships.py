"""Membership from admission on: periods, renewal, and the cached standing that lists read.

`members.rules.transitions.MEMBERSHIP` is the machine and `members.rules.standing` the rule; nothing else writes
`Membership.standing`.
"""

import calendar
import datetime as dt

from django.db import transaction

from accounts.models import User
from audit.services import record
from members.choices import PeriodSource, Standing
from members.models import Chapter, Membership, MembershipPeriod, Profile, Tier
from members.rules.standing import is_closed, next_change, standing_on
from members.rules.transitions import LIVING
from members.services.cards import issue_card
from members.services.numbers import next_number


class MembershipMissing(Exception):
    """Raised when something is done to the membership of a person who has none."""


class NotRenewable(Exception):
    """Raised when no renewal helps: expelled, resigned, deceased, lapsed for over a year, or not open yet."""


class MembershipRefused(Exception):
    """Raised when a transition of a membership is not in the table for its standing and this person, or a guard fails.

    `sentence` says in the interface's language what is in the way.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def add_months(day: dt.date, months: int) -> dt.date:
    """Return the same day some months later, the last of the month where that month is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def period_end(starts_on: dt.date, tier: Tier) -> dt.date:
    """Return the last day of a period of this kind of membership."""
    return add_months(starts_on, tier.period_months) - dt.timedelta(days=1)


@transaction.atomic
def admit_member(
    user: User, *, chapter: Chapter, tier: Tier, source: PeriodSource, actor: User | None, at: dt.datetime, on: dt.date
) -> Membership:
    """Make a person a member from a day on, or a member again: M1.

    The first admission gives a number and a card, later ones keep both and what stands of a period that was paid.
    """
    membership = Membership.objects.select_for_update().filter(user=user).first()
    if membership is None:
        number = f"{chapter.country}-{next_number(f'member:{chapter.country}'):05d}"
        membership = Membership.objects.create(user=user, number=number, chapter=chapter, tier=tier, joined_on=on)
    else:
        membership.chapter, membership.tier, membership.resigned_on = chapter, tier, None
        membership.save(update_fields=["chapter", "tier", "resigned_on"])
    Profile.objects.update_or_create(user=user, defaults={"chapter": chapter})
    starts_on = max(on, _day_after_last(membership) or on)
    add_period(membership, tier=tier, starts_on=starts_on, source=source, actor=actor, at=at)
    record(
        "members.admit",
        actor=actor,
        subject=membership,
        at=at,
        person=user,
        chapter=chapter,
        detail={"tier": tier.code, "on": on},
    )
    if membership.standing in LIVING:
        issue_card(membership, actor=actor, at=at)
    return membership


@transaction.atomic
def renew_membership(membership: Membership, *, actor: User | None, at: dt.datetime, on: dt.date) -> MembershipPeriod:
    """Add the period that a payment or a waiver on that day gives: M2, M4, M6. Raises NotRenewable.

    While active or in grace it follows the last one, without a free or a lost day; after a lapse it starts today.
    """
    locked = Membership.objects.select_for_update().with_facts().get(pk=membership.pk)
    source = PeriodSource.RENEWAL
    starts_on = renewal_start(locked, on=on)
    return add_period(locked, tier=locked.tier, starts_on=starts_on, source=source, actor=actor, at=at)


def renewal_start(membership: Membership, *, on: dt.date) -> dt.date:
    """Return the first day of the period that renewing on that day would add. Raises NotRenewable."""
    facts = membership.facts()
    standing = standing_on(facts, on)
    last = _day_after_last(membership)
    if last is None or standing in {Standing.NONE, Standing.EXPELLED, Standing.RESIGNED, Standing.DECEASED}:
        raise NotRenewable
    if standing == Standing.LAPSED:
        if is_closed(facts, on):
            raise NotRenewable
        return on
    if last - dt.timedelta(days=1 + membership.tier.renewal_days) > on:
        raise NotRenewable
    return last


def add_period(
    membership: Membership, *, tier: Tier, starts_on: dt.date, source: PeriodSource, actor: User | None, at: dt.datetime
) -> MembershipPeriod:
    """Add a period after all others and say so in the audit log; the caller holds the membership's lock."""
    last = _day_after_last(membership)
    if last is not None and starts_on < last:
        raise ValueError("Periods of one membership never overlap.")
    period = MembershipPeriod.objects.create(
        membership=membership,
        tier=tier,
        starts_on=starts_on,
        ends_on=period_end(starts_on, tier),
        source=source,
        created_at=at,
    )
    record(
        "members.period_added",
        actor=actor,
        subject=membership,
        at=at,
        person=membership.user_id,
        chapter=membership.chapter_id,
        detail={"from": period.starts_on, "until": period.ends_on, "source": source},
    )
    refresh_standing(membership, on=membership.chapter.today())
    return period


def refresh_standing(membership: Membership, *, on: dt.date) -> Standing:
    """Derive the standing of a day anew and keep it for lists, with the day on which time alone will change it.

    Writes only what is another than before.
    """
    fresh = Membership.objects.with_facts().get(pk=membership.pk)
    facts = fresh.facts()
    standing, until = standing_on(facts, on), next_change(facts, on)
    if (fresh.standing, fresh.standing_until) != (standing, until):
        fresh.version += 1
        Membership.objects.filter(pk=membership.pk).update(
            standing=standing, standing_until=until, version=fresh.version
        )
    membership.standing, membership.standing_until, membership.version = standing, until, fresh.version
    return standing


@transaction.atomic
def change_tier(membership: Membership, *, tier: Tier, actor: User | None, at: dt.datetime) -> None:
    """Give a member another kind of membership from now on; periods that were paid stay as they are: M16."""
    locked = Membership.objects.select_for_update().get(pk=membership.pk)
    before = locked.tier.code
    locked.tier = tier
    locked.version += 1
    locked.save(update_fields=["tier", "version"])
    record(
        "members.membership_change_tier",
        actor=actor,
        subject=locked,
        at=at,
        person=locked.user_id,
        chapter=locked.chapter_id,
        detail={"from": before, "to": tier.code},
    )


def _day_after_last(membership: Membership) -> dt.date | None:
    last = membership.periods.order_by("-ends_on").values_list("ends_on", flat=True).first()
    return last + dt.timedelta(days=1) if last is not None else None
