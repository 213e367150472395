"""What a content file may say, and what it becomes."""

import datetime as dt
from pathlib import Path

import pytest

from courses.choices import QuestionKind
from demo.files import Directive, identity, read_course, read_quiz, read_table, split_parts
from demo.markdown import to_rich_text
from demo.sources import ContentError, Text, read_yaml

MARKDOWN = [
    ("Текст", "<p>Текст</p>"),
    ("# Один\n## Два\n### Три", "<h1>Один</h1>\n<h2>Два</h2>\n<h3>Три</h3>"),
    ("**важно** и *тонко*", "<p><b>важно</b> и <i>тонко</i></p>"),
    ("`код`", "<p><i>код</i></p>"),
    ("первая\nстрока", "<p>первая\nстрока</p>"),
    ("- один\n- два", "<ul>\n<li>один</li>\n<li>два</li>\n</ul>"),
    ("- один\n\n- два", "<ul>\n<li>один</li>\n<li>два</li>\n</ul>"),
    ("1. один\n2. два", "<ol>\n<li>один</li>\n<li>два</li>\n</ol>"),
    ("> слова", "<blockquote>слова</blockquote>"),
    ("> первые\n>\n> вторые", "<blockquote>первые<br/>вторые</blockquote>"),
    ("[О Лиге](/about/)", '<p><a href="/about/">О Лиге</a></p>'),
    ("[Почта](mailto:a@example.org)", '<p><a href="mailto:a@example.org">Почта</a></p>'),
    ("<b>сырой</b> & 1 < 2", "<p>&lt;b&gt;сырой&lt;/b&gt; &amp; 1 &lt; 2</p>"),
    ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
    ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
    ("«ёлочки» — тире", "<p>«ёлочки» — тире</p>"),
    ("один\n\n---\n\nдва", "<p>один</p>\n<hr />\n<p>два</p>"),
    ("", ""),
]


@pytest.mark.parametrize(("markdown", "html"), MARKDOWN)
def test_to_rich_text(markdown: str, html: str) -> None:
    assert to_rich_text(markdown) == html


def body(text: str, line: int = 1) -> Text:
    return Text(Path("lesson.md"), line, text)


def directive(text: str) -> Directive:
    (part,) = split_parts(body(text))
    assert isinstance(part, Directive)
    return part


def test_split_parts_keeps_the_order() -> None:
    parts = split_parts(body("До\n\n:::case Дело\nФакты\n:::\nПосле\n:::reflection\nВопрос\n:::\n"))

    assert [part.text if isinstance(part, Text) else (part.name, part.heading, part.body.text) for part in parts] == [
        "До",
        ("case", "Дело", "Факты"),
        "После",
        ("reflection", "", "Вопрос"),
    ]


def test_split_parts_of_nothing_is_nothing() -> None:
    assert split_parts(body("\n\n")) == []


def test_split_parts_counts_lines_from_the_top_of_the_file() -> None:
    part = split_parts(body("До\n\n:::statute ст. 1\nin_force_on: 2025-09-16\n---\n\nТекст\n:::", line=7))[1]

    assert isinstance(part, Directive)
    assert part.options == {"in_force_on": dt.date(2025, 9, 16)}
    assert (part.first_line.line, part.body.line, part.body.text) == (9, 13, "Текст")


QUIZ = """:::quiz Проверка
id: check
pass_mark: 70
attempts: 0
---
### multiple: Какие?
- [x] Первый
- [ ] Второй
- [x] Третий
> Первый
> и третий.
> Source: ст. 1

### truefalse: Верно ли?
answer: TRUE
> Да.
> Source: ст. 2
:::"""


def test_read_quiz() -> None:
    quiz = read_quiz(directive(QUIZ))

    assert (quiz.key, quiz.title, quiz.pass_mark, quiz.attempts) == ("check", "Проверка", 70, 0)
    multiple, statement = quiz.questions
    assert (multiple.kind, multiple.text) == (QuestionKind.MULTIPLE, "Какие?")
    assert multiple.options == [("Первый", True), ("Второй", False), ("Третий", True)]
    assert (multiple.explanation, multiple.source) == ("Первый и третий.", "ст. 1")
    assert statement.kind == QuestionKind.TRUE_FALSE
    assert statement.options == [("true", True), ("false", False)]


def test_read_table_drops_rule_and_stress() -> None:
    table = directive(":::table Голоса\n| **A** | B |\n|:--|--:|\n\n| 1 |  |\n:::")

    assert read_table(table) == [["A", "B"], ["1", ""]]


def test_missing_key_of_an_entry_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "people.yaml"
    path.write_text("# Люди\n- email: a\n  role: b\n- email: c\n")

    first, second = read_yaml(path)

    assert (first["role"], second.get("role"), "role" in second) == ("b", None, False)
    with pytest.raises(ContentError, match=r"people\.yaml, line 4: “role” is missing\."):
        second["role"]


def test_empty_file_is_no_mapping(tmp_path: Path) -> None:
    (tmp_path / "course.yaml").write_text("")

    with pytest.raises(ContentError, match=r"course\.yaml, line 1: the file must be"):
        read_course(tmp_path)


def test_file_with_control_characters_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: \x00")

    with pytest.raises(ContentError, match=r"a\.yaml, line 1"):
        read_yaml(tmp_path / "a.yaml")


def test_read_course_in_two_languages(world_files: Path) -> None:
    course = read_course(world_files / "courses/mini")

    assert list(course.texts) == ["en", "ru"]
    russian = course.texts["ru"]
    assert [(module.slug, [lesson.slug for lesson in module.lessons]) for module in russian.modules] == [
        ("first", ["one"])
    ]
    assert [quiz.key for quiz in russian.modules[0].lessons[0].quizzes] == ["check"]


def test_lines_that_end_as_on_windows_are_read(world_files: Path) -> None:
    for path in (world_files / "courses/mini").rglob("*.*"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    course = read_course(world_files / "courses/mini")

    assert course.texts["ru"].document.meta["title"] == "Малый курс"


def test_identity_depends_on_names_only() -> None:
    assert identity("lesson", "a", 1) == identity("lesson", "a", 1)
    assert identity("lesson", "a", 1) != identity("lesson", "a", 2)
