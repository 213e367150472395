"""What moderating leaves behind: reports, warnings, bans; words to look at; and whom a reader ignores."""

import datetime as dt
from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from forum.choices import ReportOutcome, ReportReason
from forum.models.posts import Post
from forum.models.rooms import Room
from forum.rules.text import WORD, plain_word


class ReportQuerySet(models.QuerySet["Report"]):
    def open(self) -> Self:
        """Keep the reports that no moderator has looked at."""
        return self.filter(closed_at__isnull=True)


class Report(models.Model):
    """Somebody's word that a moderator should look at a post. A person has one open report about a post."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="reports", verbose_name=_("post"))
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+", verbose_name=_("reported by")
    )
    reason = models.CharField(_("reason"), max_length=12, choices=ReportReason.choices)
    text = models.CharField(_("what is wrong"), max_length=300, blank=True)
    at = models.DateTimeField(_("reported"))
    closed_at = models.DateTimeField(_("looked at"), null=True, editable=False)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("looked at by"),
    )
    outcome = models.CharField(_("outcome"), max_length=10, choices=ReportOutcome.choices, blank=True, editable=False)
    note = models.CharField(_("note for moderators"), max_length=200, blank=True, editable=False)

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        constraints = [
            models.UniqueConstraint(
                fields=["post", "reporter"], condition=Q(closed_at__isnull=True), name="forum_report_once"
            )
        ]
        indexes = [
            models.Index(fields=["post", "at"], name="forum_report_open", condition=Q(closed_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.post_id}: {self.get_reason_display()}"


class PostWarning(models.Model):
    """A moderator's word to the author of a post, which stays as it is."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="warnings", verbose_name=_("post"))
    text = models.CharField(_("warning"), max_length=200)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("warned by")
    )
    at = models.DateTimeField(_("warned"))

    class Meta:
        verbose_name = _("warning")
        verbose_name_plural = _("warnings")

    def __str__(self) -> str:
        return f"{self.post_id}: {self.at:%Y-%m-%d}"


class PostingBanQuerySet(models.QuerySet["PostingBan"]):
    def in_force(self, on: dt.date) -> Self:
        """Keep the bans that hold on a day."""
        return self.filter(until__gte=on, lifted_at__isnull=True)

    def of(self, user: User, room_id: int) -> Self:
        """Keep the bans of a person that concern a room: its own and those of the whole forum."""
        return self.filter(Q(room=room_id) | Q(room__isnull=True), user=user.pk)


class PostingBan(models.Model):
    """A time in which somebody reads and does not write: in one room, or everywhere where none is named."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("person")
    )
    room = models.ForeignKey(Room, on_delete=models.CASCADE, null=True, related_name="bans", verbose_name=_("room"))
    until = models.DateField(_("through this day"))
    reason = models.CharField(_("reason"), max_length=12, choices=ReportReason.choices)
    text = models.CharField(_("what the person reads"), max_length=200)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("decided by")
    )
    at = models.DateTimeField(_("decided"))
    lifted_at = models.DateTimeField(_("lifted"), null=True, editable=False)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("lifted by"),
    )

    objects = PostingBanQuerySet.as_manager()

    class Meta:
        verbose_name = _("ban from posting")
        verbose_name_plural = _("bans from posting")
        indexes = [models.Index(fields=["user", "until"], name="forum_ban", condition=Q(lifted_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.until}"


class Ignored(models.Model):
    """Somebody whose posts a reader has folded. Nobody else learns of it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("person")
    )
    ignored = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("whose posts are folded")
    )
    at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("ignored person")
        verbose_name_plural = _("ignored people")
        constraints = [models.UniqueConstraint(fields=["user", "ignored"], name="forum_ignored_once")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.ignored_id}"


class FlaggedWord(models.Model):
    """A word form of the office's list: a post that holds it is published as usual, and a moderator looks at it."""

    word = models.CharField(_("word"), max_length=60, unique=True)

    class Meta:
        verbose_name = _("flagged word")
        verbose_name_plural = _("flagged words")

    def __str__(self) -> str:
        return self.word

    def clean(self) -> None:
        """Keep the word as posts are searched for it: one word, in small letters."""
        self.word = plain_word(self.word)
        if WORD.fullmatch(self.word) is None:
            raise ValidationError({"word": _("Write one word, without spaces and signs.")})
