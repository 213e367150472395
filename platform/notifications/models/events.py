"""What happened, and what each person sees of it on the site. No row here holds a text of anybody."""

import datetime as dt
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from notifications.choices import EventState, Urgency


class EventQuerySet(models.QuerySet["Event"]):
    def due(self, at: dt.datetime) -> Self:
        """Keep what has to be told now, and what a worker left behind when its lease ran out; the most urgent first."""
        waiting = Q(state=EventState.NEW, due_at__lte=at)
        left = Q(state=EventState.EXPANDING, lease_until__lte=at)
        return self.filter(waiting | left).order_by("-urgency", "due_at", "pk")

    def unfinished(self) -> Self:
        return self.filter(state__in=[EventState.NEW, EventState.EXPANDING])

    def given_up(self) -> Self:
        """Keep what nobody will tell any more unless the office asks for it, the latest first."""
        return self.filter(state=EventState.DEAD).order_by("-pk")


class Event(models.Model):
    """A fact that people are told, written in the transaction that makes it true.

    `key` makes it once: the same fact reported twice is one event.
    """

    key = models.CharField(_("key"), max_length=200, unique=True)
    kind = models.CharField(_("kind"), max_length=60)
    subject_id = models.CharField(_("subject"), max_length=64)
    scope = models.CharField(_("scope"), max_length=100, help_text=_("What a person mutes as one thing."))
    collapse_key = models.CharField(_("collapse key"), max_length=160)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    recipients = models.JSONField(_("recipients"), null=True, help_text=_("Ids of people; empty: as the kind says."))
    data = models.JSONField(_("data"), default=dict, blank=True, help_text=_("Codes and numbers, never text."))
    urgency = models.SmallIntegerField(_("urgency"), choices=Urgency.choices)
    created_at = models.DateTimeField(_("happened"))

    state = models.CharField(_("state"), max_length=10, choices=EventState.choices, default=EventState.NEW)
    cursor = models.BigIntegerField(_("told up to the person"), default=0)
    told = models.PositiveIntegerField(_("people told"), default=0)
    due_at = models.DateTimeField(_("due"))
    lease_owner = models.CharField(max_length=36, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    error_code = models.CharField(_("error"), max_length=100, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(
                F("urgency").desc(),
                "due_at",
                condition=Q(state__in=[EventState.NEW, EventState.EXPANDING]),
                name="notifications_event_due",
            ),
            models.Index(fields=["scope"], name="notifications_event_scope"),
            models.Index(fields=["-id"], condition=Q(state=EventState.DEAD), name="notifications_event_dead"),
        ]

    def __str__(self) -> str:
        return self.key


class ItemQuerySet(models.QuerySet["Item"]):
    def visible_to(self, user: User) -> Self:
        """Keep a person's own."""
        return self.filter(user_id=user.pk)

    def unread(self) -> Self:
        return self.filter(read_at__isnull=True)

    def read(self) -> Self:
        return self.filter(read_at__isnull=False)

    def before(self, moment: dt.datetime, pk: int) -> Self:
        """Keep what comes after an item in a list of the latest first; the index finds the place."""
        return self.filter(Q(updated_at__lt=moment) | Q(pk__lt=pk), updated_at__lte=moment)

    def for_list(self) -> Self:
        """Take along what a sentence is made of, the latest first."""
        return self.select_related("event", "actor").order_by("-updated_at", "-pk")


class Item(models.Model):
    """A line in a person's notification centre; further events on the same subject add to it until it is read."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_items")
    kind = models.CharField(max_length=60)
    collapse_key = models.CharField(max_length=160)
    subject_id = models.CharField(max_length=64)
    scope = models.CharField(max_length=100)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="+")  # the latest
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    count = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    objects = ItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "collapse_key"],
                condition=Q(read_at__isnull=True),
                name="notifications_item_once_while_unread",
            )
        ]
        indexes = [
            models.Index(fields=["user", "-updated_at"], name="notifications_item_list"),
            models.Index(fields=["user"], condition=Q(read_at__isnull=True), name="notifications_item_unread"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id} → {self.user_id}"
