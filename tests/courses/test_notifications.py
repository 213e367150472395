"""What learners are told, and when they no longer are."""

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone, translation

from accounts.models import User
from courses import services
from courses.models import Certificate, CoursePage, Enrolment
from courses.notifications import CERTIFIED, ENROLLED, load_certificates, load_enrolments
from notifications.choices import Verdict
from notifications.models import Delivery, Event, Item
from tests.factories.accounts import UserFactory
from tests.factories.courses import CertificateFactory, CourseRunFactory, EnrolmentFactory
from tests.factories.notifications import never_quiet, pump

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(course_page: CoursePage) -> object:
    return CourseRunFactory(course_id=course_page.translation_key, course=None)


def test_enrolment_is_told_once(run: object, learner: User, course_page: CoursePage) -> None:
    never_quiet(learner)
    for _time in range(2):
        services.enrol(run, user=learner, language="ru", at=timezone.now())  # type: ignore[arg-type]  # the factory's run

    pump()

    assert Event.objects.filter(kind=ENROLLED.name).count() == 1
    assert Item.objects.get().count == 1
    assert [letter.subject for letter in mail.outbox] == [f"Вы записаны на курс «{course_page.title}»"]
    assert course_page.url in mail.outbox[0].body


def test_enrolment_that_is_withdrawn_is_not_told(run: object, learner: User) -> None:
    enrolment = services.enrol(run, user=learner, language="ru", at=timezone.now())  # type: ignore[arg-type]  # the factory's run
    services.withdraw(enrolment, at=timezone.now())

    pump()

    assert mail.outbox == []
    assert Delivery.objects.get().verdict == Verdict.NOT_VISIBLE


def test_certificate_is_told_to_its_holder(learner: User, enrolment: Enrolment) -> None:
    never_quiet(learner)
    certificate = services.issue_certificate(enrolment, language="ru", at=timezone.now())

    pump()

    item = Item.objects.get(kind=CERTIFIED.name)
    assert (item.user, item.subject_id) == (learner, str(certificate.pk))
    assert certificate.course_title in mail.outbox[0].subject


def test_revoked_certificate_is_not_told(learner: User, enrolment: Enrolment) -> None:
    certificate = services.issue_certificate(enrolment, language="ru", at=timezone.now())
    services.revoke_certificate(certificate, reason="error", at=timezone.now())

    pump()

    assert mail.outbox == []


def test_subjects_are_ones_own(learner: User, course_page: CoursePage) -> None:
    other = EnrolmentFactory(run__course_id=course_page.translation_key, run__course=None)
    certificate: Certificate = CertificateFactory()

    assert load_enrolments(learner, [str(other.pk)]) == {}
    assert load_certificates(learner, [str(certificate.pk)]) == {}


def test_title_is_in_the_learners_language(course_page: CoursePage, english: CoursePage) -> None:
    english_reader, tajik_reader = UserFactory(language="en"), UserFactory(language="tg")
    titles = []
    for person in (english_reader, tajik_reader):
        enrolment = EnrolmentFactory(user=person, run__course_id=course_page.translation_key, run__course=None)
        with translation.override(person.interface_language):
            titles.append(load_enrolments(person, [str(enrolment.pk)])[str(enrolment.pk)])

    assert [subject.title for subject in titles] == [english.title, course_page.title]
    assert [subject.url for subject in titles] == [english.url, course_page.url]


def test_enrolment_page_tells_after_the_commit(
    signed_in: Client, run: object, learner: User, home_pages: object
) -> None:
    signed_in.post(f"/learn/runs/{run.pk}/enrol/")  # type: ignore[attr-defined]  # the factory's run

    assert Event.objects.get().recipients == [learner.pk]
