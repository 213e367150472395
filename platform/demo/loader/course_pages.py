import datetime as dt
import uuid
from typing import Any

from django.utils import timezone

from accounts.models import User
from courses.choices import QuestionKind, TeachingRole
from courses.models import (
    Course,
    CourseCountry,
    CourseFacilitator,
    CourseIndexPage,
    CoursePage,
    CourseRun,
    LessonPage,
    ModulePage,
)
from demo.files import CourseFiles, Directive, Lesson, Quiz, Text, identity, read_quiz, read_table
from demo.loader.site_pages import items, prose, publish_child, stream
from demo.markdown import to_rich_text


def load_course(
    files: CourseFiles,
    catalogues: dict[str, CourseIndexPage],
    people: dict[str, User],
    runs: dict[str, Any],
    *,
    at: dt.datetime,
) -> bool:
    """Create a course in all its languages with its runs, unless it exists; say whether it was created."""
    slug = files.meta["slug"]
    key = uuid.UUID(identity("course", slug))
    if CoursePage.objects.filter(translation_key=key).exists():
        return False
    for language in sorted(files.texts, key=lambda code: code != "ru"):
        _course_page(files, language, catalogues[language], people, key)
    course = Course.objects.get(pk=key)
    for run in runs.get("runs", []):
        CourseRun.objects.create(
            course=course,
            label="" if run["pace"] == "self" else run["label_ru"],
            pace=run["pace"],
            capacity=run["capacity"],
            enrolment_opens_at=_moment(run["enrolment_opens_in_days"], at),
            enrolment_closes_at=_moment(run["enrolment_closes_in_days"], at),
            starts_at=_moment(run["starts_in_days"], at),
            ends_at=_moment(run["ends_in_days"], at),
        )
    return True


def _moment(days: int | None, at: dt.datetime) -> dt.datetime | None:
    """Count days from the start of the day of loading."""
    if days is None:
        return None
    today = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + dt.timedelta(days=days)


def _course_page(
    files: CourseFiles,
    language: str,
    catalogue: CourseIndexPage,
    people: dict[str, User],
    key: uuid.UUID,
) -> None:
    text, meta = files.texts[language], files.meta
    slug = meta["slug"]
    page = CoursePage(
        title=text.document.meta["title"],
        slug=slug,
        summary=text.document.meta["summary"],
        search_description=text.document.meta["summary"],
        audience=text.document.meta.get("audience", ""),
        outcomes="\n".join(text.document.meta["outcomes"]),
        description=prose(text.document.body.text),
        subject=meta["subject"],
        workload_minutes=meta["workload_minutes"],
        cpd_minutes=meta["cpd_minutes"],
        is_listed=True,
        locale=catalogue.locale,
        translation_key=key,
        owner=people.get(meta["author"]),
        live=False,
    )
    page.scope = [CourseCountry(country=country) for country in meta.get("countries", []) if len(meta["countries"]) < 5]
    page.facilitators = [
        CourseFacilitator(user=people[email], role=TeachingRole.FACILITATOR) for email in meta.get("facilitators", [])
    ]
    catalogue.refresh_from_db()
    catalogue.add_child(instance=page)
    for module in text.modules:
        module_page = publish_child(
            page,
            ModulePage(
                title=module.document.meta["title"],
                slug=module.slug,
                summary=module.document.meta.get("summary", ""),
                locale=catalogue.locale,
                translation_key=identity("module", slug, module.slug),
            ),
        )
        for lesson in module.lessons:
            publish_child(module_page, _lesson_page(slug, module.slug, lesson, catalogue))
    page.refresh_from_db()
    page.save_revision().publish()  # last: one publication of the course makes all its units


def _lesson_page(course: str, module: str, lesson: Lesson, catalogue: CourseIndexPage) -> LessonPage:
    dates = [
        part.options["in_force_on"] for part in lesson.parts if isinstance(part, Directive) and part.name == "statute"
    ]
    names = (course, module, lesson.slug)
    language = catalogue.locale.language_code
    return LessonPage(
        title=lesson.document.meta["title"],
        slug=lesson.slug,
        summary=lesson.document.meta.get("summary", ""),
        minutes=lesson.document.meta["minutes"],
        law_as_of=min(dates, default=None),
        body=stream([_block(part, number, names, language) for number, part in enumerate(lesson.parts)]),
        locale=catalogue.locale,
        translation_key=identity("lesson", *names),
    )


def _block(part: Text | Directive, number: int, names: tuple[str, ...], language: str) -> dict[str, Any]:
    """Make the raw value of one block; its id comes from its place, so it is the same in every language."""
    if isinstance(part, Text):
        return {"type": "prose", "value": to_rich_text(part.text), "id": identity("block", *names, number)}
    if part.name == "quiz":
        return quiz_block(names[0], read_quiz(part), language)
    kind, value = BLOCKS[part.name](part)
    return {"type": kind, "value": value, "id": identity("block", *names, number)}


def _case(part: Directive) -> tuple[str, dict[str, Any]]:
    return "case_study", {"heading": part.heading, "text": to_rich_text(part.body.text), "is_fictional": True}


def _statute(part: Directive) -> tuple[str, dict[str, Any]]:
    return "statute", {
        "citation": part.heading,
        "source": part.options.get("source", ""),
        "in_force_on": str(part.options["in_force_on"]),
        "url": part.options.get("url") or "",
        "is_paraphrase": True,
        "text": to_rich_text(part.body.text),
    }


def _key_points(part: Directive) -> tuple[str, dict[str, Any]]:
    points = [line[2:].replace("**", "").strip() for line in part.body.text.split("\n") if line.startswith("- ")]
    return "key_points", {"points": items(points, "points")}


def _reflection(part: Directive) -> tuple[str, dict[str, Any]]:
    return "reflection", {"prompt": to_rich_text(part.body.text)}


def _table(part: Directive) -> tuple[str, dict[str, Any]]:
    return "table", {
        "data": read_table(part),
        "first_row_is_table_header": True,
        "first_col_is_header": False,
        "table_caption": part.heading,
        "table_header_choice": "row",
    }


BLOCKS = {
    "case": _case,
    "statute": _statute,
    "keypoints": _key_points,
    "reflection": _reflection,
    "table": _table,
}


TRUE_FALSE = {"ru": {"true": "Верно", "false": "Неверно"}, "en": {"true": "True", "false": "False"}}


def quiz_block(course: str, quiz: Quiz, language: str) -> dict[str, Any]:
    """Make the raw value of a quiz; ids of questions and answers come from their places, the same in every language."""
    questions = []
    for number, question in enumerate(quiz.questions):
        names = (course, quiz.key, number)
        words = TRUE_FALSE[language] if question.kind == QuestionKind.TRUE_FALSE else {}
        options = [
            {
                "type": "item",
                "id": identity("option", *names, place),
                "value": {"text": words.get(text, text), "is_correct": is_right},
            }
            for place, (text, is_right) in enumerate(question.options)
        ]
        questions.append(
            {
                "type": "item",
                "id": identity("question", *names),
                "value": {
                    "kind": question.kind.value,
                    "text": question.text,
                    "options": options,
                    "explanation": question.explanation,
                    "source": question.source,
                },
            }
        )
    return {
        "type": "quiz",
        "id": identity("quiz", course, quiz.key),
        "value": {
            "title": quiz.title,
            "pass_mark": quiz.pass_mark,
            "attempt_limit": quiz.attempts,
            "questions": questions,
        },
    }
