import datetime as dt
import uuid

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from courses import services
from courses.models import CourseIndexPage, CoursePage, CourseRun, Enrolment, LessonPage, Unit
from tests.courses.pages import said
from tests.factories.courses import (
    CourseRunFactory,
    EnrolmentFactory,
    add_lesson,
    create_course,
    unit_of,
)

pytestmark = pytest.mark.django_db

NOW = timezone.now()
DAY = dt.timedelta(days=1)


def test_enrolment_create(signed_in: Client, learner: User, run: CourseRun, lesson: LessonPage) -> None:
    response = signed_in.post(f"/en/learn/runs/{run.pk}/enrol/")

    enrolment = Enrolment.objects.get()
    assert (enrolment.user, enrolment.run, enrolment.language) == (learner, run, "en")
    assert response.url == f"/en/learn/{enrolment.pk}/continue/"
    assert said(response) == ["You are enrolled. Here is your first lesson."]


def test_enrolment_create_twice(signed_in: Client, run: CourseRun) -> None:
    for _time in range(2):
        response = signed_in.post(f"/learn/runs/{run.pk}/enrol/")

    assert response.status_code == 302
    assert Enrolment.objects.count() == 1


def test_enrolment_create_before_the_start(signed_in: Client, english: CoursePage) -> None:
    run = CourseRunFactory(course_id=english.translation_key, course=None, starts_at=NOW + DAY)

    response = signed_in.post(f"/en/learn/runs/{run.pk}/enrol/")

    assert response.url == english.url
    assert said(response) == ["You are enrolled. The lessons open on the first day of your group."]


@pytest.mark.parametrize(
    ("dates", "message"),
    [
        ({"starts_at": None}, "The dates of this group are not announced yet."),
        (
            {"enrolment_opens_at": NOW + DAY, "starts_at": NOW + DAY},
            "Enrolment in this group has not opened yet.",
        ),
        (
            {"enrolment_closes_at": NOW - DAY, "starts_at": NOW + DAY},
            "Enrolment in this group is closed. Choose another group.",
        ),
        (
            {"enrolment_closes_at": NOW - DAY},
            "This group has started and takes no more people. Choose another group.",
        ),
        ({"enrolment_closes_at": NOW - DAY, "ends_at": NOW}, "This group has ended. Choose another group."),
        ({"capacity": 0}, "Every place in this group is taken. Choose another group."),
    ],
)
def test_enrolment_create_refused_says_why(
    signed_in: Client, english: CoursePage, dates: dict[str, object], message: str
) -> None:
    run = CourseRunFactory(course_id=english.translation_key, course=None, **dates)

    response = signed_in.post(f"/en/learn/runs/{run.pk}/enrol/")

    assert response.url == english.url
    assert said(response) == [message]
    assert not Enrolment.objects.exists()


def test_enrolment_create_in_an_unlisted_course(
    signed_in: Client, learner: User, catalogues: dict[str, CourseIndexPage]
) -> None:
    page = create_course(catalogues["ru"], is_listed=False)
    run = CourseRunFactory(course_id=page.translation_key, course=None)

    assert signed_in.post(f"/learn/runs/{run.pk}/enrol/").status_code == 404
    assert not Enrolment.objects.exists()


def test_enrolment_create_in_an_unpublished_course(signed_in: Client, course_page: CoursePage, run: CourseRun) -> None:
    course_page.unpublish()

    assert signed_in.post(f"/learn/runs/{run.pk}/enrol/").status_code == 404


def test_enrolment_create_in_an_unknown_run(signed_in: Client, run: CourseRun) -> None:
    assert signed_in.post(f"/learn/runs/{run.pk + 1}/enrol/").status_code == 404


# Continue


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_enrolment_continue_opens_the_first_lesson_of_the_language(
    signed_in: Client, enrolment: Enrolment, english: CoursePage, prefix: str
) -> None:
    response = signed_in.get(f"{prefix}/learn/{enrolment.pk}/continue/")

    assert response.url == f"{prefix}/courses/jury/first/"


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_enrolment_continue_opens_the_last_unit_in_the_language_of_the_address(
    signed_in: Client, enrolment: Enrolment, quiz: Unit, english: CoursePage, prefix: str
) -> None:
    signed_in.get("/courses/jury/second/")

    response = signed_in.get(f"{prefix}/learn/{enrolment.pk}/continue/")

    assert response.url == f"{prefix}/courses/jury/second/"


def test_enrolment_continue_in_a_language_without_translation(
    signed_in: Client, enrolment: Enrolment, course_page: CoursePage, lesson: LessonPage, english: CoursePage
) -> None:
    add_lesson(course_page, "third")
    signed_in.get("/courses/jury/third/")

    response = signed_in.get(f"/en/learn/{enrolment.pk}/continue/")

    assert response.url == "/courses/jury/third/"


def test_enrolment_continue_passes_over_a_withdrawn_unit(
    signed_in: Client, enrolment: Enrolment, lesson: LessonPage, quiz_lesson: LessonPage
) -> None:
    signed_in.get(quiz_lesson.url)
    quiz_lesson.unpublish()

    assert signed_in.get(f"/learn/{enrolment.pk}/continue/").url == lesson.url


def test_enrolment_continue_opens_the_first_lesson_that_is_not_done(
    signed_in: Client, enrolment: Enrolment, lesson: LessonPage, quiz_lesson: LessonPage
) -> None:
    services.complete_lesson(enrolment, unit_of(lesson), language="ru", at=NOW)

    assert signed_in.get(f"/learn/{enrolment.pk}/continue/").url == quiz_lesson.url


def test_enrolment_continue_when_everything_is_done(
    signed_in: Client, enrolment: Enrolment, lesson: LessonPage
) -> None:
    services.complete_lesson(enrolment, unit_of(lesson), language="ru", at=NOW)

    assert signed_in.get(f"/learn/{enrolment.pk}/continue/").url == lesson.url


def test_enrolment_continue_in_a_course_without_lessons(
    signed_in: Client, enrolment: Enrolment, course_page: CoursePage
) -> None:
    assert signed_in.get(f"/learn/{enrolment.pk}/continue/").url == course_page.url


def test_enrolment_continue_before_the_start(signed_in: Client, learner: User, english: CoursePage) -> None:
    enrolment = EnrolmentFactory(
        user=learner, run__course_id=english.translation_key, run__course=None, run__starts_at=NOW + DAY
    )

    response = signed_in.get(f"/en/learn/{enrolment.pk}/continue/")

    assert response.url == english.url
    assert said(response) == ["The lessons open on the first day of your group."]


# Leaving


def test_enrolment_withdraw(signed_in: Client, enrolment: Enrolment, english: CoursePage) -> None:
    response = signed_in.post(f"/en/learn/{enrolment.pk}/withdraw/")

    assert response.url == english.url
    assert said(response) == ["You left the course. Your progress is kept: enrol again to go on."]
    enrolment.refresh_from_db()
    assert enrolment.withdrawn_at is not None


def test_enrolment_withdraw_then_return(signed_in: Client, enrolment: Enrolment, lesson: LessonPage) -> None:
    services.touch_unit(enrolment, unit_of(lesson), at=NOW)
    signed_in.post(f"/learn/{enrolment.pk}/withdraw/")
    assert signed_in.get(f"/learn/{enrolment.pk}/continue/").status_code == 404

    signed_in.post(f"/learn/runs/{enrolment.run_id}/enrol/")

    assert signed_in.get(f"/learn/{enrolment.pk}/continue/").url == lesson.url


# Doors


def paths(enrolment_id: int, run_id: int, unit: object, attempt: object) -> dict[str, list[str]]:
    """List every address of a learner's own things, by method."""
    return {
        "get": [
            f"/learn/{enrolment_id}/continue/",
            f"/learn/attempts/{attempt}/",
            "/learn/certificates/",
            "/learn/certificates/abc.pdf",
        ],
        "post": [
            f"/learn/runs/{run_id}/enrol/",
            f"/learn/{enrolment_id}/withdraw/",
            f"/learn/{enrolment_id}/lessons/{unit}/done/",
            f"/learn/{enrolment_id}/quizzes/{unit}/start/",
            f"/learn/attempts/{attempt}/save/",
            f"/learn/attempts/{attempt}/",
        ],
    }


def test_visitors_are_led_to_sign_in(client: Client, enrolment: Enrolment, quiz: Unit) -> None:
    for method, urls in paths(enrolment.pk, enrolment.run_id, quiz.pk, uuid.uuid4()).items():
        for url in urls:
            response = getattr(client, method)(url)

            assert response.status_code == 302, url
            assert response.url.startswith("/account/login/?next="), url
    assert Enrolment.objects.get().withdrawn_at is None


def test_addresses_that_change_something_refuse_get(signed_in: Client, enrolment: Enrolment, quiz: Unit) -> None:
    attempt = services.start_attempt(enrolment, quiz, language="ru", at=NOW)

    for url in paths(enrolment.pk, enrolment.run_id, quiz.pk, attempt.pk)["post"][:-1]:
        assert signed_in.get(url).status_code == 405, url


def test_addresses_that_show_something_refuse_post(
    signed_in: Client, enrolment: Enrolment, quiz: Unit, course_page: CoursePage
) -> None:
    urls = ["/learn/certificates/", "/learn/certificates/abc.pdf", f"/learn/{enrolment.pk}/continue/"]
    for url in [*urls, course_page.url, "/courses/", "/courses/jury/first/", "/verify/", "/verify/abc/"]:
        assert signed_in.post(url).status_code == 405, url


def test_other_peoples_things_do_not_exist(signed_in: Client, learner: User, quiz: Unit, run: CourseRun) -> None:
    EnrolmentFactory(user=learner, run=run)
    theirs = EnrolmentFactory(run=run)
    attempt = services.start_attempt(theirs, quiz, language="ru", at=NOW)

    urls = paths(theirs.pk, run.pk, quiz.pk, attempt.pk)
    own = {"/learn/certificates/", f"/learn/runs/{run.pk}/enrol/"}
    for method, addresses in urls.items():
        for url in set(addresses) - own:
            assert getattr(signed_in, method)(url).status_code == 404, url
    theirs.refresh_from_db()
    attempt.refresh_from_db()
    assert theirs.withdrawn_at is None
    assert attempt.is_open
