"""Amounts as people type and read them, and the papers on which they are printed."""

import io
from decimal import Decimal

import pypdfium2
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from moneyed import Money

from members import tasks
from members.choices import Currency, PaymentMethod
from members.models import Invoice, Receipt, league_day
from members.rules.amounts import AmountNotUnderstood, money_text, parse_amount
from members.services import payments, receipts
from tests.factories.dues import PaymentDetailsFactory
from tests.factories.membership import InvoiceFactory, MembershipFactory

UNDERSTOOD = [
    ("1000", "1000"), ("1 000", "1000"), ("1000.5", "1000.5"), ("1000,50", "1000.50"), ("1 000,50", "1000.50"),
    ("1\u00a0000,50", "1000.50"), ("1\u202f000.50", "1000.50"), ("1,000.50", "1000.50"), ("1.000,50", "1000.50"),
    ("1'000.50", "1000.50"), ("1,000,000", "1000000"), ("1.000.000,5", "1000000.5"), (" 0.01 ", "0.01"),
]  # fmt: skip
REFUSED = [
    "",
    "-5",
    "+5",
    "1,000",
    "1.000",
    "1,00,0",
    "1 00",
    "12 34,5",
    "1.5.5",
    "5.",
    ".5",
    "1e5",
    "٣",
    "5 KZT",
    "1.234",
]


@pytest.mark.parametrize(("typed", "amount"), UNDERSTOOD)
def test_amount_is_understood(typed: str, amount: str) -> None:
    assert parse_amount(typed) == Decimal(amount)


@pytest.mark.parametrize("typed", [*REFUSED, "9" * 13])
def test_amount_is_refused(typed: str) -> None:
    with pytest.raises(AmountNotUnderstood):
        parse_amount(typed)


@given(cents=st.integers(0, 10**13), currency=st.sampled_from(list(Currency)), language=st.sampled_from(["ru", "en"]))
def test_what_is_written_is_read_again(cents: int, currency: str, language: str) -> None:
    amount = Decimal(cents) / 100

    assert parse_amount(money_text(Money(amount, currency), language).replace(currency, "")) == amount


@pytest.mark.parametrize("currency", list(Currency))
def test_amounts_in_both_languages(currency: Currency) -> None:
    money = Money(Decimal("1234567.5"), currency)

    assert money_text(money, "ru").replace("\u00a0", " ") == f"1 234 567,50 {currency}"
    assert money_text(money, "en").replace("\u00a0", " ") == f"{currency} 1,234,567.50"


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in document).split())


def file_of(receipt: Receipt) -> bytes:
    with receipts.ensure_receipt(receipt).pdf.open("rb") as file:
        content: bytes = file.read()
        return content


def paid_invoice(language: str = "ru", **options: object) -> tuple[Invoice, Receipt]:
    membership = MembershipFactory(paid=340, user__language=language)
    invoice = InvoiceFactory(membership=membership, **options)
    payment = payments.confirm_payment(
        invoice,
        actor=None,
        amount=Money("12345.60", invoice.currency),
        method=PaymentMethod.BANK,
        received_on=league_day(),
        reference="ПП № 17",
        at=timezone.now(),
    )
    return invoice, payment.receipt


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "words"), [("ru", ["Квитанция", "12 345,60 KZT", "ПП № 17"]), ("en", ["Receipt", "KZT 12,345.60"])]
)
def test_receipt_holds_number_amount_and_payer(language: str, words: list[str]) -> None:
    invoice, receipt = paid_invoice(language)

    text = text_of(file_of(receipt))

    for word in [*words, receipt.number, invoice.number, invoice.payer_name]:
        assert word in text


@pytest.mark.django_db
def test_receipt_of_a_reversal_names_the_first_one() -> None:
    _invoice, receipt = paid_invoice("en")
    reversal = payments.reverse_payment(receipt.payment, actor=_invoice.user, reason="Отзыв", at=timezone.now()).receipt

    text = text_of(file_of(reversal))

    assert "Receipt of a refund" in text
    assert receipt.number in text
    assert reversal.number in text


@pytest.mark.django_db
def test_file_is_made_after_the_commit_and_once(django_capture_on_commit_callbacks: object) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]  # pytest-django's
        _invoice, receipt = paid_invoice()
    receipt.refresh_from_db()
    name = receipt.pdf.name

    assert name
    assert receipts.ensure_receipt(receipt).pdf.name == name
    assert tasks.make_missing_receipts() == 0

    Receipt.objects.update(pdf="")
    assert tasks.make_missing_receipts() == 1


@pytest.mark.django_db
def test_invoice_says_what_remains_and_how_to_pay() -> None:
    invoice, _receipt = paid_invoice()
    PaymentDetailsFactory(chapter=invoice.chapter)

    russian = text_of(receipts.make_invoice_file(invoice, language="ru", on=league_day()))
    english = text_of(receipts.make_invoice_file(invoice, language="en", on=league_day()))

    for word in (invoice.number, "30 000,00 KZT", "17 654,40 KZT", "Счёт KZ00"):
        assert word in russian
    for word in (invoice.number, "KZT 30,000.00", "KZT 17,654.40", "Account KZ00"):
        assert word in english


@pytest.mark.django_db
def test_names_are_printed_and_never_run() -> None:
    invoice, receipt = paid_invoice(payer_name="Иван *#panic() $x$ Ӣӯҳҷ")

    assert "*#panic() $x$ Ӣӯҳҷ" in text_of(file_of(receipt))
    assert invoice.number in text_of(file_of(receipt))
