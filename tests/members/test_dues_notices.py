"""What is told about dues, to whom, and what is not said."""

import datetime as dt

import pytest
from django.utils import timezone
from moneyed import Money

from members.choices import Country, OfficeRole, PaymentMethod, Standing
from members.models import Membership, league_day
from members.notifications import dues as kinds
from members.services import payments
from members.services.hardship import decline_hardship, request_hardship
from notifications.registry import Notice
from tests.factories.dues import officer
from tests.factories.members import ChapterFactory
from tests.factories.membership import InvoiceFactory, MembershipFactory

pytestmark = pytest.mark.django_db


def now() -> dt.datetime:
    return timezone.now()


def test_request_for_lower_dues_reaches_those_who_decide_and_not_its_reason() -> None:
    invoice = InvoiceFactory()
    here = officer(OfficeRole.CHAPTER_OFFICER, invoice.chapter)
    registrar = officer(OfficeRole.REGISTRAR, None)
    elsewhere = officer(OfficeRole.CHAPTER_OFFICER, ChapterFactory(country=Country.KYRGYZSTAN))
    treasurer = officer(OfficeRole.TREASURER, invoice.chapter)

    asked = request_hardship(invoice, actor=invoice.user, reason="Тайна", at=now())

    key = str(asked.pk)
    assert set(kinds.hardship_recipients(key)) == {here, registrar}
    subject = kinds.load_hardship(here, [key])[key]
    assert subject.url == f"/admin/dues/{invoice.pk}/"
    assert invoice.number in kinds.HARDSHIP_ASKED.line(Notice(subject))
    for person in (elsewhere, treasurer, invoice.user):
        assert not kinds.load_hardship(person, [key])

    decline_hardship(asked, actor=here, answer="Нет", at=now())
    assert not kinds.load_hardship(here, [key])  # nothing is left to decide


def test_letters_about_money_name_papers_and_no_amounts() -> None:
    invoice = InvoiceFactory(membership=MembershipFactory(paid=340))
    payment = payments.confirm_payment(
        invoice,
        actor=None,
        amount=Money(12345, "KZT"),
        method=PaymentMethod.CASH,
        received_on=league_day(),
        reference="",
        at=now(),
    )
    paper, bill = str(payment.receipt.pk), str(invoice.pk)

    line = kinds.PAYMENT.line(Notice(kinds.load_receipts(invoice.user, [paper])[paper]))
    assert payment.receipt.number in line
    assert "12" not in line.replace(payment.receipt.number, "")
    assert invoice.number in kinds.WAIVER.line(Notice(kinds.load_invoices(invoice.user, [bill])[bill]))
    assert kinds.HARDSHIP_DECLINED.paragraphs(Notice(kinds.load_invoices(invoice.user, [bill])[bill]))
    stranger = MembershipFactory().user
    assert not kinds.load_receipts(stranger, [paper])
    assert not kinds.load_invoices(stranger, [bill])


@pytest.mark.parametrize("standing", [Standing.GRACE, Standing.LAPSED])
def test_end_of_a_period_is_told_while_it_is_true(standing: Standing) -> None:
    membership = MembershipFactory(paid={Standing.GRACE: 370, Standing.LAPSED: 450}[standing])
    key = str(membership.pk)
    notice = Notice(kinds.load_memberships(membership.user, [key])[key], data={"standing": standing})

    assert kinds.MEMBERSHIP_ENDED.line(notice)
    assert kinds.MEMBERSHIP_ENDED.paragraphs(notice)

    Membership.objects.filter(pk=membership.pk).update(standing=Standing.ACTIVE)
    assert not kinds.load_memberships(membership.user, [key])
