"""Progress only rises.

Every write is either an insert that ignores what exists or an update with the condition in its WHERE, so the order in
which two devices report, or reporting twice, changes nothing that was earned.
"""

import datetime as dt

from django.db import transaction
from django.db.models import Q

from courses.choices import UnitKind
from courses.models import Course, Enrolment, Unit, UnitProgress
from courses.services.certificates import issue_certificate


class WorkClosed(Exception):
    """Raised when a run has not started yet, has ended, or the learner withdrew."""


class QuizFirst(Exception):
    """Raised when a lesson can only be completed by passing its quizzes."""


def touch_unit(enrolment: Enrolment, unit: Unit, *, at: dt.datetime) -> None:
    """Remember that the learner opened a unit, so that “Continue” leads there. No write when nothing is new."""
    if enrolment.last_unit_id == unit.pk:
        return
    with transaction.atomic():
        UnitProgress.objects.bulk_create(
            [UnitProgress(enrolment=enrolment, unit=unit, first_seen_at=at)], ignore_conflicts=True
        )
        Enrolment.objects.filter(pk=enrolment.pk).update(last_unit=unit, last_seen_at=at)
    enrolment.last_unit = unit
    enrolment.last_seen_at = at


@transaction.atomic
def complete_lesson(enrolment: Enrolment, unit: Unit, *, language: str, at: dt.datetime) -> None:
    """Mark a lesson as read. Raises WorkClosed, or QuizFirst for a lesson that has quizzes to pass, or for a quiz."""
    if not enrolment.accepts_work(at):
        raise WorkClosed
    if unit.kind == UnitKind.QUIZ:
        raise QuizFirst
    if unit.quizzes.in_use().exists() and not _has_passed_all(enrolment, unit):
        raise QuizFirst
    record_completion(enrolment, unit, percent=None, language=language, at=at)


def record_completion(enrolment: Enrolment, unit: Unit, *, percent: int | None, language: str, at: dt.datetime) -> None:
    """Complete a unit, then its lesson and the whole course if that was what they lacked."""
    record_result(enrolment, unit, percent=percent, at=at)
    UnitProgress.objects.filter(
        Q(completed_at__isnull=True) | Q(completed_at__gt=at), enrolment=enrolment, unit=unit
    ).update(completed_at=at)
    if unit.kind == UnitKind.QUIZ and unit.lesson is not None and _has_passed_all(enrolment, unit.lesson):
        record_completion(enrolment, unit.lesson, percent=None, language=language, at=at)
        return
    settle_enrolment(enrolment, language=language, at=at)


def record_result(enrolment: Enrolment, unit: Unit, *, percent: int | None, at: dt.datetime) -> None:
    """Keep the best result of a unit, in per cent."""
    UnitProgress.objects.bulk_create(
        [UnitProgress(enrolment=enrolment, unit=unit, first_seen_at=at)], ignore_conflicts=True
    )
    if percent is not None:
        UnitProgress.objects.filter(
            Q(best_percent__isnull=True) | Q(best_percent__lt=percent), enrolment=enrolment, unit=unit
        ).update(best_percent=percent)


def _has_passed_all(enrolment: Enrolment, lesson: Unit) -> bool:
    return (
        not lesson.quizzes.in_use()
        .exclude(progress__in=UnitProgress.objects.filter(enrolment=enrolment, completed_at__isnull=False))
        .exists()
    )


def settle_enrolment(enrolment: Enrolment, *, language: str, at: dt.datetime) -> bool:
    """Complete the enrolment and issue its certificate if every required unit is done; say whether it did."""
    required = Unit.objects.required().filter(course_id=enrolment.run.course_id)
    open_units = required.exclude(
        progress__in=UnitProgress.objects.filter(enrolment=enrolment, completed_at__isnull=False)
    )
    if enrolment.withdrawn_at is not None or not required.exists() or open_units.exists():
        return False
    with transaction.atomic():
        fresh = Enrolment.objects.filter(pk=enrolment.pk, completed_at__isnull=True).update(completed_at=at)
        enrolment.refresh_from_db(fields=["completed_at"])
        if fresh:
            issue_certificate(enrolment, language=language, at=at)
    return bool(fresh)


def settle_course(course: Course, *, at: dt.datetime) -> int:
    """Complete whoever a change of the course left with nothing to do; return how many.

    Only learners with some progress in a run that still accepts work are looked at.
    """
    candidates = (
        Enrolment.objects.active()
        .filter(run__course=course, completed_at__isnull=True, progress__completed_at__isnull=False)
        .select_related("run__course", "user")
        .distinct()
    )
    return sum(
        settle_enrolment(enrolment, language=enrolment.language, at=at)
        for enrolment in candidates.iterator(chunk_size=500)
        if enrolment.accepts_work(at)
    )
