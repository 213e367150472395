"""Starting attempts, and the paper that each keeps."""

import datetime as dt
import json

import pytest
from django.db import IntegrityError
from django.utils import timezone

from courses import services
from courses.choices import AttemptState
from courses.models import CourseIndexPage, CoursePage, Enrolment, LessonPage, QuizAttempt, Unit
from tests.factories.courses import (
    EnrolmentFactory,
    QuizAttemptFactory,
    add_lesson,
    answers_to,
    create_course,
    option_id,
    publish,
    question,
    question_id,
    quiz_block,
    quiz_unit,
)

pytestmark = pytest.mark.django_db

NOW = timezone.now()
HOUR = dt.timedelta(hours=1)


def start(enrolment: Enrolment, unit: Unit, language: str = "ru") -> QuizAttempt:
    return services.start_attempt(enrolment, unit, language=language, at=NOW)


def finish(attempt: QuizAttempt) -> QuizAttempt:
    return services.submit_attempt(attempt, {}, language="ru", at=NOW)


def set_limit(quiz_lesson: LessonPage, limit: int) -> None:
    quiz_lesson.body = json.dumps([quiz_block(attempt_limit=limit)])
    publish(quiz_lesson)


def test_start_attempt(enrolment: Enrolment, quiz: Unit) -> None:
    attempt = start(enrolment, quiz)

    assert QuizAttempt.objects.get() == attempt
    assert (attempt.number, attempt.state, attempt.language) == (1, AttemptState.OPEN, "ru")
    assert (attempt.started_at, attempt.submitted_at, attempt.percent) == (NOW, None, None)


def test_start_attempt_goes_on_with_the_open_one(enrolment: Enrolment, quiz: Unit) -> None:
    first = start(enrolment, quiz)

    assert start(enrolment, quiz, "en") == first
    assert QuizAttempt.objects.count() == 1


def test_attempts_are_counted_when_they_start(enrolment: Enrolment, quiz: Unit) -> None:
    numbers = [finish(start(enrolment, quiz)).number for _attempt in range(2)]
    last = start(enrolment, quiz)

    assert [*numbers, last.number] == [1, 2, 3]
    assert services.can_start(enrolment, quiz, at=NOW) is False
    finish(last)
    with pytest.raises(services.NoAttemptsLeft):
        start(enrolment, quiz)
    assert QuizAttempt.objects.count() == 3


def test_attempts_without_limit(enrolment: Enrolment, quiz: Unit, quiz_lesson: LessonPage) -> None:
    set_limit(quiz_lesson, 0)

    for _attempt in range(5):
        assert services.can_start(enrolment, quiz, at=NOW) is True
        finish(start(enrolment, quiz))

    assert QuizAttempt.objects.count() == 5


def test_attempts_of_others_do_not_count(enrolment: Enrolment, quiz: Unit, quiz_lesson: LessonPage) -> None:
    set_limit(quiz_lesson, 1)
    finish(start(EnrolmentFactory(run=enrolment.run), quiz))

    assert services.can_start(enrolment, quiz, at=NOW) is True
    assert start(enrolment, quiz).number == 1


def test_start_attempt_of_a_quiz_that_is_gone(enrolment: Enrolment, quiz: Unit, quiz_lesson: LessonPage) -> None:
    quiz_lesson.body = json.dumps([])
    publish(quiz_lesson)

    with pytest.raises(services.QuizGone):
        start(enrolment, quiz)

    assert services.can_start(enrolment, quiz_unit(), at=NOW) is False
    assert not QuizAttempt.objects.exists()


def test_start_attempt_of_an_unpublished_lesson(enrolment: Enrolment, quiz: Unit, quiz_lesson: LessonPage) -> None:
    quiz_lesson.unpublish()

    with pytest.raises(services.QuizGone):
        start(enrolment, quiz)

    assert services.can_start(enrolment, quiz, at=NOW) is False


def test_start_attempt_goes_on_though_the_quiz_is_gone(
    enrolment: Enrolment, quiz: Unit, quiz_lesson: LessonPage
) -> None:
    attempt = start(enrolment, quiz)
    quiz_lesson.unpublish()

    assert start(enrolment, quiz) == attempt


@pytest.mark.parametrize(
    "closed",
    [{"run__starts_at": NOW + HOUR}, {"run__ends_at": NOW}, {"withdrawn_at": NOW - HOUR}],
    ids=["not started", "ended", "withdrawn"],
)
def test_start_attempt_when_no_work_is_accepted(
    course_page: CoursePage, quiz: Unit, closed: dict[str, dt.datetime]
) -> None:
    enrolment = EnrolmentFactory(run__course_id=course_page.translation_key, run__course=None, **closed)

    with pytest.raises(services.WorkClosed):
        start(enrolment, quiz)

    assert services.can_start(enrolment, quiz, at=NOW) is False


def test_two_open_attempts_are_refused_by_the_database(enrolment: Enrolment, quiz: Unit) -> None:
    start(enrolment, quiz)

    with pytest.raises(IntegrityError):
        QuizAttemptFactory(enrolment=enrolment, unit=quiz, number=2)


# The paper


def test_paper_holds_every_language(enrolment: Enrolment, quiz: Unit, english: CoursePage) -> None:
    paper = start(enrolment, quiz).paper

    assert paper["title"] == {"ru": "Тест quiz", "en": "Quiz quiz"}
    assert paper["pass_mark"] == 70
    first = paper["questions"][0]
    assert [entry["id"] for entry in paper["questions"]] == [question_id("a"), question_id("b")]
    assert first["text"] == {"ru": "Вопрос a", "en": "Question a"}
    assert first["explanation"] == {"ru": "Пояснение a", "en": "Because a"}
    assert first["source"] == {"ru": "Статья a", "en": "Section a"}
    assert first["options"] == [
        {
            "id": option_id("a", number),
            "text": {"ru": f"Ответ a-{number}", "en": f"Choice a-{number}"},
            "is_correct": number == 0,
        }
        for number in range(3)
    ]


def test_paper_is_not_changed_by_later_edits(enrolment: Enrolment, quiz: Unit, quiz_lesson: LessonPage) -> None:
    attempt = start(enrolment, quiz)
    before = attempt.paper

    quiz_lesson.body = json.dumps([quiz_block(questions=[question("c", right=[2])], pass_mark=100)])
    publish(quiz_lesson)
    result = services.submit_attempt(attempt, answers_to("a", "b"), language="ru", at=NOW)

    assert result.paper == before
    assert (result.percent, result.is_passed) == (100, True)
    assert start(enrolment, quiz).paper["questions"][0]["id"] == question_id("c")


def test_paper_follows_the_questions_of_the_language_of_the_address(
    enrolment: Enrolment, quiz: Unit, english: CoursePage
) -> None:
    page = LessonPage.objects.get(locale=english.locale, slug="second")
    page.body = json.dumps([quiz_block(language="en", questions=[question("b", language="en")])])
    publish(page)

    attempt = start(enrolment, quiz, "en")

    assert [entry["text"] for entry in attempt.paper["questions"]] == [{"ru": "Вопрос b", "en": "Question b"}]


def test_paper_in_a_language_that_has_no_page_is_that_of_the_default_language(enrolment: Enrolment, quiz: Unit) -> None:
    attempt = start(enrolment, quiz, "en")

    assert services.attempt_title(attempt, "en") == "Тест quiz"
    assert services.served_questions(attempt, "en")[0]["text"] == "Вопрос a"


def test_paper_of_a_course_in_english_only(catalogues: dict[str, CourseIndexPage]) -> None:
    page = create_course(catalogues["en"])
    add_lesson(page, body=[quiz_block(language="en")])
    enrolment = EnrolmentFactory(run__course_id=page.translation_key, run__course=None)

    attempt = start(enrolment, quiz_unit(), "ru")

    assert services.attempt_title(attempt, "ru") == "Quiz quiz"


def test_served_questions_follow_a_switch_of_language(enrolment: Enrolment, quiz: Unit, english: CoursePage) -> None:
    attempt = start(enrolment, quiz, "ru")

    served = services.served_questions(attempt, "en")

    assert services.attempt_title(attempt, "en") == "Quiz quiz"
    assert served[1]["text"] == "Question b"
    assert served[1]["options"][2] == {"id": option_id("b", 2), "text": "Choice b-2"}


def test_served_questions_have_no_way_to_the_key(enrolment: Enrolment, quiz: Unit) -> None:
    attempt = start(enrolment, quiz)

    served = services.served_questions(attempt, "ru")

    assert all(set(entry) == {"id", "kind", "text", "options"} for entry in served)
    assert all(set(option) == {"id", "text"} for entry in served for option in entry["options"])
    with pytest.raises(ValueError, match="before submission"):
        services.marked_questions(attempt, "ru")
