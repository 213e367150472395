"""Issuing, correcting and withdrawing certificates."""

import datetime as dt
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from courses import services, tasks
from courses.choices import CertificateStatus
from courses.models import (
    Certificate,
    CertificateCounter,
    Course,
    CourseIndexPage,
    CoursePage,
    Enrolment,
)
from courses.models.certificates import PUBLIC_ID_ALPHABET, PUBLIC_ID_LENGTH
from tests.factories.accounts import UserFactory
from tests.factories.courses import (
    CertificateFactory,
    CourseRunFactory,
    EnrolmentFactory,
    create_course,
    publish,
)

pytestmark = pytest.mark.django_db

NOW = timezone.now()
AT = dt.datetime(2026, 10, 5, 9, tzinfo=dt.UTC)


@pytest.fixture
def taught(catalogues: dict[str, CourseIndexPage]) -> CoursePage:
    """A course in Russian and English with a facilitator, worth ten hours."""
    facilitator = UserFactory(name_native="Чолпон Осмонова", name_latin="Cholpon Osmonova")
    silent = UserFactory(name_native="Жанар Сулейменова")
    create_course(catalogues["en"], cpd_minutes=600, facilitators=[facilitator, silent])
    return create_course(catalogues["ru"], cpd_minutes=600, facilitators=[facilitator, silent])


@pytest.fixture
def enrolment(taught: CoursePage, learner: User) -> Enrolment:
    """The learner in a run of that course, in Almaty's time, since the first of September."""
    run = CourseRunFactory(course_id=taught.translation_key, course=None, time_zone="Asia/Almaty")
    return EnrolmentFactory(run=run, user=learner, enrolled_at=dt.datetime(2026, 9, 1, 9, tzinfo=dt.UTC))


def issue(enrolment: Enrolment, language: str = "ru", at: dt.datetime = AT) -> Certificate:
    return services.issue_certificate(enrolment, language=language, at=at)


def printed(certificate: Certificate) -> dict[str, object]:
    certificate.refresh_from_db()
    return {
        "holder": certificate.holder_name,
        "course": certificate.course_title,
        "minutes": certificate.cpd_minutes,
        "facilitators": certificate.facilitators,
        "dates": (certificate.started_on, certificate.completed_on, certificate.issued_on),
        "language": certificate.language,
        "serial": certificate.serial,
    }


def test_issue_certificate_in_russian(enrolment: Enrolment) -> None:
    assert printed(issue(enrolment)) == {
        "holder": "Айгуль Нурпеисова",
        "course": "Курс jury",
        "minutes": 600,
        "facilitators": ["Чолпон Осмонова", "Жанар Сулейменова"],
        "dates": (dt.date(2026, 9, 1), dt.date(2026, 10, 5), dt.date(2026, 10, 5)),
        "language": "ru",
        "serial": "CALL-2026-00001",
    }


def test_issue_certificate_in_english(enrolment: Enrolment) -> None:
    assert printed(issue(enrolment, "en")) == {
        "holder": "Aigul Nurpeisova",
        "course": "Course jury",
        "minutes": 600,
        "facilitators": ["Cholpon Osmonova", "Жанар Сулейменова"],
        "dates": (dt.date(2026, 9, 1), dt.date(2026, 10, 5), dt.date(2026, 10, 5)),
        "language": "en",
        "serial": "CALL-2026-00001",
    }


@pytest.mark.parametrize("language", ["kk", "tg", "uz", "tk", "ky"])
def test_issue_certificate_in_a_language_without_interface_is_in_russian(enrolment: Enrolment, language: str) -> None:
    certificate = issue(enrolment, language)

    assert (certificate.language, certificate.holder_name) == ("ru", "Айгуль Нурпеисова")


def test_issue_certificate_in_english_of_a_course_in_russian_only(learner: User, course_page: CoursePage) -> None:
    run = CourseRunFactory(course_id=course_page.translation_key, course=None)

    certificate = issue(EnrolmentFactory(run=run, user=learner), "en", NOW)

    assert (certificate.holder_name, certificate.course_title) == ("Aigul Nurpeisova", "Курс jury")


def test_issue_certificate_of_a_course_whose_pages_are_gone() -> None:
    certificate = issue(EnrolmentFactory(), at=NOW)

    assert (certificate.course_title, certificate.cpd_minutes) == (Course.objects.get().title, 0)
    assert certificate.facilitators == []


@pytest.mark.parametrize(
    ("zone", "day"), [("Asia/Almaty", dt.date(2027, 1, 1)), ("Europe/London", dt.date(2026, 12, 31))]
)
def test_issue_certificate_on_the_day_of_the_run(enrolment: Enrolment, zone: str, day: dt.date) -> None:
    enrolment.run.time_zone = zone

    certificate = issue(enrolment, at=dt.datetime(2026, 12, 31, 21, tzinfo=dt.UTC))

    assert certificate.issued_on == certificate.completed_on == day
    assert certificate.serial == f"CALL-{day.year}-00001"


def test_issue_certificate_for_work_before_enrolment_is_recorded_keeps_dates_in_order(
    enrolment: Enrolment,
) -> None:
    certificate = issue(enrolment, at=dt.datetime(2026, 8, 1, tzinfo=dt.UTC))

    assert certificate.started_on == certificate.completed_on == dt.date(2026, 8, 1)


def test_issue_certificate_again_returns_the_one_that_stands(enrolment: Enrolment) -> None:
    first = issue(enrolment)

    assert issue(enrolment, "en") == first
    assert Certificate.objects.count() == 1
    assert CertificateCounter.objects.get().last == 1


def test_certificate_is_not_changed_by_later_edits(enrolment: Enrolment, taught: CoursePage) -> None:
    certificate = issue(enrolment)
    before = printed(certificate)

    User.objects.filter(pk=enrolment.user_id).update(name_native="Иное имя")
    User.objects.filter(name_latin="Cholpon Osmonova").update(name_native="Иной тренер")
    taught.title, taught.cpd_minutes = "Иной курс", 1
    publish(taught)

    assert printed(certificate) == before


def test_serials_are_dense_in_each_year() -> None:
    dates = [(2026, 1, 5), (2026, 6, 1), (2027, 1, 5), (2026, 12, 1)]

    serials = [issue(EnrolmentFactory(), at=dt.datetime(*date, tzinfo=dt.UTC)).serial for date in dates]

    assert serials == ["CALL-2026-00001", "CALL-2026-00002", "CALL-2027-00001", "CALL-2026-00003"]


def test_serial_is_not_used_up_by_a_certificate_that_was_not_issued() -> None:
    first, second = EnrolmentFactory.create_batch(2)
    with transaction.atomic():
        issue(first)
        transaction.set_rollback(True)

    assert issue(second).serial == "CALL-2026-00001"


def test_public_ids_cannot_be_guessed_or_misread() -> None:
    ids = {certificate.public_id for certificate in CertificateFactory.create_batch(20)}

    assert len(ids) == 20
    assert all(len(public_id) == PUBLIC_ID_LENGTH for public_id in ids)
    assert set("".join(ids)) <= set(PUBLIC_ID_ALPHABET)
    assert not set("ilou") & set(PUBLIC_ID_ALPHABET)
    assert len(set(PUBLIC_ID_ALPHABET)) ** PUBLIC_ID_LENGTH == 2**80


def test_two_current_certificates_are_refused_by_the_database() -> None:
    certificate = CertificateFactory()

    with pytest.raises(IntegrityError):
        CertificateFactory(enrolment=certificate.enrolment)


# Revoking and reissuing


def test_revoke_certificate() -> None:
    certificate = services.revoke_certificate(CertificateFactory(), reason="Ошибка в имени", at=NOW)

    assert certificate.status == CertificateStatus.REVOKED
    assert (certificate.revoked_at, certificate.revoked_reason) == (NOW, "Ошибка в имени")
    assert not Certificate.objects.current().exists()


def test_revoke_certificate_twice() -> None:
    certificate = services.revoke_certificate(CertificateFactory(), reason="Первая", at=NOW)

    with pytest.raises(services.CertificateNotCurrent):
        services.revoke_certificate(certificate, reason="Вторая", at=NOW)

    certificate.refresh_from_db()
    assert certificate.revoked_reason == "Первая"


def test_reissue_certificate_takes_the_name_as_it_is_written_now(enrolment: Enrolment) -> None:
    old = issue(enrolment)
    before = printed(old)
    enrolment.user.name_native = "Айгуль Серикова"
    enrolment.user.save()
    CoursePage.objects.update(title="Иной курс")

    new = services.reissue_certificate(Certificate.objects.get(), at=AT + dt.timedelta(days=400))

    assert printed(old) == before
    assert old.superseded_by == new
    assert (old.status, new.status) == (CertificateStatus.SUPERSEDED, CertificateStatus.VALID)
    assert printed(new) == {
        **before,
        "holder": "Айгуль Серикова",
        "dates": (dt.date(2026, 9, 1), dt.date(2026, 10, 5), dt.date(2027, 11, 9)),
        "serial": "CALL-2027-00001",
    }
    assert old.public_id != new.public_id
    assert issue(enrolment) == new


def test_reissue_certificate_again_makes_a_chain() -> None:
    first = CertificateFactory()

    second = services.reissue_certificate(first, at=NOW)
    third = services.reissue_certificate(second, at=NOW)

    assert [certificate.superseded_by for certificate in (first, second, third)] == [second, third, None]
    assert list(Certificate.objects.current()) == [third]


@pytest.mark.parametrize("ended", [{"revoked_at": NOW}, {"superseded": True}])
def test_certificate_that_does_not_stand_is_not_reissued_or_revoked(ended: dict[str, object]) -> None:
    certificate = CertificateFactory(revoked_at=ended.get("revoked_at"))
    if "superseded" in ended:
        services.reissue_certificate(certificate, at=NOW)
    count = Certificate.objects.count()

    with pytest.raises(services.CertificateNotCurrent):
        services.reissue_certificate(certificate, at=NOW)
    with pytest.raises(services.CertificateNotCurrent):
        services.revoke_certificate(certificate, reason="", at=NOW)

    assert Certificate.objects.count() == count


# The file


def test_issuing_makes_the_file_after_the_commit(
    enrolment: Enrolment, private_files: Path, django_capture_on_commit_callbacks: Callable
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        certificate = issue(enrolment)
        assert not certificate.pdf

    certificate.refresh_from_db()
    content = (private_files / certificate.pdf.name).read_bytes()
    assert content.startswith(b"%PDF-")
    assert certificate.pdf_sha256 == hashlib.sha256(content).hexdigest()


def test_ensure_pdf_twice_makes_one_file(enrolment: Enrolment, private_files: Path) -> None:
    certificate = services.ensure_pdf(issue(enrolment))
    name = certificate.pdf.name

    tasks.render_certificate(certificate.pk)

    certificate.refresh_from_db()
    assert certificate.pdf.name == name
    assert len(list(private_files.rglob("*.pdf"))) == 1


def test_render_missing_certificates_makes_what_lost_messages_left_unmade() -> None:
    CertificateFactory.create_batch(2)
    services.ensure_pdf(CertificateFactory())

    assert tasks.render_missing_certificates() == 2
    assert tasks.render_missing_certificates() == 0

    assert not Certificate.objects.without_file().exists()


def test_render_missing_certificates_goes_on_after_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    broken = CertificateFactory(holder_name="李 \U0001f600")  # letters that no bundled font has
    fine = CertificateFactory()

    assert tasks.render_missing_certificates() == 1

    assert list(Certificate.objects.without_file()) == [broken]
    assert Certificate.objects.get(pk=fine.pk).pdf
    assert f"The file of certificate {broken.pk} could not be made." in caplog.text


@pytest.mark.parametrize(("language", "prefix"), [("ru", ""), ("en", "/en")])
def test_verification_url_is_in_the_language_of_the_certificate(settings: object, language: str, prefix: str) -> None:
    settings.WAGTAILADMIN_BASE_URL = "https://members.example.org"
    certificate = CertificateFactory(language=language)

    assert services.verification_url(certificate) == (
        f"https://members.example.org{prefix}/verify/{certificate.public_id}/"
    )


def test_certificates_are_visible_to_their_holder_only() -> None:
    mine = CertificateFactory()
    CertificateFactory(enrolment__run=mine.enrolment.run)

    assert list(Certificate.objects.visible_to(mine.enrolment.user)) == [mine]
    assert not Certificate.objects.visible_to(UserFactory(is_superuser=True)).exists()
