"""What leaves the site: a message to one person on one channel, and for each event in it what became of it."""

import datetime as dt
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from notifications.choices import FINAL_STATES, Channel, MessageState, Urgency, Verdict
from notifications.models.events import Event

LEASED = (MessageState.CLAIMED, MessageState.SENDING)
WAITING = (MessageState.OPEN, MessageState.RETRY, MessageState.UNKNOWN)
GIVEN_UP = (MessageState.FAILED, MessageState.EXPIRED)


class MessageQuerySet(models.QuerySet["Message"]):
    def due(self, at: dt.datetime) -> Self:
        """Keep what has to be checked and sent now, the most urgent first."""
        return self.filter(state__in=WAITING, due_at__lte=at).order_by("-urgency", "due_at", "pk")

    def left_behind(self, at: dt.datetime) -> Self:
        """Keep what a worker held when its lease ran out."""
        return self.filter(state__in=LEASED, lease_until__lte=at)

    def unfinished(self) -> Self:
        return self.exclude(state__in=FINAL_STATES)

    def given_up(self) -> Self:
        """Keep what was refused or came too late, the latest first."""
        return self.filter(state__in=GIVEN_UP).order_by("-pk")

    def certainly_not_sent(self) -> Self:
        """Leave out what the other side may have accepted."""
        return self.filter(is_ambiguous=False)


class Message(models.Model):
    """A letter or a push to one person. While it is open, further events with the same bucket join it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notification_messages")
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    kind = models.CharField(_("kind"), max_length=60, blank=True)  # empty for a digest
    bucket = models.CharField(max_length=160)
    period = models.CharField(max_length=20, blank=True)  # of a digest, such as 2026-W48
    urgency = models.SmallIntegerField(_("urgency"), choices=Urgency.choices)
    state = models.CharField(_("state"), max_length=10, choices=MessageState.choices, default=MessageState.OPEN)
    created_at = models.DateTimeField(_("created"))
    due_at = models.DateTimeField(_("due"))
    expires_at = models.DateTimeField(_("worthless after"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    lease_owner = models.CharField(max_length=36, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    is_ambiguous = models.BooleanField(default=False)  # a try broke off after the other side may have accepted it
    error_code = models.CharField(_("error"), max_length=100, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "channel", "bucket"],
                condition=Q(state=MessageState.OPEN),
                name="notifications_message_one_open",
            ),
            models.UniqueConstraint(
                fields=["user", "period"], condition=~Q(period=""), name="notifications_message_one_digest"
            ),
        ]
        indexes = [
            models.Index(
                F("urgency").desc(), "due_at", condition=Q(state__in=WAITING), name="notifications_message_due"
            ),
            models.Index(fields=["lease_until"], condition=Q(state__in=LEASED), name="notifications_message_leased"),
            models.Index(fields=["state"], name="notifications_message_state"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.pk} → {self.user_id}"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def visible_to(self, user: User) -> Self:
        """Keep a person's own."""
        return self.filter(user_id=user.pk)

    def before(self, moment: dt.datetime, pk: int) -> Self:
        """Keep what comes after a delivery in a list of the latest first; the index finds the place."""
        return self.filter(Q(created_at__lt=moment) | Q(pk__lt=pk), created_at__lte=moment)

    def for_page(self) -> Self:
        """Take along what a sentence is made of and how far the message has come, the latest first."""
        return self.select_related("event__actor", "message").order_by("-created_at", "-pk")


class Delivery(models.Model):
    """One event for one person on one channel: at most one, and what became of it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(max_length=10, choices=Channel.choices)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="deliveries"
    )  # none while it waits for a digest, or where nothing was to be sent
    verdict = models.CharField(max_length=12, choices=Verdict.choices, default=Verdict.WAITING)
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [models.UniqueConstraint(fields=["user", "channel", "event"], name="notifications_delivery_once")]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="notifications_delivery_page"),
            models.Index(fields=["user"], condition=Q(verdict=Verdict.DIGEST), name="notifications_delivery_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} {self.channel} → {self.user_id}: {self.verdict}"


class Attempt(models.Model):
    """A try to send a message. Rows are only added."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, blank=True)
    code = models.CharField(max_length=100, blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        constraints = [
            models.UniqueConstraint(fields=["message", "number"], name="notifications_attempt_once_per_number")
        ]
        indexes = [models.Index(fields=["started_at"], name="notifications_attempt_started")]

    def __str__(self) -> str:
        return f"{self.message_id} #{self.number}"
