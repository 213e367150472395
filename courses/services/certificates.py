"""Issuing, correcting and withdrawing certificates."""

import datetime as dt
import hashlib
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import translation

from courses import tasks
from courses.models import Certificate, CertificateCounter, CoursePage, Enrolment
from courses.notifications import CERTIFIED
from courses.services.certificate_pdf import render_certificate
from members.services.cpd import record_course, reverse_course
from notifications.services import notify


class CertificateNotCurrent(Exception):
    """Raised when a certificate that was revoked or replaced is to be revoked or replaced again."""


@transaction.atomic
def issue_certificate(enrolment: Enrolment, *, language: str, at: dt.datetime) -> Certificate:
    """Issue the one certificate of a completed enrolment, with everything that is printed copied into it.

    Asking again returns the certificate that stands. The file is made by a task after the commit.
    """
    existing = enrolment.certificates.current().first()
    if existing is not None:
        return existing
    certificate = _create(enrolment, language=language, at=at)
    record_course(
        enrolment.user,
        key=_ledger_key(enrolment),
        title=certificate.course_title,
        minutes=certificate.cpd_minutes,
        on=certificate.completed_on,
        at=at,
    )
    key = f"courses.certified:{certificate.pk}"
    notify(CERTIFIED, subject_id=certificate.pk, key=key, recipients=[enrolment.user_id], at=at)
    return certificate


@transaction.atomic
def revoke_certificate(certificate: Certificate, *, reason: str, at: dt.datetime) -> Certificate:
    """Withdraw a certificate and the hours that it brought; its verification page says so from now on, with the date.

    Raises CertificateNotCurrent.
    """
    changed = Certificate.objects.current().filter(pk=certificate.pk).update(revoked_at=at, revoked_reason=reason)
    if not changed:
        raise CertificateNotCurrent
    certificate.refresh_from_db()
    enrolment = certificate.enrolment
    reverse_course(enrolment.user, key=_ledger_key(enrolment), reason=reason, actor=None, at=at)
    return certificate


@transaction.atomic
def reissue_certificate(certificate: Certificate, *, at: dt.datetime) -> Certificate:
    """Replace a certificate by one with the holder's name as it is written now; the old one names its successor.

    Raises CertificateNotCurrent.
    """
    old = Certificate.objects.select_for_update().get(pk=certificate.pk)
    if old.revoked_at is not None or old.superseded_by_id is not None:
        raise CertificateNotCurrent
    # Two current ones are never allowed, so the old one counts as revoked for the length of this transaction.
    Certificate.objects.filter(pk=old.pk).update(revoked_at=at)
    new = _create(old.enrolment, language=old.language, at=at, like=old)
    Certificate.objects.filter(pk=old.pk).update(superseded_by=new, revoked_at=None)
    certificate.refresh_from_db()
    return new


def _ledger_key(enrolment: Enrolment) -> str:
    """Name the completion in the learner’s ledger of hours; a certificate issued anew keeps it."""
    return f"course:{enrolment.pk}"


def _create(enrolment: Enrolment, *, language: str, at: dt.datetime, like: Certificate | None = None) -> Certificate:
    user = enrolment.user
    day = at.astimezone(ZoneInfo(enrolment.run.time_zone)).date()
    printed = language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    if like is not None:
        course = {
            "course_title": like.course_title,
            "cpd_minutes": like.cpd_minutes,
            "facilitators": like.facilitators,
            "started_on": like.started_on,
            "completed_on": like.completed_on,
        }
    else:
        course = {**_course_as_printed(enrolment, printed), **_days(enrolment, day)}
    certificate = Certificate.objects.create(
        serial=_next_serial(day.year),
        enrolment=enrolment,
        language=printed,
        holder_name=user.name_for_english if printed == "en" else user.name_native,
        issued_on=day,
        **course,
    )
    tasks.render_certificate.delay_on_commit(certificate.pk)
    return certificate


def _days(enrolment: Enrolment, day: dt.date) -> dict[str, dt.date]:
    started = enrolment.enrolled_at.astimezone(ZoneInfo(enrolment.run.time_zone)).date()
    return {"started_on": min(started, day), "completed_on": day}


def _course_as_printed(enrolment: Enrolment, language: str) -> dict[str, str | int | list[str]]:
    """Read title, minutes and facilitators from the course's page in that language, or in the language it has."""
    pages = CoursePage.objects.all().by_language(enrolment.run.course_id)
    page = pages.get(language) or pages.get(settings.LANGUAGE_CODE) or next(iter(pages.values()), None)
    if page is None:
        return {"course_title": enrolment.course.title, "cpd_minutes": 0, "facilitators": []}
    people = [facilitator.user for facilitator in page.facilitators.select_related("user")]
    return {
        "course_title": page.title,
        "cpd_minutes": page.cpd_minutes,
        "facilitators": [person.name_for_english if language == "en" else person.name_native for person in people],
    }


def _next_serial(year: int) -> str:
    """Take the next number of the year; the counter's row is locked until the commit, so numbers stay dense."""
    CertificateCounter.objects.bulk_create([CertificateCounter(year=year)], ignore_conflicts=True)
    CertificateCounter.objects.filter(year=year).update(last=F("last") + 1)
    last = CertificateCounter.objects.values_list("last", flat=True).get(year=year)
    return f"CALL-{year}-{last:05d}"


def verification_url(certificate: Certificate) -> str:
    """Return the whole address that is printed on a certificate and coded in its QR, in its language."""
    with translation.override(certificate.language):
        path = reverse("courses:certificate_verify", args=[certificate.public_id])
    return f"{settings.WAGTAILADMIN_BASE_URL}{path}"


def ensure_pdf(certificate: Certificate) -> Certificate:
    """Make the file of a certificate unless it exists; running twice writes the same bytes once."""
    if certificate.pdf:
        return certificate
    content = render_certificate(certificate, verify_url=verification_url(certificate))
    certificate.pdf.save(f"{certificate.public_id}.pdf", ContentFile(content), save=False)
    certificate.pdf_sha256 = hashlib.sha256(content).hexdigest()
    certificate.save(update_fields=["pdf", "pdf_sha256"])
    return certificate
