import json
import uuid
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from courses import services
from courses.choices import UnitKind
from courses.models import (
    Certificate,
    Course,
    CourseIndexPage,
    CoursePage,
    CourseRun,
    Enrolment,
    LessonPage,
    QuizAttempt,
    Unit,
    UnitProgress,
)
from tests.factories.accounts import UserFactory
from tests.factories.courses import (
    CertificateFactory,
    QuizAttemptFactory,
    add_lesson,
    add_module,
    create_course,
    identity,
    publish,
    question,
    quiz_block,
    quiz_unit,
    unit_of,
)

pytestmark = pytest.mark.django_db


def titles(course_page: CoursePage) -> list[str]:
    """List the units in use of a course in their order."""
    units = Unit.objects.in_use().filter(course_id=course_page.translation_key)
    return list(units.order_by("position").values_list("title", flat=True))


@pytest.fixture
def record(enrolment: Enrolment, lesson: LessonPage, quiz: Unit) -> dict[type, list[Any]]:
    """Everything a learner can own, in the course; returned as it stands now."""
    now = timezone.now()
    for unit in (unit_of(lesson), quiz):
        services.touch_unit(enrolment, unit, at=now)
        services.record_result(enrolment, unit, percent=50, at=now)
    QuizAttemptFactory(enrolment=enrolment, unit=quiz)
    CertificateFactory(enrolment=enrolment)
    return read_record()


def read_record() -> dict[type, list[Any]]:
    models = (Course, CourseRun, Enrolment, UnitProgress, QuizAttempt, Certificate)
    return {model: list(model.objects.order_by("pk").values()) for model in models}


def test_publication_makes_units(course_page: CoursePage) -> None:
    module = add_module(course_page)
    page = add_lesson(module, "in-module", body=[quiz_block("one"), quiz_block("two")], is_required=False)

    lesson, one, two = Unit.objects.order_by("position")

    assert Course.objects.get().key == course_page.translation_key
    assert Course.objects.get().title == course_page.title
    assert (lesson.pk, lesson.kind, lesson.lesson) == (page.translation_key, UnitKind.LESSON, None)
    assert [(unit.pk, unit.kind, unit.lesson, unit.title) for unit in (one, two)] == [
        (uuid.UUID(identity("quiz", name)), UnitKind.QUIZ, lesson, f"Тест {name}") for name in ("one", "two")
    ]
    assert {unit.is_required for unit in (lesson, one, two)} == {False}


def test_units_stand_in_the_order_of_pages_and_blocks(course_page: CoursePage) -> None:
    first = add_module(course_page, "m1")
    second = add_module(course_page, "m2")
    add_lesson(second, "c")
    add_lesson(first, "a", body=[quiz_block("a1"), quiz_block("a2")])
    b = add_lesson(first, "b", body=[quiz_block("b1")])

    assert titles(course_page) == ["Урок a", "Тест a1", "Тест a2", "Урок b", "Тест b1", "Урок c"]

    b.refresh_from_db()
    b.move(first, pos="first-child")

    assert titles(course_page) == ["Урок b", "Тест b1", "Урок a", "Тест a1", "Тест a2", "Урок c"]


def test_drafts_are_no_units(course_page: CoursePage) -> None:
    draft = add_lesson(course_page, "draft", is_draft=True)

    assert not Unit.objects.exists()

    publish(draft)

    assert titles(course_page) == ["Урок draft"]


def test_a_course_that_was_never_published_is_no_course(catalogues: dict[str, CourseIndexPage]) -> None:
    page = create_course(catalogues["ru"], is_draft=True)
    add_lesson(page)

    assert services.sync_course(page.translation_key, at=timezone.now()) is None
    assert not Course.objects.exists()
    assert not Unit.objects.exists()


def test_renaming_reaches_the_units(course_page: CoursePage, lesson: LessonPage) -> None:
    course_page.refresh_from_db()
    course_page.title = "Иное название"
    publish(course_page)
    lesson.title = "Иной урок"
    publish(lesson)

    assert Course.objects.get().title == "Иное название"
    assert titles(course_page) == ["Иной урок"]


def test_unpublished_lesson_is_retired_and_comes_back(
    course_page: CoursePage, lesson: LessonPage, quiz: Unit, record: dict[type, list[Any]]
) -> None:
    page = LessonPage.objects.get(translation_key=quiz.lesson_id)
    page.unpublish()

    assert titles(course_page) == ["Урок first"]
    assert Unit.objects.get(pk=quiz.pk).retired_at is not None

    publish(page)

    assert titles(course_page) == ["Урок first", "Урок second", "Тест quiz"]
    assert Unit.objects.get(pk=quiz.pk).retired_at is None
    assert read_record() == record


def test_quiz_taken_out_of_its_lesson_is_retired_and_comes_back(
    course_page: CoursePage, quiz_lesson: LessonPage, quiz: Unit, record: dict[type, list[Any]]
) -> None:
    quiz_lesson.body = json.dumps([])
    publish(quiz_lesson)

    assert titles(course_page) == ["Урок first", "Урок second"]

    quiz_lesson.body = json.dumps([quiz_block()])
    publish(quiz_lesson)

    assert titles(course_page) == ["Урок first", "Урок second", "Тест quiz"]
    assert read_record() == record


def test_a_retired_unit_keeps_the_moment_it_was_retired(course_page: CoursePage, lesson: LessonPage) -> None:
    lesson.unpublish()
    retired_at = unit_of(lesson).retired_at

    services.sync_course(course_page.translation_key, at=timezone.now())

    assert unit_of(lesson).retired_at == retired_at


def test_deleted_lesson_is_retired(
    course_page: CoursePage, quiz_lesson: LessonPage, quiz: Unit, record: dict[type, list[Any]]
) -> None:
    quiz_lesson.delete()

    assert titles(course_page) == ["Урок first"]
    assert set(Unit.objects.filter(retired_at__isnull=False)) == {quiz, quiz.lesson}
    assert read_record() == record


def test_deleted_module_retires_its_lessons(course_page: CoursePage) -> None:
    module = add_module(course_page)
    add_lesson(module, "inside")
    module.refresh_from_db()

    module.delete()

    assert titles(course_page) == []
    assert Unit.objects.count() == 1


def test_deleted_course_retires_everything_and_keeps_records(
    course_page: CoursePage, record: dict[type, list[Any]]
) -> None:
    course_page.refresh_from_db()

    course_page.delete()

    assert not CoursePage.objects.exists()
    assert titles(course_page) == []
    assert Unit.objects.count() == 3
    assert read_record() == record


def test_unpublished_course_retires_everything_and_comes_back(
    course_page: CoursePage, record: dict[type, list[Any]]
) -> None:
    course_page.refresh_from_db()
    course_page.unpublish()

    assert titles(course_page) == []

    publish(course_page)

    assert titles(course_page) == ["Урок first", "Урок second", "Тест quiz"]
    assert read_record() == record


def test_lesson_moved_to_another_course_leaves_one_and_joins_the_other(
    catalogues: dict[str, CourseIndexPage],
    course_page: CoursePage,
    quiz_lesson: LessonPage,
    record: dict[type, list[Any]],
) -> None:
    other = create_course(catalogues["ru"], "other")

    quiz_lesson.refresh_from_db()
    quiz_lesson.move(other, pos="last-child")

    assert titles(course_page) == ["Урок first"]
    assert titles(other) == ["Урок second", "Тест quiz"]
    record[Course] = list(Course.objects.order_by("pk").values())
    assert read_record() == record


def test_module_moved_inside_a_course_changes_the_order(course_page: CoursePage) -> None:
    add_lesson(add_module(course_page, "m1"), "a")
    module = add_module(course_page, "m2")
    add_lesson(module, "b")
    course_page.refresh_from_db()
    module.refresh_from_db()

    module.move(course_page, pos="first-child")

    assert titles(course_page) == ["Урок b", "Урок a"]


def test_two_languages_give_one_set_of_units(course_page: CoursePage, english: CoursePage) -> None:
    assert Course.objects.get().title == course_page.title
    assert titles(course_page) == ["Урок first", "Урок second", "Тест quiz"]
    assert Unit.objects.count() == 3


def test_english_changes_do_not_change_the_units_of_the_default_language(
    course_page: CoursePage, english: CoursePage
) -> None:
    add_lesson(english, "only-english")
    LessonPage.objects.get(locale=english.locale, slug="second").delete()

    assert titles(course_page) == ["Урок first", "Урок second", "Тест quiz"]


def test_a_course_in_english_only_has_its_units(catalogues: dict[str, CourseIndexPage]) -> None:
    page = create_course(catalogues["en"])
    add_lesson(page, body=[quiz_block(language="en")])

    assert Course.objects.get().title == "Course jury"
    assert titles(page) == ["Lesson lesson", "Quiz quiz"]


def test_english_carries_on_when_the_default_language_is_unpublished(
    course_page: CoursePage, english: CoursePage
) -> None:
    course_page.refresh_from_db()
    course_page.unpublish()

    assert titles(course_page) == ["Lesson first", "Lesson second", "Quiz quiz"]
    assert services.source_page(course_page.translation_key) == english


def test_sync_course_twice_changes_nothing(course_page: CoursePage, quiz: Unit) -> None:
    before = list(Unit.objects.order_by("position").values())

    services.sync_course(course_page.translation_key, at=timezone.now())

    assert list(Unit.objects.order_by("position").values()) == before


def test_long_title_of_a_quiz_is_cut(course_page: CoursePage) -> None:
    block = quiz_block(questions=[question("a")])
    block["value"]["title"] = "Т" * 300

    add_lesson(course_page, body=[block])

    assert quiz_unit().title == "Т" * 255


def test_copied_lesson_does_not_take_the_quiz_of_the_original(
    course_page: CoursePage, quiz_lesson: LessonPage, quiz: Unit
) -> None:
    quiz_lesson.refresh_from_db()

    copy = quiz_lesson.copy(update_attrs={"slug": "copy", "title": "Копия"})

    assert titles(course_page) == ["Урок first", "Урок second", "Тест quiz", "Копия"]
    assert copy.translation_key != quiz_lesson.translation_key
    assert quiz_unit().lesson_id == quiz_lesson.translation_key


def test_copied_course_does_not_take_the_quizzes_of_the_original(
    course_page: CoursePage, quiz: Unit, record: dict[type, list[Any]]
) -> None:
    course_page.refresh_from_db()

    copy = course_page.copy(recursive=True, update_attrs={"slug": "copy", "title": "Копия"})

    assert titles(course_page) == ["Урок first", "Урок second", "Тест quiz"]
    assert titles(copy) == ["Урок first", "Урок second"]
    record[Course] = list(Course.objects.order_by("pk").values())
    assert read_record() == record


def test_lesson_copied_in_the_admin_has_a_quiz_of_its_own(
    course_page: CoursePage, quiz_lesson: LessonPage, client: Client, settings: LazySettings
) -> None:
    settings.REQUIRE_STAFF_MFA = False
    client.force_login(UserFactory(is_superuser=True))
    original = Unit.objects.get(kind="quiz")

    response = client.post(
        reverse("wagtailadmin_pages:copy", args=[quiz_lesson.pk]),
        {
            "new_title": "Копия",
            "new_slug": "copy",
            "new_parent_page": quiz_lesson.get_parent().pk,
            "publish_copies": "on",
        },
    )

    assert response.status_code == 302
    copy = LessonPage.objects.get(slug="copy")
    [(key, _quiz)] = copy.quizzes()
    assert key != original.pk
    assert Unit.objects.get(pk=key).lesson_id == copy.translation_key
    assert Unit.objects.get(pk=original.pk).lesson_id == quiz_lesson.translation_key
