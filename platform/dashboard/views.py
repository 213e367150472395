import uuid
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.db.models import Sum
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe
from wagtail.models import Page, Site

from accounts.http import UserRequest
from courses.models import Certificate, CourseIndexPage, Enrolment
from members.models import Membership
from notifications.services import sentences
from pages.models import NewsPage
from pages.services import active_language, page_url

ENROLMENTS = 20
NEWS = 3
NOTIFICATIONS = 3


@dataclass
class Entry:
    """An enrolment as the start page shows it: with the course's title and address in the reader's language."""

    enrolment: Enrolment
    title: str
    url: str
    has_started: bool
    last_title: str  # of the lesson last opened


@login_required
@require_safe
def home(request: UserRequest) -> HttpResponse:
    """Show a member's own start page: what to go on with, what was earned this year, what is new."""
    now = timezone.now()
    enrolments = list(Enrolment.objects.visible_to(request.user).for_home()[:ENROLMENTS])
    titles = page_titles({key for enrolment in enrolments for key in (enrolment.run.course_id, enrolment.last_unit_id)})
    entries = [
        Entry(
            enrolment,
            *titles.get(enrolment.run.course_id, (enrolment.run.course.title, "")),
            has_started=enrolment.run.has_started(now),
            last_title=titles[enrolment.last_unit_id][0] if enrolment.last_unit_id in titles else "",
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
        "membership": Membership.objects.filter(user=request.user).select_related("tier").first(),
        "cpd_minutes": this_year.aggregate(total=Sum("cpd_minutes"))["total"] or 0,
        "unread": sentences.latest_unread(request.user, NOTIFICATIONS),
        "news": NewsPage.objects.for_list()[:NEWS],
        "catalogue": CourseIndexPage.objects.live().filter(locale__language_code=active_language()).first(),
        "today": timezone.localdate(),
    }
    return render(request, "dashboard/home.html", context)


def page_titles(keys: set[uuid.UUID | None]) -> dict[uuid.UUID | None, tuple[str, str]]:
    """Return title and address of courses and lessons in the active language, or in another if there is no translation.

    One query, no bodies.
    """
    titles: dict[uuid.UUID | None, tuple[str, str]] = {}
    roots = Site.get_site_root_paths()
    pages = Page.objects.live().filter(translation_key__in=keys - {None})
    rows = pages.values_list("translation_key", "locale__language_code", "title", "url_path")
    for key, language, title, url_path in rows:
        if language == active_language() or key not in titles:
            titles[key] = (title, page_url(url_path, roots))
    return titles
