"""Reducing rows to what must stay: codes, dates, numbers. Used when a time is over and when a person is erased."""

import datetime as dt

from members.models import Application, Invoice, Payment, Sanction

NOBODY = "—"  # in place of a name that was taken out


def reduce_application(application: Application, *, at: dt.datetime) -> None:
    """Take everything out of an application but what was asked, when, and with which code it was decided.

    Its files are deleted by `members.services.retention.purge_files`, which finds them by `purged_at`.
    """
    Application.objects.filter(pk=application.pk).update(
        answers={}, motivation="", hardship="", appeal_text="", purged_at=at
    )
    application.documents.update(name="")
    application.references.update(name=NOBODY, email="", statement="", conflict="", token_hash="")
    application.information_requests.update(question="", answer="")
    application.decisions.update(text_for_applicant="", internal_note="")
    application.appeal_votes.update(note="")
    application.notes.all().delete()


def reduce_sanction(sanction: Sanction) -> None:
    """Leave of a sanction its kind, its ground and its dates."""
    Sanction.objects.filter(pk=sanction.pk).update(
        text_for_member="", internal_note="", decision_reference="", lift_reason=""
    )


def anonymise_payer(invoice: Invoice) -> None:
    """Take the payer's name off an invoice and off the references of its payments; amounts and dates stay."""
    Invoice.objects.filter(pk=invoice.pk).update(payer_name=NOBODY)
    Payment.objects.filter(invoice=invoice.pk).update(reference="")
