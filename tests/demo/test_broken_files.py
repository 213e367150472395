"""A mistake in a content file is told with its file and line, and nothing is loaded."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.utils import timezone

from accounts.models import User
from courses.models import Course
from demo.loader import load_membership, read_demo
from demo.sources import ContentError
from members.models import Chapter
from pages.models import HomePage, NewsPage, SiteText
from tests.demo.conftest import Load
from tests.demo.content import LESSON, TRANSLATION, line_of

COURSE = "courses/mini/course.yaml"
RUSSIAN = "courses/mini/ru/course.md"
SITE = "site/site.yaml"
PEOPLE = "site/people.yaml"
APPLICATIONS, DUES, CPD = "site/applications.yaml", "site/dues.yaml", "site/cpd.yaml"
COMMITTEES, PROFILES, TRANSFERS = "site/committees.yaml", "site/profiles.yaml", "site/transfers.yaml"


@dataclass
class Mistake:
    """`old` becomes `new` in a file; the message names the line that then holds `at`, else `line`."""

    name: str
    path: str
    old: str
    new: str
    says: str
    at: str = ""
    line: int = 1


MISTAKES = [
    # Front matter
    Mistake("no front matter", LESSON, "---\ntitle: Первый урок", "title: Первый урок", "must begin with front matter"),
    Mistake(
        "front matter not closed", "courses/mini/ru/01-first/module.md", "\n---\n", "\n", "not closed by a line “---”"
    ),
    Mistake("front matter is a list", LESSON, "title: Первый урок\nminutes: 20", "- a\n- b", "“key: value”", line=2),
    Mistake("bad YAML", LESSON, "minutes: 20", "minutes: [20", "expected ',' or ']'", line=3),
    Mistake("bad YAML deeper", LESSON, "minutes: 20", "minutes: 20\nsummary: a\nb: 'c", "end of stream", line=5),
    Mistake("no title", LESSON, "title: Первый урок\n", "", "“title” is missing", line=2),
    Mistake("no minutes", LESSON, "minutes: 20\n", "", "“minutes” is missing", line=2),
    Mistake("minutes in words", LESSON, "minutes: 20", "minutes: час", "“minutes” must be a whole number", line=2),
    Mistake("minutes below one", LESSON, "minutes: 20", "minutes: -5", "“minutes” must be a whole number", line=2),
    Mistake("title too long", LESSON, "Первый урок", "Урок" * 70, "“title” is longer than 255", line=2),
    Mistake("summary too long", RUSSIAN, "Один урок.", "Урок" * 90, "“summary” is longer than 300", line=2),
    Mistake("no outcomes", RUSSIAN, "outcomes:\n  - Прочитать урок\n", "", "“outcomes” is missing", line=2),
    Mistake("outcomes in a line", RUSSIAN, "outcomes:\n  - П", "outcomes: П", "“outcomes” must be a list", line=2),
    # Directives
    Mistake(
        "unknown directive", LESSON, ":::keypoints", ":::keypoint", "unknown directive “keypoint”", at=":::keypoint"
    ),
    Mistake("directive not closed", LESSON, "виновен |\n:::\n", "виновен |\n", "“table” from line", at=":::keypoints"),
    Mistake(
        "last directive not closed",
        LESSON,
        "ст. 656 УПК РК\n:::\n",
        "ст. 656 УПК РК\n",
        "“quiz” is not closed",
        at=":::quiz",
    ),
    Mistake(
        "statute without options", LESSON, "in_force_on: 2025-09-16\n---\n", "", "needs options", at="source: Угол"
    ),
    Mistake("statute without date", LESSON, "in_force_on: 2025-09-16\n", "", "“in_force_on”", at="Один судья"),
    Mistake(
        "statute with an impossible date", LESSON, "2025-09-16", "2025-02-30", "day is out of range", at="2025-02-30"
    ),
    Mistake(
        "options are no mapping",
        LESSON,
        "source: Уголовно-процессуальный кодекс\nin_force_on: 2025-09-16",
        "- a",
        "“key: value”",
        at="- a",
    ),
    Mistake("bad YAML in options", LESSON, "source: Угол", "source: 'Угол", "end of stream", at="in_force_on"),
    Mistake(
        "statute without heading", LESSON, ":::statute ст. 632 УПК РК", ":::statute", "needs a heading", at=":::statute"
    ),
    Mistake(
        "ragged table",
        LESSON,
        "| 6 | виновен |",
        "| 6 | виновен | да |",
        "the row has 3 cells, the first one 2",
        at="| 6 |",
    ),
    Mistake("table of one row", LESSON, "| 6 | виновен |\n", "", "at least one row", at="| Голосов |"),
    # Quizzes
    Mistake("quiz without id", LESSON, "id: check\n", "", "the quiz has no “id”", at="### single"),
    Mistake("quiz without questions", LESSON, "### ", "", "belongs to no part|no questions|begins with", at="single:"),
    Mistake("pass mark in words", LESSON, "pass_mark: 70", "pass_mark: много", "“pass_mark” must be", at="### single"),
    Mistake("pass mark above 100", LESSON, "pass_mark: 70", "pass_mark: 700", "“pass_mark” must be", at="### single"),
    Mistake("attempts below none", LESSON, "attempts: 3", "attempts: -1", "“attempts” must be", at="### single"),
    Mistake(
        "unknown kind of question", LESSON, "### single:", "### choice:", "a question begins with", at="### choice"
    ),
    Mistake(
        "no right answer", LESSON, "- [x] Десять", "- [ ] Десять", "not the right number of right ones", at="### single"
    ),
    Mistake(
        "two right answers", LESSON, "- [ ] Двенадцать", "- [x] Двенадцать", "not the right number", at="### single"
    ),
    Mistake("one answer", LESSON, "- [ ] Двенадцать\n", "", "too few answers", at="### single"),
    Mistake(
        "answer neither true nor false",
        LESSON,
        "answer: false",
        "answer: нет",
        "“answer” is “true” or “false”",
        at="answer:",
    ),
    Mistake("no source", LESSON, "> Source: ст. 632 УПК РК\n", "", "no “> Source:” line", at="### single"),
    Mistake("no explanation", LESSON, "> Нельзя.\n", "", "no explanation", at="### truefalse"),
    Mistake(
        "stray line in a question", LESSON, "- [ ] Двенадцать", "* Двенадцать", "belongs to no part", at="* Двенадцать"
    ),
    # Translations
    Mistake(
        "right answer differs", TRANSLATION, "answer: false", "answer: true", "differs from the Russian one", line=5
    ),
    Mistake("quiz of another key", TRANSLATION, "id: check", "id: other", "quiz “other” differs", line=5),
    Mistake("directives differ", TRANSLATION, ":::keypoints", ":::reflection", "otherwise than in the Russian", line=5),
    Mistake("texts differ", TRANSLATION, "## Начало\n\nВступление.\n", "", "otherwise than in the Russian", line=5),
    # The course
    Mistake("course without slug", COURSE, "slug: mini\n", "", "“slug” is missing"),
    Mistake("unknown subject", COURSE, "jury_trials", "juries", "“juries” is no subject"),
    Mistake("unknown country", COURSE, "[KZ]", "[KZ, RU]", "“RU” is no country"),
    Mistake("minutes of a course", COURSE, "cpd_minutes: 60", "cpd_minutes: час", "“cpd_minutes” must be"),
    Mistake("unknown author", COURSE, "author@", "nobody@", "“nobody@example.org” is not among the demo accounts"),
    Mistake("unknown facilitator", COURSE, "[facilitator@", "[nobody@", "“nobody@example.org” is not among"),
    Mistake("course is a list", COURSE, "slug: mini", "- a", "", at="subject"),
    # The site
    Mistake(
        "site without a name",
        SITE,
        "  short_name: Центральноазиатская лига юристов\n",
        "",
        "“short_name” is missing",
        line=3,
    ),
    Mistake("person without a language", PEOPLE, "  language: ru\n", "", "“language” is missing", at="key: advocate"),
    Mistake(
        "news without a summary", "site/news/autumn-school.yaml", "summary:", "sumary:", "“summary” is missing", line=2
    ),
    Mistake(
        "home without a hero",
        "site/home.yaml",
        "  hero:\n    kicker: Ад",
        "  hiro:\n    kicker: Ад",
        "“hero” is missing",
        at="title: Центр",
    ),
    Mistake(
        "run without a date", "site/runs.yaml", "", "mini:\n  runs:\n    - pace: self\n", "is missing", at="pace: self"
    ),
]

MEMBERS = [
    Mistake("unknown kind of application", APPLICATIONS, "kind: join", "kind: enter", "“kind” is “enter”", line=4),
    Mistake(
        "application with a misspelt key", APPLICATIONS, "birth_year", "birthyear", "“birthyear” is unknown", line=4
    ),
    Mistake("unknown step", APPLICATIONS, "do: ask", "do: question", "“do” is “question”", at="do: question"),
    Mistake("step without a day", APPLICATIONS, "days_ago: 22, do", "do", "“days_ago” is missing", at="{do: fill"),
    Mistake("steps out of order", APPLICATIONS, "days_ago: 17,", "days_ago: 170,", "never larger", at="days_ago: 170"),
    Mistake(
        "step in the future", APPLICATIONS, "days_ago: 6, do: ask", "days_ago: 0, do: ask", "from 1 on", at="do: ask"
    ),
    Mistake("third referee of two", APPLICATIONS, "referee: 1", "referee: 3", "does not fit", at="referee: 3"),
    Mistake("referee of nowhere", APPLICATIONS, "[kz001@", "[zz001@", "“zz001@example.org” is no member", line=4),
    Mistake("unknown decider", APPLICATIONS, "by: board@", "by: nobody@", "is nobody of the demo", at="by: nobody@"),
    Mistake("bad YAML in applications", APPLICATIONS, "areas: [crim", "areas: [crim[", "expected", at="areas: [crim["),
    Mistake(
        "unknown way to pay", DUES, "do: pay, method: bank", "do: pay, method: gold", "is “gold”", at="method: gold"
    ),
    Mistake("dues of nobody", DUES, "kz010@", "zz010@", "“zz010@example.org” is no member", at="zz010@"),
    Mistake("unknown subject of hours", CPD, "topics: [jury, skills]", "topics: [juries]", "“juries” is", at="juries"),
    Mistake(
        "committee of strangers",
        COMMITTEES,
        "kz003@",
        "uz003@",
        "does not belong to this",
        at="{email: uz003@example.org, role: member, from_days_ago: 140",
    ),
    Mistake("transfer to the own chapter", TRANSFERS, "to: KG-OSH", "to: KG", "already", at="to: KG, asked"),
    Mistake("unknown audience", PROFILES, "phone: members", "phone: friends", "is “friends”", at="friends"),
    Mistake("unknown practice area", PROFILES, "[criminal, jury]", "[crime]", "“crime” is unknown", at="areas:"),
    Mistake("areas in a line", APPLICATIONS, "[criminal, jury, human_rights]", "criminal", "must be a list", line=4),
    Mistake("unknown area of an applicant", APPLICATIONS, "[criminal, jury, human_rights]", "[x]", "“x” is", line=4),
]


def nothing_is_loaded() -> bool:
    return not any(model.objects.exists() for model in (User, Chapter, Course, NewsPage, SiteText))


def expect_refusal(load: Load, path: Path, line: int, says: str) -> None:
    with pytest.raises(CommandError) as refusal:
        load()

    message = str(refusal.value)
    assert message.startswith(f"{path}, line {line}: "), message
    assert re.search(says, message), message
    assert message.endswith(" Nothing was loaded.")
    assert nothing_is_loaded()


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake.name for mistake in MISTAKES])
@pytest.mark.django_db
def test_mistake_is_told_with_file_and_line(mistake: Mistake, world_files: Path, load: Load) -> None:
    path = world_files / mistake.path
    text = path.read_text(encoding="utf-8")
    assert mistake.old in text
    path.write_text(text.replace(mistake.old, mistake.new, 1), encoding="utf-8")

    line = line_of(path, mistake.at) if mistake.at else mistake.line
    expect_refusal(load, path, line, mistake.says)


@pytest.mark.parametrize("mistake", MEMBERS, ids=[mistake.name for mistake in MEMBERS])
@pytest.mark.django_db
def test_mistake_about_members_is_told_with_file_and_line(mistake: Mistake, world_files: Path) -> None:
    path = world_files / mistake.path
    text = path.read_text(encoding="utf-8")
    assert mistake.old in text
    path.write_text(text.replace(mistake.old, mistake.new, 1), encoding="utf-8")
    line = line_of(path, mistake.at) if mistake.at else mistake.line

    with pytest.raises(ContentError) as refusal:
        load_membership(read_demo(world_files), at=timezone.now())  # without the pages, which cost most of the time

    assert str(refusal.value).startswith(f"{path}, line {line}: ")
    assert re.search(mistake.says, str(refusal.value))
    assert nothing_is_loaded()


MISSING = [
    "courses/mini/course.yaml",
    "courses/mini/ru/course.md",
    "courses/mini/ru/01-first/module.md",
    "site/site.yaml",
    "site/home.yaml",
    "site/people.yaml",
    "site/chapters.yaml",
    "site/members.yaml",
    APPLICATIONS,
    DUES,
    CPD,
    COMMITTEES,
    PROFILES,
    TRANSFERS,
    "site/runs.yaml",
]


@pytest.mark.parametrize("name", MISSING)
@pytest.mark.django_db
def test_missing_file_is_named(name: str, world_files: Path, load: Load) -> None:
    path = world_files / name
    path.unlink()

    expect_refusal(load, path, 1, "the file is missing")


@pytest.mark.parametrize("name", [LESSON, "courses/mini/course.yaml", "site/people.yaml"])
@pytest.mark.django_db
def test_file_that_is_not_utf8_is_named(name: str, world_files: Path, load: Load) -> None:
    path = world_files / name
    path.write_bytes("---\ntitle: Урок".encode("cp1251"))

    expect_refusal(load, path, 1, r"not UTF-8 \(byte \d+\)")


@pytest.mark.django_db
def test_lesson_that_is_not_translated_is_named(world_files: Path, load: Load) -> None:
    lesson = (world_files / LESSON).read_text()
    (world_files / LESSON.replace("01-one", "02-two")).write_text(lesson.replace("id: check", "id: second"))

    expect_refusal(load, world_files / "courses/mini/en/course.md", 7, "lesson “first/two” is not translated")


@pytest.mark.django_db
def test_lesson_without_original_is_named(world_files: Path, load: Load) -> None:
    extra = world_files / TRANSLATION.replace("01-one", "02-two")
    extra.write_text((world_files / TRANSLATION).read_text().replace("id: check", "id: second"))

    expect_refusal(load, extra, 1, "there is no Russian lesson “first/two”")


@pytest.mark.django_db
def test_module_without_lessons_is_named(world_files: Path, load: Load) -> None:
    (world_files / LESSON).unlink()

    expect_refusal(load, world_files / "courses/mini/ru/01-first", 1, "the module has no lessons")


@pytest.mark.django_db
def test_course_without_modules_is_named(world_files: Path, load: Load) -> None:
    (world_files / "courses/mini/ru/01-first").rename(world_files / "courses/mini/ru/first")

    expect_refusal(load, world_files / "courses/mini/ru", 1, "the course has no modules")


@pytest.mark.parametrize(("name", "says"), [("kk", "is no language of the site"), ("ru", "no Russian text")])
@pytest.mark.django_db
def test_language_of_a_course_is_checked(name: str, says: str, world_files: Path, load: Load) -> None:
    course = world_files / "courses/mini"
    (course / ("en" if name == "kk" else "ru")).rename(course / name if name == "kk" else world_files / "elsewhere")

    expect_refusal(load, course / name if name == "kk" else course, 1, says)


@pytest.mark.django_db
def test_mistake_beside_a_loaded_world_changes_nothing(world_files: Path, load: Load) -> None:
    load()
    before = set(User.objects.values_list("email", flat=True)), Course.objects.count(), HomePage.objects.count()
    path = world_files / "site/news/autumn-school.yaml"
    path.write_text(path.read_text().replace("summary:", "sumary:"))

    with pytest.raises(CommandError, match="Nothing was loaded"):
        load("--reset")

    after = set(User.objects.values_list("email", flat=True)), Course.objects.count(), HomePage.objects.count()
    assert after == before
