"""What people chose: channels by kind, digest, quiet hours, what they muted, where push reaches them."""

from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from notifications.choices import Channel, DigestFrequency, Floor, Mode, Weekday

MINUTES_A_DAY = 24 * 60


def validate_quiet_hours(value: object) -> None:
    """Raise ValidationError unless there is a pair of minutes of the day, or nothing, for each of seven weekdays.

    A pair whose end is not after its start goes on into the next day; equal ends mean the whole day.
    """
    is_week = isinstance(value, list) and len(value) == len(Weekday)
    if not is_week or not all(day is None or _is_span(day) for day in value):  # type: ignore[attr-defined]  # a list by now
        raise ValidationError(_("Quiet hours are a beginning and an end for each day of the week."))


def _is_span(day: object) -> bool:
    return (
        isinstance(day, list)
        and len(day) == 2
        and all(isinstance(minute, int) and 0 <= minute < MINUTES_A_DAY for minute in day)
    )


def default_quiet_hours() -> list[list[int] | None]:
    """From ten in the evening to eight in the morning, every day."""
    return [[22 * 60, 8 * 60] for _day in Weekday]


class Reader(models.Model):
    """How one person wants to be told. Who never chose has no row and gets these defaults."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="notification_reader"
    )
    digest = models.CharField(
        _("digest"), max_length=10, choices=DigestFrequency.choices, default=DigestFrequency.WEEKLY
    )
    digest_hour = models.PositiveSmallIntegerField(_("hour"), default=8, validators=[MaxValueValidator(23)])
    digest_weekday = models.PositiveSmallIntegerField(_("day"), choices=Weekday.choices, default=Weekday.FRIDAY)
    quiet_hours = models.JSONField(_("quiet hours"), default=default_quiet_hours, validators=[validate_quiet_hours])
    mail_floor = models.PositiveSmallIntegerField(_("what letters may say"), choices=Floor.choices, default=Floor.FULL)
    digest_due_at = models.DateTimeField(null=True, blank=True)  # none while nothing waits for a digest
    pulled_seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("reader")
        verbose_name_plural = _("readers")
        indexes = [
            models.Index(
                fields=["digest_due_at"],
                condition=models.Q(digest_due_at__isnull=False),
                name="notifications_reader_digest",
            )
        ]

    def __str__(self) -> str:
        return str(self.user_id)


class Preference(models.Model):
    """A person's choice for one kind on one channel; without a row the kind's own default holds."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=60)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    mode = models.CharField(max_length=10, choices=Mode.choices)

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "channel"], name="notifications_preference_once")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.kind} {self.channel}: {self.mode}"


class MuteQuerySet(models.QuerySet["Mute"]):
    def visible_to(self, user: User) -> Self:
        """Keep a person's own."""
        return self.filter(user_id=user.pk)


class Mute(models.Model):
    """A person does not want to hear of one thing, whatever the kind."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    scope = models.CharField(max_length=100)
    created_at = models.DateTimeField()

    objects = MuteQuerySet.as_manager()

    class Meta:
        verbose_name = _("muted thing")
        verbose_name_plural = _("muted things")
        constraints = [models.UniqueConstraint(fields=["user", "scope"], name="notifications_mute_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.scope}"


class PushSubscriptionQuerySet(models.QuerySet["PushSubscription"]):
    def visible_to(self, user: User) -> Self:
        """Keep a person's own devices."""
        return self.filter(user_id=user.pk)


class PushSubscription(models.Model):
    """A browser that agreed to be told (RFC 8030); removed when its service says that it is gone."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="push_subscriptions")
    endpoint = models.URLField(max_length=1000, unique=True)
    p256dh = models.CharField(max_length=120)
    auth = models.CharField(max_length=40)
    device = models.CharField(_("device"), max_length=120, blank=True)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    objects = PushSubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("browser for push")
        verbose_name_plural = _("browsers for push")

    def __str__(self) -> str:
        return f"{self.user_id} {self.device}"
