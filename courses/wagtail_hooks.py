from django.http import HttpRequest
from django.utils import timezone
from wagtail import hooks
from wagtail.models import Page
from wagtail.permissions import register_permission_policy

from courses import services
from courses.models import Certificate, CoursePage, Enrolment, LessonPage
from courses.viewsets import LearningViewSetGroup, RecordPolicy

register_permission_policy(Enrolment, RecordPolicy(Enrolment))
register_permission_policy(Certificate, RecordPolicy(Certificate))


@hooks.register("after_copy_page")
def renew_copied_quizzes(request: HttpRequest, page: Page, new_page: Page) -> None:
    """A copied lesson or course has quizzes of its own, in every lesson below it."""
    for lesson in LessonPage.objects.descendant_of(new_page, inclusive=True):
        services.renew_quizzes(lesson)
    course = CoursePage.objects.ancestor_of(new_page, inclusive=True).first()
    if course is not None:
        services.sync_course(course.translation_key, at=timezone.now())


@hooks.register("register_admin_viewset")
def register_learning() -> LearningViewSetGroup:
    return LearningViewSetGroup()
