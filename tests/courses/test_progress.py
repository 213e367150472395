import datetime as dt
from collections.abc import Callable

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from courses import services, tasks
from courses.models import (
    Certificate,
    CourseIndexPage,
    CoursePage,
    Enrolment,
    LessonPage,
    Unit,
    UnitProgress,
)
from tests.factories.courses import (
    EnrolmentFactory,
    LessonUnitFactory,
    QuizUnitFactory,
    add_lesson,
    unit_of,
)

pytestmark = pytest.mark.django_db

NOW = timezone.now()
HOUR = dt.timedelta(hours=1)


def progress(enrolment: Enrolment, unit: Unit) -> UnitProgress:
    return UnitProgress.objects.get(enrolment=enrolment, unit=unit)


@pytest.fixture
def enrolment(db: None) -> Enrolment:
    """Somebody in a course of which only identities exist."""
    return EnrolmentFactory()


@pytest.fixture
def lesson_unit(enrolment: Enrolment) -> Unit:
    return LessonUnitFactory(course=enrolment.run.course)


@pytest.fixture
def other_unit(enrolment: Enrolment) -> Unit:
    """A second lesson, so that the first one does not complete the course."""
    return LessonUnitFactory(course=enrolment.run.course)


# Touching


def test_touch_unit_remembers_the_unit(enrolment: Enrolment, lesson_unit: Unit) -> None:
    services.touch_unit(enrolment, lesson_unit, at=NOW)

    stored = Enrolment.objects.get()
    assert stored.last_unit == enrolment.last_unit == lesson_unit
    assert stored.last_seen_at == enrolment.last_seen_at == NOW
    assert progress(enrolment, lesson_unit).first_seen_at == NOW


def test_touch_unit_makes_no_query_when_nothing_is_new(
    enrolment: Enrolment, lesson_unit: Unit, django_assert_num_queries: Callable
) -> None:
    services.touch_unit(enrolment, lesson_unit, at=NOW)
    enrolment = Enrolment.objects.get()

    with django_assert_num_queries(0):
        services.touch_unit(enrolment, lesson_unit, at=NOW + HOUR)


def test_touch_unit_of_a_unit_seen_before_keeps_the_first_moment(
    enrolment: Enrolment, lesson_unit: Unit, other_unit: Unit
) -> None:
    for hours, unit in enumerate((lesson_unit, other_unit, lesson_unit)):
        services.touch_unit(enrolment, unit, at=NOW + hours * HOUR)

    assert progress(enrolment, lesson_unit).first_seen_at == NOW
    assert Enrolment.objects.get().last_seen_at == NOW + 2 * HOUR


# Monotone


@settings(
    database=None,
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_progress_is_the_best_and_the_earliest_in_any_order(
    data: st.DataObject, enrolment: Enrolment, lesson_unit: Unit, other_unit: Unit
) -> None:
    UnitProgress.objects.all().delete()
    percents = st.none() | st.integers(0, 100)
    calls = data.draw(st.lists(st.tuples(st.booleans(), percents, st.integers(0, 9)), min_size=1, max_size=6))
    repeated = data.draw(st.permutations(calls + data.draw(st.lists(st.sampled_from(calls), max_size=3))))

    for is_completion, percent, hours in repeated:
        at = NOW + hours * HOUR
        if is_completion:
            services.record_completion(enrolment, lesson_unit, percent=percent, language="ru", at=at)
        else:
            services.record_result(enrolment, lesson_unit, percent=percent, at=at)

    row = progress(enrolment, lesson_unit)
    assert row.best_percent == max((percent for _c, percent, _h in calls if percent is not None), default=None)
    moments = [NOW + hours * HOUR for is_completion, _p, hours in calls if is_completion]
    assert row.completed_at == min(moments, default=None)


def test_record_completion_of_a_quiz_completes_its_lesson_when_every_quiz_is_passed(
    enrolment: Enrolment, lesson_unit: Unit, other_unit: Unit
) -> None:
    one, two = QuizUnitFactory.create_batch(2, lesson=lesson_unit)
    QuizUnitFactory(lesson=lesson_unit, retired_at=NOW)

    services.record_completion(enrolment, one, percent=80, language="ru", at=NOW)

    assert not UnitProgress.objects.filter(unit=lesson_unit, completed_at__isnull=False).exists()

    services.record_completion(enrolment, two, percent=90, language="ru", at=NOW + HOUR)

    assert progress(enrolment, lesson_unit).completed_at == NOW + HOUR
    assert progress(enrolment, lesson_unit).best_percent is None
    assert progress(enrolment, one).best_percent == 80


def test_progress_of_one_person_is_not_anothers(enrolment: Enrolment, lesson_unit: Unit, other_unit: Unit) -> None:
    quiz = QuizUnitFactory(lesson=lesson_unit)
    colleague = EnrolmentFactory(run=enrolment.run)

    services.record_completion(colleague, quiz, percent=100, language="ru", at=NOW)

    assert not UnitProgress.objects.filter(enrolment=enrolment).exists()
    with pytest.raises(services.QuizFirst):
        services.complete_lesson(enrolment, lesson_unit, language="ru", at=NOW)


# Completing a lesson


def test_complete_lesson(enrolment: Enrolment, lesson_unit: Unit, other_unit: Unit) -> None:
    services.complete_lesson(enrolment, lesson_unit, language="ru", at=NOW)

    assert progress(enrolment, lesson_unit).completed_at == NOW
    assert Enrolment.objects.get().completed_at is None


def test_complete_lesson_twice_keeps_the_first_moment(
    enrolment: Enrolment, lesson_unit: Unit, other_unit: Unit
) -> None:
    services.complete_lesson(enrolment, lesson_unit, language="ru", at=NOW)

    services.complete_lesson(enrolment, lesson_unit, language="ru", at=NOW + HOUR)

    assert progress(enrolment, lesson_unit).completed_at == NOW


@pytest.mark.parametrize(
    "closed",
    [{"run__starts_at": NOW + HOUR}, {"run__ends_at": NOW}, {"withdrawn_at": NOW - HOUR}],
    ids=["not started", "ended", "withdrawn"],
)
def test_complete_lesson_when_no_work_is_accepted(closed: dict[str, dt.datetime]) -> None:
    enrolment = EnrolmentFactory(**closed)
    unit = LessonUnitFactory(course=enrolment.run.course)

    with pytest.raises(services.WorkClosed):
        services.complete_lesson(enrolment, unit, language="ru", at=NOW)

    assert not UnitProgress.objects.exists()


def test_complete_lesson_with_a_quiz_to_pass(enrolment: Enrolment, lesson_unit: Unit) -> None:
    quiz = QuizUnitFactory(lesson=lesson_unit)
    services.record_result(enrolment, quiz, percent=40, at=NOW)

    with pytest.raises(services.QuizFirst):
        services.complete_lesson(enrolment, lesson_unit, language="ru", at=NOW)

    assert not UnitProgress.objects.filter(completed_at__isnull=False).exists()


def test_complete_lesson_never_completes_a_quiz(enrolment: Enrolment, lesson_unit: Unit) -> None:
    quiz = QuizUnitFactory(lesson=lesson_unit)

    with pytest.raises(services.QuizFirst):
        services.complete_lesson(enrolment, quiz, language="ru", at=NOW)

    assert not UnitProgress.objects.exists()


def test_complete_lesson_whose_quiz_was_withdrawn(enrolment: Enrolment, lesson_unit: Unit) -> None:
    QuizUnitFactory(lesson=lesson_unit, retired_at=NOW)

    services.complete_lesson(enrolment, lesson_unit, language="ru", at=NOW)

    assert progress(enrolment, lesson_unit).completed_at == NOW


# Completing a course


def test_the_last_required_unit_completes_the_course_with_one_certificate(
    enrolment: Enrolment, lesson_unit: Unit, other_unit: Unit
) -> None:
    LessonUnitFactory(course=enrolment.run.course, is_required=False)
    LessonUnitFactory(course=enrolment.run.course, retired_at=NOW)
    services.complete_lesson(enrolment, lesson_unit, language="ru", at=NOW)

    services.complete_lesson(enrolment, other_unit, language="en", at=NOW + HOUR)

    assert enrolment.completed_at == Enrolment.objects.get().completed_at == NOW + HOUR
    assert Certificate.objects.get().language == "en"


def test_settle_enrolment_again_changes_nothing(enrolment: Enrolment, lesson_unit: Unit) -> None:
    services.complete_lesson(enrolment, lesson_unit, language="ru", at=NOW)

    assert services.settle_enrolment(enrolment, language="en", at=NOW + HOUR) is False
    services.complete_lesson(enrolment, lesson_unit, language="en", at=NOW + HOUR)

    assert Enrolment.objects.get().completed_at == NOW
    assert Certificate.objects.get().language == "ru"


def test_settle_enrolment_does_not_replace_a_revoked_certificate(enrolment: Enrolment, lesson_unit: Unit) -> None:
    services.complete_lesson(enrolment, lesson_unit, language="ru", at=NOW)
    services.revoke_certificate(Certificate.objects.get(), reason="Ошибка", at=NOW)

    services.complete_lesson(enrolment, lesson_unit, language="ru", at=NOW + HOUR)

    assert Certificate.objects.count() == 1


def test_settle_enrolment_in_a_course_without_required_units(enrolment: Enrolment) -> None:
    optional = LessonUnitFactory(course=enrolment.run.course, is_required=False)

    services.complete_lesson(enrolment, optional, language="ru", at=NOW)

    assert services.settle_enrolment(enrolment, language="ru", at=NOW) is False
    assert Enrolment.objects.get().completed_at is None


def test_new_content_does_not_take_back_a_completion(
    catalogues: dict[str, CourseIndexPage], course_page: CoursePage, lesson: LessonPage
) -> None:
    enrolment = EnrolmentFactory(run__course_id=course_page.translation_key, run__course=None)
    services.complete_lesson(enrolment, unit_of(lesson), language="ru", at=NOW)

    added = add_lesson(course_page, "added")

    stored = Enrolment.objects.with_progress().get()
    assert stored.completed_at == NOW
    assert (stored.units_done, stored.units_total) == (1, 2)
    assert Certificate.objects.current().count() == 1

    services.complete_lesson(enrolment, unit_of(added), language="ru", at=NOW + HOUR)

    assert Enrolment.objects.get().completed_at == NOW
    assert Certificate.objects.count() == 1


def test_withdrawal_of_the_last_open_lesson_completes_its_learners(
    course_page: CoursePage,
    lesson: LessonPage,
    quiz_lesson: LessonPage,
    django_capture_on_commit_callbacks: Callable,
) -> None:
    key = course_page.translation_key
    ready = EnrolmentFactory(run__course_id=key, run__course=None, language="en")
    idle = EnrolmentFactory(run=ready.run)
    gone = EnrolmentFactory(run=ready.run)
    late = EnrolmentFactory(run__course_id=key, run__course=None, run__ends_at=NOW)
    for enrolment in (ready, gone, late):
        services.record_completion(enrolment, unit_of(lesson), percent=None, language="ru", at=NOW)
    services.withdraw(gone, at=NOW)

    with django_capture_on_commit_callbacks(execute=True):
        quiz_lesson.unpublish()

    completed = set(Enrolment.objects.filter(completed_at__isnull=False))
    assert completed == {ready}
    certificate = Certificate.objects.get()
    assert (certificate.enrolment, certificate.language) == (ready, "en")
    assert idle not in completed


def test_settle_course_task_says_how_many_it_completed(enrolment: Enrolment, lesson_unit: Unit) -> None:
    UnitProgress.objects.create(enrolment=enrolment, unit=lesson_unit, first_seen_at=NOW, completed_at=NOW)

    assert tasks.settle_course(str(enrolment.run.course_id)) == 1
    assert tasks.settle_course(str(enrolment.run.course_id)) == 0


def test_settle_courses_task_finishes_what_lost_messages_left_behind() -> None:
    for _course in range(2):
        enrolment = EnrolmentFactory()
        unit = LessonUnitFactory(course=enrolment.run.course)
        UnitProgress.objects.create(enrolment=enrolment, unit=unit, first_seen_at=NOW, completed_at=NOW)

    assert tasks.settle_courses() == 2
    assert tasks.settle_courses() == 0

    assert Certificate.objects.count() == 2
