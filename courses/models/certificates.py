"""Certificates: a snapshot of what is printed, and whether it still stands."""

import secrets
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from courses.choices import CertificateStatus
from courses.models.learning import Enrolment
from pages.models import private_storage

# Crockford's base 32 without the letters that are mistaken for digits: read aloud and typed without doubt.
PUBLIC_ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
PUBLIC_ID_LENGTH = 16  # 80 bits: cannot be guessed


def new_public_id() -> str:
    """Return a fresh random identity for the verification address."""
    return "".join(secrets.choice(PUBLIC_ID_ALPHABET) for _position in range(PUBLIC_ID_LENGTH))


class CertificateQuerySet(models.QuerySet["Certificate"]):
    def visible_to(self, user: User) -> Self:
        """Keep a person's own certificates; others can verify one they hold, by its public id."""
        return self.filter(enrolment__user_id=user.pk)

    def current(self) -> Self:
        """Keep those that stand: not revoked, not replaced."""
        return self.filter(revoked_at__isnull=True, superseded_by__isnull=True)

    def without_file(self) -> Self:
        return self.filter(pdf="")


class Certificate(models.Model):
    """Issued once per completed enrolment; a correction is a new one that supersedes it."""

    public_id = models.CharField(max_length=32, unique=True, default=new_public_id, editable=False)
    serial = models.CharField(_("number"), max_length=32, unique=True)
    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="certificates")
    language = models.CharField(_("language"), max_length=2)
    holder_name = models.CharField(_("holder"), max_length=150)
    course_title = models.CharField(_("course"), max_length=255)
    cpd_minutes = models.PositiveIntegerField(_("professional development, minutes"))
    started_on = models.DateField(_("started"))
    completed_on = models.DateField(_("completed"))
    issued_on = models.DateField(_("issued"))
    facilitators = models.JSONField(_("facilitators"), default=list)
    pdf = models.FileField(upload_to="certificates/%Y", storage=private_storage, blank=True)
    pdf_sha256 = models.CharField(max_length=64, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revoked_reason = models.CharField(_("reason"), max_length=300, blank=True)
    superseded_by = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="supersedes"
    )

    objects = CertificateQuerySet.as_manager()

    class Meta:
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment"],
                condition=Q(revoked_at__isnull=True, superseded_by__isnull=True),
                name="courses_certificate_one_current_per_enrolment",
            ),
            models.CheckConstraint(
                condition=Q(completed_on__gte=F("started_on")), name="courses_certificate_dates_in_order"
            ),
        ]

    def __str__(self) -> str:
        return self.serial

    def get_absolute_url(self) -> str:
        return reverse("courses:certificate_verify", args=[self.public_id])

    @property
    def status(self) -> CertificateStatus:
        if self.superseded_by_id is not None:
            return CertificateStatus.SUPERSEDED
        return CertificateStatus.REVOKED if self.revoked_at is not None else CertificateStatus.VALID

    @property
    def status_text(self) -> str:
        return str(self.status.label)


class CertificateCounter(models.Model):
    """The last number given in a year, so that numbers are dense and never given twice."""

    year = models.PositiveIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("certificate counter")
        verbose_name_plural = _("certificate counters")

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"
