"""A copy of everything: asked for, made by a worker, handed to its owner alone, gone after a week."""

import datetime as dt
import io
import json
import zipfile
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from bs4 import BeautifulSoup
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from accounts.models import User
from audit.models import AuditEvent
from courses.models import Certificate
from members.choices import ApplicationStatus, DecisionStep, DocumentKind, RequestState
from members.models import ApplicationDocument, DataRequest, Decision, Receipt, ReviewNote
from members.registry import personal_data as registry
from members.registry.personal_data import Table, all_exports, register_export, table_of
from members.services import personal_data, retention
from notifications.models import Item
from notifications.services import sweep
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.audit import write_event
from tests.factories.courses import CertificateFactory
from tests.factories.duplicates import merge
from tests.factories.membership import (
    ApplicationFactory,
    InvoiceFactory,
    LicenceFactory,
    MembershipFactory,
    ReferenceFactory,
    SanctionFactory,
)

pytestmark = pytest.mark.django_db

PAGE = "/en/account/data/"


def now() -> dt.datetime:
    return timezone.now()


@pytest.fixture(autouse=True)
def private_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Files made by a test are files of that test."""
    storage = FileSystemStorage(tmp_path / "private", base_url=None)
    for model, name in ((DataRequest, "file"), (ApplicationDocument, "file"), (Receipt, "pdf"), (Certificate, "pdf")):
        monkeypatch.setattr(model._meta.get_field(name), "storage", storage)
    return tmp_path / "private"


@pytest.fixture
def person(db: None) -> User:
    return UserFactory(email="aigul@example.org", name_native="Айгуль Нурпеисова", is_verified=True, language="en")


@pytest.fixture
def proved(client: Client, person: User) -> Client:
    """The person's browser, after the password was typed once more."""
    client.post("/account/login/", {"login": person.email, "password": PASSWORD})
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    return client


def copy_of(person: User, *, at: dt.datetime | None = None) -> DataRequest:
    request = personal_data.ask_for_export(person, language="en", at=at or now())
    personal_data.build_export(request, at=at or now())
    request.refresh_from_db()
    assert request.state == RequestState.READY
    return request


def opened(request: DataRequest) -> zipfile.ZipFile:
    with request.file.open("rb") as file:
        return zipfile.ZipFile(io.BytesIO(file.read()))


def test_copy_holds_what_every_app_knows(person: User) -> None:
    membership = MembershipFactory(user=person)
    SanctionFactory(membership=membership, text_for_member="Read this.", internal_note="SECRET NOTE")
    application = ApplicationFactory(user=person, status=ApplicationStatus.REJECTED, motivation="I want to join.")
    document = ApplicationDocument(
        application=application,
        kind=DocumentKind.DIPLOMA,
        name="../my diploma.pdf",
        content_type="application/pdf",
        size=4,
        sha256="0" * 64,
        uploaded_at=now(),
    )
    document.file.save("x", ContentFile(b"%PDF"))
    ReferenceFactory(application=application, name="Referee One", statement="SECRET STATEMENT")
    ReviewNote.objects.create(application=application, author=UserFactory(), text="SECRET REVIEW", at=now())
    for step, text in ((DecisionStep.CHAPTER, "SECRET ADVICE"), (DecisionStep.LEAGUE, "For you <b>to</b> read")):
        Decision.objects.create(
            application=application,
            step=step,
            is_positive=False,
            text_for_applicant=text,
            decided_by=UserFactory(),
            decided_at=now(),
        )
    LicenceFactory(user=person, number="12345")
    InvoiceFactory(membership=membership, number="2026-KZ-00007")
    CertificateFactory(enrolment__user=person, serial="CALL-2026-00077")
    write_event("members.noted", person=person, detail={"text": "SECRET DETAIL"})
    Authenticator.objects.create(user=person, type="totp", data={"secret": "SECRET KEY"})
    InvoiceFactory(number="2026-KZ-99999")  # of somebody else

    archive = opened(copy_of(person))

    text = archive.read("data.json").decode()
    data = json.loads(text)
    assert set(data) == {export.name for export in all_exports()}
    assert data["accounts.person"][0]["email"] == "aigul@example.org"
    assert data["members.membership"][0]["number"] == membership.number
    assert len(data["members.periods"]) == 1
    assert data["members.sanctions"][0]["text_for_member"] == "Read this."
    assert data["members.applications"][0]["motivation"] == "I want to join."
    assert data["members.references_named"][0]["name"] == "Referee One"
    assert [row["step"] for row in data["members.decisions"]] == ["league"]
    assert data["members.licences"][0]["number"] == "12345"
    assert [row["number"] for row in data["members.invoices"]] == ["2026-KZ-00007"]
    assert data["courses.certificates"][0]["serial"] == "CALL-2026-00077"
    assert "members.noted" in [row["action"] for row in data["audit.about"]]
    path = data["members.documents"][0]["file"]
    assert path == "files/members.documents-1-..my_diploma.pdf"
    assert archive.read(path) == b"%PDF"
    page = archive.read("index.html").decode()
    assert "For you &lt;b&gt;to&lt;/b&gt; read" in page
    assert f'href="{path}"' in page
    assert "Айгуль Нурпеисова" in page
    for secret in ("SECRET", person.password, "2026-KZ-99999"):
        assert secret not in text
        assert secret not in page


def test_copy_holds_what_stayed_with_merged_accounts(person: User) -> None:
    merged = MembershipFactory(user__email="second@example.org", number="KZ-00077").user
    MembershipFactory(user=person, number="KZ-00076")
    LicenceFactory(user=merged, number="0077")
    merge(person, merged)

    data = json.loads(opened(copy_of(person)).read("data.json"))
    assert [row["email"] for row in data["accounts.person"]] == [person.email, "second@example.org"]
    assert [row["number"] for row in data["members.membership"]] == ["KZ-00076", "KZ-00077"]
    assert [row["number"] for row in data["members.licences"]] == ["0077"]


def test_events_of_an_open_application_are_not_out_yet(person: User) -> None:
    application = ApplicationFactory(user=person, status=ApplicationStatus.NOT_RECOMMENDED)
    write_event("members.application_advise_against", person=person, subject=application)  # type: ignore[arg-type]

    data = json.loads(opened(copy_of(person)).read("data.json"))

    assert "members.application_advise_against" not in [row["action"] for row in data["audit.about"]]


def test_a_file_that_is_gone_spoils_nothing(person: User, private_files: Path) -> None:
    certificate = CertificateFactory(enrolment__user=person)
    Certificate.objects.filter(pk=certificate.pk).update(pdf="certificates/gone.pdf")

    data = json.loads(opened(copy_of(person)).read("data.json"))

    assert data["courses.certificates"][0]["pdf"] is None


def test_asking_makes_the_copy_after_the_commit_and_tells_the_person(
    person: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        request = personal_data.ask_for_export(person, language="en", at=now())
    sweep()

    request.refresh_from_db()
    assert (request.state, request.done) == (RequestState.READY, request.total)
    assert request.total > 0
    assert request.expires_at is not None
    assert request.expires_at - request.asked_at >= dt.timedelta(days=7)
    assert Item.objects.get(user=person).kind == "members.data_export_ready"
    assert [event.action for event in AuditEvent.objects.order_by("pk")] == ["members.data_export_asked"]


def test_asking_twice_is_one_request(person: User) -> None:
    first = personal_data.ask_for_export(person, language="en", at=now())

    assert personal_data.ask_for_export(person, language="en", at=now()) == first


def test_a_lost_message_is_made_good(person: User) -> None:
    personal_data.ask_for_export(person, language="en", at=now())

    assert personal_data.build_waiting_exports(at=now()) == 1
    assert personal_data.build_waiting_exports(at=now()) == 0


def test_what_a_killed_worker_left_is_made_after_its_lease(person: User) -> None:
    request = personal_data.ask_for_export(person, language="en", at=now())
    DataRequest.objects.update(state=RequestState.BUILDING, lease_until=now() + dt.timedelta(minutes=4), tries=1)

    assert not personal_data.build_export(request, at=now())
    assert personal_data.build_export(request, at=now() + dt.timedelta(minutes=5))


def test_after_three_tries_it_has_failed(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    request = personal_data.ask_for_export(person, language="en", at=now())
    monkeypatch.setattr(registry, "_exports", dict(registry._exports))
    register_export("tests.broken", "Broken", _break)

    results = [personal_data.build_export(request, at=now()) for _n in range(4)]

    request.refresh_from_db()
    assert results == [False] * 4
    assert (request.state, request.tries) == (RequestState.FAILED, 3)
    assert personal_data.ask_for_export(person, language="en", at=now()) != request


def test_a_part_is_declared_once() -> None:
    with pytest.raises(ValueError, match="declared twice"):
        register_export("accounts.person", "Again", lambda user: table_of(User.objects.all(), "email"))


def _break(user: User) -> Table:
    raise OSError("the disk is full")


def test_page_leads_from_the_account(proved: Client) -> None:
    assert f'href="{PAGE}"' in proved.get("/en/account/").content.decode()


@pytest.mark.parametrize("path", ["", "export/", "erasure/", "export/1/file/"])
def test_pages_need_a_signed_in_person(path: str, client: Client) -> None:
    response = client.get(f"{PAGE}{path}")

    assert response.status_code == 302
    assert "/account/login/" in response["Location"] or "/account/reauthenticate/" in response["Location"]


@pytest.mark.parametrize("path", ["export/", "erasure/", "export/1/file/"])
def test_what_matters_needs_the_password_again(path: str, client: Client, person: User) -> None:
    client.force_login(person)

    for response in (client.get(f"{PAGE}{path}"), client.post(f"{PAGE}{path}")):
        assert response.status_code == 302
        assert "/account/reauthenticate/" in response["Location"]
    assert not DataRequest.objects.exists()


def test_walk_from_the_question_to_the_archive(
    proved: Client, person: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    assert proved.get(f"{PAGE}export/").status_code == 200

    response = proved.post(f"{PAGE}export/")

    assert response["Location"] == PAGE
    waiting = BeautifulSoup(proved.get(PAGE).content, "html.parser")
    assert waiting.select_one('meta[http-equiv="refresh"]') is not None
    assert "waits for its turn" in waiting.select_one("#export-progress").text  # type: ignore[union-attr]
    DataRequest.objects.update(state=RequestState.BUILDING, done=50, total=120)
    assert "50 of 120 rows" in proved.get(PAGE).content.decode()
    DataRequest.objects.update(state=RequestState.WAITING)
    personal_data.build_waiting_exports(at=now())
    ready = BeautifulSoup(proved.get(PAGE).content, "html.parser")
    assert ready.select_one('meta[http-equiv="refresh"]') is None
    link = ready.select_one('a[href$="/file/"]')
    assert link is not None
    file = proved.get(str(link["href"]))
    assert (file.status_code, file["Content-Type"]) == (200, "application/zip")
    assert "no-store" in file["Cache-Control"]
    assert zipfile.ZipFile(io.BytesIO(b"".join(file))).testzip() is None  # type: ignore[arg-type]
    assert AuditEvent.objects.filter(action="members.data_export_downloaded", person_id=person.pk).count() == 1


def test_somebody_elses_copy_does_not_exist(proved: Client) -> None:
    other = copy_of(UserFactory())

    assert proved.get(f"{PAGE}export/{other.pk}/file/").status_code == 404
    assert "/file/" not in proved.get(PAGE).content.decode()


def test_superuser_gets_nobody_elses_copy(proved: Client, person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_superuser=True)

    assert proved.get(f"{PAGE}export/{copy_of(UserFactory()).pk}/file/").status_code == 404


def test_after_a_week_the_copy_is_gone(proved: Client, person: User, private_files: Path) -> None:
    request = copy_of(person, at=now() - dt.timedelta(days=7))
    path = private_files / str(request.file.name)
    assert path.exists()

    response = proved.get(f"{PAGE}export/{request.pk}/file/", follow=True)

    assert "not kept any more" in response.content.decode()
    assert [retention.purge_files(at=now()), retention.purge_files(at=now())] == [1, 0]
    request.refresh_from_db()
    assert (request.state, bool(request.file), request.purged_at is not None) == (RequestState.DELETED, False, True)
    assert not path.exists()
    assert proved.get(f"{PAGE}export/{request.pk}/file/").status_code == 302


def test_a_missing_file_is_a_sentence(proved: Client, person: User, private_files: Path) -> None:
    request = copy_of(person)
    (private_files / str(request.file.name)).unlink()

    response = proved.get(f"{PAGE}export/{request.pk}/file/", follow=True)

    assert "is missing" in response.content.decode()


@pytest.mark.parametrize("count", [1, 3, 30])
def test_page_costs_the_same_for_any_number(
    count: int, proved: Client, person: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _n in range(count):
        DataRequest.objects.create(
            user=person,
            kind="export",
            state=RequestState.READY,
            asked_at=now(),
            expires_at=now() + dt.timedelta(days=7),
        )
    proved.get(PAGE)

    with django_assert_num_queries(3):
        proved.get(PAGE)


@pytest.mark.parametrize("count", [1, 3, 8])  # fewer rows than lie between two notes of progress
def test_a_copy_costs_the_same_for_any_number_of_rows(
    count: int, person: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    membership = MembershipFactory(user=person)
    for number in range(count):
        ReferenceFactory(application=ApplicationFactory(user=person, status=ApplicationStatus.REJECTED))
        SanctionFactory(membership=membership, starts_on=dt.date(2020, 1, 1 + number), ends_on=dt.date(2020, 3, 1))
        LicenceFactory(user=person)
    request = personal_data.ask_for_export(person, language="en", at=now())

    with django_assert_num_queries(136):
        personal_data.build_export(request, at=now())
