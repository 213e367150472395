"""Moving to another chapter: the member asks, both chapters agree, and silence of the old one is agreement."""

import datetime as dt
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Viewer
from members.choices import OfficeRole
from members.models.chapters import Chapter
from members.models.memberships import Membership
from members.models.offices import offices_of


class TransferQuerySet(models.QuerySet["Transfer"]):
    def open(self) -> Self:
        """Keep those on which the last word is not spoken."""
        return self.filter(completed_at__isnull=True, ended_at__isnull=True)

    def ended(self) -> Self:
        """Keep those that are over, one way or the other."""
        return self.exclude(completed_at__isnull=True, ended_at__isnull=True)

    def visible_to(self, user: Viewer) -> Self:
        """Keep a person's own transfers and, for officers, those into and out of the chapters that they reach."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(Q(membership__user=user.pk) | Q(pk__in=self.model.objects.in_office(user).values("pk")))

    def in_office(self, user: Viewer) -> Self:
        """Keep those into and out of the chapters that an officer or a registrar reaches, but nobody's own."""
        if not user.is_authenticated:
            return self.none()
        chapters = offices_of(user).chapters_with(OfficeRole.CHAPTER_OFFICER, OfficeRole.REGISTRAR)
        others = self.exclude(membership__user=user.pk)
        if None in chapters:
            return others
        reached = Q(pk__in=[])
        for path in ("from_chapter", "to_chapter"):
            reached |= Q(**{f"{path}__in": chapters}) | Q(**{f"{path}__parent__in": chapters})
        return others.filter(reached)


class Transfer(models.Model):
    """One wish to move from a chapter to another, and what the two said."""

    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, related_name="transfers", verbose_name=_("membership")
    )
    from_chapter = models.ForeignKey(Chapter, on_delete=models.PROTECT, related_name="+", verbose_name=_("from"))
    to_chapter = models.ForeignKey(Chapter, on_delete=models.PROTECT, related_name="+", verbose_name=_("to"))
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    asked_at = models.DateTimeField(_("asked"))
    old_agreed_at = models.DateTimeField(_("the old chapter agreed"), null=True, editable=False)
    old_agreed_by = models.ForeignKey(  # None with a date: by silence
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    new_agreed_at = models.DateTimeField(_("the new chapter agreed"), null=True, editable=False)
    new_agreed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    completed_at = models.DateTimeField(_("moved"), null=True, editable=False)
    ended_at = models.DateTimeField(_("ended without moving"), null=True, editable=False)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    refusal = models.CharField(_("reason of the refusal"), max_length=500, blank=True)

    objects = TransferQuerySet.as_manager()

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        constraints = [
            models.UniqueConstraint(
                fields=["membership"],
                condition=Q(completed_at__isnull=True, ended_at__isnull=True),
                name="members_transfer_one_open",
                violation_error_message=_("A transfer is asked for already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.membership}: {self.to_chapter}"

    @property
    def is_open(self) -> bool:
        return self.completed_at is None and self.ended_at is None

    @property
    def version(self) -> int:
        """How many steps were taken: it rises with each of them."""
        steps = (self.old_agreed_at, self.new_agreed_at, self.completed_at, self.ended_at)
        return sum(step is not None for step in steps)

    @property
    def silence_ends_at(self) -> dt.datetime:
        """When the silence of the old chapter counts as agreement."""
        return self.asked_at + SILENCE


SILENCE = dt.timedelta(days=14)
