from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe

from courses.filters import CourseFilter
from courses.models import (
    OPEN_STATES,
    CourseIndexPage,
    CoursePage,
    CourseRun,
    Enrolment,
    ModulePage,
    load_outline,
)
from pages.services import parent_link

PAGE_SIZE = 12


@require_safe
def course_index(request: HttpRequest, page: CourseIndexPage) -> HttpResponse:
    """Show the catalogue; Wagtail's routing leads here through CourseIndexPage.serve."""
    context = page.get_context(request)
    context["listing"] = SimpleLazyObject(lambda: _listing(request, page))  # read where its print is not in the cache
    return render(request, "courses/course_index.html", context)


def _listing(request: HttpRequest, page: CourseIndexPage) -> dict[str, Any]:
    """Read a page of the courses that a person may see, with how far they got, and the boxes of the filter."""
    base = CoursePage.objects.visible_to(request.user).child_of(page)
    course_filter = CourseFilter(request.GET, queryset=base.for_catalogue())
    enrolments = {}
    if request.user.is_authenticated:
        enrolments = {
            enrolment.run.course_id: enrolment
            for enrolment in Enrolment.objects.visible_to(request.user)
            .active()
            .with_progress()
            .select_related("run")
            .order_by("pk")
        }
    courses = Paginator(course_filter.qs, PAGE_SIZE).get_page(request.GET.get("page"))
    for course in courses:
        course.enrolment = enrolments.get(course.translation_key)
    return {
        "courses": courses,
        "facets": course_filter.facets(base),
        "is_filtered": any(request.GET.getlist(name) for name in course_filter.filters),
    }


@require_safe
def course_detail(request: HttpRequest, page: CoursePage) -> HttpResponse:
    """Show a course: what it gives, its table of contents, its groups, or how far one got."""
    now = timezone.now()
    is_preview = getattr(request, "is_preview", False)  # set by Wagtail on its own requests
    if not is_preview and not CoursePage.objects.visible_to(request.user).filter(pk=page.pk).exists():
        raise Http404
    enrolment = None
    if request.user.is_authenticated:
        enrolment = Enrolment.objects.for_course(request.user, page.translation_key)
    runs = []
    for run in CourseRun.objects.filter(course_id=page.translation_key).for_course_page():
        state = run.state(now)
        is_full = run.capacity is not None and run.taken >= run.capacity
        runs.append(
            {
                "run": run,
                "state": state,
                "is_full": is_full,
                "places_left": None if run.capacity is None else max(run.capacity - run.taken, 0),
                "can_enrol": state in OPEN_STATES and not is_full,
            }
        )
    context = page.get_context(request)
    context.update(
        enrolment=enrolment,
        certificate=enrolment.certificates.current().first() if enrolment and enrolment.completed_at else None,
        runs=runs,
        first_open_run=next((entry["run"] for entry in runs if entry["can_enrol"]), None),
        outline=SimpleLazyObject(lambda: load_outline(page, enrolment)),
        has_started=enrolment is not None and enrolment.run.has_started(now),
        facilitators=page.facilitators.select_related("user"),
        way_back=[parent_link(page)],
    )
    return render(request, "courses/course_detail.html", context)


@require_safe
def module_detail(request: HttpRequest, page: ModulePage) -> HttpResponseRedirect:
    """Lead to the module's place on the course's page."""
    course = page.get_parent()
    return HttpResponseRedirect(f"{course.get_url(request)}#{page.slug}")
