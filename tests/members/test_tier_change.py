"""M16: what another kind of membership costs, and when it is given."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone
from moneyed import Money

from members.choices import ApplicationKind, ApplicationStatus, InvoicePurpose, OfficeRole, PaymentMethod, WaiverKind
from members.models import Application, Invoice, Membership, Tier
from members.rules.amounts import CurrenciesDiffer, pro_rata_difference
from members.services import applications, payments
from members.services.applications import TransitionRefused
from members.services.invoices import tier_change_price
from members.services.renewals import request_renewal
from tests.factories.members import OfficeTermFactory
from tests.factories.membership import ApplicationFactory, MembershipFactory, TierFactory, TierPriceFactory

DAY = dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("old", "new", "days_left", "result"),
    [
        ("10000", "30000", 365, "20000.00"),  # the whole period
        ("10000", "30000", 73, "4000.00"),
        ("10000", "30000", 1, "54.79"),  # 54.794…
        ("0", "1000", 2, "5.48"),  # 5.479…
        ("0", "36.50", 1, "0.10"),
        ("0", "1.825", 1, "0.01"),  # half of the smallest unit, up
        ("30000", "10000", 200, "0"),  # nothing is paid back
        ("30000", "30000", 200, "0"),
        ("10000", "30000", 0, "0"),  # in grace
        ("10000", "30000", -5, "0"),
    ],
)
def test_pro_rata_difference(old: str, new: str, days_left: int, result: str) -> None:
    difference = pro_rata_difference(
        old=Money(old, "KZT"), old_days=365, new=Money(new, "KZT"), new_days=365, days_left=days_left
    )

    assert difference == Money(result, "KZT")
    assert difference.amount == difference.amount.quantize(Decimal("0.01"))


def test_pro_rata_difference_compares_a_day_of_each() -> None:
    """Half a year for 6,000 is dearer than a year for 10,000."""
    difference = pro_rata_difference(
        old=Money(10000, "KZT"), old_days=365, new=Money(6000, "KZT"), new_days=182, days_left=91
    )

    assert difference == Money("506.85", "KZT")


def test_pro_rata_difference_refuses_two_currencies() -> None:
    with pytest.raises(CurrenciesDiffer):
        pro_rata_difference(old=Money(1, "KZT"), old_days=365, new=Money(1, "USD"), new_days=365, days_left=1)


@pytest.fixture
def trainee() -> Tier:
    return TierFactory(code="trainee", name_ru="Стажёр", name_en="Trainee")


def member_who_asks(trainee: Tier, *, old: int, new: int, paid: int = 30) -> tuple[Membership, Application]:
    """Make a trainee whose application for full membership the chapter has recommended."""
    membership = MembershipFactory(tier=trainee, paid=paid)
    full = TierFactory()
    TierPriceFactory(tier=trainee, chapter=membership.chapter, amount=old)
    TierPriceFactory(tier=full, chapter=membership.chapter, amount=new)
    application = ApplicationFactory(
        user=membership.user,
        chapter=membership.chapter,
        tier=full,
        kind=ApplicationKind.TIER,
        status=ApplicationStatus.RECOMMENDED,
    )
    return membership, application


def approve(application: Application) -> Application:
    registrar = OfficeTermFactory(role=OfficeRole.REGISTRAR, chapter=None).user
    applications.approve_application(application, actor=registrar, version=application.version, at=timezone.now())
    application.refresh_from_db()
    return application


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("old", "new", "paid"),
    [(30_000, 10_000, 30), (30_000, 30_000, 30), (10_000, 30_000, 375)],
    ids=["cheaper", "same price", "in grace"],
)
def test_change_that_costs_nothing_is_given_by_the_approval(old: int, new: int, paid: int, trainee: Tier) -> None:
    membership, application = member_who_asks(trainee, old=old, new=new, paid=paid)

    assert approve(application).status == ApplicationStatus.COMPLETED

    membership.refresh_from_db()
    assert membership.tier.code == "full"
    assert membership.periods.count() == 1
    assert not Invoice.objects.exists()


@pytest.mark.django_db
def test_change_to_a_dearer_kind_waits_for_the_difference(trainee: Tier) -> None:
    membership, application = member_who_asks(trainee, old=10_000, new=46_500, paid=30)
    period = membership.periods.get()

    assert approve(application).status == ApplicationStatus.AWAITING_DUES

    membership.refresh_from_db()
    assert membership.tier == trainee
    invoice = Invoice.objects.get()
    assert (invoice.purpose, invoice.amount) == (InvoicePurpose.TIER, Decimal(100) * (365 - 30))
    payments.confirm_payment(
        invoice,
        actor=OfficeTermFactory(role=OfficeRole.TREASURER, chapter=membership.chapter).user,
        amount=invoice.money,
        method=PaymentMethod.BANK,
        received_on=membership.chapter.today(),
        reference="17",
        at=timezone.now(),
    )
    membership.refresh_from_db()
    application.refresh_from_db()
    assert (membership.tier.code, application.status) == ("full", ApplicationStatus.COMPLETED)
    assert membership.periods.get() == period  # no period is added, none is changed


@pytest.mark.django_db
def test_waiver_gives_the_change_and_the_old_offer_of_renewal_goes(trainee: Tier) -> None:
    membership, application = member_who_asks(trainee, old=10_000, new=30_000, paid=330)
    today = membership.chapter.today()
    renewal = request_renewal(membership, actor=membership.user, at=timezone.now(), on=today)
    assert renewal is not None
    approve(application)
    invoice = Invoice.objects.get(application=application)

    board = OfficeTermFactory(role=OfficeRole.BOARD, chapter=None).user
    payments.waive_dues(
        invoice, actor=board, kind=WaiverKind.HARDSHIP, amount=invoice.money, reason="–", at=timezone.now()
    )

    membership.refresh_from_db()
    renewal.refresh_from_db()
    assert membership.tier.code == "full"
    assert renewal.voided_at is not None
    again = request_renewal(membership, actor=membership.user, at=timezone.now(), on=today)
    assert again is not None
    assert again.amount == 30_000


@pytest.mark.django_db
@pytest.mark.usefixtures("english")
def test_kind_of_a_membership_that_ended_is_not_changed(trainee: Tier) -> None:
    _membership, application = member_who_asks(trainee, old=10_000, new=30_000)
    Membership.objects.update(standing="resigned")

    with pytest.raises(TransitionRefused, match="has ended"):
        approve(application)


@pytest.mark.django_db
def test_days_left_count_from_today_to_the_last_day(trainee: Tier) -> None:
    membership, application = member_who_asks(trainee, old=0, new=36_500)
    end = membership.periods.get().ends_on
    assert application.tier is not None

    prices = [
        tier_change_price(membership, tier=application.tier, chapter=membership.chapter, on=day).amount
        for day in (end - DAY, end, end + DAY)
    ]

    assert prices == [200, 100, 0]
