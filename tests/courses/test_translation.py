"""wagtail-localize translates a lesson: texts change, identities do not."""

import json
from typing import Any

import pytest
from django.test import Client, TestCase
from django.utils import timezone
from wagtail.models import Locale
from wagtail_localize.models import StringSegment, StringTranslation, Translation, TranslationSource

from courses import services
from courses.models import CourseIndexPage, CoursePage, Enrolment, LessonPage, Unit
from tests.courses.pages import text_of
from tests.factories.courses import (
    EnrolmentFactory,
    add_lesson,
    add_module,
    create_course,
    identity,
    prose_block,
    publish,
    question,
    quiz_block,
    quiz_unit,
    unit_of,
)

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def blocks() -> list[dict[str, Any]]:
    """Make one block of each kind that holds text."""
    return [
        prose_block("Абзац"),
        {
            "type": "case_study",
            "id": identity("case"),
            "value": {"heading": "Лампа", "text": "<p>Свидетель</p>", "is_fictional": True},
        },
        {
            "type": "statute",
            "id": identity("statute"),
            "value": {
                "citation": "ст. 631 УПК",
                "source": "Кодекс",
                "in_force_on": "2026-07-01",
                "url": "https://adilet.zan.kz/",
                "is_paraphrase": True,
                "text": "<p>Норма права</p>",
            },
        },
        {
            "type": "key_points",
            "id": identity("points"),
            "value": {
                "points": [
                    {"type": "item", "id": identity("point", number), "value": f"Мысль {number}"} for number in range(2)
                ]
            },
        },
        {"type": "reflection", "id": identity("reflection"), "value": {"prompt": "<p>Подумайте</p>"}},
        {
            "type": "table",
            "id": identity("table"),
            "value": {
                "data": [["Голоса", "Вердикт"], ["6", "виновен"], [None, ""]],
                "first_row_is_table_header": True,
                "first_col_is_header": False,
                "table_caption": "Голосование",
            },
        },
        quiz_block(questions=[question("a"), question("b", kind="multiple", right=[0, 1])]),
    ]


def translated(text: str) -> str:
    return f"EN {text}"


def translate_strings(source: TranslationSource, locale: Locale) -> None:
    """Translate every string that has no translation yet."""
    for segment in StringSegment.objects.filter(source=source).select_related("string", "context"):
        StringTranslation.objects.get_or_create(
            translation_of=segment.string,
            locale=locale,
            context=segment.context,
            defaults={"data": translated(segment.string.data)},
        )


def translate(page: Any, locale: Locale) -> Any:
    """Translate a page as an editor does: submit it, type every string, publish; again after an edit."""
    source, _created = TranslationSource.update_or_create_from_instance(page)
    translation, _created = Translation.objects.get_or_create(source=source, target_locale=locale)
    translate_strings(source, locale)
    with TestCase.captureOnCommitCallbacks(execute=True):  # wagtail-localize publishes after the commit
        translation.save_target(publish=True)
    return page.get_translation(locale)


@pytest.fixture
def source(catalogues: dict[str, CourseIndexPage]) -> LessonPage:
    """A lesson in Russian with every kind of text, in a module of a course whose page is translated."""
    course_page = create_course(catalogues["ru"])
    lesson = add_lesson(add_module(course_page), body=blocks())
    translate(course_page, catalogues["en"].locale)
    return lesson


@pytest.fixture
def target(source: LessonPage, catalogues: dict[str, CourseIndexPage]) -> LessonPage:
    """Its English translation."""
    return translate(source, catalogues["en"].locale)


def identities(value: Any) -> list[str]:
    """List the ids of all blocks of a raw stream, at any depth."""
    if isinstance(value, list):
        return [found for item in value for found in identities(item)]
    if isinstance(value, dict):
        own = [value["id"]] if "id" in value else []
        return own + [found for key, item in value.items() if key != "id" for found in identities(item)]
    return []


def raw(page: LessonPage) -> list[dict[str, Any]]:
    """Read the stored body of a page."""
    return [dict(block) for block in LessonPage.objects.get(pk=page.pk).body.raw_data]


def values(page: LessonPage) -> dict[str, Any]:
    return {block["type"]: block["value"] for block in raw(page)}


def test_translation_keeps_the_ids_of_blocks_questions_and_options(source: LessonPage, target: LessonPage) -> None:
    expected = identities(blocks())

    assert len(expected) == 7 + 2 + 2 + 6
    assert identities(raw(target)) == identities(raw(source)) == expected
    assert target.translation_key == source.translation_key
    assert target.live


def test_translation_translates_every_text(target: LessonPage) -> None:
    body = values(target)

    assert target.title == "EN Урок lesson"
    assert "EN Абзац" in body["prose"]
    assert (body["case_study"]["heading"], "EN Свидетель" in body["case_study"]["text"]) == ("EN Лампа", True)
    assert body["statute"]["citation"] == "EN ст. 631 УПК"
    assert body["statute"]["source"] == "EN Кодекс"
    assert "EN Норма права" in body["statute"]["text"]
    assert body["statute"]["in_force_on"] == "2026-07-01"
    assert [point["value"] for point in body["key_points"]["points"]] == ["EN Мысль 0", "EN Мысль 1"]
    assert "EN Подумайте" in body["reflection"]["prompt"]
    assert body["table"]["table_caption"] == "EN Голосование"
    assert body["table"]["data"] == [["EN Голоса", "EN Вердикт"], ["EN 6", "EN виновен"], [None, ""]]


def test_translation_of_a_quiz_changes_texts_only(source: LessonPage, target: LessonPage) -> None:
    before, after = values(source)["quiz"], values(target)["quiz"]

    assert after["title"] == "EN Тест quiz"
    assert (after["pass_mark"], after["attempt_limit"]) == (before["pass_mark"], before["attempt_limit"])
    for asked, translation in zip(before["questions"], after["questions"], strict=True):
        assert translation["value"]["kind"] == asked["value"]["kind"]
        for field in ("text", "explanation", "source"):
            assert translation["value"][field] == translated(asked["value"][field])
        for option, choice in zip(asked["value"]["options"], translation["value"]["options"], strict=True):
            assert choice["value"] == {
                "text": translated(option["value"]["text"]),
                "is_correct": option["value"]["is_correct"],
            }


def test_translation_adds_no_units(source: LessonPage, target: LessonPage) -> None:
    assert list(Unit.objects.in_use().order_by("position")) == [unit_of(source), quiz_unit()]
    assert quiz_unit().title == "Тест quiz"


def test_translating_again_after_an_edit_keeps_the_ids(
    source: LessonPage, target: LessonPage, catalogues: dict[str, CourseIndexPage]
) -> None:
    body = blocks()
    body[0]["value"] = "<p>Другой абзац</p>"
    body[6]["value"]["questions"].insert(0, question("new"))
    body[6]["value"]["questions"][1]["value"]["text"] = "Исправленный вопрос"
    source.body = json.dumps(body)
    publish(source)

    translate(source, catalogues["en"].locale)

    quiz = values(target)["quiz"]
    assert identities(raw(target)) == identities(body)
    assert "EN Другой абзац" in values(target)["prose"]
    assert [entry["value"]["text"] for entry in quiz["questions"]] == [
        "EN Вопрос new",
        "EN Исправленный вопрос",
        "EN Вопрос b",
    ]
    assert quiz["questions"][1]["value"]["explanation"] == "EN Пояснение a"


def test_attempt_started_in_one_language_goes_on_in_the_other(
    signed_in: Client, learner: object, source: LessonPage, target: LessonPage
) -> None:
    course_page = CoursePage.objects.get(locale=source.locale)
    enrolment: Enrolment = EnrolmentFactory(user=learner, run__course_id=course_page.translation_key, run__course=None)
    attempt = services.start_attempt(enrolment, quiz_unit(), language="ru", at=NOW)

    russian = text_of(signed_in.get(f"/learn/attempts/{attempt.pk}/"))
    english = text_of(signed_in.get(f"/en/learn/attempts/{attempt.pk}/"))

    assert "Вопрос a" in russian
    assert "EN Вопрос a" not in russian
    for phrase in ("EN Тест quiz", "EN Вопрос a", "EN Ответ a-0", "EN Вопрос b"):
        assert phrase in english


def test_translated_course_keeps_its_scope_and_identity(source: LessonPage, target: LessonPage) -> None:
    russian, english = CoursePage.objects.order_by("pk")

    assert english.translation_key == russian.translation_key
    assert (english.title, english.summary) == ("EN Курс jury", "EN Текст jury")
    assert (english.subject, english.is_listed) == (russian.subject, russian.is_listed)
    assert services.source_page(russian.translation_key) == russian
