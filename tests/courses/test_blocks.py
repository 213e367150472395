import re
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import translation

from courses.blocks import LessonStream, QuestionBlock, QuizBlock, TableBlock
from courses.choices import QuestionKind
from courses.models import CoursePage, LessonPage
from tests.courses.files import create_document, create_image
from tests.factories.courses import add_lesson, identity, question, quiz_block

pytestmark = pytest.mark.django_db

STREAM = LessonStream()
# What a reader sees of each block's preview value, in English.
PREVIEWS = {
    "prose": "Heading A paragraph of running text with stress .",
    "case_study": (
        "Case study The lamp at the warehouse The witness said that he knew the man from forty metres away. "
        "Training material: persons and events are invented."
    ),
    "statute": (
        "art. 14 ICCPR told in our words Everyone is equal before courts. "
        "International Covenant on Civil and Political Rights, as in force on 1 January 2026."
    ),
    "key_points": "Key points One fact, one question. The source is in your hand.",
    "reflection": "Exercise Which fact of your last case was never disputed?",
    "table": "Votes of eleven Votes Verdict 6 guilty",
    "quiz": "Check yourself 1 question pass mark 70 %",
}
# Blocks that show files have no preview value: an editor chooses the file.
WITH_FILES = {"media", "image", "document"}


def render(name: str, value: Any) -> str:
    with translation.override("en"):
        return STREAM.child_blocks[name].render(value, context={"LANGUAGE_CODE": "en"})


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", BeautifulSoup(html, "html.parser").get_text(" ")).strip()


# Wagtail leaves the temporary file of a new rendition to the garbage collector.
leaves_a_file_open = pytest.mark.filterwarnings("ignore:Unclosed file <tempfile.Spooled:ResourceWarning")


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def test_every_block_has_a_template_and_a_test() -> None:
    assert set(STREAM.child_blocks) == set(PREVIEWS) | WITH_FILES
    for block in STREAM.child_blocks.values():
        assert block.meta.template


@pytest.mark.parametrize("name", PREVIEWS)
def test_block_renders_its_preview(name: str) -> None:
    block = STREAM.child_blocks[name]

    assert text_of(render(name, block.get_preview_value())) == PREVIEWS[name]


@pytest.mark.parametrize("name", PREVIEWS)
def test_block_is_previewed_in_the_admin(admin_client: Client, settings: Any, name: str) -> None:
    settings.REQUIRE_STAFF_MFA = False
    block = LessonPage._meta.get_field("body").stream_block.child_blocks[name]

    response = admin_client.get(reverse("wagtailadmin_block_preview"), {"id": block.definition_prefix})

    assert response.status_code == 200
    assert BeautifulSoup(response.content, "html.parser").body.get_text(strip=True)


def test_media_block_says_length_and_size_and_loads_nothing_by_itself() -> None:
    value = STREAM.child_blocks["media"].to_python(
        {
            "kind": "audio",
            "title": "Речь",
            "file": create_document(name="speech.mp3").pk,
            "minutes": 95,
            "transcript": "<p>Слово за словом.</p>",
        }
    )

    html = render("media", value)

    assert "1 h 35 min, 2 KB. Download Transcript Слово за словом." in text_of(html)
    assert 'preload="none"' in html
    assert "<video" not in html
    assert "<video" in render("media", {**value, "kind": "video"})


@leaves_a_file_open
def test_image_block() -> None:
    value = STREAM.child_blocks["image"].to_python(
        {"image": create_image().pk, "alt": "Пустой зал", "caption": "Зал № 3"}
    )

    html = render("image", value)

    assert 'alt="Пустой зал"' in html
    assert "Зал № 3" in text_of(html)
    assert 'loading="lazy"' in html


def test_document_block_says_type_and_size() -> None:
    document = create_document()
    value = STREAM.child_blocks["document"].to_python({"document": document.pk, "note": "Образец"})

    html = render("document", value)

    assert document.url in html
    assert text_of(html).startswith("Ходатайство PDF 2")
    assert text_of(html).endswith("Образец")


@pytest.mark.parametrize(("is_paraphrase", "tag"), [(True, "told in our words"), (False, "quotation")])
def test_statute_block_says_whether_it_quotes(is_paraphrase: bool, tag: str) -> None:
    block = STREAM.child_blocks["statute"]
    value = block.to_python(
        {
            "citation": "ст. 631 УПК РК",
            "source": "УПК РК",
            "in_force_on": "2026-07-01",
            "url": "https://adilet.zan.kz/rus/docs/K1400000231",
            "is_paraphrase": is_paraphrase,
            "text": "<p>Текст нормы</p>",
        }
    )

    html = render("statute", value)

    assert tag in text_of(html)
    assert ("<blockquote" in html) is not is_paraphrase
    assert "as in force on 1 July 2026." in text_of(html)
    assert 'href="https://adilet.zan.kz/rus/docs/K1400000231"' in html


def test_case_study_of_a_real_case_does_not_say_that_it_is_invented() -> None:
    value = STREAM.child_blocks["case_study"].to_python(
        {"heading": "Дело", "text": "<p>Текст</p>", "is_fictional": False}
    )

    assert "invented" not in render("case_study", value)


def test_table_block_marks_headers_of_rows_and_columns() -> None:
    html = render(
        "table",
        {
            "data": [["", "2024"], ["Дела", None]],
            "first_row_is_table_header": True,
            "first_col_is_header": True,
            "table_caption": "",
        },
    )

    table = BeautifulSoup(html, "html.parser")
    assert [cell.get_text() for cell in table.select("th[scope=col]")] == ["", "2024"]
    assert [cell.get_text() for cell in table.select("th[scope=row]")] == ["Дела"]
    assert [cell.get_text() for cell in table.select("td")] == [""]
    assert table.caption is None


EVIL = "<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("case_study", {"heading": EVIL}),
        ("statute", {"citation": EVIL, "source": EVIL}),
        ("key_points", {"points": [EVIL]}),
        ("table", {"data": [[EVIL], [EVIL]], "table_caption": EVIL}),
        ("quiz", {"title": EVIL}),
    ],
)
def test_block_escapes_what_is_not_rich_text(name: str, fields: dict[str, Any]) -> None:
    block = STREAM.child_blocks[name]

    html = render(name, block.normalize({**block.meta.preview_value, **fields}))

    assert "<script" not in html
    assert "&lt;script&gt;" in html


@leaves_a_file_open
def test_lesson_page_shows_every_block(admin_client: Client, course_page: CoursePage) -> None:
    document = create_document(name="speech.mp3")
    blocks = [
        {"type": name, "id": identity("every", name), "value": value}
        for name, value in {
            **{name: STREAM.child_blocks[name].meta.preview_value for name in PREVIEWS if name != "quiz"},
            "media": {"kind": "video", "title": "Запись", "file": document.pk, "minutes": 3, "transcript": "<p>Т</p>"},
            "image": {"image": create_image().pk, "alt": "", "caption": "Подпись"},
            "document": {"document": document.pk, "note": "Заметка"},
        }.items()
    ]
    for block in blocks:
        if block["type"] == "statute":
            block["value"] = {**block["value"], "in_force_on": "2026-01-01"}
    lesson = add_lesson(course_page, body=[*blocks, quiz_block()])

    response = admin_client.get(lesson.url)

    text = text_of(response.content.decode())
    for phrase in ("Heading", "The lamp", "art. 14 ICCPR", "One fact", "Which fact", "Votes of eleven"):
        assert phrase in text
    for phrase in ("Запись", "Подпись", "Заметка", "Тест quiz"):
        assert phrase in text


def test_lesson_page_reads_its_quizzes_in_order(course_page: CoursePage) -> None:
    lesson = add_lesson(course_page, body=[quiz_block("one"), quiz_block("two")])

    quizzes = [(str(key), value["title"]) for key, value in LessonPage.objects.get(pk=lesson.pk).quizzes()]

    assert quizzes == [(identity("quiz", name), f"Тест {name}") for name in ("one", "two")]


# What an editor may publish


@pytest.mark.parametrize(
    ("kind", "total", "right", "problem"),
    [
        (QuestionKind.SINGLE, 3, [1], None),
        (QuestionKind.SINGLE, 3, [], "Mark exactly one answer as right."),
        (QuestionKind.SINGLE, 3, [0, 1], "Mark exactly one answer as right."),
        (QuestionKind.SINGLE, 1, [0], "A question needs at least two answers."),
        (QuestionKind.MULTIPLE, 3, [0], None),
        (QuestionKind.MULTIPLE, 3, [0, 1, 2], None),
        (QuestionKind.MULTIPLE, 3, [], "Mark at least one answer as right."),
        (QuestionKind.TRUE_FALSE, 2, [1], None),
        (QuestionKind.TRUE_FALSE, 3, [1], "A true-or-false question has exactly two answers."),
        (QuestionKind.TRUE_FALSE, 2, [0, 1], "Mark exactly one answer as right."),
    ],
)
def test_question_that_nobody_could_answer_is_refused(
    kind: QuestionKind, total: int, right: list[int], problem: str | None
) -> None:
    block = QuestionBlock()
    value = block.to_python(question("a", kind=kind, right=right, options=total)["value"])

    with translation.override("en"):
        if problem is None:
            assert block.clean(value)["text"] == "Вопрос a"
            return
        with pytest.raises(ValidationError) as refused:
            block.clean(value)
        assert refused.value.block_errors["options"].messages == [problem]


@pytest.mark.parametrize(
    "fields", [{"pass_mark": 0}, {"pass_mark": 101}, {"attempt_limit": -1}, {"questions": []}, {"title": ""}]
)
def test_quiz_that_cannot_be_taken_is_refused(fields: dict[str, Any]) -> None:
    block = QuizBlock()

    with pytest.raises(ValidationError):
        block.clean(block.to_python({**quiz_block()["value"], **fields}))

    assert block.clean(block.to_python(quiz_block()["value"]))["pass_mark"] == 70


def test_table_without_a_value_has_nothing_to_translate() -> None:
    assert TableBlock().get_translatable_segments(None) == []
