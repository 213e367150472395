"""What learners are told about their courses."""

import uuid
from collections.abc import Iterable

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.models import Site

from accounts.models import User
from courses.models import Certificate, CoursePage, Enrolment
from notifications.registry import Kind, Notice, Subject, register
from pages.services import page_url


def load_enrolments(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return a learner's active enrolments with title and address of the course in their language: two queries."""
    courses = dict(
        Enrolment.objects.visible_to(user).active().filter(pk__in=list(ids)).values_list("pk", "run__course_id")
    )
    titles = _course_titles(user, set(courses.values()))
    return {str(pk): Subject(title=titles[key][0], url=titles[key][1]) for pk, key in courses.items() if key in titles}


def _course_titles(user: User, keys: set[uuid.UUID]) -> dict[uuid.UUID, tuple[str, str]]:
    roots = Site.get_site_root_paths()
    language = user.interface_language
    rows = CoursePage.objects.visible_to(user).filter(translation_key__in=keys)
    # The learner's own language first, then the default one, then any: the best comes last and stays.
    order = {language: 2, settings.LANGUAGE_CODE: 1}
    found = rows.values_list("translation_key", "locale__language_code", "title", "url_path")
    return {
        key: (title, page_url(url_path, roots))
        for key, _code, title, url_path in sorted(found, key=lambda row: order.get(row[1], 0))
    }


def load_certificates(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return a learner's certificates that stand: one query."""
    rows = Certificate.objects.visible_to(user).current().filter(pk__in=list(ids)).values_list("pk", "course_title")
    url = reverse("courses:certificate_list")
    return {str(pk): Subject(title=title, url=url) for pk, title in rows}


def _enrolled(notice: Notice) -> str:
    return _("You are enrolled in the course “%(title)s”") % {"title": notice.subject.title}


def _certified(notice: Notice) -> str:
    return _("You completed the course “%(title)s”") % {"title": notice.subject.title}


ENROLLED = register(
    Kind(
        name="courses.enrolled",
        label=gettext_lazy("You were enrolled in a course"),
        group=gettext_lazy("Learning"),
        load=load_enrolments,
        line=_enrolled,
        paragraphs=lambda notice: [
            _("The lessons wait for you on the course’s page. You can stop at any time: the place is remembered.")
        ],
        action=gettext_lazy("Open the course"),
        reason=gettext_lazy("You get this letter because you enrolled in a course."),
        icon="graduation-cap",
    )
)

CERTIFIED = register(
    Kind(
        name="courses.certified",
        label=gettext_lazy("You completed a course and have a certificate"),
        group=gettext_lazy("Learning"),
        load=load_certificates,
        line=_certified,
        paragraphs=lambda notice: [
            _("Your certificate is ready. Anybody to whom you show it can check it by its code, without signing in.")
        ],
        action=gettext_lazy("Open your certificates"),
        reason=gettext_lazy("You get this letter because you completed a course."),
        icon="award",
    )
)
