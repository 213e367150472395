"""The audit log: what was done, by whom, to what, when and why; written once and never changed.

Each event is chained to the one before it by a hash, so that a change, a gap or a removal shows
(`services.verify`). Events are written within the transaction that they report; `services.seal` numbers and
chains them afterwards, so that no transaction waits for another one's log.
"""

import secrets
from typing import Any, NoReturn, Self

from django.db import models
from django.utils.translation import gettext_lazy as _


class EventUnchangeable(Exception):
    """Raised when code tries to change or delete an event of the log."""


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def sealed(self) -> Self:
        """Keep the events that are part of the chain."""
        return self.filter(number__isnull=False)

    def unsealed(self) -> Self:
        """Keep what no sealer has taken yet, in the order in which it will."""
        return self.filter(number__isnull=True).order_by("pk")

    def with_detail(self) -> Self:
        """Keep the events whose details say something and have not been erased."""
        return self.exclude(salt="").exclude(detail={})

    def about(self, subject: models.Model) -> Self:
        """Keep the events about one thing."""
        return self.filter(subject_type=subject._meta.label_lower, subject_id=str(subject.pk))

    def update(self, **fields: Any) -> NoReturn:
        raise EventUnchangeable

    def delete(self) -> NoReturn:
        raise EventUnchangeable


def new_salt() -> str:
    """Return what makes the hash of a detail impossible to guess from a list of likely details."""
    return secrets.token_hex(16)


class AuditEvent(models.Model):
    """One thing that somebody, or a job, did.

    People stand here by their numbers and never by their names, so that erasing a person leaves the chain whole.
    What may have to be erased, such as a reason in free words, stands in `detail`: the chain holds its salted hash.
    """

    number = models.PositiveBigIntegerField(_("number"), null=True, unique=True)  # its place in the chain
    at = models.DateTimeField(_("at"))
    actor_id = models.BigIntegerField(_("actor"), null=True)  # None: a job
    action = models.CharField(_("action"), max_length=60)  # "members.application_approved"
    subject_type = models.CharField(_("kind of subject"), max_length=60)  # "members.application"
    subject_id = models.CharField(_("subject"), max_length=40)
    person_id = models.BigIntegerField(_("person concerned"), null=True)
    chapter_id = models.BigIntegerField(_("chapter"), null=True)
    reason_code = models.CharField(_("reason"), max_length=60, blank=True)
    detail = models.JSONField(_("details"), default=dict)
    salt = models.CharField(max_length=32, default=new_salt)
    detail_hash = models.CharField(max_length=64)
    hash = models.CharField(_("hash"), max_length=64, blank=True)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "-id"], name="audit_event_subject"),
            models.Index(fields=["person_id", "-id"], name="audit_event_person"),
            models.Index(fields=["actor_id", "-id"], name="audit_event_actor"),
            models.Index(fields=["id"], name="audit_event_unsealed", condition=models.Q(number__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.number or '-'}: {self.action}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise EventUnchangeable
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise EventUnchangeable


def raw_events() -> "models.QuerySet[AuditEvent]":
    """Return the log without its guard: for sealing, and for erasing details, alone."""
    return models.QuerySet(AuditEvent)


class ChainHead(models.Model):
    """The last link of the chain: one row, whose lock lets one sealer at a time number events."""

    ONLY = 1

    number = models.PositiveBigIntegerField(_("number"), default=0)
    hash = models.CharField(_("hash"), max_length=64, default="0" * 64)
    sealed_at = models.DateTimeField(_("sealed"), null=True)

    class Meta:
        verbose_name = _("head of the audit log")
        verbose_name_plural = _("head of the audit log")

    def __str__(self) -> str:
        return f"{self.number}: {self.hash}"
