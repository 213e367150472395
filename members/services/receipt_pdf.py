"""Invoices and receipts on paper: their wording, and the PDF made of it.

The words stand here and not in the translation catalogue: what a receipt says must not change because a catalogue
was updated. How it looks is in `members/typst/dues.typ`.
"""

import datetime as dt
import functools
import json
import unicodedata
from pathlib import Path

import typst
from django.conf import settings
from moneyed import Money

from members.choices import PaymentMethod
from members.models import Invoice, Receipt
from members.rules.amounts import money_text

TEMPLATE = Path(__file__).resolve().parent.parent / "typst" / "dues.typ"

RU = {
    "league": "Центральноазиатская лига юристов",
    "invoice": "Счёт",
    "receipt": "Квитанция",
    "reversal": "Квитанция о возврате",
    "number": "№ {number}",
    "issued": "Дата выдачи",
    "due": "Оплатить до",
    "payer": "Плательщик",
    "returned_to": "Кому возвращено",
    "method": "Способ оплаты",
    "received": "Дата поступления",
    "returned": "Дата возврата",
    "reference": "Основание",
    "reverses": "К квитанции",
    "what": "За что",
    "amount": "Сумма",
    "dues": "Членский взнос: {tier}",
    "of_invoice": "Членский взнос: {tier}, счёт № {number}",
    "paid": "Оплачено",
    "waived": "Снято решением лиги",
    "balance": "К оплате",
    "total": "Получено",
    "total_returned": "Возвращено",
    "settled": "Оплачен полностью",
    "voided": "Аннулирован, не оплачивается",
    "how_to_pay": "Как оплатить",
    "name_number": "В назначении платежа укажите номер счёта.",
    "bank": "банковский перевод",
    "cash": "наличные",
    "provider": "платёжный сервис",
}
EN = {
    "league": "Central Asian League of Lawyers",
    "invoice": "Invoice",
    "receipt": "Receipt",
    "reversal": "Receipt of a refund",
    "number": "No. {number}",
    "issued": "Date of issue",
    "due": "Payable by",
    "payer": "Payer",
    "returned_to": "Returned to",
    "method": "Paid by",
    "received": "Received on",
    "returned": "Returned on",
    "reference": "Reference",
    "reverses": "Refunds receipt",
    "what": "For",
    "amount": "Amount",
    "dues": "Membership dues: {tier}",
    "of_invoice": "Membership dues: {tier}, invoice No. {number}",
    "paid": "Paid",
    "waived": "Waived by the League",
    "balance": "To be paid",
    "total": "Received",
    "total_returned": "Returned",
    "settled": "Paid in full",
    "voided": "Taken back: not to be paid",
    "how_to_pay": "How to pay",
    "name_number": "State the number of the invoice with the payment.",
    "bank": "bank transfer",
    "cash": "cash",
    "provider": "payment provider",
}
MONTHS = {
    "ru": (
        "января",
        "февраля",
        "марта",
        "апреля",
        "мая",
        "июня",
        "июля",
        "августа",
        "сентября",
        "октября",
        "ноября",
        "декабря",
    ),
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
}


class TextNotPrintable(ValueError):
    """Raised when a name holds a character that the fonts do not have."""


def render_receipt(receipt: Receipt) -> bytes:
    """Render a receipt as a PDF; the same receipt always gives the same bytes. Raises TextNotPrintable."""
    language, words = _wording(receipt.language)
    payment, invoice = receipt.payment, receipt.payment.invoice
    number = words["number"].format(number=receipt.number)
    facts = [
        (words["issued"], _day(receipt.issued_on, language)),
        (words["returned_to" if payment.is_reversal else "payer"], invoice.payer_name),
        (words["returned" if payment.is_reversal else "received"], _day(payment.received_on, language)),
        (words["method"], words[PaymentMethod(payment.method).value]),
    ]
    if payment.reference:
        facts.append((words["reference"], payment.reference))
    if payment.reverses is not None:
        facts.append((words["reverses"], words["number"].format(number=payment.reverses.receipt.number)))
    heading = words["reversal" if payment.is_reversal else "receipt"]
    amount = money_text(Money(abs(payment.amount), invoice.currency), language)
    what = words["of_invoice"].format(tier=invoice.tier.name_in(language), number=invoice.number)
    return _compile(
        language=language,
        words=words,
        invoice=invoice,
        heading=heading,
        number=number,
        status="",
        facts=facts,
        rows=[(what, amount)],
        total=(words["total_returned" if payment.is_reversal else "total"], amount),
        notes=[],
        issued_on=receipt.issued_on,
    )


def render_invoice(invoice: Invoice, *, language: str, on: dt.date, how_to_pay: str) -> bytes:
    """Render an invoice as a PDF with what was paid and what remains of it on a day. Raises TextNotPrintable."""
    language, words = _wording(language)
    paid = sum((payment.amount for payment in invoice.payments.all()), start=invoice.amount * 0)
    waived = sum((waiver.amount for waiver in invoice.waivers.all()), start=invoice.amount * 0)
    rows = [(words["dues"].format(tier=invoice.tier.name_in(language)), money_text(invoice.money, language))]
    for label, amount in ((words["paid"], paid), (words["waived"], waived)):
        if amount:
            rows.append((label, money_text(Money(-amount, invoice.currency), language)))
    status = words["voided"] if invoice.voided_at else words["settled"] if invoice.settled_at else ""
    notes: list[dict[str, str | list[str]]] = []
    if invoice.is_open and how_to_pay:
        lines = [*filter(None, map(_plain, how_to_pay.splitlines())), words["name_number"]]
        notes.append({"heading": words["how_to_pay"], "lines": lines})
    balance = Money(invoice.amount * 0, invoice.currency) if invoice.voided_at else invoice.balance()
    return _compile(
        language=language,
        words=words,
        invoice=invoice,
        heading=words["invoice"],
        number=words["number"].format(number=invoice.number),
        status=status,
        facts=[
            (words["issued"], _day(invoice.issued_on, language)),
            (words["due"], _day(invoice.due_on, language)),
            (words["payer"], invoice.payer_name),
        ],
        rows=rows,
        total=(words["balance"], money_text(balance, language)),
        notes=notes,
        issued_on=on,
    )


def _compile(
    *,
    language: str,
    words: dict[str, str],
    invoice: Invoice,
    heading: str,
    number: str,
    status: str,
    facts: list[tuple[str, str]],
    rows: list[tuple[str, str]],
    total: tuple[str, str],
    notes: list[dict[str, str | list[str]]],
    issued_on: dt.date,
) -> bytes:
    paper = {
        "language": language,
        "document_title": f"{heading} {number}",
        "league": words["league"],
        "chapter": _plain(invoice.chapter.name_in(language)),
        "heading": heading,
        "number": number,
        "status": status,
        "facts": [[label, _plain(value)] for label, value in facts],
        "table": {"head": [words["what"], words["amount"]], "rows": [[_plain(what), sum_] for what, sum_ in rows]},
        "total": list(total),
        "notes": notes,
    }
    try:
        pdf: bytes = typst.compile(
            str(TEMPLATE),
            root=str(TEMPLATE.parent),
            font_paths=_fonts(),
            ignore_system_fonts=True,
            # Data, never markup: a name with # or * in it is printed as it is.
            sys_inputs={"paper": json.dumps(paper, ensure_ascii=False)},
            pdf_standards=["a-2a", "ua-1"],
            timestamp=dt.datetime.combine(issued_on, dt.time(), tzinfo=dt.UTC),
        )
    except typst.TypstError as error:
        if "could not be displayed" in str(error):
            raise TextNotPrintable(f"{number}: {error}") from error
        raise
    return pdf


@functools.cache
def _fonts() -> typst.Fonts:
    # The League's fonts lie with the certificates, which were printed first.
    folder = settings.ROOT / "courses" / "fonts"
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(folder)])


def _wording(language: str) -> tuple[str, dict[str, str]]:
    return ("en", EN) if language == "en" else ("ru", RU)


def _day(day: dt.date, language: str) -> str:
    end = " года" if language == "ru" else ""
    return f"{day.day}\u00a0{MONTHS[language][day.month - 1]} {day.year}{end}"


def _plain(text: str) -> str:
    """Return a text as it can be printed: composed letters, single spaces, no invisible controls."""
    printable = "".join(
        letter
        for letter in unicodedata.normalize("NFC", text.replace("\t", " "))
        if unicodedata.category(letter) not in {"Cc", "Cf", "Cs"}
    )
    return " ".join(part for part in printable.split(" ") if part)
