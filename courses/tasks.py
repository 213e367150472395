"""Leaves: ids in, one service called, safe to run twice. Each has a sweeper in the beat schedule or is one."""

import logging
import uuid

from celery import shared_task
from django.utils import timezone

logger = logging.getLogger(__name__)


@shared_task
def settle_course(course_key: str) -> int:
    """Complete the learners whom a change of the course left with nothing to do."""
    from courses import services  # noqa: PLC0415 -- leaf
    from courses.models import Course  # noqa: PLC0415 -- leaf

    return services.settle_course(Course.objects.get(pk=uuid.UUID(course_key)), at=timezone.now())


@shared_task
def settle_courses() -> int:
    """Settle every course: what a lost message of `settle_course` left undone."""
    from courses import services  # noqa: PLC0415 -- leaf
    from courses.models import Course  # noqa: PLC0415 -- leaf

    now = timezone.now()
    return sum(services.settle_course(course, at=now) for course in Course.objects.order_by("pk"))


@shared_task
def render_certificate(certificate_id: int) -> None:
    """Make the file of a certificate."""
    from courses import services  # noqa: PLC0415 -- leaf
    from courses.models import Certificate  # noqa: PLC0415 -- leaf

    services.ensure_pdf(Certificate.objects.get(pk=certificate_id))


@shared_task
def render_missing_certificates() -> int:
    """Make the files that lost messages left unmade; one failure never stops the rest."""
    from courses import services  # noqa: PLC0415 -- leaf
    from courses.models import Certificate  # noqa: PLC0415 -- leaf

    made = 0
    for certificate in Certificate.objects.without_file().order_by("pk")[:200]:
        try:
            services.ensure_pdf(certificate)
            made += 1
        except Exception:
            logger.exception("The file of certificate %s could not be made.", certificate.pk)
    return made


@shared_task
def close_overdue_attempts() -> int:
    """Mark what was saved in attempts that the end of their run left open."""
    from courses import services  # noqa: PLC0415 -- leaf

    return services.close_overdue_attempts(at=timezone.now())
