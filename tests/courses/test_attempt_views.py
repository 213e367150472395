import datetime as dt
import json

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import User
from courses import services
from courses.forms import read_answers
from courses.models import AttemptAnswer, Certificate, CoursePage, CourseRun, Enrolment, LessonPage, QuizAttempt, Unit
from tests.courses.pages import actions_of, links_of, main_of, said, text_of
from tests.factories.courses import (
    EnrolmentFactory,
    add_lesson,
    answers_to,
    option_id,
    publish,
    question_id,
    quiz_unit,
    unit_of,
)

pytestmark = pytest.mark.django_db

NOW = timezone.now()
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def attempt(enrolment: Enrolment, quiz: Unit, english: CoursePage) -> QuizAttempt:
    return services.start_attempt(enrolment, quiz, language="ru", at=NOW)


def url_of(attempt: QuizAttempt, prefix: str = "/en") -> str:
    return f"{prefix}/learn/attempts/{attempt.pk}/"


def fields(answers: dict[str, list[str]], **buttons: str) -> dict[str, object]:
    """Make what the page's form sends: both questions were on the screen."""
    chosen = {f"q-{key}": values for key, values in answers.items()}
    return {"asked": [question_id("a"), question_id("b")], **chosen, **buttons}


def chosen_on(response: HttpResponse) -> list[str]:
    return [box["value"] for box in main_of(response).select("input[checked]")]


# Start


def test_attempt_create(signed_in: Client, enrolment: Enrolment, quiz: Unit) -> None:
    response = signed_in.post(f"/en/learn/{enrolment.pk}/quizzes/{quiz.pk}/start/")

    attempt = QuizAttempt.objects.get()
    assert response.url == url_of(attempt)
    assert attempt.language == "en"


def test_attempt_create_goes_on_with_the_open_one(signed_in: Client, attempt: QuizAttempt) -> None:
    response = signed_in.post(f"/en/learn/{attempt.enrolment_id}/quizzes/{attempt.unit_id}/start/")

    assert response.url == url_of(attempt)
    assert QuizAttempt.objects.count() == 1


def test_attempt_create_without_attempts_left(
    signed_in: Client, enrolment: Enrolment, quiz: Unit, english: CoursePage
) -> None:
    for _attempt in range(3):
        attempt = services.start_attempt(enrolment, quiz, language="ru", at=NOW)
        services.submit_attempt(attempt, {}, language="ru", at=NOW)

    response = signed_in.post(f"/en/learn/{enrolment.pk}/quizzes/{quiz.pk}/start/")

    assert response.url == f"{english.url}second/"
    assert said(response) == ["You have used all attempts at this quiz. Your best result counts."]
    assert QuizAttempt.objects.count() == 3


def test_attempt_create_after_the_end(signed_in: Client, learner: User, quiz: Unit, english: CoursePage) -> None:
    enrolment = EnrolmentFactory(
        user=learner, run__course_id=english.translation_key, run__course=None, run__ends_at=NOW
    )

    response = signed_in.post(f"/en/learn/{enrolment.pk}/quizzes/{quiz.pk}/start/")

    assert response.url == f"{english.url}second/"
    assert said(response) == ["This group takes no answers now: it has not started yet or has ended."]


def test_attempt_create_of_a_quiz_that_is_gone_from_its_pages(
    signed_in: Client, enrolment: Enrolment, quiz: Unit, quiz_lesson: LessonPage, english: CoursePage
) -> None:
    for page in LessonPage.objects.filter(slug="second"):
        page.body = json.dumps([])
        publish(page)
    Unit.objects.filter(pk=quiz.pk).update(retired_at=None)  # a moment before the units follow

    response = signed_in.post(f"/en/learn/{enrolment.pk}/quizzes/{quiz.pk}/start/")

    assert response.url == f"{english.url}second/"
    assert said(response) == ["This quiz was withdrawn from the course."]


def test_attempt_create_of_what_is_no_quiz(
    signed_in: Client, enrolment: Enrolment, lesson: LessonPage, quiz_lesson: LessonPage
) -> None:
    key = quiz_unit().pk
    quiz_lesson.unpublish()

    for unit in (lesson.translation_key, key):
        assert signed_in.post(f"/learn/{enrolment.pk}/quizzes/{unit}/start/").status_code == 404


# Answer


def test_attempt_detail_shows_saved_answers(signed_in: Client, attempt: QuizAttempt) -> None:
    services.save_answers(attempt, answers_to("b", option=2), at=NOW)

    response = signed_in.get(url_of(attempt))

    assert chosen_on(response) == [option_id("b", 2)]
    assert actions_of(response) == [url_of(attempt)]
    assert "no-store" in response["Cache-Control"]


def test_attempt_detail_save_and_go_on_later(signed_in: Client, attempt: QuizAttempt) -> None:
    response = signed_in.post(url_of(attempt), fields(answers_to("a"), save="1"))

    assert response.url == url_of(attempt)
    assert said(response) == ["Your answers are saved. You can go on later, on any device."]
    assert chosen_on(signed_in.get(url_of(attempt))) == [option_id("a", 0)]


def test_attempt_detail_submit(signed_in: Client, attempt: QuizAttempt) -> None:
    response = signed_in.post(url_of(attempt), fields(answers_to("a", "b"), submit="1"))

    assert response.url == url_of(attempt)
    attempt.refresh_from_db()
    assert attempt.is_passed
    page = signed_in.get(url_of(attempt))
    assert "Passed: 100 % 2 of 2 questions answered rightly." in text_of(page)


def test_attempt_detail_submit_unfinished_asks_and_keeps_the_answers(signed_in: Client, attempt: QuizAttempt) -> None:
    response = signed_in.post(url_of(attempt), fields(answers_to("b"), submit="1"))

    assert response.status_code == 422
    text = text_of(response)
    assert "Some questions have no answer yet" in text
    assert "#question-1" in links_of(response)
    assert "#question-2" not in links_of(response)
    assert chosen_on(response) == [option_id("b", 0)]
    attempt.refresh_from_db()
    assert attempt.is_open


def test_attempt_detail_submit_unfinished_on_purpose(signed_in: Client, attempt: QuizAttempt) -> None:
    signed_in.post(url_of(attempt), fields(answers_to("b"), submit_incomplete="1"))

    attempt.refresh_from_db()
    assert (attempt.percent, attempt.is_passed) == (50, False)
    response = signed_in.get(url_of(attempt))
    text = text_of(response)
    assert "Not passed: 50 %, needed 70 % 1 of 2 questions answered rightly." in text
    assert "No answer." in text
    assert "Try again" in text


def test_attempt_detail_submit_counts_what_was_saved_before(signed_in: Client, attempt: QuizAttempt) -> None:
    services.save_answers(attempt, answers_to("a"), at=NOW)

    response = signed_in.post(
        url_of(attempt), {"asked": [question_id("b")], f"q-{question_id('b')}": option_id("b", 0)}
    )

    assert response.status_code == 302
    attempt.refresh_from_db()
    assert attempt.percent == 100


def test_attempt_detail_submit_twice(signed_in: Client, attempt: QuizAttempt) -> None:
    signed_in.post(url_of(attempt), fields(answers_to("a", "b", option=1), submit="1"))

    response = signed_in.post(url_of(attempt), fields(answers_to("a", "b"), submit="1"))

    assert response.url == url_of(attempt)
    assert said(response) == ["This attempt was submitted before. Its result has not changed."]
    attempt.refresh_from_db()
    assert attempt.percent == 0
    assert QuizAttempt.objects.count() == 1


def test_attempt_detail_save_after_submission(signed_in: Client, attempt: QuizAttempt) -> None:
    services.submit_attempt(attempt, {}, language="ru", at=NOW)

    response = signed_in.post(url_of(attempt), fields(answers_to("a"), save="1"))

    assert response.url == url_of(attempt)
    assert said(response) == ["This attempt has ended. The answers saved before its end were marked."]
    assert services.saved_answers(attempt) == {}


def test_attempt_detail_foreign_answers(signed_in: Client, attempt: QuizAttempt) -> None:
    services.save_answers(attempt, answers_to("a"), at=NOW)

    response = signed_in.post(url_of(attempt), fields({**answers_to("a", option=1), **answers_to("z")}, submit="1"))

    assert response.status_code == 400
    assert "Some answers did not belong to this attempt, so nothing was changed." in response.content.decode()
    assert chosen_on(response) == [option_id("a", 0)]
    attempt.refresh_from_db()
    assert attempt.is_open


def test_attempt_detail_submit_after_the_end_of_the_run(
    signed_in: Client, run: CourseRun, attempt: QuizAttempt
) -> None:
    services.save_answers(attempt, answers_to("a"), at=NOW)
    CourseRun.objects.filter(pk=run.pk).update(ends_at=NOW)

    response = signed_in.post(url_of(attempt), fields(answers_to("a", "b"), submit="1"))

    assert response.url == url_of(attempt)
    assert said(response) == ["The group has ended. What you had saved before its end was marked."]
    attempt.refresh_from_db()
    assert attempt.percent == 50


@pytest.mark.parametrize("button", ["submit", "save"])
def test_attempt_detail_unfinished_after_the_end_of_the_run(
    signed_in: Client, run: CourseRun, attempt: QuizAttempt, button: str
) -> None:
    CourseRun.objects.filter(pk=run.pk).update(ends_at=NOW)

    response = signed_in.post(url_of(attempt), fields(answers_to("a"), **{button: "1"}), follow=True)

    assert "Not passed: 0 %, needed 70 %" in text_of(response)
    attempt.refresh_from_db()
    assert attempt.submitted_at == NOW


def test_attempt_detail_opened_after_the_end_of_the_run(
    signed_in: Client, run: CourseRun, attempt: QuizAttempt
) -> None:
    services.save_answers(attempt, answers_to("a"), at=NOW)
    CourseRun.objects.filter(pk=run.pk).update(ends_at=NOW)

    response = signed_in.get(url_of(attempt))

    assert "Not passed: 50 %, needed 70 %" in text_of(response)
    assert actions_of(response) == []


@pytest.mark.parametrize("button", ["submit", "save"])
def test_attempt_detail_after_leaving_the_course(signed_in: Client, attempt: QuizAttempt, button: str) -> None:
    services.withdraw(attempt.enrolment, at=NOW)

    response = signed_in.post(url_of(attempt), fields(answers_to("a", "b"), **{button: "1"}))

    assert said(response) == ["You left this course. Enrol again to go on; what you saved is kept."]
    attempt.refresh_from_db()
    assert attempt.is_open


def test_attempt_detail_after_a_switch_of_language(signed_in: Client, attempt: QuizAttempt) -> None:
    signed_in.post(url_of(attempt, ""), fields(answers_to("a"), save="1"))

    response = signed_in.get(url_of(attempt))

    text = text_of(response)
    assert "Quiz quiz" in text
    assert "Question a Choice a-0" in text.replace("1. ", "")
    assert "Вопрос" not in text
    assert chosen_on(response) == [option_id("a", 0)]


# Result


def test_result_leads_on(signed_in: Client, attempt: QuizAttempt, course_page: CoursePage, english: CoursePage) -> None:
    services.submit_attempt(attempt, answers_to("a", "b"), language="ru", at=NOW)
    response = signed_in.get(url_of(attempt))
    assert links_of(response).count(english.url) == 2
    assert actions_of(response) == []

    add_lesson(course_page, "third")

    assert f"{course_page.url}third/" in links_of(signed_in.get(url_of(attempt)))


def test_result_that_completes_the_course_offers_the_certificate(
    signed_in: Client, attempt: QuizAttempt, lesson: LessonPage
) -> None:
    services.complete_lesson(attempt.enrolment, unit_of(lesson), language="ru", at=NOW)

    signed_in.post(url_of(attempt), fields(answers_to("a", "b"), submit="1"))

    certificate = Certificate.objects.get()
    assert certificate.language == "en"
    assert f"/en/learn/certificates/{certificate.public_id}.pdf" in links_of(signed_in.get(url_of(attempt)))


def test_result_without_attempts_left(signed_in: Client, attempt: QuizAttempt) -> None:
    services.submit_attempt(attempt, {}, language="ru", at=NOW)
    for _attempt in range(2):
        last = services.start_attempt(attempt.enrolment, attempt.unit, language="ru", at=NOW)
        services.submit_attempt(last, {}, language="ru", at=NOW)

    response = signed_in.get(url_of(last))

    assert "There are no attempts left at this quiz." in text_of(response)
    assert actions_of(response) == []
    assert url_of(attempt) in links_of(response)


def test_result_stays_when_the_quiz_is_gone(signed_in: Client, attempt: QuizAttempt, quiz_lesson: LessonPage) -> None:
    services.submit_attempt(attempt, answers_to("a"), language="ru", at=NOW)
    quiz_lesson.unpublish()

    response = signed_in.get(url_of(attempt))

    assert "Not passed: 50 %, needed 70 %" in text_of(response)
    assert actions_of(response) == []


# Autosave


def test_attempt_save(signed_in: Client, attempt: QuizAttempt) -> None:
    response = signed_in.post(f"{url_of(attempt)}save/", fields(answers_to("a", option=1)))

    saved_at = timezone.localtime(AttemptAnswer.objects.first().saved_at)
    assert response.json() == {"saved_at": saved_at.strftime("%H:%M")}
    assert services.saved_answers(attempt) == {**answers_to("a", option=1), question_id("b"): []}


def test_attempt_save_after_submission(signed_in: Client, attempt: QuizAttempt) -> None:
    services.submit_attempt(attempt, {}, language="ru", at=NOW)

    response = signed_in.post(f"{url_of(attempt)}save/", fields(answers_to("a")))

    assert response.status_code == 409
    assert response.json() == {"error": "This attempt has ended. Reload the page to see its result."}


def test_attempt_save_foreign_answers(signed_in: Client, attempt: QuizAttempt) -> None:
    response = signed_in.post(f"{url_of(attempt)}save/", fields(answers_to("z")))

    assert response.status_code == 400
    assert response.json() == {"error": "The answer does not belong to this attempt. Reload the page."}
    assert services.saved_answers(attempt) == {}


def test_read_answers(rf: object) -> None:
    data = rf.post("/", {"asked": ["1", "2"], "q-1": ["a", "b"], "q-3": "c", "csrfmiddlewaretoken": "x"}).POST

    assert read_answers(data) == {"1": ["a", "b"], "2": [], "3": ["c"]}
