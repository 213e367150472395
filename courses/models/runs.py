"""The identity of a course and its units, in all languages, and the runs in which it is taken."""

import datetime as dt
from dataclasses import dataclass
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Count, F, Q
from django.utils.translation import gettext_lazy as _

from courses.choices import Pace, RunState, UnitKind


class Course(models.Model):
    """One course in all its languages; its key is the `translation_key` of its pages.

    Kept by `services.sync_course` when editors publish. It outlives its pages, as learners' records do.
    """

    key = models.UUIDField(primary_key=True, editable=False)
    title = models.CharField(_("title"), max_length=255)

    class Meta:
        verbose_name = _("course")
        verbose_name_plural = _("courses")

    def __str__(self) -> str:
        return self.title


class UnitQuerySet(models.QuerySet["Unit"]):
    def in_use(self) -> Self:
        """Keep the units that are part of the course now."""
        return self.filter(retired_at__isnull=True)

    def required(self) -> Self:
        return self.in_use().filter(is_required=True)


class Unit(models.Model):
    """A lesson or a quiz of a course, in all languages.

    The key is the lesson's `translation_key` or the id of the quiz's block. A unit that editors take out of the course
    is retired, never deleted: progress points at it.
    """

    key = models.UUIDField(primary_key=True, editable=False)
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="units")
    kind = models.CharField(max_length=10, choices=UnitKind.choices)
    lesson = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="quizzes")
    title = models.CharField(max_length=255)
    position = models.PositiveIntegerField()
    is_required = models.BooleanField(default=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        indexes = [models.Index(fields=["course", "position"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=UnitKind.LESSON, lesson__isnull=True) | Q(kind=UnitKind.QUIZ, lesson__isnull=False),
                name="courses_unit_quiz_has_lesson",
            )
        ]

    def __str__(self) -> str:
        return self.title


@dataclass(frozen=True)
class RunDates:
    """The four dates of a run, all with a time zone; None where the date is not set."""

    enrolment_opens_at: dt.datetime | None
    enrolment_closes_at: dt.datetime | None
    starts_at: dt.datetime | None
    ends_at: dt.datetime | None


def run_state(dates: RunDates, at: dt.datetime) -> RunState:
    """Say what the four dates mean at a moment.

    A date belongs to what it begins: at `starts_at` the run is running, at `enrolment_closes_at` enrolment is closed.
    Without `enrolment_closes_at` enrolment stays open, without `ends_at` the run never ends; without the two opening
    dates nothing is scheduled.
    """
    if dates.starts_at is None or dates.enrolment_opens_at is None:
        return RunState.TO_BE_SCHEDULED
    has_opened = dates.enrolment_opens_at <= at
    is_open = has_opened and (dates.enrolment_closes_at is None or at < dates.enrolment_closes_at)
    if at < dates.starts_at:
        if not has_opened:
            return RunState.FUTURE_NOT_YET_OPEN
        return RunState.FUTURE_OPEN if is_open else RunState.FUTURE_CLOSED
    if dates.ends_at is not None and dates.ends_at <= at:
        return RunState.ARCHIVED_OPEN if is_open else RunState.ARCHIVED_CLOSED
    return RunState.ONGOING_OPEN if is_open else RunState.ONGOING_CLOSED


OPEN_STATES = frozenset({RunState.FUTURE_OPEN, RunState.ONGOING_OPEN, RunState.ARCHIVED_OPEN})


class CourseRunQuerySet(models.QuerySet["CourseRun"]):
    def with_taken(self) -> Self:
        """Annotate `taken`: how many places are taken."""
        return self.annotate(taken=Count("enrolments", filter=Q(enrolments__withdrawn_at__isnull=True), distinct=True))

    def for_course_page(self) -> Self:
        """Order as a learner chooses: the soonest first, with the number of places taken."""
        return self.with_taken().order_by(F("starts_at").asc(nulls_last=True), "pk")


class CourseRun(models.Model):
    """One taking of a course: when, at whose pace, how many."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="runs", verbose_name=_("course"))
    label = models.CharField(
        _("label"), max_length=120, blank=True, help_text=_("For example: spring 2027, in Kazakh.")
    )
    pace = models.CharField(_("pace"), max_length=10, choices=Pace.choices, default=Pace.SELF_PACED)
    enrolment_opens_at = models.DateTimeField(_("enrolment opens"), null=True, blank=True)
    enrolment_closes_at = models.DateTimeField(_("enrolment closes"), null=True, blank=True)
    starts_at = models.DateTimeField(_("starts"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)
    capacity = models.PositiveIntegerField(_("places"), null=True, blank=True, help_text=_("Empty: without limit."))
    time_zone = models.CharField(_("time zone"), max_length=64, default=settings.TIME_ZONE)

    objects = CourseRunQuerySet.as_manager()

    taken: int  # annotated by `with_taken`

    class Meta:
        verbose_name = _("course run")
        verbose_name_plural = _("course runs")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(starts_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="courses_run_ends_after_start",
                violation_error_message=_("A run cannot end before it starts."),
            ),
            models.CheckConstraint(
                condition=Q(enrolment_closes_at__isnull=True)
                | Q(enrolment_opens_at__isnull=True)
                | Q(enrolment_closes_at__gt=F("enrolment_opens_at")),
                name="courses_run_enrolment_closes_after_open",
                violation_error_message=_("Enrolment cannot close before it opens."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course}: {self.label or self.get_pace_display()}"

    @property
    def dates(self) -> RunDates:
        return RunDates(self.enrolment_opens_at, self.enrolment_closes_at, self.starts_at, self.ends_at)

    def state(self, at: dt.datetime) -> RunState:
        """Return the state at a moment."""
        return run_state(self.dates, at)

    def has_started(self, at: dt.datetime) -> bool:
        """Whether lessons may be read at that moment."""
        return self.starts_at is not None and self.starts_at <= at

    def has_ended(self, at: dt.datetime) -> bool:
        """Whether work is no longer accepted at that moment."""
        return self.ends_at is not None and self.ends_at <= at
