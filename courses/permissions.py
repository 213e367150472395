"""Who may do what with courses. Views ask; services do not."""

import datetime as dt

from accounts.models import Viewer
from courses.models import CourseFacilitator, CoursePage, Enrolment


def can_teach(user: Viewer, course_page: CoursePage) -> bool:
    """Whether this person facilitates or wrote the course, in any of its languages, or may edit its page."""
    if not user.is_authenticated:
        return False
    taught = CourseFacilitator.objects.filter(user=user, course_page__translation_key=course_page.translation_key)
    return taught.exists() or can_edit(user, course_page)


def can_edit(user: Viewer, page: CoursePage) -> bool:
    """Whether this person may edit the page in Wagtail's admin."""
    return user.is_authenticated and (user.is_superuser or page.permissions_for_user(user).can_edit())


def can_read_lessons(enrolment: Enrolment | None, *, at: dt.datetime) -> bool:
    """Whether an enrolment opens the lessons: from the start of the run on, for good."""
    return enrolment is not None and enrolment.withdrawn_at is None and enrolment.run.has_started(at)
