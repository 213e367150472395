"""Membership: kinds, dated periods, sanctions. The standing is derived from them (`members.rules.standing`)."""

import datetime as dt
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Viewer
from members.choices import PeriodSource, SanctionGround, SanctionKind, Standing
from members.models.chapters import Chapter
from members.models.offices import offices_of
from members.rules.standing import Facts, Period, SanctionFact


class TierQuerySet(models.QuerySet["Tier"]):
    def open_to_applicants(self) -> Self:
        return self.filter(is_open=True).order_by("position", "pk")


class Tier(models.Model):
    """A kind of membership: full advocate, trainee, associate, honorary, institutional partner, student."""

    code = models.SlugField(_("code"), max_length=30, unique=True)
    name_ru = models.CharField(_("name in Russian"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=80)
    description_ru = models.CharField(_("for whom, in Russian"), max_length=300, blank=True)
    description_en = models.CharField(_("for whom, in English"), max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_open = models.BooleanField(_("people may apply for it"), default=True)
    needs_licence = models.BooleanField(_("needs an advocate’s licence"), default=True)
    needs_board = models.BooleanField(_("only the board admits"), default=False)
    period_months = models.PositiveSmallIntegerField(_("length of a period, months"), default=12)
    renewal_days = models.PositiveSmallIntegerField(_("renewal opens before the end, days"), default=60)
    grace_days = models.PositiveSmallIntegerField(_("grace after the end, days"), default=45)

    objects = TierQuerySet.as_manager()

    class Meta:
        verbose_name = _("kind of membership")
        verbose_name_plural = _("kinds of membership")
        constraints = [
            models.CheckConstraint(
                condition=Q(period_months__gte=1),
                name="members_tier_period_not_empty",
                violation_error_message=_("A period is one month at least."),
            )
        ]

    def __str__(self) -> str:
        return self.name_in(get_language())

    def name_in(self, language: str | None) -> str:
        """Return the name in English for English, else in Russian."""
        return self.name_en if language == "en" else self.name_ru


class MembershipQuerySet(models.QuerySet["Membership"]):
    def visible_to(self, user: Viewer) -> Self:
        """Keep a person's own membership and, for officers, those of the chapters that they reach."""
        if not user.is_authenticated:
            return self.none()
        offices = offices_of(user)
        if offices.reaches_league:
            return self
        own = Q(user=user.pk)
        if offices.chapter_ids:
            own |= Q(chapter__in=offices.chapter_ids) | Q(chapter__parent__in=offices.chapter_ids)
        return self.filter(own)

    def in_office(self, user: Viewer) -> Self:
        """Keep those of the chapters that some office of this person reaches."""
        if not user.is_authenticated:
            return self.none()
        offices = offices_of(user)
        if offices.reaches_league:
            return self
        ids = offices.chapter_ids
        return self.filter(Q(chapter__in=ids) | Q(chapter__parent__in=ids))

    def with_facts(self) -> Self:
        """Fetch what the standing depends on: two queries, however many memberships."""
        return self.select_related("tier").prefetch_related("periods__tier", "sanctions")

    def due_for_standing(self, on: dt.date) -> Self:
        """Keep those whose cached standing was true only until a day that has come."""
        return self.filter(standing_until__lte=on)


class Membership(models.Model):
    """A person's one membership of the League, from admission on, however often it lapsed and was renewed.

    `standing` is a cache for lists: `members.services.memberships.refresh_standing` alone writes it.
    A person with a membership is never deleted but made anonymous: dues, votes and discipline stay true.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="membership", verbose_name=_("person")
    )
    number = models.CharField(_("number"), max_length=20, unique=True)
    chapter = models.ForeignKey(
        Chapter, on_delete=models.PROTECT, related_name="memberships", verbose_name=_("chapter")
    )
    tier = models.ForeignKey(
        Tier, on_delete=models.PROTECT, related_name="memberships", verbose_name=_("kind of membership")
    )
    joined_on = models.DateField(_("member since"))
    resigned_on = models.DateField(_("resigned"), null=True, blank=True)
    deceased_on = models.DateField(_("deceased"), null=True, blank=True)
    standing = models.CharField(
        _("standing"), max_length=12, choices=Standing.choices, default=Standing.NONE, editable=False
    )
    standing_until = models.DateField(null=True, editable=False)  # the day on which time alone changes it
    version = models.PositiveIntegerField(default=0, editable=False)  # rises with every transition

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        indexes = [
            models.Index(fields=["chapter", "standing"], name="members_membership_standing"),
            models.Index(fields=["standing_until"], name="members_membership_due"),
        ]

    def __str__(self) -> str:
        return self.number

    def facts(self) -> Facts:
        """Return what the standing depends on; queries unless `with_facts` fetched it."""
        return Facts(
            periods=tuple(Period(row.starts_on, row.ends_on, row.tier.grace_days) for row in self.periods.all()),
            sanctions=tuple(
                SanctionFact(row.kind, row.starts_on, row.effective_end)
                for row in self.sanctions.all()
                if row.confirmed_at is not None
            ),
            resigned_on=self.resigned_on,
            deceased_on=self.deceased_on,
        )


class MembershipPeriod(models.Model):
    """A stretch of membership that was paid, waived or imported. It is never edited: a renewal adds one."""

    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="periods", verbose_name=_("membership")
    )
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="+", verbose_name=_("kind of membership"))
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))
    source = models.CharField(_("came from"), max_length=14, choices=PeriodSource.choices)
    created_at = models.DateTimeField(_("recorded"))

    class Meta:
        verbose_name = _("period of membership")
        verbose_name_plural = _("periods of membership")
        constraints = [
            models.UniqueConstraint(fields=["membership", "starts_on"], name="members_period_one_per_start"),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="members_period_ends_after_start",
                violation_error_message=_("A period cannot end before it starts."),
            ),
        ]
        indexes = [models.Index(fields=["ends_on"], name="members_period_end")]

    def __str__(self) -> str:
        return f"{self.starts_on} – {self.ends_on}"


class SanctionQuerySet(models.QuerySet["Sanction"]):
    def in_force(self, on: dt.date) -> Self:
        """Keep what is confirmed and holds on that day."""
        return self.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=on),
            Q(lifted_on__isnull=True) | Q(lifted_on__gt=on),
            confirmed_at__isnull=False,
            starts_on__lte=on,
        )

    def proposed(self) -> Self:
        """Keep what a job proposed and nobody has confirmed or dismissed."""
        return self.filter(confirmed_at__isnull=True, dismissed_at__isnull=True)


class Sanction(models.Model):
    """A suspension or an expulsion. One that a job proposes has no effect until a person confirms it."""

    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="sanctions", verbose_name=_("membership")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=SanctionKind.choices)
    ground = models.CharField(_("ground"), max_length=20, choices=SanctionGround.choices)
    text_for_member = models.TextField(_("what the member reads"), max_length=2000, blank=True)
    internal_note = models.TextField(_("internal note"), max_length=2000, blank=True)
    decision_reference = models.CharField(_("number and date of the decision"), max_length=120, blank=True)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("last day"), null=True, blank=True)  # None: until it is decided
    proposed_at = models.DateTimeField(null=True, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, editable=False)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    dismissed_at = models.DateTimeField(_("dismissed"), null=True, editable=False)
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    lifted_on = models.DateField(_("lifted"), null=True, editable=False)  # the first day without it
    lift_reason = models.CharField(_("reason for lifting"), max_length=300, blank=True)

    objects = SanctionQuerySet.as_manager()

    class Meta:
        verbose_name = _("sanction")
        verbose_name_plural = _("sanctions")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="members_sanction_ends_after_start",
                violation_error_message=_("A sanction cannot end before it starts."),
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True) | Q(dismissed_at__isnull=True),
                name="members_sanction_confirmed_or_dismissed",
                violation_error_message=_("A sanction is confirmed or dismissed, not both."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.membership}"

    @property
    def effective_end(self) -> dt.date | None:
        """Its last day, where it was lifted the day before that."""
        if self.lifted_on is None:
            return self.ends_on
        last = self.lifted_on - dt.timedelta(days=1)
        return last if self.ends_on is None else min(last, self.ends_on)


class ExpulsionVote(models.Model):
    """A board member's voice on an expulsion that the ethics committee proposed."""

    sanction = models.ForeignKey(Sanction, on_delete=models.PROTECT, related_name="votes")
    voter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    is_for = models.BooleanField(_("for the expulsion"))
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("vote on an expulsion")
        verbose_name_plural = _("votes on expulsions")
        constraints = [models.UniqueConstraint(fields=["sanction", "voter"], name="members_expulsionvote_once")]

    def __str__(self) -> str:
        return f"{self.sanction}: {self.voter_id}"


class NumberCounter(models.Model):
    """The last number given in a series, such as "member:KZ" or "invoice:2026-KZ": dense, and never given twice."""

    series = models.CharField(max_length=40, primary_key=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("number counter")
        verbose_name_plural = _("number counters")

    def __str__(self) -> str:
        return f"{self.series}: {self.last}"


def standing_of(user: User) -> Standing:
    """Return a person's cached standing: what pages and permissions ask."""
    value = Membership.objects.filter(user=user.pk).values_list("standing", flat=True).first()
    return Standing(value) if value else Standing.NONE
