"""Pages about dues: the member's own, and the office's by chapter and office."""

import datetime as dt
from decimal import Decimal

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone
from moneyed import Money
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from audit.models import AuditEvent
from members.channels.base import NoticeRejected, ProviderPayment
from members.choices import Country, OfficeRole
from members.models import (
    Chapter,
    HardshipRequest,
    Invoice,
    Payment,
    PaymentDetails,
    ReminderStep,
    TierPrice,
    league_day,
)
from members.services.invoices import void_invoice
from tests.factories.accounts import UserFactory
from tests.factories.dues import PaymentDetailsFactory, ReminderStepFactory, officer
from tests.factories.members import ChapterFactory, OfficeTermFactory
from tests.factories.membership import InvoiceFactory, MembershipFactory, TierFactory, TierPriceFactory

pytestmark = pytest.mark.django_db

DUES = "/en/membership/dues/"
OFFICE = "/admin/dues/"  # in Russian, but for sentences that are not translated
REFUSED = 302  # Wagtail leads to its first page and says that this is not allowed


@pytest.fixture(autouse=True)
def no_second_factor(settings: Settings) -> None:
    """The second factor is tested with accounts."""
    settings.REQUIRE_STAFF_MFA = False


@pytest.fixture
def kazakhstan() -> Chapter:
    return ChapterFactory()


@pytest.fixture
def kyrgyzstan() -> Chapter:
    return ChapterFactory(country=Country.KYRGYZSTAN)


@pytest.fixture
def invoice(kazakhstan: Chapter) -> Invoice:
    return InvoiceFactory(membership=MembershipFactory(paid=340, chapter=kazakhstan))


def enter(client: Client, user: User) -> Client:
    user.language = "en"
    user.save()
    client.force_login(user)
    return client


def treasurer(client: Client, chapter: Chapter | None) -> User:
    user = officer(OfficeRole.TREASURER, chapter)
    enter(client, user)
    return user


def text(response: object) -> str:
    soup = BeautifulSoup(response.content, "html.parser")  # type: ignore[attr-defined]  # a response
    return " ".join(soup.get_text(" ").split())


def payment_of(invoice: Invoice, **changes: object) -> dict[str, object]:
    return {
        "version": invoice.version,
        "amount": "30 000,00",
        "method": "bank",
        "received_on": league_day().isoformat(),
        "reference": "17",
        **changes,
    }


# The member


def test_member_sees_what_is_due_and_asks_for_the_invoice(client: Client, kazakhstan: Chapter) -> None:
    membership = MembershipFactory(paid=340, chapter=kazakhstan)
    TierPriceFactory(tier=membership.tier, chapter=kazakhstan)
    enter(client, membership.user)

    assert "The dues are KZT 30,000.00." in text(client.get(DUES))
    response = client.post(f"{DUES}renew/", follow=True)

    invoice = Invoice.objects.get()
    assert response.redirect_chain == [(f"{DUES}invoices/{invoice.pk}/", 302)]
    assert invoice.number in text(response)
    assert "waits to be paid" in text(client.get(DUES))


def test_amounts_are_written_in_the_language_of_the_page(client: Client, invoice: Invoice) -> None:
    enter(client, invoice.user)

    assert "30 000,00 KZT" in text(client.get(f"/membership/dues/invoices/{invoice.pk}/"))
    assert "KZT 30,000.00" in text(client.get(f"{DUES}invoices/{invoice.pk}/"))


@pytest.mark.parametrize(
    ("paid", "words"),
    [
        (30, "There is nothing to renew yet."),
        (370, "the grace period is running"),
        (450, "Your membership has lapsed."),
        (1000, "To become a member again, apply anew."),
    ],
)
def test_states_are_clear(client: Client, paid: int, words: str) -> None:
    enter(client, MembershipFactory(paid=paid).user)

    assert words in text(client.get(DUES))


def test_without_membership_price_or_licence_the_page_says_so(client: Client, kazakhstan: Chapter) -> None:
    assert "No invoices yet" in text(enter(client, UserFactory()).get(DUES))
    assert client.post(f"{DUES}renew/").status_code == 404

    enter(client, MembershipFactory(paid=340, chapter=kazakhstan).user)
    assert "Your chapter has not set the dues yet" in text(client.get(DUES))
    assert "nothing was changed" in text(client.post(f"{DUES}renew/", follow=True))

    enter(client, MembershipFactory(paid=450, chapter=kazakhstan).user)
    assert "your licence has to be checked again" in text(client.get(DUES))
    assert "your licence has to be checked again" in text(client.post(f"{DUES}renew/", follow=True))

    enter(client, MembershipFactory(paid=30, chapter=kazakhstan).user)
    assert "cannot be renewed now" in text(client.post(f"{DUES}renew/", follow=True))

    member = MembershipFactory(paid=340, chapter=kazakhstan)
    TierPriceFactory(tier=member.tier, chapter=kazakhstan, amount=0)
    assert "There is nothing to pay." in text(enter(client, member.user).post(f"{DUES}renew/", follow=True))


def test_invoice_shows_how_to_pay(client: Client, invoice: Invoice) -> None:
    enter(client, invoice.user)
    address = f"{DUES}invoices/{invoice.pk}/"
    assert "has not written down how to pay" in text(client.get(address))

    PaymentDetailsFactory(chapter=invoice.chapter)

    assert "Account KZ00 0000" in text(client.get(address))
    assert client.post(f"{address}pay/")["Location"] == f"{address}#how-to-pay"
    void_invoice(invoice, actor=None, at=timezone.now())
    assert client.post(f"{address}pay/")["Location"] == address


def test_other_peoples_dues_are_not_there(client: Client, invoice: Invoice) -> None:
    enter(client, MembershipFactory().user)

    for path in ("", "pdf/"):
        assert client.get(f"{DUES}invoices/{invoice.pk}/{path}").status_code == 404
    for path in ("pay/", "hardship/"):
        assert client.post(f"{DUES}invoices/{invoice.pk}/{path}", {"reason": "x"}).status_code == 404


def test_hardship_request(client: Client, invoice: Invoice) -> None:
    enter(client, invoice.user)
    address = f"{DUES}invoices/{invoice.pk}/hardship/"

    assert client.post(address, {"reason": ""}).status_code == 422
    response = client.post(address, {"reason": "Лечение"}, follow=True)
    assert "waiting for an answer" in text(response)
    assert "You asked before" in text(client.post(address, {"reason": "Лечение"}, follow=True))
    assert HardshipRequest.objects.count() == 1

    HardshipRequest.objects.all().delete()
    void_invoice(invoice, actor=None, at=timezone.now())
    assert "nothing to lower" in text(client.post(address, {"reason": "Лечение"}, follow=True))


def test_files_are_for_payer_and_office_only(client: Client, invoice: Invoice, kyrgyzstan: Chapter) -> None:
    treasurer(client, invoice.chapter)
    client.post(f"{OFFICE}{invoice.pk}/payment/", payment_of(invoice))
    receipt = Payment.objects.get().receipt
    files = [f"{DUES}receipts/{receipt.pk}/pdf/", f"{DUES}invoices/{invoice.pk}/pdf/"]

    for path in files:
        response = client.get(path)
        assert response["Content-Type"] == "application/pdf"
        assert b"".join(response).startswith(b"%PDF")  # type: ignore[arg-type]  # bytes
    assert AuditEvent.objects.filter(action="members.dues_file_opened", person_id=invoice.user_id).count() == 2

    enter(client, invoice.user)
    for path in files:
        assert b"".join(client.get(path)).startswith(b"%PDF")  # type: ignore[arg-type]  # bytes
    assert AuditEvent.objects.filter(action="members.dues_file_opened").count() == 2  # one's own is no event
    treasurer(client, kyrgyzstan)
    assert [client.get(path).status_code for path in files] == [404, 404]
    enter(client, User.objects.create_superuser(email="root@example.org", password="x", name_native="Root"))
    assert [client.get(path).status_code for path in files] == [404, 404]


# The payment provider


class FakeProvider:
    """Stands where a provider's network is."""

    is_online = True

    def start(self, invoice: Invoice) -> str:
        return f"https://pay.example.org/{invoice.number}"

    def verify(self, headers: object, body: bytes) -> ProviderPayment:
        reference, number, amount = body.decode().split("|")
        if reference == "forged":
            raise NoticeRejected
        return ProviderPayment(reference, Money(amount, "KZT"), number)


def test_provider_leads_away_and_reports_back_once(client: Client, invoice: Invoice, settings: Settings) -> None:
    settings.PAYMENT_PROVIDER = "tests.members.test_dues_pages.FakeProvider"
    enter(client, invoice.user)
    address = f"{DUES}invoices/{invoice.pk}/"
    assert "Pay online" in text(client.get(address))
    assert client.post(f"{address}pay/")["Location"] == f"https://pay.example.org/{invoice.number}"

    def report(reference: str, number: str = invoice.number, amount: str = "30000") -> int:
        body = f"{reference}|{number}|{amount}"
        return Client().post(f"{DUES}provider/", body, content_type="text/plain").status_code

    assert report("forged") == 404
    assert report("tx-1", number="none") == 404
    assert report("tx-0", amount="30001") == 409
    assert [report("tx-1"), report("tx-1")] == [204, 204]
    assert report("tx-2") == 409
    assert Payment.objects.count() == 1


def test_without_provider_nobody_reports_payments(client: Client) -> None:
    assert client.post(f"{DUES}provider/", "x", content_type="text/plain").status_code == 404


# The office


def test_treasurer_records_a_payment(client: Client, invoice: Invoice) -> None:
    treasurer(client, invoice.chapter)

    first = client.post(f"{OFFICE}{invoice.pk}/payment/", payment_of(invoice, amount="10,000.00"), follow=True)
    assert "a part of the invoice remains" in text(first)
    invoice.refresh_from_db()
    second = client.post(f"{OFFICE}{invoice.pk}/payment/", payment_of(invoice, amount="20 000,00"), follow=True)

    assert "the invoice is settled" in text(second)
    assert invoice.membership is not None
    assert invoice.membership.periods.count() == 2


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"amount": "1,000"}, "can be read in several ways"),
        ({"amount": "0"}, "more than nothing"),
        ({"amount": "30000.01"}, "Only KZT 30,000.00 remains of this invoice."),
        ({"received_on": "2999-01-01"}, "This day is still to come."),
        ({"version": 7}, "Somebody recorded something on this invoice since you opened it"),
    ],
)
def test_wrong_payment_changes_nothing(
    client: Client, invoice: Invoice, changes: dict[str, object], sentence: str
) -> None:
    treasurer(client, invoice.chapter)

    response = client.post(f"{OFFICE}{invoice.pk}/payment/", payment_of(invoice, **changes))

    assert response.status_code == 422
    assert sentence in text(response)
    assert not Payment.objects.exists()
    soup = BeautifulSoup(response.content, "html.parser")
    assert {str(tag["value"]) for tag in soup.select("#payment-form input[name=version]")} == {str(invoice.version)}


def test_invoice_paid_twice_is_said_to_be(client: Client, invoice: Invoice) -> None:
    treasurer(client, invoice.chapter)
    client.post(f"{OFFICE}{invoice.pk}/payment/", payment_of(invoice))

    response = client.post(f"{OFFICE}{invoice.pk}/payment/", payment_of(invoice))

    assert response.status_code == 422
    assert "This invoice is settled already" in text(response)
    assert Payment.objects.count() == 1


def test_treasurer_books_back_and_takes_back(client: Client, invoice: Invoice) -> None:
    treasurer(client, invoice.chapter)
    client.post(f"{OFFICE}{invoice.pk}/payment/", payment_of(invoice))
    payment = Payment.objects.get()
    address = f"{OFFICE}{invoice.pk}/payments/{payment.pk}/reverse/"
    name = f"reverse{payment.pk}"

    invoice.refresh_from_db()
    assert client.post(address, {f"{name}-version": invoice.version}).status_code == 422
    stale = client.post(address, {f"{name}-version": 0, f"{name}-reason": "Возврат"})
    assert "Somebody recorded something" in text(stale)
    done = client.post(address, {f"{name}-version": invoice.version, f"{name}-reason": "Возврат"}, follow=True)
    assert "the invoice is open again" in text(done)
    assert "paying it again adds no period" in text(done)
    again = client.post(address, {f"{name}-version": invoice.version, f"{name}-reason": "Возврат"})
    assert "booked back before" in text(again)

    invoice.refresh_from_db()
    void = f"{OFFICE}{invoice.pk}/void/"
    assert "Somebody recorded" in text(client.post(void, {"void-version": 0, "void-reason": "Ошибка"}))
    response = client.post(void, {"void-version": invoice.version, "void-reason": "Ошибка"}, follow=True)
    assert "The invoice is taken back" in text(response)
    invoice.refresh_from_db()
    response = client.post(void, {"void-version": invoice.version, "void-reason": "Ошибка"})
    assert "was not taken back" in text(response)


def test_officer_waives_within_the_limit(client: Client, invoice: Invoice) -> None:
    enter(client, officer(OfficeRole.CHAPTER_OFFICER, invoice.chapter))
    address = f"{OFFICE}{invoice.pk}/waiver/"
    given = {"version": 0, "kind": "hardship", "amount": "15000.01", "reason": "Болезнь"}

    assert "Your chapter may waive KZT 15,000.00" in text(client.post(address, given))
    assert client.post(address, {**given, "kind": "board"}).status_code == 422
    assert "the member is told" in text(client.post(address, {**given, "amount": "15000"}, follow=True))
    assert "Record a payment" not in text(client.get(f"{OFFICE}{invoice.pk}/"))
    assert client.post(f"{OFFICE}{invoice.pk}/payment/", payment_of(invoice)).status_code == REFUSED
    assert client.post(f"{OFFICE}{invoice.pk}/void/", {}).status_code == REFUSED


def test_officer_declines_a_request(client: Client, invoice: Invoice) -> None:
    asked = HardshipRequest.objects.create(invoice=invoice, reason="Лечение", created_at=timezone.now())
    enter(client, officer(OfficeRole.CHAPTER_OFFICER, invoice.chapter))
    address = f"{OFFICE}{invoice.pk}/hardship/{asked.pk}/decline/"

    assert "Лечение" in text(client.get(f"{OFFICE}{invoice.pk}/"))
    assert client.post(address, {"answer": ""}).status_code == 422
    assert "the member is told" in text(client.post(address, {"answer": "Нет"}, follow=True))
    assert "answered this request already" in text(client.post(address, {"answer": "Нет"}, follow=True))

    treasurer(client, invoice.chapter)
    assert "Лечение" not in text(client.get(f"{OFFICE}{invoice.pk}/"))  # only those who decide read it
    assert client.post(address, {"answer": "Нет"}).status_code == REFUSED


def test_other_chapters_are_not_there(client: Client, invoice: Invoice, kyrgyzstan: Chapter) -> None:
    treasurer(client, kyrgyzstan)

    assert invoice.number not in text(client.get(OFFICE))
    assert client.get(f"{OFFICE}{invoice.pk}/").status_code == 404
    for path in ("payment", "waiver", "void", "payments/1/reverse", "hardship/1/decline"):
        assert client.post(f"{OFFICE}{invoice.pk}/{path}/", payment_of(invoice)).status_code == 404


def test_city_treasurer_sees_the_city_and_country_treasurer_both(client: Client, kazakhstan: Chapter) -> None:
    city = Chapter.objects.create(country="KZ", parent=kazakhstan, name_ru="Астана", name_en="Astana", city="Астана")
    national = InvoiceFactory(membership=MembershipFactory(paid=340, chapter=kazakhstan))
    local = InvoiceFactory(membership=MembershipFactory(paid=340, chapter=city))

    treasurer(client, city)
    page = text(client.get(OFFICE))
    assert (local.number in page, national.number in page) == (True, False)
    treasurer(client, kazakhstan)
    page = text(client.get(OFFICE))
    assert (local.number in page, national.number in page) == (True, True)


def test_nobody_handles_his_own_invoice(client: Client, invoice: Invoice) -> None:
    user = officer(OfficeRole.TREASURER, invoice.chapter)
    Invoice.objects.filter(pk=invoice.pk).update(user=user)
    OfficeTermFactory(user=user, role=OfficeRole.REGISTRAR, chapter=None)
    enter(client, user)

    assert client.post(f"{OFFICE}{invoice.pk}/payment/", payment_of(invoice)).status_code == REFUSED
    assert client.post(f"{OFFICE}{invoice.pk}/waiver/", {}).status_code == REFUSED


@pytest.mark.parametrize("path", ["", "settings/"])
def test_superuser_and_ethics_committee_have_no_sight_of_dues(client: Client, invoice: Invoice, path: str) -> None:
    enter(client, User.objects.create_superuser(email="root@example.org", password="x", name_native="Root"))
    assert client.get(f"{OFFICE}{path}").status_code == REFUSED
    assert client.get(f"{OFFICE}{invoice.pk}/").status_code == 404

    enter(client, officer(OfficeRole.ETHICS, None))
    assert client.get(f"{OFFICE}{path}").status_code == REFUSED


def test_debts_are_added_by_age_and_filtered(client: Client, kazakhstan: Chapter) -> None:
    today = league_day()
    numbers = {}
    for overdue in (-5, 0, 1, 30, 31, 90, 91, 400):
        due_on = today - dt.timedelta(days=overdue)
        one = InvoiceFactory(
            membership=MembershipFactory(paid=340, chapter=kazakhstan),
            issued_on=due_on - dt.timedelta(days=30),
            due_on=due_on,
            amount=100,
        )
        numbers[overdue] = one.number
    treasurer(client, kazakhstan)

    page = BeautifulSoup(client.get(OFFICE).content, "html.parser")
    cells = [cell.get_text().replace("\u00a0", " ") for cell in page.select("#debts tbody td")]
    shown = text(client.get(f"{OFFICE}?bucket=30"))
    overdue_page = text(client.get(f"{OFFICE}?state=overdue"))

    assert cells == [f"KZT {sum_}.00" for sum_ in (200, 200, 100, 100, 200, 800)]
    assert {days for days, number in numbers.items() if number in shown} == {1, 30}
    assert {days for days, number in numbers.items() if number in overdue_page} == {1, 30, 31, 90, 91, 400}
    assert "No invoices match" in text(client.get(f"{OFFICE}?state=settled"))
    assert "No invoices match" in text(client.get(f"{OFFICE}?state=hardship"))
    assert "No invoices match" in text(client.get(f"{OFFICE}?q=nobody&state=all&purpose=renewal"))
    assert numbers[0] in text(client.get(f"{OFFICE}?q={numbers[0]}&chapter={kazakhstan.pk}"))


# Settings


def test_treasurer_sets_prices_of_his_chapter_only(client: Client, kazakhstan: Chapter, kyrgyzstan: Chapter) -> None:
    treasurer(client, kazakhstan)
    tier = TierFactory()
    given = {
        "tier": tier.pk, "chapter": kazakhstan.pk, "currency": "KZT", "amount": "30000", "hardship_amount": "10000",
        "starts_on": "2027-01-01",
    }  # fmt: skip

    address = f"{OFFICE}settings/prices/new/"
    assert client.post(address, {**given, "chapter": kyrgyzstan.pk}).status_code == 422
    assert client.post(address, {**given, "hardship_amount": "40000"}).status_code == 422
    assert "It is saved." in text(client.post(address, given, follow=True))
    assert client.post(address, given).status_code == 422  # one price from a day

    price = TierPrice.objects.get()
    assert "KZT 30,000.00" in text(client.get(f"{OFFICE}settings/"))
    assert client.get(f"{OFFICE}settings/prices/{price.pk}/").status_code == 404  # never changed
    treasurer(client, kyrgyzstan)
    assert client.post(f"{OFFICE}settings/prices/{price.pk}/remove/").status_code == 404
    assert "KZT 30,000.00" not in text(client.get(f"{OFFICE}settings/"))
    assert AuditEvent.objects.filter(action="members.dues_setting_added").count() == 1


def test_price_that_was_used_stays(client: Client, invoice: Invoice) -> None:
    used = TierPriceFactory(tier=invoice.tier, chapter=invoice.chapter)
    unused = TierPriceFactory(tier=invoice.tier, chapter=invoice.chapter, starts_on=dt.date(2999, 1, 1))
    treasurer(client, invoice.chapter)

    assert client.get(f"{OFFICE}settings/prices/{used.pk}/remove/").status_code == 200
    assert "so it stays" in text(client.post(f"{OFFICE}settings/prices/{used.pk}/remove/", follow=True))
    client.post(f"{OFFICE}settings/prices/{unused.pk}/remove/")

    assert list(TierPrice.objects.all()) == [used]


def test_details_plan_and_limits(client: Client, kazakhstan: Chapter) -> None:
    step, details = ReminderStepFactory(), PaymentDetailsFactory(chapter=kazakhstan)
    treasurer(client, kazakhstan)

    changed = {"chapter": kazakhstan.pk, "currency": "KZT", "text_ru": "Новый счёт", "text_en": "New account"}
    assert client.get(f"{OFFICE}settings/details/{details.pk}/").status_code == 200
    client.post(f"{OFFICE}settings/details/{details.pk}/", changed)
    assert PaymentDetails.objects.get().text_en == "New account"
    assert client.get(f"{OFFICE}settings/unknown/new/").status_code == 404
    for kind in ("limits", "reminders"):  # the League's
        assert client.get(f"{OFFICE}settings/{kind}/new/").status_code == REFUSED
    assert client.get(f"{OFFICE}settings/reminders/{step.pk}/").status_code == 404

    enter(client, officer(OfficeRole.REGISTRAR, None))
    client.post(f"{OFFICE}settings/limits/new/", {"chapter": kazakhstan.pk, "percent": 20})
    client.post(f"{OFFICE}settings/reminders/{step.pk}/", {"tier": step.tier_id, "offset_days": -20, "text": "soon"})
    assert kazakhstan.waiver_limit.percent == 20
    assert ReminderStep.objects.get().offset_days == -20
    assert client.get(f"{OFFICE}settings/prices/new/").status_code == REFUSED


# Queries


@pytest.mark.parametrize("count", [1, 3, 30])
def test_queries_of_the_members_pages(
    client: Client, kazakhstan: Chapter, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    membership = MembershipFactory(paid=340, chapter=kazakhstan)
    TierPriceFactory(tier=membership.tier, chapter=kazakhstan)
    for _number in range(count - 1):
        one = InvoiceFactory(membership=membership, amount=Decimal(10))
        void_invoice(one, actor=None, at=timezone.now())
    last = InvoiceFactory(membership=membership)
    enter(client, membership.user)
    address = f"{DUES}invoices/{last.pk}/"

    for path, queries in ((DUES, 11), (address, 10)):
        client.get(path)
        with django_assert_num_queries(queries):
            client.get(path)


@pytest.mark.parametrize("count", [1, 3, 30])
def test_queries_of_the_office(
    client: Client, kazakhstan: Chapter, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(count):
        one = InvoiceFactory(membership=MembershipFactory(paid=340, chapter=kazakhstan))
        TierPriceFactory(tier=TierFactory(code=f"tier{_number}"), chapter=kazakhstan)
    treasurer(client, kazakhstan)
    for _number in range(count):
        one.refresh_from_db()
        client.post(f"{OFFICE}{one.pk}/payment/", payment_of(one, amount="1.00"))

    # The page of an invoice writes into the audit log that it was opened.
    for path, queries in ((OFFICE, 13), (f"{OFFICE}{one.pk}/", 14), (f"{OFFICE}settings/", 17)):
        client.get(path)
        with django_assert_num_queries(queries):
            client.get(path)
