"""Renewal: who is offered what, reminders sent once, standings that time changes."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from members import tasks
from members.choices import LicenceState, ReminderText, Standing
from members.models import Invoice, Membership, RenewalReminder, league_day
from members.notifications.dues import DUES_REMINDER, MEMBERSHIP_ENDED, load_reminders
from members.services import renewals
from members.services.invoices import PriceMissing
from members.services.memberships import NotRenewable, refresh_standing, renew_membership
from notifications.models import Event
from notifications.registry import Notice
from tests.factories.dues import ReminderStepFactory
from tests.factories.membership import (
    LicenceFactory,
    MembershipFactory,
    PeriodFactory,
    SanctionFactory,
    TierPriceFactory,
)

pytestmark = pytest.mark.django_db

TODAY = league_day()


def now() -> dt.datetime:
    return timezone.now()


def ending(days: int) -> Membership:
    """A member whose period ends in so many days; negative: ended before."""
    membership: Membership = MembershipFactory(paid=-1)
    end = TODAY + dt.timedelta(days=days)
    PeriodFactory(membership=membership, starts_on=end - dt.timedelta(days=364), ends_on=end)
    refresh_standing(membership, on=TODAY)
    return membership


@pytest.mark.parametrize(
    ("days", "starts"),
    [(100, None), (30, 31), (0, 1), (-45, -44), (-46, 0), (-400, 0), (-45 - 366, None)],
)
def test_what_is_offered(days: int, starts: int | None) -> None:
    membership = ending(days)

    offer = renewals.renewal_offer(membership, on=TODAY)

    assert (offer.starts_on if offer else None) == (None if starts is None else TODAY + dt.timedelta(days=starts))


def test_suspended_member_is_offered_the_next_period() -> None:
    membership = ending(10)
    SanctionFactory(membership=membership)

    assert renewals.renewal_offer(Membership.objects.get(pk=membership.pk), on=TODAY) is not None


@pytest.mark.parametrize("field", ["resigned_on", "deceased_on"])
def test_nothing_is_offered_where_paying_does_not_help(field: str) -> None:
    membership = ending(10)
    Membership.objects.filter(pk=membership.pk).update(**{field: TODAY})

    assert renewals.renewal_offer(Membership.objects.get(pk=membership.pk), on=TODAY) is None


def test_request_makes_one_invoice_however_often() -> None:
    membership = ending(10)
    TierPriceFactory(tier=membership.tier, chapter=membership.chapter, amount=Decimal(25000))

    first, second = (
        renewals.request_renewal(membership, actor=membership.user, at=now(), on=TODAY) for _click in range(2)
    )

    assert first == second
    assert first is not None
    assert (first.amount, first.payer_name) == (Decimal(25000), membership.user.name_native)
    offer = renewals.renewal_offer(membership, on=TODAY)
    assert offer is not None
    assert offer.invoice == first


def test_request_without_a_price_or_out_of_time_makes_none() -> None:
    with pytest.raises(PriceMissing):
        renewals.request_renewal(ending(10), actor=ending(1).user, at=now(), on=TODAY)
    with pytest.raises(NotRenewable):
        renewals.request_renewal(ending(200), actor=ending(1).user, at=now(), on=TODAY)

    assert not Invoice.objects.exists()


def test_membership_that_costs_nothing_is_renewed_at_once() -> None:
    membership = ending(10)
    TierPriceFactory(tier=membership.tier, chapter=membership.chapter, amount=0)

    assert renewals.request_renewal(membership, actor=membership.user, at=now(), on=TODAY) is None
    assert membership.periods.count() == 2


def test_return_from_a_lapse_needs_a_fresh_licence_check() -> None:
    membership = ending(-100)
    TierPriceFactory(tier=membership.tier, chapter=membership.chapter)
    LicenceFactory(user=membership.user, state=LicenceState.VERIFIED, recheck_on=TODAY)

    with pytest.raises(renewals.LicenceNotChecked):
        renewals.request_renewal(membership, actor=membership.user, at=now(), on=TODAY)

    LicenceFactory(user=membership.user, state=LicenceState.VERIFIED, recheck_on=TODAY + dt.timedelta(days=1))
    assert renewals.request_renewal(membership, actor=membership.user, at=now(), on=TODAY) is not None


def plan(membership: Membership) -> None:
    for offset, text in [
        (-60, ReminderText.OPENED),
        (-30, ReminderText.SOON),
        (-7, ReminderText.SOON),
        (0, ReminderText.ENDS),
        (14, ReminderText.GRACE),
        (28, ReminderText.GRACE),
    ]:
        ReminderStepFactory(tier=membership.tier, offset_days=offset, text=text)


@pytest.mark.parametrize(
    ("days", "step"), [(61, None), (60, -60), (31, -60), (30, -30), (1, -7), (0, 0), (-13, 0), (-14, 14), (-45, 28)]
)
def test_latest_step_is_sent_once(days: int, step: int | None) -> None:
    membership = ending(days)
    plan(membership)

    first, second = (renewals.send_reminders(on=TODAY, at=now()) for _run in range(2))

    expected = [] if step is None else [step]
    assert (first, second) == (len(expected), 0)
    assert list(RenewalReminder.objects.values_list("offset_days", flat=True)) == expected
    assert Event.objects.filter(kind=DUES_REMINDER.name).count() == len(expected)


def test_year_of_daily_runs_takes_each_step_once_and_standstill_skips_to_the_latest() -> None:
    membership, other = ending(60), ending(60)
    plan(membership)

    for day in range(120):
        for _replay in range(2):
            renewals.send_reminders(on=TODAY + dt.timedelta(days=day), at=now())

    for one in (membership, other):
        assert list(one.reminders.order_by("pk").values_list("offset_days", flat=True)) == [-60, -30, -7, 0, 14, 28]

    late = ending(55)
    renewals.send_reminders(on=TODAY + dt.timedelta(days=75), at=now())  # nothing ran before
    assert list(late.reminders.values_list("offset_days", flat=True)) == [14]


@pytest.mark.parametrize("end", ["renewed", "expelled", "resigned", "deceased", "closed"])
def test_nobody_is_reminded_whom_it_does_not_concern(end: str) -> None:
    membership = ending(5)
    plan(membership)
    if end == "renewed":
        renew_membership(membership, actor=None, at=now(), on=TODAY)
    elif end == "expelled":
        SanctionFactory(membership=membership, kind="expulsion")
    elif end == "closed":
        membership.user.is_active = False
        membership.user.save()
    else:
        Membership.objects.filter(pk=membership.pk).update(**{f"{end}_on": TODAY})
    refresh_standing(membership, on=TODAY)

    assert renewals.send_reminders(on=TODAY, at=now()) == 0


def test_suspended_member_is_reminded() -> None:
    membership = ending(5)
    plan(membership)
    SanctionFactory(membership=membership)
    refresh_standing(membership, on=TODAY)

    assert renewals.send_reminders(on=TODAY, at=now()) == 1


def test_reminder_says_when_and_falls_silent_once_paid() -> None:
    membership = ending(0)
    membership.user.language = "en"
    membership.user.save()
    plan(membership)
    renewals.send_reminders(on=TODAY, at=now())
    reminder = RenewalReminder.objects.get()

    subject = load_reminders(membership.user, [str(reminder.pk)])[str(reminder.pk)]
    assert subject.title in DUES_REMINDER.line(Notice(subject))
    assert str(TODAY.year) in subject.title
    assert not load_reminders(MembershipFactory().user, [str(reminder.pk)])

    renew_membership(membership, actor=None, at=now(), on=TODAY)
    assert not load_reminders(membership.user, [str(reminder.pk)])


def test_standings_follow_the_days_and_each_is_told_once() -> None:
    membership = ending(0)
    lapses = TODAY + dt.timedelta(days=46)

    results = [
        renewals.refresh_due_standings(on=TODAY + dt.timedelta(days=day), at=now()) for day in (0, 1, 1, 45, 46, 46, 47)
    ]

    assert results == [0, 1, 0, 0, 1, 0, 0]
    membership.refresh_from_db()
    assert membership.standing == Standing.LAPSED
    events = AuditEvent.objects.about(membership).filter(action="members.standing_changed").order_by("pk")
    assert [event.detail["to"] for event in events] == ["grace", "lapsed"]
    assert events[1].detail["on"] == lapses.isoformat()
    assert Event.objects.filter(kind=MEMBERSHIP_ENDED.name).count() == 2


def test_end_of_a_suspension_gives_the_full_grace() -> None:
    membership = ending(-60)
    SanctionFactory(
        membership=membership, starts_on=TODAY - dt.timedelta(days=70), ends_on=TODAY - dt.timedelta(days=1)
    )
    Membership.objects.filter(pk=membership.pk).update(standing=Standing.SUSPENDED, standing_until=TODAY)

    assert renewals.refresh_due_standings(on=TODAY, at=now()) == 1

    membership.refresh_from_db()
    assert membership.standing == Standing.GRACE


def test_tasks_run_on_todays_date() -> None:
    membership = ending(0)
    plan(membership)
    Membership.objects.filter(pk=membership.pk).update(standing_until=TODAY, standing=Standing.NONE)

    assert tasks.refresh_standings() == 1
    assert tasks.remind_of_dues() == 1
    assert tasks.remind_of_dues() == 0
