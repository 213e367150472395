"""Money at the same moment: two treasurers with one invoice, and a reversal clicked twice."""

import pytest
from django.utils import timezone
from moneyed import Money

from accounts.models import User
from members.choices import Currency, PaymentMethod
from members.models import Invoice, MembershipPeriod, Payment, Receipt, league_day
from members.services import payments
from tests.courses.threads import run_together
from tests.factories.accounts import UserFactory
from tests.factories.membership import InvoiceFactory, MembershipFactory

pytestmark = pytest.mark.usefixtures("committed")


def pay(invoice: Invoice, *, actor: User) -> Payment:
    return payments.confirm_payment(
        invoice,
        actor=actor,
        amount=Money(30000, Currency.KZT),
        method=PaymentMethod.BANK,
        received_on=league_day(),
        reference="1",
        at=timezone.now(),
    )


def test_two_treasurers_at_once_settle_an_invoice_once() -> None:
    invoice = InvoiceFactory(membership=MembershipFactory(paid=340))
    treasurers = [UserFactory(), UserFactory()]

    results = run_together(2, lambda number: pay(invoice, actor=treasurers[number]))

    assert sorted(type(result).__name__ for result in results) == ["InvoiceSettled", "Payment"]
    assert (Payment.objects.count(), Receipt.objects.count()) == (1, 1)
    assert MembershipPeriod.objects.filter(membership=invoice.membership).count() == 2


def test_a_reversal_clicked_twice_at_once_happens_once() -> None:
    invoice = InvoiceFactory(membership=MembershipFactory(paid=340))
    actor = UserFactory()
    payment = pay(invoice, actor=actor)

    results = run_together(
        2,
        lambda _click: payments.reverse_payment(payment, actor=actor, reason="Возврат", at=timezone.now()),
    )

    assert sorted(type(result).__name__ for result in results) == ["NotReversible", "Payment"]
    assert Payment.objects.count() == 2
