"""A learner's record: enrolment and progress, the same in every language."""

import datetime as dt
import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from courses.models.runs import Course, CourseRun, Unit


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    def active(self) -> Self:
        """Keep those who did not withdraw."""
        return self.filter(withdrawn_at__isnull=True)

    def visible_to(self, user: User) -> Self:
        """Keep a person's own enrolments: a learner's record is the learner's."""
        return self.filter(user_id=user.pk)

    def for_course(self, user: User, course_key: uuid.UUID) -> "Enrolment | None":
        """Return a person's latest active enrolment in a course, with its run."""
        return (
            self.active()
            .visible_to(user)
            .filter(run__course_id=course_key)
            .select_related("run")
            .order_by("-enrolled_at", "-pk")
            .first()
        )

    def with_progress(self) -> Self:
        """Annotate `units_total` and `units_done`: required units of the course now, and those completed."""
        required = (
            Unit.objects.required()
            .filter(course=OuterRef("run__course"))
            .order_by()
            .values("course")
            .annotate(total=Count("pk"))
            .values("total")
        )
        done = (
            UnitProgress.objects.filter(
                enrolment=OuterRef("pk"),
                completed_at__isnull=False,
                unit__retired_at__isnull=True,
                unit__is_required=True,
                unit__course=OuterRef("run__course"),
            )
            .order_by()
            .values("enrolment")
            .annotate(total=Count("pk"))
            .values("total")
        )
        return self.annotate(
            units_total=Coalesce(Subquery(required, output_field=models.IntegerField()), 0),
            units_done=Coalesce(Subquery(done, output_field=models.IntegerField()), 0),
        )

    def for_home(self) -> Self:
        """Return the courses in hand first, the one last opened on top."""
        return (
            self.active()
            .with_progress()
            .select_related("run__course")
            .order_by(F("completed_at").desc(nulls_first=True), F("last_seen_at").desc(nulls_last=True), "-pk")
        )


class Enrolment(models.Model):
    """A person in a run. Neither the run nor the account can be deleted while it exists.

    Erasure (the right to be forgotten) anonymises the account instead: certificates must stay verifiable.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="enrolments",
        verbose_name=_("learner"),
    )
    run = models.ForeignKey(CourseRun, on_delete=models.PROTECT, related_name="enrolments", verbose_name=_("run"))
    language = models.CharField(_("language"), max_length=2)
    enrolled_at = models.DateTimeField(_("enrolled"))
    withdrawn_at = models.DateTimeField(_("withdrew"), null=True, blank=True)
    last_unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("last opened")
    )
    last_seen_at = models.DateTimeField(_("last seen"), null=True, blank=True)
    completed_at = models.DateTimeField(_("completed"), null=True, blank=True)

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("enrolment")
        verbose_name_plural = _("enrolments")
        constraints = [models.UniqueConstraint(fields=["user", "run"], name="courses_enrolment_once_per_run")]

    def __str__(self) -> str:
        return f"{self.user}, {self.run}"

    @property
    def course(self) -> Course:
        return self.run.course

    def accepts_work(self, at: dt.datetime) -> bool:
        """Whether answers and completions count at that moment."""
        return self.withdrawn_at is None and self.run.has_started(at) and not self.run.has_ended(at)


class UnitProgress(models.Model):
    """How far a learner got in a unit. It only rises: what was earned stays earned (see services.progress)."""

    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="progress")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="progress")
    first_seen_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True, blank=True)
    best_percent = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("progress")
        verbose_name_plural = _("progress")
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "unit"], name="courses_progress_once_per_unit"),
            models.CheckConstraint(
                condition=Q(best_percent__isnull=True) | Q(best_percent__lte=100),
                name="courses_progress_percent_in_range",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment_id}: {self.unit_id}"
