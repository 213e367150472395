import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.http import UserRequest
from courses import services
from courses.choices import RunState
from courses.models import CoursePage, CourseRun, Enrolment, load_outline
from pages.services import active_language


def closed_sentence(state: RunState) -> str:
    """Say why a run takes no enrolments."""
    return {
        RunState.TO_BE_SCHEDULED: _("The dates of this group are not announced yet."),
        RunState.FUTURE_NOT_YET_OPEN: _("Enrolment in this group has not opened yet."),
        RunState.FUTURE_CLOSED: _("Enrolment in this group is closed. Choose another group."),
        RunState.ONGOING_CLOSED: _("This group has started and takes no more people. Choose another group."),
        RunState.ARCHIVED_CLOSED: _("This group has ended. Choose another group."),
    }[state]


def course_page_for(course_key: uuid.UUID) -> CoursePage:
    """Return the published page of a course in the active language, else in another one; 404 if there is none."""
    pages = CoursePage.objects.live().by_language(course_key)
    if not pages:
        raise Http404
    return pages.get(active_language()) or next(iter(pages.values()))


@login_required
@require_POST
def enrolment_create(request: UserRequest, run_id: int) -> HttpResponse:
    """Enrol in a run and lead to the first lesson, or back to the course with the reason why not."""
    run = get_object_or_404(CourseRun.objects.select_related("course"), pk=run_id)
    page = course_page_for(run.course_id)
    if not CoursePage.objects.visible_to(request.user).filter(pk=page.pk).exists():
        raise Http404
    try:
        enrolment = services.enrol(run, user=request.user, language=active_language(), at=timezone.now())
    except services.EnrolmentClosed as closed:
        messages.error(request, closed_sentence(closed.state))
    except services.RunFull:
        messages.error(request, _("Every place in this group is taken. Choose another group."))
    else:
        if enrolment.run.has_started(timezone.now()):
            messages.success(request, _("You are enrolled. Here is your first lesson."))
            return redirect("courses:enrolment_continue", enrolment.pk)
        messages.success(request, _("You are enrolled. The lessons open on the first day of your group."))
    return redirect(page.get_url(request))


@login_required
@require_safe
def enrolment_continue(request: UserRequest, enrolment_id: int) -> HttpResponse:
    """Lead to the lesson last opened, else to the first one not done, in the language of the address."""
    enrolment = get_object_or_404(
        Enrolment.objects.visible_to(request.user).active().select_related("run__course"), pk=enrolment_id
    )
    page = course_page_for(enrolment.run.course_id)
    if not enrolment.run.has_started(timezone.now()):
        messages.info(request, _("The lessons open on the first day of your group."))
        return redirect(page.get_url(request))
    outline = load_outline(page, enrolment)
    lesson = outline.find(enrolment.last_unit_id)
    if lesson is None:
        lesson = outline.next_open() or next(iter(outline.lessons), None)
    return redirect(lesson.url if lesson else page.get_url(request))


@login_required
@require_POST
def enrolment_withdraw(request: UserRequest, enrolment_id: int) -> HttpResponse:
    """Free one's place; the record is kept for a return."""
    enrolment = get_object_or_404(
        Enrolment.objects.visible_to(request.user).active().select_related("run"), pk=enrolment_id
    )
    page = course_page_for(enrolment.run.course_id)
    services.withdraw(enrolment, at=timezone.now())
    messages.success(request, _("You left the course. Your progress is kept: enrol again to go on."))
    return redirect(page.get_url(request))
