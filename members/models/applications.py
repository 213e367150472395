"""Applications: what a person asks of the League, from the draft to the decision.

`members.rules.transitions.APPLICATION` is the machine; `members.services.applications` alone changes `status`.
"""

import datetime as dt
import hashlib
import secrets
import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Viewer
from members.choices import (
    CLOSED_STATUSES,
    ApplicationKind,
    ApplicationStatus,
    ConsentKind,
    DecisionReason,
    DecisionStep,
    DocumentKind,
    OfficeRole,
    ReferenceStatus,
)
from members.models.chapters import Chapter
from members.models.licences import Licence
from members.models.memberships import Tier
from members.models.offices import offices_of
from pages.models import private_storage


class ApplicationQuerySet(models.QuerySet["Application"]):
    def open(self) -> Self:
        """Keep those that are drafted or on their way: at most one for each person."""
        return self.exclude(status__in=CLOSED_STATUSES)

    def visible_to(self, user: Viewer) -> Self:
        """Keep a person's own applications and, once submitted, those that an office lets the person see."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(Q(user=user.pk) | Q(pk__in=self.model.objects.in_office(user).values("pk")))

    def in_office(self, user: Viewer) -> Self:
        """Keep what the office of this person handles: its chapters', or all of them, never drafts or one's own."""
        if not user.is_authenticated:
            return self.none()
        chapters = offices_of(user).chapters_with(
            OfficeRole.CHAPTER_REVIEWER, OfficeRole.CHAPTER_OFFICER, OfficeRole.REGISTRAR, OfficeRole.BOARD
        )
        handled = self.filter(submitted_at__isnull=False).exclude(user=user.pk)
        if None in chapters:
            return handled
        return handled.filter(Q(chapter__in=chapters) | Q(chapter__parent__in=chapters))


class Application(models.Model):
    """A person asks to join, to be reinstated or to change the kind of membership."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="applications", verbose_name=_("applicant")
    )
    kind = models.CharField(_("asks for"), max_length=10, choices=ApplicationKind.choices, default=ApplicationKind.JOIN)
    status = models.CharField(
        _("status"),
        max_length=16,
        choices=ApplicationStatus.choices,
        default=ApplicationStatus.DRAFT,
        editable=False,
    )
    number = models.CharField(_("number"), max_length=20, blank=True, editable=False)  # once submitted
    version = models.PositiveIntegerField(default=0, editable=False)  # rises with every transition and saved step
    chapter = models.ForeignKey(
        Chapter, on_delete=models.PROTECT, null=True, related_name="applications", verbose_name=_("chapter")
    )
    tier = models.ForeignKey(
        Tier, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("kind of membership")
    )
    licence = models.ForeignKey(
        Licence, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("licence")
    )
    # What the steps of the form hold until submission: {"person": {...}, "licence": {...}, "practice": {...}}.
    answers = models.JSONField(_("answers"), default=dict, editable=False)
    motivation = models.TextField(_("why the person wants to join"), max_length=1000, blank=True)
    hardship = models.TextField(_("why dues would be a hardship"), max_length=1000, blank=True)
    created_at = models.DateTimeField(_("begun"))
    touched_at = models.DateTimeField(_("last change by the applicant"))
    reminders = models.PositiveSmallIntegerField(default=0, editable=False)  # sent in this status
    reminded_at = models.DateTimeField(null=True, editable=False)
    submitted_at = models.DateTimeField(_("submitted"), null=True, editable=False)
    # The clock of the chapter: it stands while the applicant is asked.
    clock_started_at = models.DateTimeField(null=True, editable=False)
    clock_spent = models.DurationField(default=dt.timedelta(0), editable=False)
    status_at = models.DateTimeField(_("in this status since"), editable=False)
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        verbose_name=_("reviewed by"),
    )
    approved_at = models.DateTimeField(_("approved"), null=True, editable=False)
    rejected_at = models.DateTimeField(_("rejected"), null=True, editable=False)
    has_appealed = models.BooleanField(default=False, editable=False)
    appeal_text = models.TextField(_("appeal"), max_length=3000, blank=True, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)
    purged_at = models.DateTimeField(_("files deleted"), null=True, editable=False)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=~Q(status__in=CLOSED_STATUSES),
                name="members_application_one_open_per_person",
                violation_error_message=_("You have an open application already."),
            ),
            models.UniqueConstraint(fields=["number"], condition=~Q(number=""), name="members_application_number_once"),
        ]
        indexes = [models.Index(fields=["chapter", "status", "submitted_at"], name="members_application_queue")]

    def __str__(self) -> str:
        return self.number or f"#{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("application:detail", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.status not in CLOSED_STATUSES

    def time_on_clock(self, at: dt.datetime) -> dt.timedelta:
        """Return for how long the chapter has had it, without the time in which the applicant was asked."""
        return self.clock_spent + (at - self.clock_started_at if self.clock_started_at is not None else dt.timedelta(0))


def document_path(document: "ApplicationDocument", filename: str) -> str:
    """Return where a document lies in the private storage: under a name that says nothing."""
    return f"applications/{uuid.uuid4().hex}"


class ApplicationDocument(models.Model):
    """A file that an applicant handed in. The file goes when its time is over; that it was there remains."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="documents")
    kind = models.CharField(_("document"), max_length=12, choices=DocumentKind.choices)
    file = models.FileField(_("file"), upload_to=document_path, storage=private_storage, blank=True)
    name = models.CharField(_("name of the file"), max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(_("size"))  # bytes
    sha256 = models.CharField(max_length=64)
    uploaded_at = models.DateTimeField(_("handed in"))
    purged_at = models.DateTimeField(_("deleted"), null=True)

    class Meta:
        verbose_name = _("document of an application")
        verbose_name_plural = _("documents of applications")

    def __str__(self) -> str:
        return self.name


def new_token() -> str:
    """Return a fresh secret for a link in a letter: 256 bits."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Return what is stored of a token: who reads the database cannot answer for a referee."""
    return hashlib.sha256(token.encode()).hexdigest()


class Reference(models.Model):
    """A colleague whom the applicant named. He answers by a link in a letter, once."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="references")
    name = models.CharField(_("name"), max_length=150)
    email = models.EmailField(_("e-mail"))
    language = models.CharField(_("language of the letter"), max_length=2, default="ru")
    status = models.CharField(
        _("status"), max_length=10, choices=ReferenceStatus.choices, default=ReferenceStatus.INVITED, editable=False
    )
    token_hash = models.CharField(max_length=64, blank=True, editable=False)
    invited_at = models.DateTimeField(_("invited"), null=True, editable=False)  # None until the submission
    expires_at = models.DateTimeField(_("may answer until"), null=True, editable=False)
    answered_at = models.DateTimeField(_("answered"), null=True, editable=False)
    referee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    known_years = models.PositiveSmallIntegerField(_("knows the applicant, years"), null=True, editable=False)
    statement = models.TextField(_("what the referee says"), max_length=2000, blank=True, editable=False)
    conflict = models.TextField(_("conflict of interest"), max_length=1000, blank=True, editable=False)

    class Meta:
        verbose_name = _("reference")
        verbose_name_plural = _("references")
        constraints = [
            models.UniqueConstraint(
                fields=["token_hash"], condition=~Q(token_hash=""), name="members_reference_token_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class InformationRequest(models.Model):
    """One question of the chapter to the applicant, and the answer."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="information_requests")
    question = models.CharField(_("question"), max_length=500)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("asked"))
    answer = models.TextField(_("answer"), max_length=2000, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True)

    class Meta:
        verbose_name = _("question to an applicant")
        verbose_name_plural = _("questions to applicants")

    def __str__(self) -> str:
        return self.question


class ReviewNote(models.Model):
    """What an officer noted for other officers; the applicant never sees it."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("note"), max_length=2000)
    # The author has a conflict of interest and leaves this application to others.
    is_conflict = models.BooleanField(_("conflict of interest"), default=False)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("note on an application")
        verbose_name_plural = _("notes on applications")

    def __str__(self) -> str:
        return f"{self.application}: {self.at:%Y-%m-%d}"


class Decision(models.Model):
    """What was decided on an application, by whom, and why: the applicant's text apart from the internal note."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="decisions")
    step = models.CharField(_("step"), max_length=8, choices=DecisionStep.choices)
    is_positive = models.BooleanField(_("in favour"))
    reason_code = models.CharField(_("reason"), max_length=24, choices=DecisionReason.choices, blank=True)
    text_for_applicant = models.TextField(_("what the applicant reads"), max_length=3000, blank=True)
    internal_note = models.TextField(_("internal note"), max_length=3000, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(_("decided"))

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")

    def __str__(self) -> str:
        return f"{self.application}: {self.get_step_display()}"


class AppealVote(models.Model):
    """A board member's voice on an appeal. Two equal ones decide."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="appeal_votes")
    voter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    is_for = models.BooleanField(_("for the applicant"))
    note = models.TextField(_("internal note"), max_length=2000, blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("vote on an appeal")
        verbose_name_plural = _("votes on appeals")
        constraints = [models.UniqueConstraint(fields=["application", "voter"], name="members_appealvote_once")]

    def __str__(self) -> str:
        return f"{self.application}: {self.voter_id}"


class ConsentText(models.Model):
    """A version of what people agree to. A published version is never edited."""

    kind = models.CharField(_("about"), max_length=10, choices=ConsentKind.choices)
    version = models.PositiveSmallIntegerField(_("version"))
    text_ru = models.TextField(_("text in Russian"), max_length=5000)
    text_en = models.TextField(_("text in English"), max_length=5000)
    starts_on = models.DateField(_("from"))

    class Meta:
        verbose_name = _("text of a consent")
        verbose_name_plural = _("texts of consents")
        constraints = [models.UniqueConstraint(fields=["kind", "version"], name="members_consenttext_version")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.version}"

    def text_in(self, language: str | None) -> str:
        """Return the text in English for English, else in Russian."""
        return self.text_en if language == "en" else self.text_ru


class Consent(models.Model):
    """That a person agreed to a version of a text, when, and with which application."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="consents")
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, related_name="+")
    application = models.ForeignKey(Application, on_delete=models.CASCADE, null=True, related_name="consents")
    given_at = models.DateTimeField(_("given"))

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [models.UniqueConstraint(fields=["user", "text", "application"], name="members_consent_once")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.text}"
