"""The content files: what they may hold, read strictly, each mistake named with its file and line.

A course's file is front matter (YAML between two lines `---`), then Markdown with directives, which start with a line
`:::name heading` and end with a line `:::`. docs/features/demo.md describes the format for authors.
"""

import datetime as dt
import re
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from courses.choices import QuestionKind, Subject
from demo.sources import (
    ContentError,
    Document,
    Entry,
    Text,
    parse_yaml,
    read_document,
    read_yaml,
    whole_number,
)
from members.choices import Country

CONTENT = Path(__file__).parent / "content"
DIRECTIVES = {"case", "statute", "keypoints", "reflection", "table", "quiz"}
QUESTION = re.compile(r"^### (single|multiple|truefalse): (.+)$")
OPTION = re.compile(r"^- \[( |x)\] (.+)$")
# Every id in the demo world is derived from names, so a reset gives the same identities again.
NAMESPACE = uuid.UUID("6a1d9c1e-55b0-4b52-9a53-5f2f0a8f3c11")


@dataclass
class Directive:
    name: str
    heading: str
    options: dict[str, Any]
    first_line: Text
    body: Text


@dataclass
class Question:
    kind: QuestionKind
    text: str
    options: list[tuple[str, bool]]
    explanation: str
    source: str


@dataclass
class Quiz:
    key: str
    title: str
    pass_mark: int
    attempts: int
    questions: list[Question]


@dataclass
class Lesson:
    slug: str
    document: Document
    parts: list[Text | Directive] = field(default_factory=list)

    @property
    def quizzes(self) -> list[Quiz]:
        return [read_quiz(part) for part in self.parts if isinstance(part, Directive) and part.name == "quiz"]


@dataclass
class Module:
    slug: str
    document: Document
    lessons: list[Lesson]


@dataclass
class CourseText:
    """A course in one language."""

    document: Document
    modules: list[Module]


@dataclass
class CourseFiles:
    meta: Entry
    texts: dict[str, CourseText]


def split_parts(body: Text) -> list[Text | Directive]:
    """Split a lesson's body into Markdown and directives, in order. Raises ContentError."""
    parts: list[Text | Directive] = []
    prose: list[str] = []
    prose_start = 0
    lines = body.text.split("\n")
    number = 0

    def close_prose() -> None:
        if "".join(prose).strip():
            parts.append(Text(body.path, body.line + prose_start, "\n".join(prose).strip("\n")))
        prose.clear()

    while number < len(lines):
        line = lines[number]
        if line.startswith(":::"):
            close_prose()
            start = number
            name, _space, heading = line[3:].strip().partition(" ")
            if name not in DIRECTIVES:
                known = ", ".join(sorted(DIRECTIVES))
                raise body.error(f"unknown directive “{name}”; there are: {known}.", number)
            number += 1
            while number < len(lines) and lines[number].strip() != ":::":
                if lines[number].startswith(":::"):
                    raise body.error(f"directive “{name}” from line {body.line + start} is not closed.", number)
                number += 1
            if number == len(lines):
                raise body.error(f"directive “{name}” is not closed by a line “:::”.", start)
            parts.append(_directive(body, name, heading.strip(), start + 1, lines[start + 1 : number]))
            prose_start = number + 1
        else:
            prose.append(line)
        number += 1
    close_prose()
    return parts


def _directive(body: Text, name: str, heading: str, start: int, lines: list[str]) -> Directive:
    options: dict[str, Any] = {}
    first_line = Text(body.path, body.line + start - 1, "")
    if name in {"statute", "quiz"}:
        if "---" not in lines:
            raise body.error(f"directive “{name}” needs options, then a line “---”.", start)
        cut = lines.index("---")
        options = parse_yaml(Text(body.path, body.line + start, "\n".join(lines[:cut]))) or {}
        if not isinstance(options, dict):
            raise body.error(f"the options of “{name}” must be “key: value” lines.", start)
        lines = lines[cut + 1 :]
        start += cut + 1
    while lines and not lines[0].strip():
        lines = lines[1:]
        start += 1
    text = Text(body.path, body.line + start, "\n".join(lines).strip("\n"))
    return Directive(name, heading, options, first_line, text)


def read_quiz(directive: Directive) -> Quiz:
    """Read the questions of a quiz. Raises ContentError for one that nobody could answer rightly."""
    body = directive.body
    for key in ("id", "pass_mark", "attempts"):
        if key not in directive.options:
            raise body.error(f"the quiz has no “{key}”.")
    questions: list[Question] = []
    block: list[tuple[int, str]] = []
    for offset, line in enumerate([*body.text.split("\n"), "### end"]):
        if line.startswith("### "):
            if block:
                questions.append(_question(body, block))
            block = [(offset, line)]
        elif line.strip():
            block.append((offset, line))
    if not questions:
        raise body.error("the quiz has no questions.")
    return Quiz(
        key=str(directive.options["id"]),
        title=directive.heading,
        pass_mark=whole_number(body, directive.options, "pass_mark", least=1, most=100),
        attempts=whole_number(body, directive.options, "attempts", least=0, most=20),
        questions=questions,
    )


def _question(body: Text, block: list[tuple[int, str]]) -> Question:
    first, heading = block[0]
    match = QUESTION.match(heading)
    if match is None:
        raise body.error("a question begins with “### single:”, “### multiple:” or “### truefalse:”.", first)
    kind = QuestionKind(match[1])
    options: list[tuple[str, bool]] = []
    notes: list[str] = []
    source = ""
    for offset, line in block[1:]:
        option = OPTION.match(line)
        if option is not None:
            options.append((option[2].strip(), option[1] == "x"))
        elif line.startswith("answer:"):
            value = line.removeprefix("answer:").strip().lower()
            if value not in {"true", "false"}:
                raise body.error("“answer” is “true” or “false”.", offset)
            options = [("true", value == "true"), ("false", value == "false")]
        elif line.startswith("> Source:"):
            source = line.removeprefix("> Source:").strip()
        elif line.startswith(">"):
            notes.append(line.lstrip("> ").removeprefix("Explanation:").strip())
        else:
            raise body.error(f"this line belongs to no part of a question: “{line[:60]}”.", offset)
    right = sum(is_right for _text, is_right in options)
    if len(options) < 2 or right == 0 or (kind != QuestionKind.MULTIPLE and right != 1):
        raise body.error("the question has too few answers or not the right number of right ones.", first)
    if not notes or not source:
        raise body.error("the question has no explanation or no “> Source:” line.", first)
    return Question(kind, match[2].strip(), options, " ".join(notes), source)


def read_table(directive: Directive) -> list[list[str]]:
    """Read a pipe table. Raises ContentError for rows of different length."""
    rows: list[list[str]] = []
    for offset, line in enumerate(directive.body.text.split("\n")):
        if not line.strip():
            continue
        cells = [cell.strip().replace("**", "") for cell in line.strip().strip("|").split("|")]
        if all(re.fullmatch(r":?-+:?", cell) for cell in cells):
            continue
        if rows and len(cells) != len(rows[0]):
            raise directive.body.error(f"the row has {len(cells)} cells, the first one {len(rows[0])}.", offset)
        rows.append(cells)
    if len(rows) < 2:
        raise directive.body.error("a table needs a head and at least one row.")
    return rows


def read_course(folder: Path) -> CourseFiles:
    """Read a course in all its languages and check that they agree. Raises ContentError."""
    meta_path = folder / "course.yaml"
    meta = read_yaml(meta_path)
    if not isinstance(meta, Entry):
        raise ContentError(meta_path, 1, "the file must be “key: value” lines.")
    for key in ("slug", "subject", "cpd_minutes", "workload_minutes", "author"):
        if key not in meta:
            raise meta.where.error(f"“{key}” is missing.")
    for key in ("cpd_minutes", "workload_minutes"):
        whole_number(meta.where, meta, key, least=0)
    if meta["subject"] not in Subject.values:
        raise ContentError(meta_path, 1, f"“{meta['subject']}” is no subject; there are: {', '.join(Subject.values)}.")
    for country in meta.get("countries", []):
        if country not in Country.values:
            raise ContentError(meta_path, 1, f"“{country}” is no country of the League.")
    texts = {path.name: _read_course_text(path) for path in sorted(folder.iterdir()) if path.is_dir()}
    for language in texts:
        if language not in dict(settings.LANGUAGES):
            raise ContentError(folder / language, 1, f"“{language}” is no language of the site.")
    if "ru" not in texts:
        raise ContentError(folder, 1, "the course has no Russian text (folder “ru”).")
    for language, text in texts.items():
        if language != "ru":
            _check_translation(texts["ru"], text)
    return CourseFiles(meta, texts)


def _ordered(folder: Path, pattern: str) -> list[Path]:
    return sorted(path for path in folder.glob(pattern) if re.match(r"\d\d-", path.name))


def _read_course_text(folder: Path) -> CourseText:
    modules = []
    for module_folder in _ordered(folder, "*"):
        lessons = []
        for path in _ordered(module_folder, "*.md"):
            document = read_document(path, "title", "minutes")
            whole_number(Text(path, 2, ""), document.meta, "minutes", least=1)
            lesson = Lesson(path.stem[3:], document, split_parts(document.body))
            check_lesson(lesson)
            lessons.append(lesson)
        if not lessons:
            raise ContentError(module_folder, 1, "the module has no lessons.")
        modules.append(Module(module_folder.name[3:], read_document(module_folder / "module.md", "title"), lessons))
    if not modules:
        raise ContentError(folder, 1, "the course has no modules.")
    document = read_document(folder / "course.md", "title", "summary", "outcomes")
    if not isinstance(document.meta["outcomes"], list):
        raise ContentError(folder / "course.md", 2, "“outcomes” must be a list, one outcome a line.")
    return CourseText(document, modules)


def check_lesson(lesson: Lesson) -> None:
    """Read every directive once, so that nothing is loaded from a lesson with a mistake."""
    for part in lesson.parts:
        if isinstance(part, Text):
            continue
        if part.name == "quiz":
            read_quiz(part)
        elif part.name == "table":
            read_table(part)
        elif part.name == "statute" and not isinstance(part.options.get("in_force_on"), dt.date):
            raise part.body.error("the statute needs “in_force_on”, a date such as 2025-09-16.")
        if part.name in {"case", "statute", "quiz"} and not part.heading:
            raise part.first_line.error(f"directive “{part.name}” needs a heading on its first line.")


def _check_translation(source: CourseText, translation: CourseText) -> None:
    """A translation has the same lessons, parts, quizzes and right answers in the same order."""
    theirs = {(module.slug, lesson.slug): lesson for module in translation.modules for lesson in module.lessons}
    ours = {(module.slug, lesson.slug) for module in source.modules for lesson in module.lessons}
    for (module_slug, slug), lesson in theirs.items():
        if (module_slug, slug) not in ours:
            raise ContentError(lesson.document.body.path, 1, f"there is no Russian lesson “{module_slug}/{slug}”.")
    for module in source.modules:
        for lesson in module.lessons:
            other = theirs.get((module.slug, lesson.slug))
            if other is None:
                raise translation.document.body.error(f"lesson “{module.slug}/{lesson.slug}” is not translated.")
            for mine, their in zip(lesson.quizzes, other.quizzes, strict=False):
                key_ours = [(q.kind, [right for _text, right in q.options]) for q in mine.questions]
                key_their = [(q.kind, [right for _text, right in q.options]) for q in their.questions]
                if mine.key != their.key or key_ours != key_their:
                    raise other.document.body.error(f"quiz “{their.key}” differs from the Russian one.")
            if _kinds(lesson) != _kinds(other):
                raise other.document.body.error("texts and directives alternate otherwise than in the Russian lesson.")


def _kinds(lesson: Lesson) -> list[str]:
    """Name the parts of a lesson in order: blocks of one place are one block in every language."""
    return [part.name if isinstance(part, Directive) else "text" for part in lesson.parts]


def identity(*names: object) -> str:
    """Return the identity of a thing of the demo world, the same at every load."""
    return str(uuid.uuid5(NAMESPACE, "/".join(str(name) for name in names)))
