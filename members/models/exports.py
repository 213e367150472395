"""Exports of members' data: who asked for which columns of which chapters, why, and the file for a day."""

import datetime as dt
import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Viewer
from members.choices import ExportFormat, ExportStatus
from pages.models import private_storage

KEPT = dt.timedelta(hours=24)


def export_path(export: "MemberExport", filename: str) -> str:
    """Return where a file lies in the private storage: under a name that says nothing."""
    return f"exports/{uuid.uuid4().hex}"


class MemberExportQuerySet(models.QuerySet["MemberExport"]):
    def visible_to(self, user: Viewer) -> Self:
        """Keep a person's own: nobody fetches what another officer asked for."""
        return self.filter(requested_by=user.pk) if user.is_authenticated else self.none()

    def waiting(self) -> Self:
        """Keep those whose file is not made yet."""
        return self.filter(status=ExportStatus.WAITING)


class MemberExport(models.Model):
    """A request for a list of members as a file. The row stays; the file goes after a day."""

    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(_("purpose"), max_length=300)
    columns = models.JSONField(default=list)
    chapters = models.JSONField(default=list)  # ids of the chapters asked for; their city chapters belong to them
    standings = models.JSONField(default=list)  # empty: every standing
    format = models.CharField(_("format"), max_length=4, choices=ExportFormat.choices)
    language = models.CharField(max_length=2)
    status = models.CharField(_("status"), max_length=10, choices=ExportStatus.choices, default=ExportStatus.WAITING)
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    file = models.FileField(upload_to=export_path, storage=private_storage, blank=True)
    created_at = models.DateTimeField(_("asked for"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    expires_at = models.DateTimeField(_("kept until"))
    lease_until = models.DateTimeField(null=True)  # a task works on it until then

    objects = MemberExportQuerySet.as_manager()

    class Meta:
        verbose_name = _("export of members")
        verbose_name_plural = _("exports of members")
        indexes = [models.Index(fields=["requested_by", "-created_at"], name="members_export_list")]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def percent(self) -> int:
        return 100 * self.rows_done // self.rows_total if self.rows_total else 0
