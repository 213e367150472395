"""The certificates that a learner may show on a member's profile."""

from courses.models import Certificate
from members.registry.certificates import Achievement


def list_achievements(user_id: int) -> list[Achievement]:
    """Return a person's certificates that stand, the latest first: one query."""
    rows = Certificate.objects.filter(enrolment__user=user_id).current().order_by("-completed_on", "-pk")
    return [Achievement(row.public_id, row.course_title, row.completed_on, row.get_absolute_url()) for row in rows]
