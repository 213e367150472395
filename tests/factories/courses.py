"""Courses as editors publish them, and learners' rows.

Identities are made of names: pages of one slug in two languages are one course or lesson, blocks of one name in two
languages are one quiz, question or answer.
"""

import datetime as dt
import json
import uuid
from collections.abc import Sequence
from typing import Any

import factory
from django.utils import timezone
from wagtail.models import Page

from accounts.models import User
from courses.choices import QuestionKind, Subject, TeachingRole, UnitKind
from courses.models import (
    Certificate,
    Course,
    CourseCountry,
    CourseFacilitator,
    CourseIndexPage,
    CoursePage,
    CourseRun,
    Enrolment,
    LessonPage,
    ModulePage,
    QuizAttempt,
    Unit,
)
from tests.factories.accounts import UserFactory

NAMESPACE = uuid.UUID("5d2c3c0e-0c53-4a35-9a06-5d0f6c1f5a77")

WORDS = {
    "ru": {
        "question": "Вопрос",
        "option": "Ответ",
        "explanation": "Пояснение",
        "source": "Статья",
        "quiz": "Тест",
        "course": "Курс",
        "module": "Модуль",
        "lesson": "Урок",
        "text": "Текст",
    },
    "en": {
        "question": "Question",
        "option": "Choice",
        "explanation": "Because",
        "source": "Section",
        "quiz": "Quiz",
        "course": "Course",
        "module": "Module",
        "lesson": "Lesson",
        "text": "Prose",
    },
}


def identity(*names: object) -> str:
    """Return the id that these names always get."""
    return str(uuid.uuid5(NAMESPACE, "/".join(map(str, names))))


def question(
    name: str,
    *,
    kind: QuestionKind = QuestionKind.SINGLE,
    right: Sequence[int] = (0,),
    options: int | None = None,
    language: str = "ru",
) -> dict[str, Any]:
    """Make the raw value of a question; its texts say what they are, e.g. “Пояснение a”, “Ответ a-1”."""
    words = WORDS[language]
    total = options or (2 if kind == QuestionKind.TRUE_FALSE else 3)
    return {
        "type": "item",
        "id": identity("question", name),
        "value": {
            "kind": str(kind),
            "text": f"{words['question']} {name}",
            "options": [
                {
                    "type": "item",
                    "id": option_id(name, number),
                    "value": {"text": f"{words['option']} {name}-{number}", "is_correct": number in right},
                }
                for number in range(total)
            ],
            "explanation": f"{words['explanation']} {name}",
            "source": f"{words['source']} {name}",
        },
    }


def question_id(name: str) -> str:
    return identity("question", name)


def option_id(question_name: str, number: int) -> str:
    return identity("option", question_name, number)


def answers_to(*names: str, option: int = 0) -> dict[str, list[str]]:
    """Choose one option for each question: the first, which is the right one unless the question says otherwise."""
    return {question_id(name): [option_id(name, option)] for name in names}


def quiz_block(
    name: str = "quiz",
    *,
    questions: Sequence[dict[str, Any]] | None = None,
    pass_mark: int = 70,
    attempt_limit: int = 3,
    language: str = "ru",
) -> dict[str, Any]:
    """Make the raw value of a quiz; its questions are “a” and “b” unless given."""
    if questions is None:
        questions = [question("a", language=language), question("b", language=language)]
    return {
        "type": "quiz",
        "id": identity("quiz", name),
        "value": {
            "title": f"{WORDS[language]['quiz']} {name}",
            "pass_mark": pass_mark,
            "attempt_limit": attempt_limit,
            "questions": list(questions),
        },
    }


def prose_block(text: str, name: str = "prose") -> dict[str, Any]:
    return {"type": "prose", "id": identity("prose", name), "value": f"<p>{text}</p>"}


def publish(page: Page) -> Page:
    """Publish a page through a revision, as an editor does, so that receivers run."""
    page.save_revision().publish()
    page.refresh_from_db()
    return page


def add_page(parent: Page, page: Page, *, is_draft: bool = False, is_quick: bool = False) -> Page:
    """Add a page below another one and publish it unless it is to stay a draft.

    `is_quick` puts it there as if it had been published long ago: no revision, no receivers; call sync_course after.
    """
    parent.refresh_from_db()
    page.live = is_quick
    parent.add_child(instance=page)
    if is_quick:
        return page
    if is_draft:
        page.save_revision()
        return page
    return publish(page)


def create_course(
    catalogue: CourseIndexPage,
    slug: str = "jury",
    *,
    countries: Sequence[str] = (),
    facilitators: Sequence[User] = (),
    is_draft: bool = False,
    is_quick: bool = False,
    **fields: Any,
) -> CoursePage:
    """Publish a course without lessons below a catalogue, in the catalogue's language, listed unless said otherwise."""
    words = WORDS[catalogue.locale.language_code]
    page = CoursePage(
        slug=slug,
        locale=catalogue.locale,
        translation_key=uuid.UUID(identity("course", slug)),
        **{
            "title": f"{words['course']} {slug}",
            "summary": f"{words['text']} {slug}",
            "outcomes": "One\nTwo",
            "subject": Subject.JURY_TRIALS,
            "workload_minutes": 90,
            "is_listed": True,
            **fields,
        },
    )
    page.scope = [CourseCountry(country=country) for country in countries]
    page.facilitators = [CourseFacilitator(user=user, role=TeachingRole.FACILITATOR) for user in facilitators]
    return add_page(catalogue, page, is_draft=is_draft, is_quick=is_quick)


def add_module(
    course_page: CoursePage,
    slug: str = "module",
    *,
    is_draft: bool = False,
    is_quick: bool = False,
    **fields: Any,
) -> ModulePage:
    """Publish a module of a course."""
    words = WORDS[course_page.locale.language_code]
    page = ModulePage(
        slug=slug,
        locale=course_page.locale,
        translation_key=uuid.UUID(identity("module", course_page.translation_key, slug)),
        **{"title": f"{words['module']} {slug}", **fields},
    )
    return add_page(course_page, page, is_draft=is_draft, is_quick=is_quick)


def add_lesson(
    parent: Page,
    slug: str = "lesson",
    *,
    body: Sequence[dict[str, Any]] | None = None,
    is_draft: bool = False,
    is_quick: bool = False,
    **fields: Any,
) -> LessonPage:
    """Publish a lesson below a course or a module; raw blocks make its body, a paragraph unless given."""
    words = WORDS[parent.locale.language_code]
    blocks = [prose_block(f"{words['text']} {slug}", slug)] if body is None else list(body)
    page = LessonPage(
        slug=slug,
        locale=parent.locale,
        translation_key=uuid.UUID(identity("lesson", parent.translation_key, slug)),
        body=json.dumps(blocks),
        **{"title": f"{words['lesson']} {slug}", **fields},
    )
    return add_page(parent, page, is_draft=is_draft, is_quick=is_quick)


def unit_of(page: LessonPage) -> Unit:
    return Unit.objects.get(pk=page.translation_key)


def quiz_unit(name: str = "quiz") -> Unit:
    return Unit.objects.select_related("lesson").get(pk=identity("quiz", name))


class CourseFactory(factory.django.DjangoModelFactory):
    """A course without pages, for what needs no text."""

    class Meta:
        model = Course

    key = factory.LazyFunction(uuid.uuid4)
    title = "Курс без страниц"


class LessonUnitFactory(factory.django.DjangoModelFactory):
    """A lesson of a course without pages."""

    class Meta:
        model = Unit

    key = factory.LazyFunction(uuid.uuid4)
    course = factory.SubFactory(CourseFactory)
    kind = UnitKind.LESSON
    title = "Урок без страницы"
    position = factory.Sequence(lambda number: number)


class QuizUnitFactory(LessonUnitFactory):
    """A quiz of a course without pages; it needs its `lesson`."""

    kind = UnitKind.QUIZ
    course = factory.SelfAttribute("lesson.course")


class CourseRunFactory(factory.django.DjangoModelFactory):
    """A run that opened and started a month ago and never ends: at one's own pace, without limit."""

    class Meta:
        model = CourseRun

    course = factory.SubFactory(CourseFactory)
    enrolment_opens_at = factory.LazyFunction(lambda: timezone.now() - dt.timedelta(days=30))
    starts_at = factory.SelfAttribute("enrolment_opens_at")


class EnrolmentFactory(factory.django.DjangoModelFactory):
    """Somebody in a run, since yesterday."""

    class Meta:
        model = Enrolment

    user = factory.SubFactory(UserFactory)
    run = factory.SubFactory(CourseRunFactory)
    language = "ru"
    enrolled_at = factory.LazyFunction(lambda: timezone.now() - dt.timedelta(days=1))


class QuizAttemptFactory(factory.django.DjangoModelFactory):
    """The first open attempt at a quiz, with a paper of questions “a” and “b”, Russian only."""

    class Meta:
        model = QuizAttempt

    enrolment = factory.SubFactory(EnrolmentFactory)
    number = 1
    language = "ru"
    paper = factory.LazyFunction(lambda: paper(question("a"), question("b")))
    started_at = factory.LazyFunction(timezone.now)


def paper(*questions: dict[str, Any], pass_mark: int = 70, language: str = "ru") -> dict[str, Any]:
    """Make the snapshot that an attempt keeps of these raw questions."""
    return {
        "title": {language: WORDS[language]["quiz"]},
        "pass_mark": pass_mark,
        "questions": [
            {
                "id": raw["id"],
                "kind": raw["value"]["kind"],
                **{field: {language: raw["value"][field]} for field in ("text", "explanation", "source")},
                "options": [
                    {
                        "id": option["id"],
                        "text": {language: option["value"]["text"]},
                        "is_correct": option["value"]["is_correct"],
                    }
                    for option in raw["value"]["options"]
                ],
            }
            for raw in questions
        ],
    }


class CertificateFactory(factory.django.DjangoModelFactory):
    """A valid certificate of an enrolment."""

    class Meta:
        model = Certificate

    enrolment = factory.SubFactory(EnrolmentFactory)
    serial = factory.Sequence(lambda number: f"CALL-2025-{number:05d}")
    language = "ru"
    holder_name = "Айгуль Нурпеисова"
    course_title = "Суд присяжных в Казахстане"
    cpd_minutes = 600
    started_on = dt.date(2026, 9, 1)
    completed_on = dt.date(2026, 10, 2)
    issued_on = dt.date(2026, 10, 3)
    facilitators = factory.LazyFunction(lambda: ["Чолпон Осмонова"])
