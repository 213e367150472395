"""People who may be on record twice, and merges of two accounts into one, which can be undone for 30 days.

The signs by which two records of one person are recognised stand as keyed hashes: whoever reads the table learns
neither names nor licences from it. `members.services.duplicates` and `members.services.merging` alone write here.
"""

import datetime as dt
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Viewer
from members.choices import CaseStatus, IdentitySign, OfficeRole
from members.models.applications import Application
from members.models.memberships import Membership
from members.models.offices import offices_of
from members.models.profiles import Profile

UNDO_WITHIN = dt.timedelta(days=30)


class IdentityKey(models.Model):
    """One sign of a person: a hash of folded name and year of birth, of a licence, or of an address."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="identity_keys")
    sign = models.CharField(max_length=10, choices=IdentitySign.choices)
    value = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("sign of a person")
        verbose_name_plural = _("signs of people")
        constraints = [models.UniqueConstraint(fields=["user", "sign", "value"], name="members_identitykey_once")]
        indexes = [models.Index(fields=["sign", "value"], name="members_identitykey_value")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.sign}"


class IdentityIndex(models.Model):
    """When a person's signs were last derived, and the year of birth that an import brought."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="identity_index"
    )
    birth_year = models.PositiveSmallIntegerField(_("year of birth"), null=True)
    indexed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("state of a person’s signs")
        verbose_name_plural = _("states of people’s signs")
        indexes = [models.Index(fields=["indexed_at"], name="members_identityindex_due")]

    def __str__(self) -> str:
        return str(self.user_id)


def in_chapters(person: str, chapters: frozenset[int | None]) -> Q:
    """Return the condition that a person of the outer row belongs, by every record of the League, to these chapters.

    Who belongs to another chapter by any record is left out: that chapter's data is not theirs.
    """

    def reached(path: str = "chapter") -> Q:
        return Q(**{f"{path}__in": chapters}) | Q(**{f"{path}__parent__in": chapters})

    rows = (
        Membership.objects.filter(user=OuterRef(person)),
        Profile.objects.filter(user=OuterRef(person)),
        Application.objects.filter(user=OuterRef(person), submitted_at__isnull=False),
    )
    some, none_elsewhere = Q(), Q()
    for found in rows:
        some |= Q(Exists(found.filter(reached())))
        none_elsewhere &= ~Q(Exists(found.exclude(reached())))
    return some & none_elsewhere


class DuplicateCaseQuerySet(models.QuerySet["DuplicateCase"]):
    def visible_to(self, user: Viewer) -> Self:
        """Keep the cases that this person's office handles: a chapter's where both people are its own."""
        if not user.is_authenticated:
            return self.none()
        chapters = offices_of(user).chapters_with(OfficeRole.CHAPTER_OFFICER, OfficeRole.REGISTRAR, OfficeRole.BOARD)
        own = self.exclude(Q(first=user.pk) | Q(second=user.pk))
        if None in chapters:
            return own
        if not chapters:
            return self.none()
        return own.filter(in_chapters("first", chapters), in_chapters("second", chapters))

    def open(self) -> Self:
        """Keep what waits for somebody."""
        return self.filter(status__in=(CaseStatus.OPEN, CaseStatus.PROPOSED))

    def for_list(self) -> Self:
        return self.select_related(
            "first__profile__chapter", "second__profile__chapter", "first__membership", "second__membership"
        ).order_by("-found_at", "-pk")


class DuplicateCase(models.Model):
    """Two accounts that may be one person's."""

    first = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", verbose_name=_("one account"))
    second = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", verbose_name=_("the other account"))
    signs = models.JSONField(_("why"), default=list)  # of IdentitySign
    status = models.CharField(_("status"), max_length=10, choices=CaseStatus.choices, default=CaseStatus.OPEN)
    version = models.PositiveIntegerField(default=0)
    found_at = models.DateTimeField(_("found"))
    survivor = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")  # as proposed
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    proposed_at = models.DateTimeField(_("proposed"), null=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(_("closed"), null=True)

    objects = DuplicateCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("possible duplicate")
        verbose_name_plural = _("possible duplicates")
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="members_duplicatecase_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="members_duplicatecase_ordered"),
        ]
        indexes = [models.Index(fields=["status", "-found_at"], name="members_duplicatecase_list")]

    def __str__(self) -> str:
        return f"{self.first_id}, {self.second_id}"

    def signs_in_words(self) -> list[str]:
        """Return by what the two were recognised."""
        return [str(IdentitySign(sign).label) for sign in self.signs]


class MergeRecord(models.Model):
    """That one account was merged into another: every value that changed, so that it can be taken back."""

    case = models.ForeignKey(DuplicateCase, on_delete=models.PROTECT, related_name="merges")
    survivor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("account that stays"))
    merged = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("account that goes"))
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    merged_at = models.DateTimeField(_("merged"))
    changes = models.JSONField(default=list)  # [[model, pk, column, before, after], …] in the order they were made
    stays = models.JSONField(default=list)  # [[model, pk, code], …] what stays with the account that goes, and why
    undone_at = models.DateTimeField(_("undone"), null=True)
    undone_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("merge of two accounts")
        verbose_name_plural = _("merges of accounts")
        constraints = [
            models.UniqueConstraint(
                fields=["merged"], condition=Q(undone_at__isnull=True), name="members_mergerecord_one_in_force"
            )
        ]

    def __str__(self) -> str:
        return f"{self.merged_id} → {self.survivor_id}"

    def can_be_undone(self, at: dt.datetime) -> bool:
        """Whether its time is not over and what it changed is still known: an erasure empties that."""
        return self.undone_at is None and at <= self.merged_at + UNDO_WITHIN and bool(self.changes)


def accounts_of(user: User) -> list[User]:
    """Return an account and all that were merged into it, however many merges lie between."""
    found, latest = [user], [user]
    while latest:
        merged = MergeRecord.objects.filter(survivor__in=latest, undone_at=None).values("merged")
        latest = list(User.objects.filter(pk__in=merged).order_by("pk"))
        found += latest
    return found


def survivor_of(user: User) -> User:
    """Return the account into which this one was merged, however many merges lie between; itself if none."""
    while True:
        record = MergeRecord.objects.filter(merged=user, undone_at=None).select_related("survivor").first()
        if record is None:
            return user
        user = record.survivor
