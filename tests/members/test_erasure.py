"""Being forgotten: what goes, what stays true without a name, and what stands in the way."""

import datetime as dt
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from bs4 import BeautifulSoup
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import models
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from accounts.models import User
from audit.models import AuditEvent
from audit.services import seal, verify
from courses.models import AttemptAnswer, Certificate
from members.choices import (
    CLOSED_STATUSES,
    ApplicationStatus,
    CaseStatus,
    DecisionReason,
    DecisionStep,
    DocumentKind,
    RequestState,
    RowDecision,
    Standing,
)
from members.models import (
    ApplicationDocument,
    DataRequest,
    Decision,
    DuplicateCase,
    Invoice,
    Licence,
    MergeRecord,
    Profile,
    ReviewNote,
    league_day,
)
from members.services import imports, personal_data
from members.services.duplicates import index_people
from members.services.merging import UndoRefused, undo_merge
from notifications.models import Item, MailAddress, PushSubscription, Reader
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.audit import write_event
from tests.factories.courses import (
    CertificateFactory,
    EnrolmentFactory,
    LessonUnitFactory,
    QuizAttemptFactory,
    QuizUnitFactory,
)
from tests.factories.duplicates import case_of, merge
from tests.factories.imports import checked, imported, member_row, registrar, undone
from tests.factories.members import ChapterFactory, OfficeTermFactory
from tests.factories.membership import (
    ApplicationFactory,
    InvoiceFactory,
    LicenceFactory,
    MembershipFactory,
    ReferenceFactory,
    SanctionFactory,
    TierFactory,
)
from tests.factories.notifications import told

pytestmark = pytest.mark.django_db

PAGE = "/en/account/data/erasure/"
NAME, LATIN, EMAIL = "Гүлжан Өмирзақова", "Guljan Omirzaqova", "guljan@example.org"


def now() -> dt.datetime:
    return timezone.now()


@pytest.fixture(autouse=True)
def private_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Files made by a test are files of that test."""
    storage = FileSystemStorage(tmp_path / "private", base_url=None)
    for model in (DataRequest, ApplicationDocument):
        monkeypatch.setattr(model._meta.get_field("file"), "storage", storage)
    return tmp_path / "private"


@pytest.fixture
def person(db: None) -> User:
    return UserFactory(email=EMAIL, name_native=NAME, name_latin=LATIN, is_verified=True, language="en")


@pytest.fixture
def proved(client: Client, person: User) -> Client:
    """The person's browser, after the password was typed once more."""
    client.post("/account/login/", {"login": person.email, "password": PASSWORD})
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    return client


def erase(person: User) -> DataRequest:
    return personal_data.erase_person(person, actor=person, at=now())


def traces(*needles: str) -> list[str]:
    """Return every column of the database that still holds one of these words."""
    found: set[str] = set()
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, models.CharField | models.TextField | models.JSONField):
                text = "\n".join(str(value) for value in model._default_manager.values_list(field.attname, flat=True))
                if any(needle.casefold() in text.casefold() for needle in needles):
                    found.add(f"{model._meta.label}.{field.name}")
    return sorted(found)


def test_the_account_is_nobodys(person: User) -> None:
    Authenticator.objects.create(user=person, type="totp", data={})
    MailAddress.objects.create(address=EMAIL)

    erase(person)

    person.refresh_from_db()
    assert person.name_latin == "Former member"
    assert person.email.endswith("@erased.invalid")
    assert (person.is_active, person.has_usable_password(), person.last_login) == (False, False, None)
    for model in (EmailAddress, Authenticator, UserSession):
        assert not model.objects.filter(user=person).exists()
    assert not MailAddress.objects.exists()


def test_no_trace_of_name_and_address_is_left(person: User) -> None:
    membership = MembershipFactory(user=person)
    application = ApplicationFactory(
        user=person, status=ApplicationStatus.COMPLETED, answers={"person": {"name": NAME}}, motivation=NAME
    )
    ReferenceFactory(application=application, statement=f"{NAME} is honest.")
    ReferenceFactory(application=ApplicationFactory(), referee=person, name=NAME, email=EMAIL)
    ReviewNote.objects.create(application=application, author=UserFactory(), text=NAME, at=now())
    Profile.objects.filter(user=person).update(city="Өскемен")
    LicenceFactory(user=person, number="777888")
    write_event(person=person, detail={"name": NAME})
    told(person)
    Reader.objects.update_or_create(user=person)
    PushSubscription.objects.create(
        user=person, endpoint="https://push.example/1", p256dh="x", auth="y", created_at=now()
    )
    InvoiceFactory(membership=membership, settled_at=now())  # the payer's name has a time of its own

    erase(person)

    assert traces(NAME, LATIN, EMAIL, "Өскемен", "777888") == ["members.Invoice.payer_name"]
    for model in (Item, PushSubscription, Reader, Profile, Licence):
        assert not model.objects.filter(user=person).exists()


def test_accounts_merged_into_a_person_go_as_well(person: User) -> None:
    first = MembershipFactory(user__name_native="Гүлжан Бұрынғы", user__email="guljan.old@example.org").user
    oldest = MembershipFactory(user__name_latin="Guljan Eldest").user
    MembershipFactory(user=person)
    Profile.objects.filter(user=oldest).update(bio="Words of the eldest")
    merge(first, oldest)
    record = merge(person, first)
    case = DuplicateCase.objects.get(pk=record.case_id)
    dismissed = case_of(person, UserFactory())
    dismissed.reason, dismissed.status = "Guljan moved to Oskemen", CaseStatus.DISMISSED
    dismissed.save()
    assert record.changes
    assert case.reason

    erase(person)

    assert traces("Бұрынғы", "guljan.old", "Eldest", "Words of the eldest", "Oskemen") == []
    assert {record.changes == record.stays == [] for record in MergeRecord.objects.all()} == {True}
    case.refresh_from_db()
    dismissed.refresh_from_db()
    assert case.reason == dismissed.reason == ""
    assert User.objects.filter(pk__in=(person.pk, first.pk, oldest.pk), email__endswith="@erased.invalid").count() == 3
    assert User.objects.get(pk=oldest.pk).membership.resigned_on == league_day()
    with pytest.raises(UndoRefused):
        undo_merge(record, actor=registrar(), at=now())


def test_dues_of_a_merged_account_stand_in_the_way(person: User) -> None:
    merged = UserFactory()
    merge(person, merged)
    InvoiceFactory(membership=None, user=merged, chapter=ChapterFactory(), tier=TierFactory())

    assert [one.code for one in personal_data.blockers_of(person, on=league_day())] == ["dues"]


def test_imports_forget_a_person_and_the_file_goes(
    person: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    office, kazakhstan = registrar(), ChapterFactory()
    TierFactory()
    officer = OfficeTermFactory(chapter=kazakhstan).user
    LicenceFactory(user=person, number="0012345")
    index_people([person.pk], at=now())
    alike = {"licence_number": "0012345", "licence_issued_on": "2010-09-01", "name": "Гулжан Омирзакова"}
    decided = checked([member_row(1, **alike), member_row(2, **dict.fromkeys(alike, "") | {"name": "А Б"})], by=office)
    imports.decide_row(decided.rows.get(number=2), decision=RowDecision.UPDATE, actor=office, at=now())
    held = imported([member_row(3, email=person.email, name="Гулжан Омирзакова")], by=officer, chapter=kazakhstan)
    storage, names = decided.file.storage, [decided.file.name, held.file.name]

    with django_capture_on_commit_callbacks(execute=True):
        erase(person)

    assert traces("Гулжан", EMAIL) == []
    assert [storage.exists(name) for name in names] == [False, False]
    imports.confirm_import(decided, version=decided.version, actor=office, at=now())
    imports.advance_import(decided.pk, at=now())
    assert list(decided.rows.order_by("number").values_list("state", flat=True)) == ["left_out", "done"]


def test_import_whose_person_was_erased_is_undone_but_for_that_row(person: User) -> None:
    office = registrar()
    ChapterFactory()
    TierFactory()
    batch = imported([member_row(1), member_row(2)], by=office)
    erase(batch.rows.get(number=2).person)

    undone(batch, by=office)

    assert list(batch.rows.order_by("number").values_list("state", flat=True)) == ["kept", "undone"]


def test_what_must_stay_stays(person: User) -> None:
    membership = MembershipFactory(user=person, number="KZ-00042")
    sanction = SanctionFactory(membership=membership, ends_on=league_day(), text_for_member="Because.")
    application = ApplicationFactory(user=person, status=ApplicationStatus.COMPLETED)
    decision = Decision.objects.create(
        application=application,
        step=DecisionStep.LEAGUE,
        is_positive=True,
        reason_code=DecisionReason.OTHER,
        text_for_applicant="Welcome",
        decided_by=UserFactory(),
        decided_at=now(),
    )
    invoice = InvoiceFactory(membership=membership, settled_at=now())
    certificate = CertificateFactory(enrolment__user=person, holder_name=NAME)

    erase(person)

    membership.refresh_from_db()
    assert (membership.number, membership.periods.count(), membership.resigned_on) == ("KZ-00042", 1, league_day())
    assert membership.standing in {Standing.SUSPENDED, Standing.RESIGNED}
    sanction.refresh_from_db()
    assert sanction.text_for_member == "Because."
    decision.refresh_from_db()
    assert (decision.reason_code, decision.text_for_applicant) == (DecisionReason.OTHER, "")
    assert Invoice.objects.get(pk=invoice.pk).payer_name == NAME
    certificate.refresh_from_db()
    assert (certificate.holder_name, certificate.status_text != "") == (NAME, True)


def test_certificate_is_verified_as_before(client: Client, person: User) -> None:
    certificate = CertificateFactory(enrolment__user=person, holder_name=NAME)
    erase(person)

    response = client.get(f"/en{certificate.get_absolute_url().removeprefix('/en')}")

    assert (response.status_code, NAME in response.content.decode()) == (200, True)
    assert Certificate.objects.current().count() == 1


def test_courses_forget_the_learner(person: User) -> None:
    unit = QuizUnitFactory(lesson=LessonUnitFactory())
    attempt = QuizAttemptFactory(enrolment=EnrolmentFactory(run__course=unit.course, user=person), unit=unit)
    AttemptAnswer.objects.create(attempt=attempt, question_id="a", option_ids=["1"], saved_at=now())
    done = EnrolmentFactory(user=person, completed_at=now())

    erase(person)

    assert not AttemptAnswer.objects.exists()
    attempt.enrolment.refresh_from_db()
    done.refresh_from_db()
    assert (attempt.enrolment.withdrawn_at is not None, done.withdrawn_at) == (True, None)


def test_details_of_the_log_are_erased_and_the_chain_holds(person: User) -> None:
    other = UserFactory()
    about = write_event(person=person, actor=other, detail={"text": "private"})
    by = write_event(person=other, actor=person, detail={"text": "about the other"})
    seal(at=now())

    erase(person)
    seal(at=now())

    assert AuditEvent.objects.get(pk=about.pk).detail == {}
    assert AuditEvent.objects.get(pk=by.pk).detail == {"text": "about the other"}
    assert verify(at=now()).is_whole
    event = AuditEvent.objects.get(action="members.person_erased")
    assert (event.person_id, event.actor_id, event.detail) == (person.pk, person.pk, {})


def test_files_go_after_the_commit(
    person: User, private_files: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    document = ApplicationDocument(
        application=ApplicationFactory(user=person, status=ApplicationStatus.REJECTED),
        kind=DocumentKind.IDENTITY,
        name="passport.pdf",
        content_type="application/pdf",
        size=4,
        sha256="0" * 64,
        uploaded_at=now(),
    )
    document.file.save("x", ContentFile(b"%PDF"))
    request = personal_data.ask_for_export(person, language="en", at=now())
    personal_data.build_export(request, at=now())
    assert len([path for path in private_files.rglob("*") if path.is_file()]) == 2

    with django_capture_on_commit_callbacks(execute=True):
        erase(person)

    assert [path for path in private_files.rglob("*") if path.is_file()] == []
    document.refresh_from_db()
    request.refresh_from_db()
    assert (bool(document.file), document.name, document.purged_at is not None) == (False, "", True)
    assert (bool(request.file), request.state) == (False, RequestState.DELETED)


def test_a_copy_in_hand_is_not_finished(person: User, private_files: Path) -> None:
    request = personal_data.ask_for_export(person, language="en", at=now())

    erase(person)

    assert not personal_data.build_export(request, at=now())
    assert not private_files.exists() or not any(path.is_file() for path in private_files.rglob("*"))


def test_a_draft_is_withdrawn(person: User) -> None:
    application = ApplicationFactory(user=person, status=ApplicationStatus.DRAFT, motivation="Because")

    erase(person)

    application.refresh_from_db()
    assert (application.status, application.motivation) == (ApplicationStatus.WITHDRAWN, "")
    assert AuditEvent.objects.filter(action="members.application_withdraw", person_id=person.pk).exists()


def test_a_membership_is_resigned_from(person: User) -> None:
    membership = MembershipFactory(user=person, resigned_on=league_day() + dt.timedelta(days=100))

    erase(person)

    membership.refresh_from_db()
    assert (membership.resigned_on, membership.standing) == (league_day(), Standing.RESIGNED)
    event = AuditEvent.objects.get(action="members.membership_resign", person_id=person.pk)
    assert event.actor_id == person.pk
    assert not Item.objects.filter(user=person).exists()


def test_a_membership_that_has_not_begun_ends(person: User) -> None:
    membership = MembershipFactory(user=person, paid=-1)

    erase(person)

    membership.refresh_from_db()
    assert membership.resigned_on == league_day()


def test_again_changes_nothing(person: User) -> None:
    first = erase(person)
    email, events = User.objects.get(pk=person.pk).email, AuditEvent.objects.count()

    assert erase(person) == first
    assert (User.objects.get(pk=person.pk).email, AuditEvent.objects.count()) == (email, events)


OPEN = [status for status in ApplicationStatus if status not in {ApplicationStatus.DRAFT, *CLOSED_STATUSES}]


@pytest.mark.parametrize("status", OPEN)
def test_an_application_under_decision_stands_in_the_way(status: ApplicationStatus, person: User) -> None:
    ApplicationFactory(user=person, status=status, number="2026-KZ-3")

    with pytest.raises(personal_data.ErasureBlocked) as caught:
        erase(person)

    assert [(one.code, one.names) for one in caught.value.blockers] == [("application", ("2026-KZ-3",))]
    assert User.objects.get(pk=person.pk).name_native == NAME


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "blocks"),
    [
        (dt.date(2026, 1, 1), None, True),
        (dt.date(2099, 1, 1), None, True),
        (dt.date(2020, 1, 1), dt.date(2021, 1, 1), False),
    ],
)
def test_an_office_stands_in_the_way(starts_on: dt.date, ends_on: dt.date | None, blocks: bool, person: User) -> None:
    OfficeTermFactory(user=person, starts_on=starts_on, ends_on=ends_on)

    codes = [one.code for one in personal_data.blockers_of(person, on=league_day())]

    assert codes == (["office"] if blocks else [])


def test_page_says_what_stands_in_the_way(proved: Client, person: User) -> None:
    InvoiceFactory(membership=MembershipFactory(user=person), number="2026-KZ-00009")
    ApplicationFactory(user=person, status=ApplicationStatus.UNDER_REVIEW, number="2026-KZ-3")
    OfficeTermFactory(user=person)

    page = BeautifulSoup(proved.get(PAGE).content, "html.parser")
    response = proved.post(PAGE, {"email": EMAIL})

    assert "2026-KZ-00009" in page.select_one("#blocker-dues").text  # type: ignore[union-attr]
    assert "30,000.00 KZT" in page.select_one("#blocker-dues").text  # type: ignore[union-attr]
    assert "2026-KZ-3" in page.select_one("#blocker-application").text  # type: ignore[union-attr]
    assert page.select_one("#blocker-office") is not None
    assert page.select_one('input[name="email"]') is None
    assert response.status_code == 422
    assert User.objects.get(pk=person.pk).is_active


@pytest.mark.parametrize("typed", ["", "other@example.org"])
def test_page_wants_the_own_address(typed: str, proved: Client, person: User) -> None:
    response = proved.post(PAGE, {"email": typed})

    assert response.status_code == 422
    page = BeautifulSoup(response.content, "html.parser")
    assert page.select_one("input#id_email")["aria-invalid"] == "true"  # type: ignore[index]
    assert User.objects.get(pk=person.pk).is_active


def test_page_erases_and_signs_out(proved: Client, person: User) -> None:
    elsewhere = Client()
    elsewhere.force_login(person)

    response = proved.post(PAGE, {"email": f" {EMAIL.upper()} "}, follow=True)

    assert response.redirect_chain == [("/en/account/data/erased/", 302)]
    assert "Your data are erased" in response.content.decode()
    for browser in (proved, elsewhere):
        assert browser.get("/en/account/data/").status_code == 302
    login = Client().post("/en/account/login/", {"login": EMAIL, "password": PASSWORD})
    assert login.status_code == 200


@pytest.mark.parametrize("count", [1, 3, 30])
def test_page_costs_the_same_for_any_number(
    count: int, proved: Client, person: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _n in range(count):
        InvoiceFactory(membership=None, user=person, chapter=ChapterFactory(), tier=TierFactory())
    proved.get(PAGE)

    with django_assert_num_queries(11):
        proved.get(PAGE)
