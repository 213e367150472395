"""Two people, or one person's two devices, at the same moment."""

import pytest
from django.utils import timezone
from wagtail.models import Page

from courses import services
from courses.models import (
    Certificate,
    CertificateCounter,
    CourseRun,
    Enrolment,
    QuizAttempt,
    Unit,
    UnitProgress,
)
from members.models import CpdEntry
from members.services.cpd import record_course
from tests.courses.threads import run_together
from tests.factories.accounts import UserFactory
from tests.factories.courses import (
    CourseRunFactory,
    EnrolmentFactory,
    LessonUnitFactory,
    QuizAttemptFactory,
    QuizUnitFactory,
    add_lesson,
    answers_to,
    create_course,
    quiz_block,
    quiz_unit,
)

pytestmark = pytest.mark.usefixtures("committed")


def test_enrol_gives_the_last_places_once() -> None:
    run = CourseRunFactory(capacity=3)
    people = UserFactory.create_batch(8)

    results = run_together(
        8,
        lambda number: services.enrol(
            CourseRun.objects.get(pk=run.pk), user=people[number], language="ru", at=timezone.now()
        ),
    )

    assert sum(isinstance(result, Enrolment) for result in results) == 3
    assert sum(isinstance(result, services.RunFull) for result in results) == 5
    assert Enrolment.objects.count() == 3


def test_enrol_twice_at_once_gives_one_place() -> None:
    run = CourseRunFactory()
    person = UserFactory()

    results = run_together(4, lambda _n: services.enrol(run, user=person, language="ru", at=timezone.now()))

    assert {result.pk for result in results} == {Enrolment.objects.get().pk}


def _quiz(*, is_last: bool) -> tuple[Enrolment, Unit]:
    """Make a quiz in a lesson, and another lesson to do unless the quiz is the last thing."""
    lesson = LessonUnitFactory()
    unit = QuizUnitFactory(lesson=lesson)
    if not is_last:
        LessonUnitFactory(course=lesson.course)
    return EnrolmentFactory(run__course=lesson.course), unit


def test_start_attempt_twice_at_once_starts_one() -> None:
    course_page = create_course(Page.get_first_root_node(), is_quick=True)
    add_lesson(course_page, body=[quiz_block()], is_quick=True)
    services.sync_course(course_page.translation_key, at=timezone.now())
    enrolment = EnrolmentFactory(run__course_id=course_page.translation_key, run__course=None)

    results = run_together(
        4,
        lambda _n: services.start_attempt(enrolment, quiz_unit(), language="ru", at=timezone.now()),
    )

    assert {result.pk for result in results} == {QuizAttempt.objects.get().pk}


def test_submit_attempt_twice_at_once_counts_once() -> None:
    enrolment, unit = _quiz(is_last=False)
    attempt = QuizAttemptFactory(enrolment=enrolment, unit=unit)
    answers = [answers_to("a", "b"), answers_to("a", "b", option=1)]

    results = run_together(
        2,
        lambda number: services.submit_attempt(
            QuizAttempt.objects.get(pk=attempt.pk), answers[number], language="ru", at=timezone.now()
        ),
    )

    attempt.refresh_from_db()
    assert [(result.percent, result.is_passed) for result in results] == [(attempt.percent, attempt.is_passed)] * 2
    assert attempt.percent in (0, 100)
    saved = services.saved_answers(attempt)
    assert saved == (answers[0] if attempt.percent == 100 else answers[1])
    assert UnitProgress.objects.get(unit=unit).best_percent == attempt.percent


def test_submit_attempt_of_the_last_quiz_twice_at_once_issues_one_certificate() -> None:
    enrolment, unit = _quiz(is_last=True)
    attempt = QuizAttemptFactory(enrolment=enrolment, unit=unit)

    run_together(
        3,
        lambda _n: services.submit_attempt(
            QuizAttempt.objects.get(pk=attempt.pk), answers_to("a", "b"), language="ru", at=timezone.now()
        ),
    )

    assert Certificate.objects.get().enrolment == enrolment


def test_settle_enrolment_twice_at_once_issues_one_certificate() -> None:
    enrolment, unit = _quiz(is_last=True)
    now = timezone.now()
    for done in (unit, unit.lesson):
        UnitProgress.objects.create(enrolment=enrolment, unit=done, first_seen_at=now, completed_at=now)

    results = run_together(
        3,
        lambda _n: services.settle_enrolment(
            Enrolment.objects.select_related("run", "user").get(pk=enrolment.pk), language="ru", at=now
        ),
    )

    assert sorted(results) == [False, False, True]
    assert Certificate.objects.count() == 1


def test_certificate_serials_are_dense_when_issued_at_once() -> None:
    enrolments = EnrolmentFactory.create_batch(6)
    now = timezone.now()

    results = run_together(6, lambda number: services.issue_certificate(enrolments[number], language="ru", at=now))

    year = timezone.localtime(now).year
    assert sorted(certificate.serial for certificate in results) == [
        f"CALL-{year}-{number:05d}" for number in range(1, 7)
    ]
    assert CertificateCounter.objects.get(year=year).last == 6


def test_completing_a_course_twice_at_once_records_its_hours_once() -> None:
    page = create_course(Page.get_first_root_node(), is_quick=True, cpd_minutes=600)
    services.sync_course(page.translation_key, at=timezone.now())
    enrolment = EnrolmentFactory(run=CourseRunFactory(course_id=page.translation_key, course=None))
    unit = LessonUnitFactory(course_id=page.translation_key, course=None)

    run_together(
        4,
        lambda _n: services.complete_lesson(
            Enrolment.objects.get(pk=enrolment.pk), unit, language="ru", at=timezone.now()
        ),
    )

    assert Certificate.objects.count() == 1
    assert CpdEntry.objects.get(user=enrolment.user).minutes == 600


def test_recording_a_fact_at_once_writes_one_entry() -> None:
    person = UserFactory()
    now = timezone.now()

    results = run_together(
        6, lambda _n: record_course(person, key="course:1", title="x", minutes=60, on=now.date(), at=now)
    )

    assert {result.pk for result in results} == {CpdEntry.objects.get().pk}  # type: ignore[attr-defined]
