"""Letting go of what the League may keep no longer. Each row in its own transaction, and again changes nothing.

A file is deleted before its row says so: if the process dies in between, the next run finds the row and does both.
"""

import datetime as dt
import logging
from collections.abc import Callable

from django.db import transaction
from django.db.models import Min, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from audit.models import AuditEvent
from audit.services import erase_detail, record
from members.choices import ApplicationStatus, DocumentKind, LicenceState, RequestState, RetentionKind
from members.models import (
    Application,
    ApplicationDocument,
    ContactMessage,
    DataRequest,
    Invoice,
    LicenceCheck,
    MergeRecord,
    Receipt,
    RetentionRule,
    Sanction,
)
from members.models.duplicates import UNDO_WITHIN
from members.rules.retention import ACCESS_ACTION, APPEAL_WINDOW, BY_COUNTRY, DEFAULT_DAYS, REVIVAL
from members.services.anonymising import NOBODY, anonymise_payer, reduce_application, reduce_sanction

logger = logging.getLogger(__name__)

MOST = 1000  # rows of a kind in one run; the next day goes on
REASON = "retention"


class RuleNeedsNoCountry(Exception):
    """Raised when a country is to get a rule for data that belong to no chapter."""


# Rules


def list_rules() -> list[RetentionRule]:
    """Return every rule as it holds, the defaults too, whether or not anybody ever touched them."""
    rows = {(rule.kind, rule.country): rule for rule in RetentionRule.objects.for_list()}
    rules = [
        rows.get((kind, ""), RetentionRule(kind=kind, country="", days=days)) for kind, days in DEFAULT_DAYS.items()
    ]
    return sorted([*rules, *(rule for rule in rows.values() if rule.country)], key=lambda one: (one.kind, one.country))


@transaction.atomic
def set_rule(
    kind: RetentionKind, *, country: str = "", days: int, note: str, actor: User, at: dt.datetime
) -> RetentionRule:
    """Say for how long a kind of data is kept, everywhere or in one country. Raises RuleNeedsNoCountry."""
    if country and kind not in BY_COUNTRY:
        raise RuleNeedsNoCountry
    before = RetentionRule.objects.days_for(kind, country)
    rule, _is_new = RetentionRule.objects.update_or_create(
        kind=kind, country=country, defaults={"days": days, "note": note}
    )
    record(
        "members.retention_set",
        actor=actor,
        subject=rule,
        at=at,
        detail={"kind": kind, "country": country, "before": before, "days": days},
    )
    return rule


def _is_over(
    kind: RetentionKind,
    field: str,
    *,
    at: dt.datetime,
    country: str = "",
    plus: dt.timedelta = dt.timedelta(0),
    is_day: bool = False,
) -> Q:
    """Return the condition that a kind's days, counted from a field, are over: by the rule of the row's country."""
    days = dict(RetentionRule.objects.filter(kind=kind).values_list("country", "days"))
    general = days.pop("", DEFAULT_DAYS[kind])

    def has_passed(number: int) -> Q:
        moment = at - plus - dt.timedelta(days=number)
        return Q(**{f"{field}__lte": moment.date() if is_day else moment})

    if not days or not country:
        return has_passed(general)
    condition = has_passed(general) & ~Q(**{f"{country}__in": list(days)})
    for code, number in days.items():
        condition |= Q(**{country: code}) & has_passed(number)
    return condition


# Jobs


def apply_retention(*, at: dt.datetime) -> dict[str, int]:
    """Let go of everything whose time is over; return how many rows of each kind. One failure never stops the rest."""
    jobs: dict[str, Callable[..., int]] = {
        RetentionKind.REFUSED: reduce_refused,
        RetentionKind.DRAFTS: reduce_drafts,
        RetentionKind.PAYERS: anonymise_payers,
        RetentionKind.SANCTIONS: reduce_sanctions,
        RetentionKind.ACCESS: erase_access_details,
        RetentionKind.MESSAGES: delete_messages,
        "merges": empty_merges,
        "files": purge_files,
    }
    done: dict[str, int] = {}
    for name, job in jobs.items():
        try:
            done[str(name)] = job(at=at)
        except Exception as error:
            logger.warning("Retention of %s failed: %s", name, type(error).__name__)
    return done


def reduce_refused(*, at: dt.datetime) -> int:
    """Reduce applications that were rejected, or expired after submission, once nobody can appeal or revive them."""

    def over(plus: dt.timedelta) -> Q:
        return _is_over(RetentionKind.REFUSED, "ended", at=at, country="chapter__country", plus=plus)

    rejected = Q(status=ApplicationStatus.REJECTED) & over(APPEAL_WINDOW)
    final = Q(status=ApplicationStatus.REJECTED_FINAL) & over(dt.timedelta(0))
    expired = Q(status=ApplicationStatus.EXPIRED, submitted_at__isnull=False, approved_at__isnull=True)
    unpaid = Q(status=ApplicationStatus.EXPIRED, submitted_at__isnull=False, approved_at__isnull=False)
    return _reduce_applications(rejected | final | expired & over(dt.timedelta(0)) | unpaid & over(REVIVAL), at=at)


def reduce_drafts(*, at: dt.datetime) -> int:
    """Reduce applications that were withdrawn, and drafts that expired."""
    over = _is_over(RetentionKind.DRAFTS, "ended", at=at, country="chapter__country")
    expired = Q(status=ApplicationStatus.EXPIRED, submitted_at__isnull=True)
    return _reduce_applications((Q(status=ApplicationStatus.WITHDRAWN) | expired) & over, at=at)


def _reduce_applications(condition: Q, *, at: dt.datetime) -> int:
    rows = (
        Application.objects.filter(purged_at__isnull=True)
        .annotate(ended=Coalesce("rejected_at", "closed_at", "status_at"))
        .filter(condition)
    )
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:MOST])
    for pk in ids:
        with transaction.atomic():
            application = Application.objects.select_for_update(of=("self",)).get(pk=pk)
            if application.purged_at is None:
                reduce_application(application, at=at)
                record(
                    "members.application_reduced",
                    actor=None,
                    subject=application,
                    at=at,
                    person=application.user_id,
                    chapter=application.chapter_id,
                    reason_code=REASON,
                )
    return len(ids)


def anonymise_payers(*, at: dt.datetime) -> int:
    """Take payers' names off invoices that were settled or voided, and delete the receipts that print them."""
    over = _is_over(RetentionKind.PAYERS, "issued_on", at=at, country="chapter__country", is_day=True)
    closed = Q(settled_at__isnull=False) | Q(voided_at__isnull=False)
    rows = Invoice.objects.filter(closed, over).exclude(payer_name=NOBODY).order_by("pk")[:MOST]
    for invoice in rows:
        for receipt in Receipt.objects.filter(payment__invoice=invoice.pk).exclude(pdf=""):
            receipt.pdf.storage.delete(str(receipt.pdf.name))
            Receipt.objects.filter(pk=receipt.pk).update(pdf="")
        with transaction.atomic():
            anonymise_payer(invoice)
            record(
                "members.payer_anonymised",
                actor=None,
                subject=invoice,
                at=at,
                person=invoice.user_id,
                chapter=invoice.chapter_id,
                reason_code=REASON,
            )
    return len(rows)


def reduce_sanctions(*, at: dt.datetime) -> int:
    """Reduce sanctions that ended, and proposals that were dismissed, to their codes and dates."""
    country = "membership__chapter__country"
    lifted = _is_over(RetentionKind.SANCTIONS, "lifted_on", is_day=True, at=at, country=country)
    ended = Q(lifted_on__isnull=True) & _is_over(
        RetentionKind.SANCTIONS, "ends_on", is_day=True, at=at, country=country
    )
    dismissed = _is_over(RetentionKind.SANCTIONS, "dismissed_at", at=at, country=country)
    rows = (
        Sanction.objects.filter(lifted | ended | dismissed)
        .exclude(text_for_member="", internal_note="", decision_reference="", lift_reason="")
        .select_related("membership")
        .order_by("pk")[:MOST]
    )
    for sanction in rows:
        with transaction.atomic():
            reduce_sanction(sanction)
            record(
                "members.sanction_reduced",
                actor=None,
                subject=sanction,
                at=at,
                person=sanction.membership.user_id,
                chapter=sanction.membership.chapter_id,
                reason_code=REASON,
            )
    return len(rows)


def erase_access_details(*, at: dt.datetime) -> int:
    """Empty the details of events that say who looked at what; the events stay in the chain."""
    over = _is_over(RetentionKind.ACCESS, "at", at=at)
    events = AuditEvent.objects.with_detail().filter(over, action__regex=ACCESS_ACTION).order_by("pk")
    return erase_detail(list(events.values_list("pk", flat=True)[:MOST]), actor=None, reason=REASON, at=at)


def delete_messages(*, at: dt.datetime) -> int:
    """Delete what members wrote to each other; what was reported is kept for as long again, from the report on."""
    rows = ContactMessage.objects.annotate(last=Coalesce("reported_at", "sent_at"))
    ids = list(
        rows.filter(_is_over(RetentionKind.MESSAGES, "last", at=at)).order_by("pk").values("pk", "sender")[:MOST]
    )
    for row in ids:
        message = ContactMessage(pk=row["pk"])
        with transaction.atomic():
            record(
                "members.message_deleted", actor=None, subject=message, at=at, person=row["sender"], reason_code=REASON
            )
            message.delete()
    return len(ids)


def empty_merges(*, at: dt.datetime) -> int:
    """Empty what merges changed once they cannot be undone any more: it holds what profiles said before."""
    rows = MergeRecord.objects.filter(merged_at__lt=at - UNDO_WITHIN).exclude(changes=[]).order_by("pk")[:MOST]
    for merge in rows:
        with transaction.atomic():
            MergeRecord.objects.filter(pk=merge.pk).update(changes=[])
            record(
                "members.merge_emptied",
                actor=None,
                subject=merge,
                at=at,
                person=merge.survivor_id,
                reason_code=REASON,
            )
    return len(rows)


def purge_files(*, at: dt.datetime) -> int:
    """Delete the files of reduced applications, scans whose time is over, and copies of personal data."""
    return _purge_documents(at=at) + _purge_exports(at=at)


def _purge_documents(*, at: dt.datetime) -> int:
    verified = (
        LicenceCheck.objects.filter(licence=OuterRef("application__licence"), state=LicenceState.VERIFIED)
        .order_by()
        .values("licence")
        .annotate(first=Min("checked_at"))
        .values("first")
    )
    # Where no licence is asked for, the admission is what the identity was shown for.
    admitted = Q(application__licence__isnull=True, application__status=ApplicationStatus.COMPLETED)
    country = "application__chapter__country"
    scans = Q(kind__in=[DocumentKind.LICENCE, DocumentKind.IDENTITY]) & (
        _is_over(RetentionKind.SCANS, "verified_at", at=at, country=country)
        | admitted & _is_over(RetentionKind.SCANS, "application__closed_at", at=at, country=country)
    )
    rows = (
        ApplicationDocument.objects.exclude(file="")
        .annotate(verified_at=Subquery(verified))
        .filter(Q(application__purged_at__isnull=False) | scans)
        .select_related("application")
        .order_by("pk")[:MOST]
    )
    for document in rows:
        document.file.storage.delete(str(document.file.name))
        with transaction.atomic():
            ApplicationDocument.objects.filter(pk=document.pk).update(file="", purged_at=at)
            record(
                "members.document_purged",
                actor=None,
                subject=document,
                at=at,
                person=document.application.user_id,
                chapter=document.application.chapter_id,
                reason_code=REASON,
            )
    return len(rows)


def _purge_exports(*, at: dt.datetime) -> int:
    rows = DataRequest.objects.exports().exclude(file="").filter(expires_at__lte=at).order_by("pk")[:MOST]
    for request in rows:
        request.file.storage.delete(str(request.file.name))
        DataRequest.objects.filter(pk=request.pk).update(state=RequestState.DELETED, file="", purged_at=at)
    return len(rows)
