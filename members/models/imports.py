"""Bulk import: a file, its rows with a verdict each, and what every row did, so that a batch can be undone.

`members.services.imports` alone changes states. The rows hold what the file said about people: file and rows' contents
go together, 30 days after the upload or when the batch is undone.
"""

import datetime as dt
import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User, Viewer
from members.choices import BatchStatus, RowDecision, RowState, RowVerdict
from members.models.chapters import Chapter
from members.models.offices import import_chapters
from pages.models import private_storage

KEPT = dt.timedelta(days=30)


def import_path(batch: "ImportBatch", filename: str) -> str:
    """Return where an uploaded file lies in the private storage: under a name that says nothing."""
    return f"imports/{uuid.uuid4().hex}"


class ImportBatchQuerySet(models.QuerySet["ImportBatch"]):
    def visible_to(self, user: Viewer) -> Self:
        """Keep the batches that this person's office handles: all for a registrar, else those of the own chapters."""
        if not user.is_authenticated:
            return self.none()
        chapters = import_chapters(user)
        if None in chapters:
            return self
        return self.filter(Q(chapter__in=chapters) | Q(chapter__parent__in=chapters))

    def running(self) -> Self:
        """Keep those that a task works on, or should."""
        return self.filter(status__in=BatchStatus.running())


class ImportBatch(models.Model):
    """One uploaded file of members, from the trial run to the undoing."""

    chapter = models.ForeignKey(
        Chapter, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("chapter")
    )  # None: the whole League
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("uploaded by")
    )
    file = models.FileField(upload_to=import_path, storage=private_storage, blank=True)
    name = models.CharField(_("file"), max_length=200)
    sha256 = models.CharField(max_length=64)
    status = models.CharField(_("status"), max_length=10, choices=BatchStatus.choices, default=BatchStatus.CHECKING)
    version = models.PositiveIntegerField(default=0)  # rises with every step that a person takes
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=40, blank=True)  # a code of `members.rules.import_problems`
    problem_params = models.JSONField(default=dict)
    created_at = models.DateTimeField(_("uploaded"))
    lease_until = models.DateTimeField(null=True)  # a task works on it until then
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    finished_at = models.DateTimeField(_("finished"), null=True)
    undone_at = models.DateTimeField(_("undone"), null=True)
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    purged_at = models.DateTimeField(_("contents deleted"), null=True)

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        indexes = [models.Index(fields=["-created_at"], name="members_importbatch_list")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_running(self) -> bool:
        return self.status in BatchStatus.running()

    @property
    def percent(self) -> int:
        return 100 * self.rows_done // self.rows_total if self.rows_total else 0


class ImportRow(models.Model):
    """One line of a file: what it says, what will be done with it, what was done, and how to take that back."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField(_("line"))  # in the file, the heading being the first
    data = models.JSONField(default=dict)
    verdict = models.CharField(_("verdict"), max_length=10, choices=RowVerdict.choices)
    problems = models.JSONField(default=list)  # [[code, {parameters}], …] of `members.rules.import_problems`
    changes = models.JSONField(default=list)  # [[column, before, after], …] of an update
    candidate = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    decision = models.CharField(_("decision"), max_length=10, choices=RowDecision.choices, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=RowState.choices, default=RowState.WAITING)
    person = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    trace = models.JSONField(default=dict)  # {"created": [[model, pk, {values}]], "changed": [[model, pk, field, …]]}

    class Meta:
        verbose_name = _("row of an import")
        verbose_name_plural = _("rows of imports")
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="members_importrow_once")]
        indexes = [
            models.Index(fields=["batch", "verdict", "number"], name="members_importrow_verdict"),
            models.Index(fields=["batch", "state", "number"], name="members_importrow_state"),
        ]

    def __str__(self) -> str:
        return f"{self.batch}: {self.number}"
