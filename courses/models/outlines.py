"""The table of contents of a course as one learner sees it: units with progress, pages in the learner's language."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, TypedDict, cast

from django.conf import settings
from django.db.models import F, FilteredRelation, Q
from wagtail.models import Page, Site

from courses.choices import UnitKind
from courses.models.learning import Enrolment
from courses.models.pages import CoursePage
from courses.models.runs import Unit
from pages.services import page_url, until_publication

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
    """Read the table of contents: one query, and up to three after a publication.

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


@dataclass
class OutlinePage:
    """The little of a page that a table of contents shows."""

    key: uuid.UUID
    path: str
    parent_path: str
    url: str
    title: str
    slug: str
    language: str
    minutes: int | None  # None for a module
    summary: str


def _pages_below(course_page: CoursePage) -> dict[uuid.UUID, OutlinePage]:
    """Return the published pages of a course by identity, from the cache if they are there."""
    return until_publication(f"courses.outline.{course_page.pk}", lambda: _read_pages_below(course_page))


def _read_pages_below(course_page: CoursePage) -> dict[uuid.UUID, OutlinePage]:
    """Read the published pages of a course: one query, plain values, no bodies."""
    roots = Site.get_site_root_paths()
    rows = (
        Page.objects.live()
        .descendant_of(course_page)
        .order_by("path")
        .values_list(
            "translation_key",
            "path",
            "url_path",
            "title",
            "slug",
            "locale__language_code",
            "lessonpage__minutes",
            "modulepage__summary",
        )
    )
    return {
        key: OutlinePage(
            key, path, path[: -Page.steplen], page_url(url_path, roots), title, slug, language, minutes, summary or ""
        )
        for key, path, url_path, title, slug, language, minutes, summary in rows
    }


def _lessons(
    units: "Iterable[UnitWithProgress]",
    lesson_units: "Iterable[UnitWithProgress]",
    pages: dict[uuid.UUID, OutlinePage],
) -> list[OutlineLesson]:
    modules = {(page.language, page.path): page.key for page in pages.values() if page.minutes is None}
    quizzes: dict[uuid.UUID, list[UnitWithProgress]] = {}
    for unit in units:
        if unit.lesson_id is not None:
            quizzes.setdefault(unit.lesson_id, []).append(unit)
    lessons = []
    for unit in lesson_units:
        page = pages.get(unit.pk)
        if page is None:
            continue  # withdrawn a moment ago; the next publication retires the unit
        lessons.append(
            OutlineLesson(
                unit=unit,
                title=page.title,
                url=page.url,
                language=page.language,
                minutes=page.minutes or 0,
                module_key=modules.get((page.language, page.parent_path)),
                quizzes=quizzes.get(unit.pk, []),
            )
        )
    return lessons


def _modules(lessons: list[OutlineLesson], pages: dict[uuid.UUID, OutlinePage]) -> list[OutlineModule]:
    modules: list[OutlineModule] = []
    current: uuid.UUID | str | None = "none yet"
    for lesson in lessons:
        if lesson.module_key != current:
            current = lesson.module_key
            page = pages.get(lesson.module_key) if lesson.module_key else None
            modules.append(
                OutlineModule(
                    title=page.title if page else "",
                    summary=page.summary if page else "",
                    slug=page.slug if page else "",
                    lessons=[],
                )
            )
        modules[-1].lessons.append(lesson)
    return modules
