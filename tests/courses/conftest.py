from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage
from django.test import Client

from accounts.models import User
from courses.models import (
    Certificate,
    CourseIndexPage,
    CoursePage,
    CourseRun,
    Enrolment,
    LessonPage,
    Unit,
)
from tests.factories.accounts import UserFactory
from tests.factories.courses import (
    CourseRunFactory,
    EnrolmentFactory,
    add_lesson,
    create_course,
    quiz_block,
    quiz_unit,
)


@pytest.fixture(autouse=True)
def private_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Certificates made by a test are files of that test."""
    monkeypatch.setattr(
        Certificate._meta.get_field("pdf"), "storage", FileSystemStorage(tmp_path / "private", base_url=None)
    )
    return tmp_path / "private"


@pytest.fixture
def course_page(catalogues: dict[str, CourseIndexPage]) -> CoursePage:
    """A published course in Russian, with the lesson `lesson` and, below it, the lesson `quiz_lesson`."""
    return create_course(catalogues["ru"])


@pytest.fixture
def lesson(course_page: CoursePage) -> LessonPage:
    """A lesson without a quiz."""
    return add_lesson(course_page, "first")


@pytest.fixture
def quiz_lesson(course_page: CoursePage, lesson: LessonPage) -> LessonPage:
    """The second lesson, with a quiz: questions “a” and “b”, pass mark 70 %, three attempts."""
    return add_lesson(course_page, "second", body=[quiz_block()])


@pytest.fixture
def quiz(quiz_lesson: LessonPage) -> Unit:
    """The quiz of the second lesson."""
    return quiz_unit()


@pytest.fixture
def english(
    catalogues: dict[str, CourseIndexPage],
    course_page: CoursePage,
    lesson: LessonPage,
    quiz_lesson: LessonPage,
) -> CoursePage:
    """The same course in English: both lessons and the quiz."""
    page = create_course(catalogues["en"])
    add_lesson(page, "first")
    add_lesson(page, "second", body=[quiz_block(language="en")])
    return page


@pytest.fixture
def run(course_page: CoursePage) -> CourseRun:
    """An open run that never ends."""
    return CourseRunFactory(course_id=course_page.translation_key, course=None)


@pytest.fixture
def learner(db: None) -> User:
    return UserFactory(email="learner@example.org", name_native="Айгуль Нурпеисова", name_latin="Aigul Nurpeisova")


@pytest.fixture
def enrolment(run: CourseRun, learner: User) -> Enrolment:
    return EnrolmentFactory(run=run, user=learner)


@pytest.fixture
def signed_in(client: Client, learner: User) -> Client:
    """The learner's browser."""
    client.force_login(learner)
    return client
