"""Courses and units follow the pages that editors publish; learners' records follow the units."""

import datetime as dt
import json
import uuid

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from courses import tasks
from courses.choices import UnitKind
from courses.models import Course, CoursePage, LessonPage, Unit


def source_page(course_key: uuid.UUID) -> CoursePage | None:
    """Return the page that decides what a course consists of: the default language's, else any published one."""
    pages = CoursePage.objects.live().by_language(course_key)
    return pages.get(settings.LANGUAGE_CODE) or next(iter(pages.values()), None)


@transaction.atomic
def sync_course(course_key: uuid.UUID, *, at: dt.datetime) -> Course | None:
    """Bring the course's units in line with its published pages.

    New lessons and quizzes become units, those that are gone are retired, those that are back are units again; nothing
    a learner has earned is touched. Learners whom the change leaves with everything done are completed by a task.
    Returns None if the course was never published.
    """
    page = source_page(course_key)
    if page is None:
        course = Course.objects.filter(pk=course_key).first()
        if course is not None:
            course.units.in_use().update(retired_at=at)
        return course
    course, _created = Course.objects.update_or_create(key=course_key, defaults={"title": page.title})
    wanted = _wanted_units(page, course)
    Unit.objects.bulk_create(
        wanted,
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["course", "kind", "lesson", "title", "position", "is_required", "retired_at"],
    )
    course.units.in_use().exclude(pk__in=[unit.pk for unit in wanted]).update(retired_at=at)
    tasks.settle_course.delay_on_commit(str(course.pk))
    return course


def renew_quizzes(lesson_page: LessonPage) -> bool:
    """Give the quizzes of a copied lesson identities of their own; say whether there were any.

    Wagtail's copy keeps the ids of blocks, and a quiz stays with the lesson that had it first: without this nobody
    could take the copy's quizzes.
    """
    blocks = [dict(block) for block in lesson_page.body.raw_data]
    quizzes = [block for block in blocks if block["type"] == "quiz"]
    for block in quizzes:
        block["id"] = str(uuid.uuid4())
    if quizzes:
        lesson_page.body = json.dumps(blocks, cls=DjangoJSONEncoder)
        lesson_page.save_revision()
        lesson_page.save()
    return bool(quizzes)


def _wanted_units(page: CoursePage, course: Course) -> list[Unit]:
    """List the units of the course's pages; lessons before their quizzes, since quizzes point at them.

    A copy of a lesson holds the quizzes of the original under the same ids: a quiz stays with the lesson that had it
    first, and the copy's is no unit.
    """
    lessons: list[Unit] = []
    quizzes: list[Unit] = []
    position = 0
    lesson_pages = list(LessonPage.objects.live().descendant_of(page).order_by("path"))
    keys = [key for lesson_page in lesson_pages for key, _value in lesson_page.quizzes()]
    owners = dict(Unit.objects.filter(pk__in=keys).values_list("pk", "lesson_id"))
    for lesson_page in lesson_pages:
        position += 1
        lesson = Unit(
            key=lesson_page.translation_key,
            course=course,
            kind=UnitKind.LESSON,
            title=lesson_page.title,
            position=position,
            is_required=lesson_page.is_required,
        )
        lessons.append(lesson)
        for key, quiz in lesson_page.quizzes():
            if owners.setdefault(key, lesson.pk) != lesson.pk:
                continue
            position += 1
            quizzes.append(
                Unit(
                    key=key,
                    course=course,
                    kind=UnitKind.QUIZ,
                    lesson=lesson,
                    title=quiz["title"][:255],
                    position=position,
                    is_required=lesson_page.is_required,
                )
            )
    return lessons + quizzes
