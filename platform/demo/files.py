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

import yaml

from courses.choices import QuestionKind

CONTENT = Path(__file__).parent / "content"
DIRECTIVES = {"case", "statute", "keypoints", "reflection", "table", "quiz"}
QUESTION = re.compile(r"^### (single|multiple|truefalse): (.+)$")
OPTION = re.compile(r"^- \[( |x)\] (.+)$")
# Every id in the demo world is derived from names, so a reset gives the same identities again.
NAMESPACE = uuid.UUID("6a1d9c1e-55b0-4b52-9a53-5f2f0a8f3c11")


class ContentError(Exception):
    """Raised for a content file that cannot be loaded: says which, where and why."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}, line {line}: {problem}")


@dataclass
class Text:
    """A piece of a file with the number of its first line."""

    path: Path
    line: int
    text: str

    def error(self, problem: str, offset: int = 0) -> ContentError:
        return ContentError(self.path, self.line + offset, problem)


@dataclass
class Document:
    """A file of front matter and body."""

    meta: dict[str, Any]
    body: Text


@dataclass
class Directive:
    name: str
    heading: str
    options: dict[str, Any]
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
    meta: dict[str, Any]
    texts: dict[str, CourseText]


def read_yaml(path: Path) -> Any:
    """Read a YAML file. Raises ContentError."""
    return _parse_yaml(Text(path, 1, _read(path)))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ContentError(path, 1, "the file is missing.") from error
    except UnicodeDecodeError as error:
        raise ContentError(path, 1, f"the file is not UTF-8 (byte {error.start}).") from error


def _parse_yaml(text: Text) -> Any:
    try:
        return yaml.safe_load(text.text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "this is not YAML"
        raise text.error(f"{problem}.", mark.line if mark else 0) from error


def read_document(path: Path, *required: str) -> Document:
    """Read front matter and body. Raises ContentError, also when a required key is missing."""
    lines = _read(path).split("\n")
    if lines[0].strip() != "---":
        raise ContentError(path, 1, "the file must begin with front matter between two lines “---”.")
    try:
        end = lines.index("---", 1)
    except ValueError:
        raise ContentError(path, 1, "the front matter is not closed by a line “---”.") from None
    meta = _parse_yaml(Text(path, 2, "\n".join(lines[1:end])))
    if not isinstance(meta, dict):
        raise ContentError(path, 2, "the front matter must be “key: value” lines.")
    for key in required:
        if not meta.get(key):
            raise ContentError(path, 2, f"“{key}” is missing in the front matter.")
    return Document(meta, Text(path, end + 2, "\n".join(lines[end + 1 :])))


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
    if name in {"statute", "quiz"}:
        if "---" not in lines:
            raise body.error(f"directive “{name}” needs options, then a line “---”.", start)
        cut = lines.index("---")
        options = _parse_yaml(Text(body.path, body.line + start, "\n".join(lines[:cut]))) or {}
        if not isinstance(options, dict):
            raise body.error(f"the options of “{name}” must be “key: value” lines.", start)
        lines = lines[cut + 1 :]
        start += cut + 1
    return Directive(name, heading, options, Text(body.path, body.line + start, "\n".join(lines).strip("\n")))


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
        pass_mark=int(directive.options["pass_mark"]),
        attempts=int(directive.options["attempts"]),
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
    for key in ("slug", "subject", "cpd_minutes", "workload_minutes", "author"):
        if not isinstance(meta, dict) or key not in meta:
            raise ContentError(meta_path, 1, f"“{key}” is missing.")
    texts = {path.name: _read_course_text(path) for path in sorted(folder.iterdir()) if path.is_dir()}
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
            lesson = Lesson(path.stem[3:], document, split_parts(document.body))
            check_lesson(lesson)
            lessons.append(lesson)
        if not lessons:
            raise ContentError(module_folder, 1, "the module has no lessons.")
        modules.append(Module(module_folder.name[3:], read_document(module_folder / "module.md", "title"), lessons))
    return CourseText(read_document(folder / "course.md", "title", "summary", "outcomes"), modules)


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
            raise part.body.error(f"directive “{part.name}” needs a heading on its first line.", -1)


def _check_translation(source: CourseText, translation: CourseText) -> None:
    """A translation has the same lessons, parts, quizzes and right answers in the same order."""
    theirs = {(module.slug, lesson.slug): lesson for module in translation.modules for lesson in module.lessons}
    for module in source.modules:
        for lesson in module.lessons:
            other = theirs.get((module.slug, lesson.slug))
            if other is None:
                raise translation.document.body.error(f"lesson “{module.slug}/{lesson.slug}” is not translated.")
            for ours, their in zip(lesson.quizzes, other.quizzes, strict=False):
                key_ours = [(q.kind, [right for _text, right in q.options]) for q in ours.questions]
                key_their = [(q.kind, [right for _text, right in q.options]) for q in their.questions]
                if ours.key != their.key or key_ours != key_their:
                    raise other.document.body.error(f"quiz “{their.key}” differs from the Russian one.")
            names = [part.name for part in lesson.parts if isinstance(part, Directive)]
            other_names = [part.name for part in other.parts if isinstance(part, Directive)]
            if names != other_names:
                raise other.document.body.error("the directives differ from the Russian lesson's.")


def identity(*names: object) -> str:
    """Return the identity of a thing of the demo world, the same at every load."""
    return str(uuid.uuid5(NAMESPACE, "/".join(str(name) for name in names)))
