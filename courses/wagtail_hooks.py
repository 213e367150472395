from wagtail import hooks
from wagtail.permissions import register_permission_policy

from courses.models import Certificate, Enrolment
from courses.viewsets import LearningViewSetGroup, RecordPolicy

register_permission_policy(Enrolment, RecordPolicy(Enrolment))
register_permission_policy(Certificate, RecordPolicy(Certificate))


@hooks.register("register_admin_viewset")
def register_learning() -> LearningViewSetGroup:
    return LearningViewSetGroup()
