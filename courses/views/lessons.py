import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.http import UserRequest
from accounts.models import Viewer
from courses import services
from courses.models import (
    CoursePage,
    Enrolment,
    LessonPage,
    Outline,
    OutlineLesson,
    QuizAttempt,
    Unit,
    load_outline,
)
from courses.permissions import can_read_lessons, can_teach
from courses.views.bodies import BodyPart, print_body, published_body
from courses.views.enrolments import course_page_for
from pages.services import active_language, until_publication

if TYPE_CHECKING:
    from courses.models.outlines import UnitWithProgress

# What a lesson's page says of its course, and what decides who may see it; a page has three dozen fields more.
COURSE_FIELDS = ("path", "depth", "title", "live", "url_path", "translation_key", "locale", "is_listed")


@require_safe
def lesson_detail(request: HttpRequest, page: LessonPage) -> HttpResponse:
    """Show a lesson to a learner whose run has started, or to who teaches the course.

    Others are led to the course's page (its table of contents is public), visitors by way of the sign-in page. A lesson
    of a course that they may not see does not exist for them.
    """
    now = timezone.now()
    course_page = until_publication(
        f"courses.course_of.{page.pk}", lambda: CoursePage.objects.ancestor_of(page).only(*COURSE_FIELDS).get()
    )
    enrolment = None
    if request.user.is_authenticated:
        enrolment = Enrolment.objects.for_course(request.user, course_page.translation_key)
    may_learn = course_page.live and can_read_lessons(enrolment, at=now)
    if not may_learn and not can_teach(request.user, course_page):
        return _refuse(request, course_page, enrolment)
    outline = load_outline(course_page, enrolment)
    lesson = outline.find(page.translation_key)
    if enrolment is not None and lesson is not None:
        services.touch_unit(enrolment, lesson.unit, at=now)
    accepts_work = enrolment is not None and enrolment.accepts_work(now)
    context = page.get_context(request)
    context.update(
        course_page=course_page,
        enrolment=enrolment,
        accepts_work=accepts_work,
        body=_body(published_body(page), lesson, _attempts(enrolment, lesson), accepts_work=accepts_work),
        **_place(outline, lesson),
    )
    return render(request, "courses/lesson_detail.html", context)


def lesson_preview(request: HttpRequest, page: LessonPage) -> HttpResponse:
    """Show a lesson to its editor as a learner will see it, before it is published."""
    course_page = CoursePage.objects.ancestor_of(page, inclusive=False).first()
    if course_page is None and page.get_parent() is not None:
        course_page = CoursePage.objects.ancestor_of(page.get_parent(), inclusive=True).first()
    outline = load_outline(course_page, None) if course_page else Outline([], [])
    context = page.get_context(request)
    context.update(
        course_page=course_page,
        enrolment=None,
        accepts_work=False,
        body=_body(print_body(page), None, {}, accepts_work=False),
        **_place(outline, outline.find(page.translation_key)),
    )
    return render(request, "courses/lesson_detail.html", context)


def _refuse(request: HttpRequest, course_page: CoursePage, enrolment: Enrolment | None) -> HttpResponse:
    if not _may_see_course(request.user, course_page):
        raise Http404
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if enrolment is not None:
        messages.info(request, _("The lessons open on the first day of your group."))
    else:
        messages.info(request, _("Enrol in the course to read its lessons."))
    return redirect(course_page.get_url(request))


def _may_see_course(user: Viewer, course_page: CoursePage) -> bool:
    return CoursePage.objects.visible_to(user).filter(pk=course_page.pk).exists()


def _place(outline: Outline, lesson: OutlineLesson | None) -> dict[str, object]:
    """Describe where in the course a lesson stands."""
    if lesson is None:
        return {
            "outline": outline,
            "lesson": None,
            "previous": None,
            "next": None,
            "module": None,
            "number": None,
        }
    previous, following = outline.neighbours(lesson.unit.pk)
    module = next((module for module in outline.modules if lesson in module.lessons), None)
    return {
        "outline": outline,
        "lesson": lesson,
        "previous": previous,
        "next": following,
        "module": module,
        "number": outline.number_of(lesson.unit.pk),
    }


@dataclass
class QuizCard:
    """What the lesson's page says of a quiz: the rules, what was done, what can be done."""

    rules: services.QuizRules
    attempts: list[QuizAttempt] = field(default_factory=list)
    unit: "UnitWithProgress | None" = None
    accepts_work: bool = False

    @property
    def is_known(self) -> bool:
        return self.unit is not None

    @property
    def open_attempt(self) -> QuizAttempt | None:
        return next((attempt for attempt in self.attempts if attempt.is_open), None)

    @property
    def best_percent(self) -> int | None:
        return self.unit.best_percent if self.unit is not None else None

    @property
    def is_passed(self) -> bool:
        return self.unit is not None and self.unit.completed_at is not None

    @property
    def attempts_left(self) -> int | None:
        limit = self.rules.attempt_limit
        return None if limit is None else max(limit - len(self.attempts), 0)

    @property
    def can_start(self) -> bool:
        has_one = self.open_attempt is not None or self.attempts_left != 0
        return self.accepts_work and self.unit is not None and has_one


def _body(
    parts: list[BodyPart],
    lesson: OutlineLesson | None,
    attempts: dict[str, list[QuizAttempt]],
    *,
    accepts_work: bool,
) -> list[tuple[BodyPart, QuizCard | None]]:
    """Pair each part of the body with the card of its quiz, if it is one."""
    units = {str(quiz.pk): quiz for quiz in lesson.quizzes} if lesson else {}
    return [
        (
            part,
            QuizCard(part.rules, attempts.get(part.block_id, []), units.get(part.block_id), accepts_work)
            if part.rules is not None
            else None,
        )
        for part in parts
    ]


def _attempts(enrolment: Enrolment | None, lesson: OutlineLesson | None) -> dict[str, list[QuizAttempt]]:
    """List the learner's attempts by quiz, the latest first: one query, none for a lesson without quizzes."""
    attempts: dict[str, list[QuizAttempt]] = {}
    if enrolment is None or lesson is None or not lesson.quizzes:
        return attempts
    for attempt in (
        QuizAttempt.objects.filter(enrolment=enrolment, unit__in=[quiz.pk for quiz in lesson.quizzes])
        .defer("paper")
        .order_by("-number")
    ):
        attempts.setdefault(str(attempt.unit_id), []).append(attempt)
    return attempts


@login_required
@require_POST
def lesson_done(request: UserRequest, enrolment_id: int, unit_key: uuid.UUID) -> HttpResponse:
    """Mark a lesson as read and go on to the next one."""
    enrolment = get_object_or_404(
        Enrolment.objects.visible_to(request.user).active().select_related("run__course", "user"),
        pk=enrolment_id,
    )
    unit = get_object_or_404(
        Unit.objects.in_use().filter(course_id=enrolment.run.course_id, lesson__isnull=True), pk=unit_key
    )
    course_page = course_page_for(enrolment.run.course_id)
    outline = load_outline(course_page, enrolment)
    lesson = outline.find(unit.pk)
    here = lesson.url if lesson else course_page.get_url(request)
    was_complete = enrolment.completed_at is not None
    try:
        services.complete_lesson(enrolment, unit, language=active_language(), at=timezone.now())
    except services.WorkClosed:
        if enrolment.run.has_started(timezone.now()):
            messages.error(request, _("This group has ended: lessons stay open for reading, but nothing is counted."))
        else:
            messages.error(request, _("The lessons open on the first day of your group."))
        return redirect(here)
    except services.QuizFirst:
        messages.error(request, _("Pass the quiz of this lesson to complete it."))
        return redirect(f"{here}#quiz-{lesson.quizzes[0].pk}" if lesson and lesson.quizzes else here)
    if enrolment.completed_at is not None and not was_complete:
        messages.success(request, _("You completed the course. Your certificate is ready."))
        return redirect(course_page.get_url(request))
    following = outline.neighbours(unit.pk)[1]
    return redirect(following.url if following else course_page.get_url(request))
