"""The key of a quiz reaches the browser after submission and never before."""

import json

import pytest
from django.test import Client
from django.utils import timezone

from courses import services
from courses.models import CoursePage, Enrolment, LessonPage, QuizAttempt, Unit
from tests.courses.pages import main_of
from tests.factories.courses import QuizAttemptFactory, answers_to, option_id, question_id

pytestmark = pytest.mark.django_db

SECRETS = {
    "ru": ["Пояснение a", "Пояснение b", "Статья a", "Статья b"],
    "en": ["Because a", "Because b", "Section a", "Section b"],
}
WORDS_OF_THE_KEY = ["is_correct", "correct", "explanation", "is_right"]


@pytest.fixture
def attempt(enrolment: Enrolment, quiz: Unit, english: CoursePage) -> QuizAttempt:
    """An open attempt at the quiz, whose paper is in both languages."""
    return services.start_attempt(enrolment, quiz, language="ru", at=timezone.now())


def assert_no_key(content: str) -> None:
    for word in [*SECRETS["ru"], *SECRETS["en"], *WORDS_OF_THE_KEY]:
        assert word not in content, word


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_attempt_page_holds_no_key_before_submission(signed_in: Client, attempt: QuizAttempt, prefix: str) -> None:
    response = signed_in.get(f"{prefix}/learn/attempts/{attempt.pk}/")

    assert response.status_code == 200
    assert question_id("a") in response.content.decode()
    assert_no_key(response.content.decode())


def test_attempt_page_shows_every_option_alike(signed_in: Client, attempt: QuizAttempt) -> None:
    options = main_of(signed_in.get(f"/learn/attempts/{attempt.pk}/")).select("label.option")

    shapes = {
        str(option)
        .replace(option_id(name, number), "ID")
        .replace(f"Ответ {name}-{number}", "TEXT")
        .replace(question_id(name), "QUESTION")
        for option, (name, number) in zip(
            options, [(name, number) for name in "ab" for number in range(3)], strict=True
        )
    }
    assert len(shapes) == 1


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_unfinished_attempt_sent_back_holds_no_key(signed_in: Client, attempt: QuizAttempt, prefix: str) -> None:
    response = signed_in.post(
        f"{prefix}/learn/attempts/{attempt.pk}/",
        {"submit": "1", f"q-{question_id('a')}": option_id("a", 0)},
    )

    assert response.status_code == 422
    assert_no_key(response.content.decode())


def test_foreign_answer_sent_back_holds_no_key(signed_in: Client, attempt: QuizAttempt) -> None:
    response = signed_in.post(
        f"/learn/attempts/{attempt.pk}/", {"submit": "1", f"q-{question_id('z')}": option_id("z", 0)}
    )

    assert response.status_code == 400
    assert_no_key(response.content.decode())


@pytest.mark.parametrize("slug", ["first", "second"])
def test_lesson_page_holds_no_key_and_no_question(
    signed_in: Client, attempt: QuizAttempt, english: CoursePage, slug: str
) -> None:
    for page in LessonPage.objects.filter(slug=slug):
        response = signed_in.get(page.url)

        assert response.status_code == 200
        assert_no_key(response.content.decode())
        for word in ("Вопрос a", "Question a", "Ответ a-0", "Choice a-0", question_id("a"), option_id("a", 0)):
            assert word not in response.content.decode()


@pytest.mark.parametrize("option", [0, 1], ids=["right", "wrong"])
def test_autosave_answers_alike_for_right_and_wrong(signed_in: Client, attempt: QuizAttempt, option: int) -> None:
    response = signed_in.post(f"/learn/attempts/{attempt.pk}/save/", {f"q-{question_id('a')}": option_id("a", option)})

    assert response.status_code == 200
    assert set(json.loads(response.content)) == {"saved_at"}
    assert_no_key(response.content.decode())


def test_pages_of_the_course_hold_no_key(signed_in: Client, attempt: QuizAttempt, course_page: CoursePage) -> None:
    for url in (course_page.url, course_page.get_parent().url, "/sitemap.xml", "/learn/certificates/"):
        assert_no_key(signed_in.get(url).content.decode())


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_result_shows_explanations_in_the_language_of_the_page(
    signed_in: Client, attempt: QuizAttempt, prefix: str
) -> None:
    services.submit_attempt(attempt, answers_to("a"), language="ru", at=timezone.now())

    content = signed_in.get(f"{prefix}/learn/attempts/{attempt.pk}/").content.decode()

    here, elsewhere = ("en", "ru") if prefix else ("ru", "en")
    for word in SECRETS[here]:
        assert word in content
    for word in SECRETS[elsewhere]:
        assert word not in content


def test_new_attempt_hides_again_what_the_last_one_showed(signed_in: Client, attempt: QuizAttempt) -> None:
    services.submit_attempt(attempt, answers_to("a"), language="ru", at=timezone.now())
    again = QuizAttemptFactory(enrolment=attempt.enrolment, unit=attempt.unit, number=2)

    assert_no_key(signed_in.get(f"/learn/attempts/{again.pk}/").content.decode())
