"""A completed course and the learner's ledger of professional development."""

import pytest
from django.utils import timezone

from courses import services
from courses.models import CourseIndexPage, Enrolment
from members.choices import CpdSource
from members.models import CpdEntry
from tests.factories.courses import CourseRunFactory, EnrolmentFactory, create_course

pytestmark = pytest.mark.django_db


@pytest.fixture
def enrolment(catalogues: dict[str, CourseIndexPage]) -> Enrolment:
    """Somebody in a course worth ten hours."""
    page = create_course(catalogues["ru"], cpd_minutes=600)
    return EnrolmentFactory(run=CourseRunFactory(course_id=page.translation_key, course=None))


def test_certificate_writes_exactly_one_entry(enrolment: Enrolment) -> None:
    certificate = services.issue_certificate(enrolment, language="ru", at=timezone.now())
    services.issue_certificate(enrolment, language="ru", at=timezone.now())
    services.reissue_certificate(certificate, at=timezone.now())

    entry = CpdEntry.objects.get()
    assert (entry.user, entry.minutes, entry.source) == (enrolment.user, 600, CpdSource.COURSE)
    assert (entry.title, entry.done_on) == (certificate.course_title, certificate.completed_on)


def test_revoked_certificate_writes_exactly_one_correction(enrolment: Enrolment) -> None:
    certificate = services.issue_certificate(enrolment, language="ru", at=timezone.now())
    new = services.reissue_certificate(certificate, at=timezone.now())

    services.revoke_certificate(new, reason="Somebody else took the course", at=timezone.now())
    with pytest.raises(services.CertificateNotCurrent):
        services.revoke_certificate(new, reason="Again", at=timezone.now())

    entry, correction = CpdEntry.objects.order_by("pk")
    assert (correction.minutes, correction.reverses, correction.done_on) == (-600, entry, entry.done_on)
    assert correction.reason == "Somebody else took the course"


def test_course_without_hours_writes_nothing(catalogues: dict[str, CourseIndexPage]) -> None:
    page = create_course(catalogues["ru"])
    enrolment = EnrolmentFactory(run=CourseRunFactory(course_id=page.translation_key, course=None))

    certificate = services.issue_certificate(enrolment, language="ru", at=timezone.now())
    services.revoke_certificate(certificate, reason="x", at=timezone.now())

    assert not CpdEntry.objects.exists()
