"""How far people have read, and how closely they follow: one row for a reader and a thread, none for a post."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from forum.choices import Level, LevelReason
from forum.models.rooms import Room
from forum.models.threads import Thread


class ThreadRead(models.Model):
    """A reader and a thread: the highest number read, which only rises, and the level chosen."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("person")
    )
    thread = models.ForeignKey(Thread, on_delete=models.CASCADE, related_name="reads", verbose_name=_("thread"))
    read_no = models.PositiveIntegerField(_("read up to"), default=0)
    level = models.SmallIntegerField(_("level"), choices=Level.choices, null=True)
    level_reason = models.CharField(_("why"), max_length=10, choices=LevelReason.choices, blank=True)
    is_pin_dismissed = models.BooleanField(_("not pinned any more for this reader"), default=False)

    class Meta:
        verbose_name = _("reading of a thread")
        verbose_name_plural = _("readings of threads")
        constraints = [models.UniqueConstraint(fields=["user", "thread"], name="forum_threadread_once")]
        indexes = [
            models.Index(
                fields=["thread", "user"], name="forum_threadread_watching", condition=models.Q(level=Level.WATCHING)
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id}/{self.thread_id}: {self.read_no}"


class RoomMark(models.Model):
    """A reader and a room: the place on the clock up to which all is read, and the level chosen."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("person")
    )
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="marks", verbose_name=_("room"))
    read_seq = models.BigIntegerField(_("read up to"), default=0)
    level = models.SmallIntegerField(_("level"), choices=Level.choices, null=True)

    class Meta:
        verbose_name = _("mark of a room")
        verbose_name_plural = _("marks of rooms")
        constraints = [models.UniqueConstraint(fields=["user", "room"], name="forum_roommark_once")]

    def __str__(self) -> str:
        return f"{self.user_id}/{self.room_id}: {self.read_seq}"


class ReaderMark(models.Model):
    """A reader and the whole forum: the place on the clock up to which all is read."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+", verbose_name=_("person")
    )
    read_seq = models.BigIntegerField(_("read up to"), default=0)

    class Meta:
        verbose_name = _("mark of the forum")
        verbose_name_plural = _("marks of the forum")

    def __str__(self) -> str:
        return f"{self.user_id}: {self.read_seq}"
