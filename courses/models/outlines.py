"""The table of contents of a course as one learner sees it: units with progress, pages in the learner's language."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, TypedDict, cast

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db.models import F, FilteredRelation, Q
from wagtail.models import Page

from courses.choices import UnitKind
from courses.models.learning import Enrolment
from courses.models.pages import CoursePage, ModulePage
from courses.models.runs import Unit

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    class Progress(TypedDict):
        """One learner's progress in a unit, annotated by `load_outline`."""

        completed_at: dt.datetime | None
        best_percent: int | None

    UnitWithProgress: TypeAlias = WithAnnotations[Unit, Progress]


@dataclass
class OutlineLesson:
    """A line of the table of contents."""

    unit: "UnitWithProgress"
    title: str
    url: str
    language: str  # of the page behind the link: the default one where there is no translation yet
    minutes: int
    module_key: uuid.UUID | None
    quizzes: "list[UnitWithProgress]" = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        return self.unit.completed_at is not None


@dataclass
class OutlineModule:
    title: str
    summary: str
    slug: str
    lessons: list[OutlineLesson]

    @property
    def minutes(self) -> int:
        return sum(lesson.minutes for lesson in self.lessons)


@dataclass
class Outline:
    """Modules in order; lessons outside a module stand in one without a title."""

    modules: list[OutlineModule]
    lessons: list[OutlineLesson]

    @property
    def required_units(self) -> "list[UnitWithProgress]":
        return [unit for lesson in self.lessons for unit in (lesson.unit, *lesson.quizzes) if unit.is_required]

    @property
    def units_done(self) -> int:
        return sum(unit.completed_at is not None for unit in self.required_units)

    @property
    def quiz_count(self) -> int:
        return sum(len(lesson.quizzes) for lesson in self.lessons)

    @property
    def minutes(self) -> int:
        return sum(lesson.minutes for lesson in self.lessons)

    def find(self, unit_key: uuid.UUID | None) -> OutlineLesson | None:
        """Return the lesson with that key, or the one that holds the quiz with that key."""
        for lesson in self.lessons:
            if unit_key == lesson.unit.pk or any(quiz.pk == unit_key for quiz in lesson.quizzes):
                return lesson
        return None

    def next_open(self) -> OutlineLesson | None:
        """Return the first lesson that is not done."""
        return next((lesson for lesson in self.lessons if not lesson.is_done), None)

    def neighbours(self, unit_key: uuid.UUID) -> tuple[OutlineLesson | None, OutlineLesson | None]:
        """Return the lessons before and after."""
        keys = [lesson.unit.pk for lesson in self.lessons]
        if unit_key not in keys:
            return None, None
        place = keys.index(unit_key)
        before = self.lessons[place - 1] if place else None
        after = self.lessons[place + 1] if place + 1 < len(keys) else None
        return before, after

    def number_of(self, unit_key: uuid.UUID) -> int | None:
        keys = [lesson.unit.pk for lesson in self.lessons]
        return keys.index(unit_key) + 1 if unit_key in keys else None


def load_outline(course_page: CoursePage, enrolment: Enrolment | None) -> Outline:
    """Read the table of contents in two queries; two more only if some lesson is not translated yet.

    Which units there are, and their order, is a matter of the course in all languages; titles and links come from the
    pages of the language of `course_page`.
    """
    rows = (
        Unit.objects.in_use()
        .filter(course_id=course_page.translation_key)
        .annotate(
            own=FilteredRelation("progress", condition=Q(progress__enrolment=enrolment.pk if enrolment else None))
        )
        .annotate(completed_at=F("own__completed_at"), best_percent=F("own__best_percent"))
        .order_by("position")
    )
    units = cast("list[UnitWithProgress]", list(rows))
    lesson_units = [unit for unit in units if unit.kind == UnitKind.LESSON]
    pages = _pages_below(course_page)
    missing = [unit for unit in lesson_units if unit.pk not in pages]
    if missing:
        source = CoursePage.objects.live().filter(
            translation_key=course_page.translation_key, locale__language_code=settings.LANGUAGE_CODE
        )
        for page in source:
            pages = {**_pages_below(page), **pages}
    lessons = _lessons(units, lesson_units, pages)
    return Outline(_modules(lessons, pages), lessons)


def _pages_below(course_page: CoursePage) -> dict[uuid.UUID, Page]:
    """Read the published pages of a course by identity: one query, no bodies."""
    pages = (
        Page.objects.live()
        .descendant_of(course_page)
        .select_related("locale", "lessonpage", "modulepage")
        .only(
            "path",
            "depth",
            "title",
            "slug",
            "url_path",
            "translation_key",
            "content_type",
            "locale__language_code",
            "lessonpage__minutes",
            "lessonpage__page_ptr",
            "modulepage__summary",
            "modulepage__page_ptr",
        )
        .order_by("path")
    )
    return {page.translation_key: page for page in pages}


def _lessons(
    units: "Iterable[UnitWithProgress]", lesson_units: "Iterable[UnitWithProgress]", pages: dict[uuid.UUID, Page]
) -> list[OutlineLesson]:
    module_type = ContentType.objects.get_for_model(ModulePage).pk
    modules_by_path = {
        (page.locale_id, page.path): page for page in pages.values() if page.content_type_id == module_type
    }
    quizzes: dict[uuid.UUID, list[UnitWithProgress]] = {}
    for unit in units:
        if unit.lesson_id is not None:
            quizzes.setdefault(unit.lesson_id, []).append(unit)
    lessons = []
    for unit in lesson_units:
        page = pages.get(unit.pk)
        if page is None:
            continue  # withdrawn a moment ago; the next publication retires the unit
        module = modules_by_path.get((page.locale_id, page.path[: -page.steplen]))
        lessons.append(
            OutlineLesson(
                unit=unit,
                title=page.title,
                url=page.get_url(),
                language=page.locale.language_code,
                minutes=page.lessonpage.minutes,
                module_key=module.translation_key if module else None,
                quizzes=quizzes.get(unit.pk, []),
            )
        )
    return lessons


def _modules(lessons: list[OutlineLesson], pages: dict[uuid.UUID, Page]) -> list[OutlineModule]:
    modules: list[OutlineModule] = []
    current: uuid.UUID | str | None = "none yet"
    for lesson in lessons:
        if lesson.module_key != current:
            current = lesson.module_key
            page = pages.get(lesson.module_key) if lesson.module_key else None
            modules.append(
                OutlineModule(
                    title=page.title if page else "",
                    summary=page.modulepage.summary if page else "",
                    slug=page.slug if page else "",
                    lessons=[],
                )
            )
        modules[-1].lessons.append(lesson)
    return modules
