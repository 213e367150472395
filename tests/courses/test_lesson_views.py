import datetime as dt
import json
import uuid

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone

from accounts.models import User
from courses import services
from courses.models import (
    Certificate,
    CourseIndexPage,
    CoursePage,
    CourseRun,
    Enrolment,
    LessonPage,
    Unit,
    UnitProgress,
)
from tests.courses.pages import actions_of, links_of, said, text_of
from tests.factories.courses import (
    EnrolmentFactory,
    QuizAttemptFactory,
    add_lesson,
    answers_to,
    create_course,
    quiz_block,
    quiz_unit,
    unit_of,
)

pytestmark = pytest.mark.django_db

NOW = timezone.now()
DAY = dt.timedelta(days=1)


def done_url(enrolment: Enrolment, unit_key: object, prefix: str = "/en") -> str:
    return f"{prefix}/learn/{enrolment.pk}/lessons/{unit_key}/done/"


# Marking as read


def test_lesson_done_goes_on_to_the_next_lesson(
    signed_in: Client, enrolment: Enrolment, english: CoursePage, lesson: LessonPage
) -> None:
    response = signed_in.post(done_url(enrolment, lesson.translation_key))

    assert response.url == f"{english.url}second/"
    assert UnitProgress.objects.get().completed_at is not None
    assert said(response) == []


def test_lesson_done_by_the_last_lesson_gives_the_certificate(
    signed_in: Client, enrolment: Enrolment, english: CoursePage, lesson: LessonPage, quiz: Unit
) -> None:
    services.record_completion(enrolment, quiz, percent=100, language="ru", at=NOW)

    response = signed_in.post(done_url(enrolment, lesson.translation_key))

    assert response.url == english.url
    assert said(response) == ["You completed the course. Your certificate is ready."]
    certificate = Certificate.objects.get()
    assert (certificate.language, certificate.holder_name) == ("en", "Aigul Nurpeisova")
    assert f"/en/learn/certificates/{certificate.public_id}.pdf" in links_of(signed_in.get(english.url))


def test_lesson_done_again_after_completion(
    signed_in: Client, enrolment: Enrolment, course_page: CoursePage, lesson: LessonPage
) -> None:
    for _time in range(2):
        response = signed_in.post(done_url(enrolment, lesson.translation_key))

    assert response.url == course_page.url
    assert said(response) == ["You completed the course. Your certificate is ready."]  # said by the first
    assert Certificate.objects.count() == 1


def test_lesson_done_with_a_quiz_to_pass(
    signed_in: Client, enrolment: Enrolment, english: CoursePage, quiz: Unit
) -> None:
    response = signed_in.post(done_url(enrolment, quiz.lesson_id))

    assert response.url == f"{english.url}second/#quiz-{quiz.pk}"
    assert said(response) == ["Pass the quiz of this lesson to complete it."]
    assert not UnitProgress.objects.exists()


def test_lesson_done_never_completes_a_quiz(signed_in: Client, enrolment: Enrolment, quiz: Unit) -> None:
    assert signed_in.post(done_url(enrolment, quiz.pk)).status_code == 404
    assert not UnitProgress.objects.exists()


def test_lesson_done_after_the_end(signed_in: Client, learner: User, english: CoursePage, lesson: LessonPage) -> None:
    enrolment = EnrolmentFactory(
        user=learner, run__course_id=english.translation_key, run__course=None, run__ends_at=NOW
    )

    response = signed_in.post(done_url(enrolment, lesson.translation_key))

    assert response.url == f"{english.url}first/"
    assert said(response) == ["This group has ended: lessons stay open for reading, but nothing is counted."]
    assert not UnitProgress.objects.exists()


def test_lesson_done_of_a_lesson_that_is_not_there(
    signed_in: Client, enrolment: Enrolment, lesson: LessonPage, catalogues: dict[str, CourseIndexPage]
) -> None:
    elsewhere = add_lesson(create_course(catalogues["ru"], "other"))
    lesson.unpublish()

    for key in (elsewhere.translation_key, lesson.translation_key, uuid.uuid4()):
        assert signed_in.post(done_url(enrolment, key)).status_code == 404


def test_lesson_done_after_withdrawal(signed_in: Client, enrolment: Enrolment, lesson: LessonPage) -> None:
    services.withdraw(enrolment, at=NOW)

    assert signed_in.post(done_url(enrolment, lesson.translation_key)).status_code == 404


# The page


def test_lesson_detail_remembers_where_one_was(
    signed_in: Client, enrolment: Enrolment, quiz_lesson: LessonPage
) -> None:
    signed_in.get(quiz_lesson.url)

    enrolment.refresh_from_db()
    assert enrolment.last_unit == unit_of(quiz_lesson)


def test_lesson_detail_of_a_visit_by_who_teaches_leaves_no_trace(admin_client: Client, lesson: LessonPage) -> None:
    assert admin_client.get(lesson.url).status_code == 200

    assert not UnitProgress.objects.exists()


def test_lesson_detail_leads_to_its_neighbours(
    signed_in: Client, enrolment: Enrolment, course_page: CoursePage, lesson: LessonPage, quiz_lesson: LessonPage
) -> None:
    first, second = links_of(signed_in.get(lesson.url)), links_of(signed_in.get(quiz_lesson.url))

    assert first[-1] == quiz_lesson.url
    assert second[-2:] == [lesson.url, course_page.url]


def test_lesson_detail_says_what_is_done(
    signed_in: Client, enrolment: Enrolment, english: CoursePage, lesson: LessonPage
) -> None:
    url = f"{english.url}first/"
    assert "This lesson is completed when you mark it as read." in text_of(signed_in.get(url))

    services.complete_lesson(enrolment, unit_of(lesson), language="en", at=NOW)

    response = signed_in.get(url)
    assert "You completed this lesson." in text_of(response)
    assert actions_of(response) == []


def test_lesson_in_the_middle_of_which_one_switches_language(
    signed_in: Client, enrolment: Enrolment, english: CoursePage, lesson: LessonPage
) -> None:
    russian = signed_in.get(lesson.url)
    switch = BeautifulSoup(russian.content, "html.parser").find("a", hreflang="en")
    assert switch["href"] == f"{english.url}first/"
    signed_in.post(done_url(enrolment, lesson.translation_key, prefix=""))

    response = signed_in.get(switch["href"])

    assert "Prose first" in text_of(response)
    assert "You completed this lesson." in text_of(response)
    assert BeautifulSoup(response.content, "html.parser").find("a", hreflang="ru")["href"] == lesson.url
    enrolment.refresh_from_db()
    assert enrolment.last_unit == unit_of(lesson)
    assert UnitProgress.objects.count() == 1


def test_lesson_in_english_only_opens_without_a_unit(
    signed_in: Client, enrolment: Enrolment, english: CoursePage
) -> None:
    extra = add_lesson(english, "extra", body=[quiz_block("extra", language="en")])

    response = signed_in.get(extra.url)

    assert response.status_code == 200
    assert actions_of(response) == []
    enrolment.refresh_from_db()
    assert enrolment.last_unit is None


# The card of a quiz


@pytest.fixture
def card_url(english: CoursePage) -> str:
    return f"{english.url}second/"


def start_url(enrolment: Enrolment) -> str:
    return f"/en/learn/{enrolment.pk}/quizzes/{quiz_unit().pk}/start/"


def test_quiz_card_before_the_first_attempt(signed_in: Client, enrolment: Enrolment, card_url: str) -> None:
    response = signed_in.get(card_url)

    text = text_of(response)
    assert "2 questions pass mark 70 % 3 attempts" in text
    assert "Start the quiz 3 attempts left" in text
    assert actions_of(response) == [start_url(enrolment)]


def test_quiz_card_with_an_open_attempt(signed_in: Client, enrolment: Enrolment, card_url: str) -> None:
    services.start_attempt(enrolment, quiz_unit(), language="en", at=NOW)

    response = signed_in.get(card_url)

    assert "Go on with the quiz Attempt 1 is in progress" in text_of(response)
    assert actions_of(response) == [start_url(enrolment)]


def test_quiz_card_after_attempts(signed_in: Client, enrolment: Enrolment, card_url: str) -> None:
    for answers in (answers_to("a"), {}):
        attempt = services.start_attempt(enrolment, quiz_unit(), language="en", at=NOW)
        services.submit_attempt(attempt, answers, language="en", at=NOW)

    response = signed_in.get(card_url)

    text = text_of(response)
    assert "Best result so far: 50 %." in text
    assert "Start the quiz 1 attempt left" in text
    assert "Attempt 2: 0 %" in text
    assert "Attempt 1: 50 %" in text
    assert f"/en/learn/attempts/{attempt.pk}/" in links_of(response)


def test_quiz_card_without_attempts_left(signed_in: Client, enrolment: Enrolment, card_url: str) -> None:
    for _attempt in range(3):
        attempt = services.start_attempt(enrolment, quiz_unit(), language="en", at=NOW)
        services.submit_attempt(attempt, {}, language="en", at=NOW)

    response = signed_in.get(card_url)

    assert "You have used all attempts." in text_of(response)
    assert actions_of(response) == []


def test_quiz_card_after_passing(signed_in: Client, enrolment: Enrolment, card_url: str) -> None:
    attempt = services.start_attempt(enrolment, quiz_unit(), language="en", at=NOW)
    services.submit_attempt(attempt, answers_to("a", "b"), language="en", at=NOW)

    text = text_of(signed_in.get(card_url))

    assert "Passed Best result: 100 %." in text
    assert "Take it again" in text
    assert "You completed this lesson." in text


def test_quiz_card_shows_nothing_of_others(
    signed_in: Client, enrolment: Enrolment, run: CourseRun, card_url: str
) -> None:
    theirs = QuizAttemptFactory(enrolment=EnrolmentFactory(run=run), unit=quiz_unit())

    response = signed_in.get(card_url)

    assert "3 attempts left" in text_of(response)
    assert str(theirs.pk) not in response.content.decode()


def test_lesson_is_printed_anew_after_its_publication(
    signed_in: Client, enrolment: Enrolment, english: CoursePage
) -> None:
    page = LessonPage.objects.descendant_of(english).order_by("path").first()
    assert "Rewritten" not in signed_in.get(page.get_url()).text

    page.body = json.dumps([{"type": "prose", "value": "<p>Rewritten text.</p>", "id": str(uuid.uuid4())}])
    page.save_revision().publish()

    assert "Rewritten text." in signed_in.get(page.get_url()).text


def test_lesson_of_the_cache_shows_each_learner_their_own_quiz(
    signed_in: Client, enrolment: Enrolment, english: CoursePage, quiz: Unit
) -> None:
    page = LessonPage.objects.get(translation_key=quiz.lesson_id, locale=english.locale)
    services.start_attempt(enrolment, quiz, language="en", at=NOW)
    assert "Go on with the quiz" in signed_in.get(page.get_url()).text

    other = Client()
    other.force_login(EnrolmentFactory(run=enrolment.run).user)

    assert "Start the quiz" in other.get(page.get_url()).text
