from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.db.models import Sum
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import UserRequest
from courses.models import Certificate, CourseIndexPage, CoursePage, Enrolment
from pages.models import NewsPage
from pages.services import active_language

ENROLMENTS = 20
NEWS = 3


@dataclass
class Entry:
    """An enrolment as the start page shows it: with the course's title and address in the reader's language."""

    enrolment: Enrolment
    title: str
    url: str
    has_started: bool


@login_required
@require_safe
def home(request: UserRequest) -> HttpResponse:
    """Show a member's own start page: what to go on with, what was earned this year, what is new."""
    now = timezone.now()
    enrolments = list(Enrolment.objects.visible_to(request.user).for_home()[:ENROLMENTS])
    titles = course_titles([enrolment.run.course_id for enrolment in enrolments])
    entries = [
        Entry(
            enrolment,
            *titles.get(enrolment.run.course_id, (enrolment.run.course.title, "")),
            has_started=enrolment.run.has_started(now),
        )
        for enrolment in enrolments
    ]
    in_hand = [entry for entry in entries if entry.enrolment.completed_at is None]
    certificates = Certificate.objects.visible_to(request.user).current()
    this_year = certificates.filter(issued_on__year=timezone.localdate().year)
    context = {
        "current": next((entry for entry in in_hand if entry.has_started), None),
        "in_hand": in_hand,
        "completed": [entry for entry in entries if entry.enrolment.completed_at is not None],
        "certificates": list(certificates.order_by("-issued_on", "-pk")[:3]),
        "cpd_minutes": this_year.aggregate(total=Sum("cpd_minutes"))["total"] or 0,
        "news": NewsPage.objects.for_list()[:NEWS],
        "catalogue": CourseIndexPage.objects.live().filter(locale__language_code=active_language()).first(),
        "today": timezone.localdate(),
    }
    return render(request, "dashboard/home.html", context)


def course_titles(course_keys: list[object]) -> dict[object, tuple[str, str]]:
    """Return title and address of courses in the active language, or in another where there is no translation."""
    titles: dict[object, tuple[str, str]] = {}
    pages = (
        CoursePage.objects.live()
        .filter(translation_key__in=course_keys)
        .select_related("locale")
        .only("title", "url_path", "path", "depth", "translation_key", "locale__language_code", "content_type")
    )
    for page in pages:
        if page.locale.language_code == active_language() or page.translation_key not in titles:
            titles[page.translation_key] = (page.title, page.get_url())
    return titles
