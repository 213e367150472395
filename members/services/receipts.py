"""Receipts: numbered without gaps in a country's year, and their files, made after the commit."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.core.files.base import ContentFile
from django.db import transaction

from accounts.models import User
from audit.services import record
from members import tasks
from members.models import Invoice, Payment, Receipt, payment_details_for
from members.services.numbers import next_number
from members.services.receipt_pdf import render_invoice, render_receipt


def issue_receipt(payment: Payment, *, at: dt.datetime) -> Receipt:
    """Give a payment, or a reversal, its number; the caller's transaction makes number and payment one."""
    chapter = payment.invoice.chapter
    day = at.astimezone(ZoneInfo(chapter.time_zone)).date()
    series = f"{day.year}-{chapter.country}"
    receipt = Receipt.objects.create(
        number=f"R-{series}-{next_number(f'receipt:{series}'):05d}",
        payment=payment,
        language=payment.invoice.user.interface_language,
        issued_on=day,
    )
    tasks.make_receipt.delay_on_commit(receipt.pk)
    return receipt


def ensure_receipt(receipt: Receipt) -> Receipt:
    """Make the file of a receipt unless it exists; running twice writes the same bytes once."""
    if receipt.pdf:
        return receipt
    content = render_receipt(receipt)
    receipt.pdf.save(f"{receipt.number}.pdf", ContentFile(content), save=False)
    receipt.save(update_fields=["pdf"])
    return receipt


def make_invoice_file(invoice: Invoice, *, language: str, on: dt.date) -> bytes:
    """Return an invoice as a PDF, with what remains of it on that day and how to pay it today."""
    details = payment_details_for(invoice)
    return render_invoice(invoice, language=language, on=on, how_to_pay=details.text_in(language) if details else "")


@transaction.atomic
def note_file_opened(thing: Invoice | Receipt, *, actor: User, at: dt.datetime) -> None:
    """Write down that an officer opened the invoice or receipt of somebody else."""
    invoice = thing if isinstance(thing, Invoice) else thing.payment.invoice
    if invoice.user_id != actor.pk:
        record(
            "members.dues_file_opened",
            actor=actor,
            subject=thing,
            at=at,
            person=invoice.user_id,
            chapter=invoice.chapter_id,
        )
