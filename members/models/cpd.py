"""Professional development: an append-only ledger, claims, rules of countries as dated data, transcripts."""

import datetime as dt
import secrets
import uuid
from typing import Any, ClassVar, NoReturn, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.lookups import Exact
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from accounts.models import Viewer
from members.choices import Country, CpdActivity, CpdClaimStatus, CpdRefusal, CpdSource, CpdTopic, OfficeRole
from members.models.memberships import Membership
from members.models.offices import offices_of
from members.rules.cpd import QUARTER
from pages.models import private_storage


class LedgerUnchangeable(Exception):
    """Raised when code tries to change or delete an entry of the ledger: a correction is an entry of its own."""


def validate_topics(value: object) -> None:
    """Raise ValidationError unless there is a list of known subjects, each once."""
    if not isinstance(value, list) or not set(value) <= set(CpdTopic.values) or len(set(value)) != len(value):
        raise ValidationError(_("Choose from the list."))


def people_in_office(user: Viewer) -> models.QuerySet[Membership]:
    """Return the memberships whose hours the office of a person handles: its chapters', or all, never one's own."""
    if not user.is_authenticated:
        return Membership.objects.none()
    chapters = offices_of(user).chapters_with(OfficeRole.CHAPTER_OFFICER, OfficeRole.REGISTRAR)
    handled = Membership.objects.exclude(user=user.pk)
    if None in chapters:
        return handled
    return handled.filter(Q(chapter__in=chapters) | Q(chapter__parent__in=chapters))


class CpdClaimQuerySet(models.QuerySet["CpdClaim"]):
    def visible_to(self, user: Viewer) -> Self:
        """Keep a person's own claims and those that the person's office handles."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(Q(user=user.pk) | Q(user__in=people_in_office(user).values("user")))

    def in_office(self, user: Viewer) -> Self:
        """Keep what the office of this person decides, never one's own."""
        return self.filter(user__in=people_in_office(user).values("user"))

    def waiting(self) -> Self:
        return self.filter(status=CpdClaimStatus.CLAIMED)


def evidence_path(claim: "CpdClaim", filename: str) -> str:
    """Return where evidence lies in the private storage: under a name that says nothing."""
    return f"cpd/{uuid.uuid4().hex}"


class CpdActivityFields(models.Model):
    """What was done, as claimed and as recorded."""

    activity = models.CharField(_("activity"), max_length=12, choices=CpdActivity.choices)
    provider = models.CharField(_("provider"), max_length=200)
    title = models.CharField(_("title"), max_length=255)
    done_on = models.DateField(_("date"))
    minutes = models.IntegerField(_("length, minutes"))
    topics = models.JSONField(_("subjects"), default=list, blank=True, validators=[validate_topics])
    is_self_study = models.BooleanField(_("self-study"), default=False)

    class Meta:
        abstract = True

    @property
    def topic_labels(self) -> list[str]:
        return [str(CpdTopic(topic).label) for topic in self.topics]


class CpdClaim(CpdActivityFields):
    """Hours that a member did elsewhere and asks to have recorded. Accepting one writes exactly one entry."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="cpd_claims", verbose_name=_("person")
    )
    evidence = models.FileField(_("evidence"), upload_to=evidence_path, storage=private_storage, blank=True)
    evidence_name = models.CharField(_("name of the file"), max_length=200, blank=True)
    evidence_type = models.CharField(max_length=100, blank=True)
    evidence_sha256 = models.CharField(max_length=64, blank=True)
    claimed_at = models.DateTimeField(_("claimed"))
    status = models.CharField(
        _("status"), max_length=8, choices=CpdClaimStatus.choices, default=CpdClaimStatus.CLAIMED, editable=False
    )
    version = models.PositiveIntegerField(default=0, editable=False)  # rises with the decision
    refusal = models.CharField(_("reason"), max_length=20, choices=CpdRefusal.choices, blank=True, editable=False)
    text_for_member = models.TextField(_("what the member reads"), max_length=1000, blank=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    decided_at = models.DateTimeField(_("decided"), null=True, editable=False)

    objects = CpdClaimQuerySet.as_manager()

    class Meta:
        verbose_name = _("claim of professional development")
        verbose_name_plural = _("claims of professional development")
        constraints = [
            models.CheckConstraint(
                condition=Q(minutes__gt=0) & Q(Exact(F("minutes") % QUARTER, 0)),
                name="members_cpdclaim_quarter_hours",
                violation_error_message=_("Hours are counted in quarters."),
            ),
            models.CheckConstraint(
                condition=Q(status=CpdClaimStatus.CLAIMED, decided_at__isnull=True)
                | (~Q(status=CpdClaimStatus.CLAIMED) & Q(decided_at__isnull=False)),
                name="members_cpdclaim_decided_with_moment",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("user")),
                name="members_cpdclaim_never_decided_by_claimant",
                violation_error_message=_("Nobody decides a claim of his or her own."),
            ),
        ]
        indexes = [
            models.Index(fields=["status", "claimed_at"], name="members_cpdclaim_queue"),
            models.Index(fields=["user", "-claimed_at"], name="members_cpdclaim_own"),
        ]

    def __str__(self) -> str:
        return self.title


class CpdEntryQuerySet(models.QuerySet["CpdEntry"]):
    def visible_to(self, user: Viewer) -> Self:
        """Keep a person's own entries and those of people whose hours the person's office handles."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(Q(user=user.pk) | Q(user__in=people_in_office(user).values("user")))

    def between(self, first: dt.date, last: dt.date) -> Self:
        return self.filter(done_on__gte=first, done_on__lte=last)

    def for_ledger(self) -> Self:
        """Order as a ledger reads, the latest first, with what was corrected by what."""
        return self.select_related("reversed_by", "reverses").order_by("-done_on", "-pk")

    def update(self, **fields: Any) -> NoReturn:
        raise LedgerUnchangeable

    def delete(self) -> NoReturn:
        raise LedgerUnchangeable


class CpdEntry(CpdActivityFields):
    """One row of a person's ledger: hours that were recorded, or a correction that takes a row back.

    It is never changed. A correction has the date of what it corrects and its minutes with a minus, so that the two
    cancel out in every period.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="cpd_entries", verbose_name=_("person")
    )
    provider = models.CharField(_("provider"), max_length=200, blank=True)  # empty: the League
    source = models.CharField(_("source"), max_length=10, choices=CpdSource.choices)
    key = models.CharField(max_length=80, blank=True)  # names the fact that was recorded: "course:17"
    claim = models.OneToOneField(CpdClaim, on_delete=models.PROTECT, null=True, related_name="entry")
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="reversed_by")
    reason = models.CharField(_("reason of the correction"), max_length=300, blank=True)
    recorded_at = models.DateTimeField(_("recorded"))
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    objects = CpdEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry of professional development")
        verbose_name_plural = _("entries of professional development")
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], condition=~Q(key=""), name="members_cpdentry_fact_once"),
            models.CheckConstraint(
                condition=Q(Exact(F("minutes") % QUARTER, 0))
                & (
                    Q(minutes__gt=0, reverses__isnull=True)
                    | Q(minutes__lt=0, reverses__isnull=False, source=CpdSource.REVERSAL)
                ),
                name="members_cpdentry_quarter_hours",
                violation_error_message=_("Hours are counted in quarters."),
            ),
        ]
        indexes = [models.Index(fields=["user", "-done_on", "-id"], name="members_cpdentry_ledger")]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise LedgerUnchangeable
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise LedgerUnchangeable

    @property
    def provider_name(self) -> str:
        return self.provider or str(_("Central Asian League of Lawyers"))


class CpdRuleQuerySet(models.QuerySet["CpdRule"]):
    def in_force(self, on: dt.date) -> Self:
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on), starts_on__lte=on)

    def for_country(self, country: str, on: dt.date) -> "CpdRule | None":
        """Return the rule of a country on a day."""
        return self.in_force(on).filter(country=country).order_by("-starts_on").first()


class CpdRule(models.Model):
    """What a country's bar asks of advocates, as far as the League knows: empty means that it is unknown."""

    country = models.CharField(_("country"), max_length=2, choices=Country.choices)
    starts_on = models.DateField(_("valid from"))
    ends_on = models.DateField(_("valid until"), null=True, blank=True)
    period_months = models.PositiveSmallIntegerField(
        _("length of a period, months"), null=True, blank=True, help_text=_("Empty: unknown.")
    )
    minutes_required = models.PositiveIntegerField(
        _("required in a period, minutes"), null=True, blank=True, help_text=_("Empty: unknown.")
    )
    ethics_minutes = models.PositiveIntegerField(
        _("of these in ethics at least, minutes"), null=True, blank=True, help_text=_("Empty: unknown.")
    )
    self_study_minutes = models.PositiveIntegerField(
        _("of these by self-study at most, minutes"), null=True, blank=True, help_text=_("Empty: unknown.")
    )
    carry_over_minutes = models.PositiveIntegerField(
        _("carried over to the next period at most, minutes"), null=True, blank=True, help_text=_("Empty: unknown.")
    )
    source_ru = models.TextField(_("source, in Russian"), max_length=1000)
    source_en = models.TextField(_("source, in English"), max_length=1000)

    # What may be unknown, in the words of a sentence that names it.
    FIGURES: ClassVar[dict[str, StrOrPromise]] = {
        "period_months": _("the length of a period"),
        "minutes_required": _("how many hours are required"),
        "ethics_minutes": _("how many of them in ethics"),
        "self_study_minutes": _("how many by self-study count"),
        "carry_over_minutes": _("how many are carried over to the next period"),
    }

    objects = CpdRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("rule on professional development")
        verbose_name_plural = _("rules on professional development")
        constraints = [
            models.UniqueConstraint(
                fields=["country", "starts_on"],
                name="members_cpdrule_one_per_start",
                violation_error_message=_("There is a rule of this country from that day."),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="members_cpdrule_ends_after_start",
                violation_error_message=_("A rule cannot end before it starts."),
            ),
            models.CheckConstraint(
                condition=Q(period_months__isnull=True) | Q(period_months__gte=1),
                name="members_cpdrule_period_not_empty",
                violation_error_message=_("A period is one month at least."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_country_display()}, {self.starts_on}"

    def clean(self) -> None:
        """Refuse a rule that is valid on the same day as another one of the country."""
        if not self.country or self.starts_on is None:
            return
        others = CpdRule.objects.filter(country=self.country).exclude(pk=self.pk)
        others = others.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=self.starts_on))
        if self.ends_on is not None:
            others = others.filter(starts_on__lte=self.ends_on)
        if others.exists():
            raise ValidationError(
                _("Another rule of this country is valid on some of these days. Set its last day first.")
            )

    def source_in(self, language: str | None) -> str:
        """Return the source in English for English, else in Russian."""
        return self.source_en if language == "en" else self.source_ru

    @property
    def source(self) -> str:
        return self.source_in(get_language())

    @property
    def unknown(self) -> list[str]:
        """Return what the League does not know of the rule, as parts of one sentence."""
        return [str(words) for name, words in self.FIGURES.items() if getattr(self, name) is None]

    @property
    def is_all_unknown(self) -> bool:
        return all(getattr(self, name) is None for name in self.FIGURES)


# Crockford's base 32: read aloud and typed without doubt, as on certificates.
PUBLIC_ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_public_id() -> str:
    """Return a fresh random identity for the verification address: 80 bits."""
    return "".join(secrets.choice(PUBLIC_ID_ALPHABET) for _position in range(16))


class TranscriptQuerySet(models.QuerySet["Transcript"]):
    def visible_to(self, user: Viewer) -> Self:
        """Keep a person's own transcripts; others can verify one that they hold, by its code."""
        return self.filter(user=user.pk) if user.is_authenticated else self.none()


class Transcript(models.Model):
    """A person's ledger of a period as it stood on a day, for showing to others. What it says never changes."""

    public_id = models.CharField(max_length=32, unique=True, default=new_public_id, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="cpd_transcripts", verbose_name=_("person")
    )
    language = models.CharField(_("language"), max_length=2)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    holder_name = models.CharField(_("holder"), max_length=150)
    total_minutes = models.IntegerField(_("recorded, minutes"))
    entries = models.JSONField(_("entries"), default=list)
    shows_entries = models.BooleanField(
        _("whoever verifies the transcript sees the single entries"),
        default=False,
        help_text=_("Otherwise they see the name, the period and the total only."),
    )
    sha256 = models.CharField(max_length=64)
    signature = models.CharField(max_length=100)
    issued_at = models.DateTimeField(_("issued"))
    revoked_at = models.DateTimeField(_("withdrawn"), null=True, editable=False)

    objects = TranscriptQuerySet.as_manager()

    class Meta:
        verbose_name = _("transcript of professional development")
        verbose_name_plural = _("transcripts of professional development")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="members_transcript_ends_after_start",
                violation_error_message=_("A period cannot end before it starts."),
            )
        ]
        indexes = [models.Index(fields=["user", "-issued_at"], name="members_transcript_own")]

    def __str__(self) -> str:
        return self.public_id

    def get_absolute_url(self) -> str:
        return reverse("cpd:verify", args=[self.public_id])

    def content(self) -> dict[str, object]:
        """Return everything that the transcript states: what is hashed and signed."""
        return {
            "id": self.public_id,
            "holder": self.holder_name,
            "from": self.starts_on.isoformat(),
            "until": self.ends_on.isoformat(),
            "minutes": self.total_minutes,
            "entries": self.entries,
        }
