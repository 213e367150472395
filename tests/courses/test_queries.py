"""How many queries each page takes, as literals: the same with one, three and thirty things on it.

Each page is asked for twice; the first time fills the cache with menus, site paths and the session. Pages that keep
something until the next publication are then asked for once more after one: what the cache hides is bounded too.
"""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from courses import services
from courses.models import CourseIndexPage, CoursePage, Enrolment, QuizAttempt
from members.choices import Country
from pages.services import forget_furniture
from tests.factories.accounts import UserFactory
from tests.factories.courses import (
    CertificateFactory,
    CourseRunFactory,
    EnrolmentFactory,
    QuizAttemptFactory,
    add_lesson,
    add_module,
    answers_to,
    create_course,
    question,
    quiz_block,
    quiz_unit,
    unit_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.parametrize("count", [1, 3, 30])]

NOW = timezone.now()
Count = Callable[..., object]


@pytest.fixture
def assert_queries(django_assert_num_queries: Callable) -> Count:
    def ask(client: Client, url: str, queries: int, *, after_publication: int | None = None) -> None:
        assert client.get(url).status_code == 200
        with django_assert_num_queries(queries):
            client.get(url)
        if after_publication is not None:
            forget_furniture()
            with django_assert_num_queries(after_publication):
                client.get(url)

    return ask


def build_catalogue(catalogue: CourseIndexPage, count: int) -> None:
    for number in range(count):
        create_course(
            catalogue,
            f"course-{number}",
            countries=[Country.KAZAKHSTAN, Country.KYRGYZSTAN],
            is_quick=True,
        )


def test_course_index_for_a_visitor(
    client: Client, catalogues: dict[str, CourseIndexPage], count: int, assert_queries: Count
) -> None:
    build_catalogue(catalogues["ru"], count)

    assert_queries(client, catalogues["ru"].url, 3, after_publication=11)


def test_course_index_for_a_learner(
    signed_in: Client, learner: object, catalogues: dict[str, CourseIndexPage], count: int, assert_queries: Count
) -> None:
    build_catalogue(catalogues["ru"], count)
    for page in CoursePage.objects.all():
        services.sync_course(page.translation_key, at=NOW)
        EnrolmentFactory(user=learner, run__course_id=page.translation_key, run__course=None)

    assert_queries(signed_in, catalogues["ru"].url, 11, after_publication=15)


def build_course(course_page: CoursePage, count: int) -> None:
    """Add `count` modules of two lessons each, with as many quizzes, runs and facilitators."""
    for number in range(count):
        module = add_module(course_page, f"m{number}", is_quick=True)
        add_lesson(module, "reading", is_quick=True)
        add_lesson(module, "quiz", body=[quiz_block(f"q{number}")], is_quick=True)
        CourseRunFactory(course_id=course_page.translation_key, course=None)
    services.sync_course(course_page.translation_key, at=NOW)


def test_course_detail_for_a_visitor(
    client: Client, catalogues: dict[str, CourseIndexPage], count: int, assert_queries: Count
) -> None:
    page = create_course(catalogues["ru"], countries=[Country.KAZAKHSTAN], facilitators=UserFactory.create_batch(count))
    build_course(page, count)

    assert_queries(client, page.url, 5, after_publication=13)


def test_course_detail_for_a_learner(
    signed_in: Client, learner: object, catalogues: dict[str, CourseIndexPage], count: int, assert_queries: Count
) -> None:
    page = create_course(catalogues["ru"], countries=[Country.KAZAKHSTAN], facilitators=UserFactory.create_batch(count))
    build_course(page, count)
    EnrolmentFactory(user=learner, run__course_id=page.translation_key, run__course=None)

    assert_queries(signed_in, page.url, 10, after_publication=17)


def test_lesson_detail_for_a_learner(
    signed_in: Client, enrolment: Enrolment, course_page: CoursePage, count: int, assert_queries: Count
) -> None:
    build_course(course_page, count)
    lesson = add_lesson(course_page, "long", body=[quiz_block(f"long-{number}") for number in range(count)])
    for number in range(count):
        unit = quiz_unit(f"long-{number}")
        services.record_result(enrolment, unit, percent=50, at=NOW)
        attempt = QuizAttemptFactory(enrolment=enrolment, unit=unit)
        services.submit_attempt(attempt, answers_to("a"), language="ru", at=NOW)
        QuizAttemptFactory(enrolment=enrolment, unit=unit, number=2)

    assert_queries(signed_in, lesson.url, 8, after_publication=14)


def test_lesson_detail_of_a_course_that_is_half_translated(
    signed_in: Client,
    enrolment: Enrolment,
    course_page: CoursePage,
    english: CoursePage,
    count: int,
    assert_queries: Count,
) -> None:
    build_course(course_page, count)

    assert_queries(signed_in, f"{english.url}first/", 8, after_publication=15)


def test_certificate_list(
    signed_in: Client, home_pages: object, learner: object, count: int, assert_queries: Count
) -> None:
    for _number in range(count):
        certificate = CertificateFactory(enrolment__user=learner)
        services.reissue_certificate(certificate, at=NOW)

    assert_queries(signed_in, "/learn/certificates/", 3)


@pytest.fixture
def attempt(enrolment: Enrolment, course_page: CoursePage, count: int) -> QuizAttempt:
    """An attempt with `count` questions in a course of `count` modules."""
    build_course(course_page, count)
    names = [f"n{number}" for number in range(count)]
    lesson = add_lesson(course_page, "long", body=[quiz_block("long", questions=[question(name) for name in names])])
    attempt = services.start_attempt(enrolment, quiz_unit("long"), language="ru", at=NOW)
    services.save_answers(attempt, answers_to(*names, option=1), at=NOW)
    services.touch_unit(enrolment, unit_of(lesson), at=NOW)
    return attempt


def test_attempt_detail_in_progress(signed_in: Client, attempt: QuizAttempt, count: int, assert_queries: Count) -> None:
    assert_queries(signed_in, f"/learn/attempts/{attempt.pk}/", 6)


def test_attempt_detail_of_a_result(signed_in: Client, attempt: QuizAttempt, count: int, assert_queries: Count) -> None:
    services.submit_attempt(attempt, {}, language="ru", at=NOW)

    assert_queries(signed_in, f"/learn/attempts/{attempt.pk}/", 10)


def test_certificate_verify(client: Client, home_pages: object, count: int, assert_queries: Count) -> None:
    certificates = CertificateFactory.create_batch(count)

    assert_queries(client, certificates[0].get_absolute_url(), 1)
