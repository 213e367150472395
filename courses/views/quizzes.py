import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import UserRequest
from courses import services
from courses.forms import read_answers
from courses.models import CoursePage, Enrolment, OutlineLesson, QuizAttempt, Unit, load_outline
from courses.views.enrolments import course_page_for
from pages.services import active_language


@login_required
@require_POST
def attempt_create(request: UserRequest, enrolment_id: int, unit_key: uuid.UUID) -> HttpResponse:
    """Start an attempt, or go on with the open one."""
    enrolment = get_object_or_404(
        Enrolment.objects.visible_to(request.user).active().select_related("run__course"), pk=enrolment_id
    )
    unit = get_object_or_404(
        Unit.objects.in_use().filter(course_id=enrolment.run.course_id, lesson__isnull=False), pk=unit_key
    )
    try:
        attempt = services.start_attempt(enrolment, unit, language=active_language(), at=timezone.now())
    except services.WorkClosed:
        messages.error(request, _("This group takes no answers now: it has not started yet or has ended."))
    except services.NoAttemptsLeft:
        messages.error(request, _("You have used all attempts at this quiz. Your best result counts."))
    except services.QuizGone:
        messages.error(request, _("This quiz was withdrawn from the course."))
    else:
        return redirect("courses:attempt_detail", attempt.pk)
    course_page, lesson, _following = _lesson_of(enrolment, unit)
    return redirect(lesson.url if lesson else course_page.get_url(request))


def _lesson_of(enrolment: Enrolment, unit: Unit) -> tuple[CoursePage, OutlineLesson | None, OutlineLesson | None]:
    """Return the course's page, the lesson of the quiz and the lesson after it."""
    course_page = course_page_for(enrolment.run.course_id)
    outline = load_outline(course_page, enrolment)
    lesson = outline.find(unit.pk)
    return course_page, lesson, outline.neighbours(lesson.unit.pk)[1] if lesson else None


def _get_attempt(request: UserRequest, attempt_id: uuid.UUID) -> QuizAttempt:
    return get_object_or_404(
        QuizAttempt.objects.visible_to(request.user).select_related("enrolment__run__course", "unit__lesson"),
        pk=attempt_id,
    )


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def attempt_detail(request: UserRequest, attempt_id: uuid.UUID) -> HttpResponse:
    """Show the questions of an open attempt, take the answers, show the result of a submitted one."""
    attempt = _get_attempt(request, attempt_id)
    if request.method == "POST":
        return _take_answers(request, attempt)
    if attempt.is_open and attempt.enrolment.run.has_ended(timezone.now()):
        attempt = services.close_attempt(attempt, language=active_language(), at=timezone.now())
        messages.info(request, _("The group has ended. What you had saved was marked."))
    return _show(request, attempt)


def _take_answers(request: UserRequest, attempt: QuizAttempt) -> HttpResponse:
    answers = read_answers(request.POST)
    now = timezone.now()
    was_open = attempt.is_open
    try:
        if "save" in request.POST:
            services.save_answers(attempt, answers, at=now)
            messages.success(request, _("Your answers are saved. You can go on later, on any device."))
            return redirect("courses:attempt_detail", attempt.pk)
        missing = services.unanswered(attempt, {**services.saved_answers(attempt), **answers})
        if missing and was_open and "submit_incomplete" not in request.POST:
            services.save_answers(attempt, answers, at=now)
            return _show(request, attempt, missing=missing, status=422)
        result = services.submit_attempt(attempt, answers, language=active_language(), at=now)
    except services.ForeignAnswer:
        messages.error(
            request,
            _("Some answers did not belong to this attempt, so nothing was changed. Answer on this page."),
        )
        return _show(request, attempt, status=400)
    except services.AttemptClosed:
        messages.error(request, _closed_sentence(attempt))
        return redirect("courses:attempt_detail", attempt.pk)
    if not was_open:
        messages.info(request, _("This attempt was submitted before. Its result has not changed."))
    elif result.enrolment.run.has_ended(now):
        messages.info(request, _("The group has ended. What you had saved before its end was marked."))
    return redirect("courses:attempt_detail", attempt.pk)


def _closed_sentence(attempt: QuizAttempt) -> str:
    """Say why an attempt takes no answers, and what to do."""
    if attempt.enrolment.withdrawn_at is not None:
        return _("You left this course. Enrol again to go on; what you saved is kept.")
    return _("This attempt has ended. The answers saved before its end were marked.")


def _show(
    request: UserRequest, attempt: QuizAttempt, *, missing: list[int] | None = None, status: int = 200
) -> HttpResponse:
    language = active_language()
    course_page, lesson, following = _lesson_of(attempt.enrolment, attempt.unit)
    context = {
        "attempt": attempt,
        "title": services.attempt_title(attempt, language),
        "course_page": course_page,
        "lesson": lesson,
        "next_lesson": following,
        "missing": missing or [],
    }
    if attempt.is_open:
        saved = services.saved_answers(attempt)
        questions = services.served_questions(attempt, language)
        for question in questions:
            for option in question["options"]:
                option["is_chosen"] = option["id"] in saved.get(question["id"], [])
        context["questions"] = questions
        return render(request, "courses/attempt_form.html", context, status=status)
    questions = services.marked_questions(attempt, language)
    right = sum(question["is_right"] for question in questions)
    attempts = QuizAttempt.objects.filter(enrolment=attempt.enrolment, unit=attempt.unit)
    context.update(
        questions=questions,
        score=ngettext(
            "%(right)s of %(total)s question answered rightly",
            "%(right)s of %(total)s questions answered rightly",
            len(questions),
        )
        % {"right": right, "total": len(questions)},
        can_retry=services.can_start(attempt.enrolment, attempt.unit, at=timezone.now()),
        attempts=attempts.defer("paper").order_by("number"),
        certificate=attempt.enrolment.certificates.current().first(),
    )
    return render(request, "courses/attempt_result.html", context, status=status)


@login_required
@require_POST
def attempt_save(request: UserRequest, attempt_id: uuid.UUID) -> JsonResponse:
    """Keep answers while the learner works; the page's script posts here after each change."""
    attempt = _get_attempt(request, attempt_id)
    now = timezone.now()
    try:
        services.save_answers(attempt, read_answers(request.POST), at=now)
    except services.AttemptClosed:
        reload = _("This attempt has ended. Reload the page to see its result.")
        error = _closed_sentence(attempt) if attempt.is_open else reload
        return JsonResponse({"error": error}, status=409)
    except services.ForeignAnswer:
        return JsonResponse({"error": _("The answer does not belong to this attempt. Reload the page.")}, status=400)
    return JsonResponse({"saved_at": timezone.localtime(now).strftime("%H:%M")})
