"""What people ask about their own data, and how long the League keeps what it knows."""

import datetime as dt
import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Viewer
from members.choices import Country, RequestKind, RequestState, RetentionKind
from members.rules.retention import DEFAULT_DAYS
from pages.models import private_storage


class DataRequestQuerySet(models.QuerySet["DataRequest"]):
    def visible_to(self, user: Viewer) -> Self:
        """Keep a person's own: nobody's office lets him read another's copy."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(user=user.pk)

    def exports(self) -> Self:
        return self.filter(kind=RequestKind.EXPORT)

    def ready(self, at: dt.datetime) -> Self:
        """Keep the copies that can be downloaded at that moment."""
        return self.exports().filter(state=RequestState.READY, expires_at__gt=at)

    def to_build(self, at: dt.datetime) -> Self:
        """Keep what waits for a worker, and what one left behind when its lease ran out."""
        waiting = Q(state=RequestState.WAITING)
        return self.exports().filter(waiting | Q(state=RequestState.BUILDING, lease_until__lte=at)).order_by("pk")


def export_path(request: "DataRequest", filename: str) -> str:
    """Return where a copy lies in the private storage: under a name that says nothing."""
    return f"exports/{uuid.uuid4().hex}.zip"


class DataRequest(models.Model):
    """A person asks for a copy of everything, or to be forgotten. The copy goes after a week, the row stays."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="data_requests", verbose_name=_("person")
    )
    kind = models.CharField(_("asks for"), max_length=8, choices=RequestKind.choices)
    state = models.CharField(_("state"), max_length=8, choices=RequestState.choices, default=RequestState.WAITING)
    language = models.CharField(_("language"), max_length=2, default="ru")
    asked_at = models.DateTimeField(_("asked"))
    lease_until = models.DateTimeField(null=True, editable=False)
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    done = models.PositiveIntegerField(default=0, editable=False)  # rows written
    total = models.PositiveIntegerField(default=0, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, editable=False)
    expires_at = models.DateTimeField(_("kept until"), null=True, editable=False)
    file = models.FileField(upload_to=export_path, storage=private_storage, blank=True)
    size = models.PositiveBigIntegerField(default=0, editable=False)  # bytes
    purged_at = models.DateTimeField(_("file deleted"), null=True, editable=False)

    objects = DataRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("request about personal data")
        verbose_name_plural = _("requests about personal data")
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(state__in=[RequestState.WAITING, RequestState.BUILDING]),
                name="members_datarequest_one_open",
            ),
            models.UniqueConstraint(
                fields=["user"], condition=Q(kind=RequestKind.ERASURE), name="members_datarequest_erased_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(state__in=[RequestState.WAITING, RequestState.BUILDING]),
                name="members_datarequest_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.get_kind_display()}"

    @property
    def is_open(self) -> bool:
        return self.state in {RequestState.WAITING, RequestState.BUILDING}

    def can_download(self, at: dt.datetime) -> bool:
        """Whether the copy lies ready at that moment."""
        return self.state == RequestState.READY and self.expires_at is not None and at < self.expires_at


class RetentionRuleQuerySet(models.QuerySet["RetentionRule"]):
    def days_for(self, kind: RetentionKind, country: str = "") -> int:
        """Return how many days data of a kind are kept in a country: its own rule, the general one, or the default."""
        rows = self.filter(kind=kind, country__in={"", country})
        days: dict[str, int] = dict(rows.values_list("country", "days"))
        general = days.get("", DEFAULT_DAYS[kind])
        return days.get(country, general)

    def for_list(self) -> Self:
        return self.order_by("kind", "country")


class RetentionRule(models.Model):
    """How many days a kind of data is kept once its time has begun to run: everywhere, or in one country.

    Laws differ and change, so these are rows; `members.services.retention` says from when the days count.
    """

    kind = models.CharField(_("data"), max_length=12, choices=RetentionKind.choices)
    country = models.CharField(
        _("country"), max_length=2, choices=Country.choices, blank=True, help_text=_("Empty: wherever no other holds.")
    )
    days = models.PositiveIntegerField(_("kept for, days"))
    note = models.CharField(_("reason or law"), max_length=300, blank=True)

    objects = RetentionRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("retention rule")
        verbose_name_plural = _("retention rules")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "country"],
                name="members_retentionrule_once",
                violation_error_message=_("There is a rule for these data in this country already."),
            ),
            models.CheckConstraint(
                condition=Q(days__gte=1, days__lte=36_525),
                name="members_retentionrule_days",
                violation_error_message=_("Data are kept for a day at least and for a hundred years at most."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}{f' ({self.get_country_display()})' if self.country else ''}"
