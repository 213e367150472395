"""Payments: what settles an invoice and what that gives; reversals, waivers, and what is refused."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moneyed import Money

from audit.models import AuditEvent
from members.channels.base import ProviderPayment
from members.choices import (
    ApplicationStatus,
    Country,
    Currency,
    InvoicePurpose,
    OfficeRole,
    PaymentMethod,
    Standing,
    WaiverKind,
)
from members.models import Invoice, Membership, Payment, Receipt, WaiverLimit, league_day
from members.services import payments
from members.services.hardship import AskedBefore, RequestDecided, decline_hardship, request_hardship
from members.services.invoices import void_invoice
from members.services.memberships import refresh_standing
from notifications.models import Event
from tests.factories.accounts import UserFactory
from tests.factories.dues import officer
from tests.factories.members import ChapterFactory
from tests.factories.membership import (
    ApplicationFactory,
    InvoiceFactory,
    MembershipFactory,
    PeriodFactory,
    SanctionFactory,
    TierFactory,
    TierPriceFactory,
)

pytestmark = pytest.mark.django_db


def now() -> dt.datetime:
    return timezone.now()


def pay(invoice: Invoice, amount: object = None, **options: object) -> Payment:
    given = {
        "actor": UserFactory(),
        "amount": Money(
            invoice.amount if amount is None else Decimal(str(amount)), options.pop("of", invoice.currency)
        ),
        "method": PaymentMethod.BANK,
        "received_on": league_day(),
        "reference": "ПП-17",
        "at": now(),
        **options,
    }
    return payments.confirm_payment(invoice, **given)  # type: ignore[arg-type]  # as each test wants


def due(days_ago: int = 340, **options: object) -> Invoice:
    """An open invoice of a member whose year began so many days ago, issued that long ago as the test wants."""
    membership = MembershipFactory(paid=days_ago)
    return InvoiceFactory(membership=membership, **options)


def periods(invoice: Invoice) -> list[tuple[dt.date, dt.date]]:
    assert invoice.membership is not None
    return list(invoice.membership.periods.order_by("starts_on").values_list("starts_on", "ends_on"))


def actions(invoice: Invoice) -> list[str]:
    return list(AuditEvent.objects.about(invoice).order_by("pk").values_list("action", flat=True))


def test_payment_settles_and_adds_the_next_period() -> None:
    invoice = due()

    payment = pay(invoice)

    assert invoice.settled_at is not None
    (_first, last), (first, _last) = periods(invoice)
    assert first == last + dt.timedelta(days=1)
    assert invoice.balance() == Money(0, "KZT")
    assert payment.receipt.number == f"R-{league_day().year}-KZ-00001"
    assert actions(invoice) == ["members.payment_recorded", "members.invoice_settled"]
    assert Event.objects.filter(kind="members.payment", recipients=[invoice.user_id]).count() == 1


def test_part_payment_leaves_a_balance_and_gives_nothing() -> None:
    invoice = due()

    pay(invoice, "10000.50")

    assert invoice.settled_at is None
    assert invoice.balance() == Money("19999.50", "KZT")
    assert len(periods(invoice)) == 1

    pay(invoice, "19999.50")

    assert invoice.settled_at is not None
    assert len(periods(invoice)) == 2


@pytest.mark.parametrize("currency", list(Currency))
def test_decimals_are_exact_in_every_currency(currency: Currency) -> None:
    invoice = due(currency=currency, amount=Decimal("0.30"))

    for _part in range(3):
        pay(invoice, "0.10")

    assert invoice.settled_at is not None
    assert Invoice.objects.with_balance().get(pk=invoice.pk).paid == Decimal("0.30")


def test_paid_invoice_takes_no_second_payment() -> None:
    invoice = due()
    pay(invoice)

    with pytest.raises(payments.InvoiceSettled):
        pay(invoice)

    assert Payment.objects.count() == Receipt.objects.count() == 1
    assert len(periods(invoice)) == 2


def test_voided_invoice_takes_no_payment() -> None:
    invoice = due()
    assert void_invoice(invoice, actor=None, at=now())
    assert not void_invoice(invoice, actor=None, at=now())

    with pytest.raises(payments.InvoiceVoided):
        pay(invoice)


def test_invoice_with_money_on_it_is_not_voided() -> None:
    invoice = due()
    payment = pay(invoice, 100)

    assert not void_invoice(invoice, actor=None, at=now())

    payments.reverse_payment(payment, actor=UserFactory(), reason="Ошибка", at=now())
    assert void_invoice(invoice, actor=None, at=now())


def test_overpayment_names_the_balance() -> None:
    invoice = due()
    pay(invoice, 20000)

    with pytest.raises(payments.TooMuch) as refused:
        pay(invoice, 20000)

    assert refused.value.balance == Money(10000, "KZT")


def test_other_currency_future_day_and_stale_page_are_refused() -> None:
    invoice = due()

    with pytest.raises(payments.CurrencyDiffers):
        pay(invoice, 1, of="USD")
    with pytest.raises(payments.PaymentInFuture):
        pay(invoice, received_on=league_day() + dt.timedelta(days=2))
    version = invoice.version
    pay(invoice, 1, version=version)
    with pytest.raises(payments.InvoiceChanged):
        pay(invoice, 1, version=version)

    assert Payment.objects.count() == 1


def test_numbers_of_receipts_are_dense_in_a_country() -> None:
    first, second = due(), due()
    other = InvoiceFactory(membership=MembershipFactory(paid=340, chapter=ChapterFactory(country=Country.KYRGYZSTAN)))
    pay(first, 1)
    with transaction.atomic():
        pay(second, 1)
        transaction.set_rollback(True)  # gives the number back
    pay(second, 1)
    pay(other, 1)

    year = league_day().year
    assert list(Receipt.objects.order_by("pk").values_list("number", flat=True)) == [
        f"R-{year}-KZ-00001",
        f"R-{year}-KZ-00002",
        f"R-{year}-KG-00001",
    ]


def test_payment_of_an_admission_makes_a_member() -> None:
    application = ApplicationFactory(status=ApplicationStatus.AWAITING_DUES)
    invoice = InvoiceFactory(
        membership=None,
        application=application,
        user=application.user,
        chapter=application.chapter,
        tier=application.tier,
        purpose=InvoicePurpose.ADMISSION,
    )

    pay(invoice, actor=officer(OfficeRole.TREASURER, application.chapter))

    application.refresh_from_db()
    assert application.status == ApplicationStatus.COMPLETED
    assert Membership.objects.get(user=application.user).standing == Standing.ACTIVE


def test_payment_for_a_withdrawn_application_records_nothing() -> None:
    application = ApplicationFactory(status=ApplicationStatus.WITHDRAWN)
    invoice = InvoiceFactory(
        membership=None, application=application, user=application.user, chapter=application.chapter,
        tier=application.tier,
    )  # fmt: skip

    with pytest.raises(payments.NothingToGive):
        pay(invoice)

    assert not Payment.objects.exists()
    assert not Receipt.objects.exists()


def test_payment_for_an_expelled_member_records_nothing() -> None:
    invoice = due()
    SanctionFactory(membership=invoice.membership, kind="expulsion")

    with pytest.raises(payments.NothingToGive):
        pay(invoice)

    assert not Payment.objects.exists()


# When a period that ended on day 0 is paid: where the next one begins, counted from that end.
BEGINNINGS = [
    (-59, 1), (-1, 1), (0, 1), (1, 1), (44, 1), (45, 1),  # active and in grace: neither a free nor a lost day
    (46, 46), (47, 47), (400, 400),  # after a lapse: from the day of the payment
]  # fmt: skip


@pytest.mark.parametrize(("paid_after", "begins_after"), BEGINNINGS)
def test_when_the_next_period_begins(paid_after: int, begins_after: int) -> None:
    end = league_day() - dt.timedelta(days=paid_after)
    membership = MembershipFactory(paid=-1)
    PeriodFactory(membership=membership, starts_on=end - dt.timedelta(days=364), ends_on=end)
    refresh_standing(membership, on=league_day())
    invoice = InvoiceFactory(membership=membership)

    pay(invoice)

    assert periods(invoice)[-1][0] == end + dt.timedelta(days=begins_after)


@given(ended=st.integers(0, 300), issued=st.integers(0, 40), late=st.integers(0, 120))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_money_that_came_in_grace_gives_no_free_and_loses_no_day(ended: int, issued: int, late: int) -> None:
    """However late a payment is recorded, the day on which the money came decides."""
    with transaction.atomic():
        received = league_day() - dt.timedelta(days=late)
        end = received - dt.timedelta(days=ended)
        membership = MembershipFactory(paid=-1)
        PeriodFactory(membership=membership, starts_on=end - dt.timedelta(days=364), ends_on=end)
        refresh_standing(membership, on=league_day())
        invoice = InvoiceFactory(membership=membership, issued_on=received - dt.timedelta(days=min(issued, ended)))

        pay(invoice, received_on=received)

        first = periods(invoice)[-1][0]
        assert first == (end + dt.timedelta(days=1) if ended <= 45 else received)
        transaction.set_rollback(True)


def test_suspended_member_pays_and_stays_suspended() -> None:
    membership = MembershipFactory(paid=340)
    SanctionFactory(membership=membership)
    refresh_standing(membership, on=league_day())

    pay(InvoiceFactory(membership=membership))

    membership.refresh_from_db()
    assert membership.standing == Standing.SUSPENDED
    assert membership.periods.count() == 2


def test_reversal_opens_the_invoice_and_takes_no_period_back() -> None:
    invoice = due()
    payment = pay(invoice)

    reversal = payments.reverse_payment(payment, actor=UserFactory(), reason="Платёж отозван", at=now())

    invoice = Invoice.objects.get(pk=invoice.pk)
    assert (reversal.amount, reversal.receipt.number[-5:]) == (Decimal(-30000), "00002")
    assert invoice.is_open
    assert invoice.balance() == Money(30000, "KZT")
    assert len(periods(invoice)) == 2
    with pytest.raises(payments.NotReversible):
        payments.reverse_payment(payment, actor=UserFactory(), reason="Ещё раз", at=now())
    with pytest.raises(payments.NotReversible):
        payments.reverse_payment(reversal, actor=UserFactory(), reason="Назад", at=now())

    pay(invoice)

    assert invoice.settled_at is not None
    assert len(periods(invoice)) == 2  # what it paid for was given before


def test_reopened_invoice_does_not_stand_in_the_way_of_the_next_renewal() -> None:
    invoice = due()
    payments.reverse_payment(pay(invoice), actor=UserFactory(), reason="Ошибка банка", at=now())

    following = InvoiceFactory(membership=invoice.membership)

    assert following.is_open


def test_chapter_waives_within_its_limit_and_the_registrar_above() -> None:
    invoice = due()
    chapter_officer = officer(OfficeRole.CHAPTER_OFFICER, invoice.chapter)
    registrar = officer(OfficeRole.REGISTRAR, None)

    def waive(amount: int, actor: object, kind: WaiverKind = WaiverKind.HARDSHIP) -> None:
        payments.waive_dues(
            invoice, actor=actor, kind=kind, amount=Money(amount, "KZT"), reason="Болезнь", at=now()  # type: ignore[arg-type]
        )  # fmt: skip

    with pytest.raises(payments.AboveLimit) as above:
        waive(15001, chapter_officer)
    assert above.value.limit == Money(15000, "KZT")
    with pytest.raises(payments.GroundRefused):
        waive(1, chapter_officer, WaiverKind.BOARD)
    waive(10000, chapter_officer)
    with pytest.raises(payments.AboveLimit) as above:
        waive(5001, chapter_officer)
    assert above.value.limit == Money(5000, "KZT")
    with pytest.raises(payments.TooMuch):
        waive(20001, registrar)
    assert invoice.settled_at is None

    waive(20000, registrar, WaiverKind.BOARD)

    assert invoice.settled_at is not None
    assert len(periods(invoice)) == 2
    assert not Receipt.objects.exists()


@pytest.mark.parametrize(
    ("percent", "hardship", "limit"), [(None, None, 15000), (20, None, 6000), (20, 5000, 25000), (100, None, 30000)]
)
def test_limit_is_the_chapters_share_or_the_hardship_rate(
    percent: int | None, hardship: int | None, limit: int
) -> None:
    invoice = due()
    TierPriceFactory(tier=invoice.tier, chapter=invoice.chapter, hardship_amount=hardship)
    if percent is not None:
        WaiverLimit.objects.create(chapter=invoice.chapter, percent=percent)

    assert payments.waiver_limit(invoice) == Money(limit, "KZT")


def test_hardship_is_asked_once_and_granted_by_a_waiver() -> None:
    invoice = due()
    asked = request_hardship(invoice, actor=invoice.user, reason="Лечение", at=now())
    with pytest.raises(AskedBefore):
        request_hardship(invoice, actor=invoice.user, reason="Лечение", at=now())

    payments.waive_dues(
        invoice,
        actor=officer(OfficeRole.CHAPTER_OFFICER, invoice.chapter),
        kind=WaiverKind.HARDSHIP,
        amount=Money(100, "KZT"),
        reason="Болезнь",
        at=now(),
    )

    asked.refresh_from_db()
    assert asked.is_granted
    with pytest.raises(RequestDecided):
        decline_hardship(asked, actor=UserFactory(), answer="Нет", at=now())


def test_hardship_is_declined_with_an_answer_and_its_reason_is_not_in_the_log() -> None:
    invoice = due()
    asked = request_hardship(invoice, actor=invoice.user, reason="Тайна", at=now())

    decline_hardship(asked, actor=UserFactory(), answer="Нет оснований", at=now())

    asked.refresh_from_db()
    assert (asked.is_granted, asked.answer) == (False, "Нет оснований")
    assert "Тайна" not in str(list(AuditEvent.objects.values_list("detail", flat=True)))
    assert Event.objects.filter(kind="members.hardship_declined", recipients=[invoice.user_id]).exists()


def test_closed_invoices_take_no_request_for_hardship() -> None:
    settled, voided = due(), due()
    pay(settled)
    void_invoice(voided, actor=None, at=now())

    with pytest.raises(payments.InvoiceSettled):
        request_hardship(settled, actor=settled.user, reason="Лечение", at=now())
    with pytest.raises(payments.InvoiceVoided):
        request_hardship(voided, actor=voided.user, reason="Лечение", at=now())


def test_provider_that_repeats_itself_changes_nothing() -> None:
    invoice = due()
    paid = ProviderPayment(reference="tx-1", amount=Money(30000, "KZT"), invoice_number=invoice.number)

    first = payments.record_provider_payment(paid, at=now())
    second = payments.record_provider_payment(paid, at=now())

    assert first == second
    assert (Payment.objects.count(), len(periods(invoice))) == (1, 2)
    assert first.method == PaymentMethod.PROVIDER


def test_tier_without_a_period_of_a_year() -> None:
    tier = TierFactory(code="student", period_months=6)
    membership = MembershipFactory(paid=340, tier=tier)
    invoice = InvoiceFactory(membership=membership)

    pay(invoice)

    first, last = periods(invoice)[-1]
    assert 180 <= (last - first).days <= 184
