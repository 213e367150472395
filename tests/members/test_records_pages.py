"""The office's pages of imports, exports and duplicates: who opens them, what they say, what a click does."""

import datetime as dt
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from audit.models import AuditEvent
from courses.models import CourseIndexPage
from members.choices import BatchStatus, CaseStatus, Country, OfficeRole, RowDecision
from members.models import Chapter, DuplicateCase, ImportBatch, MemberExport, Membership, MergeRecord
from members.services import exports, imports
from members.services.duplicates import index_people
from tests.factories.accounts import UserFactory
from tests.factories.duplicates import case_of
from tests.factories.imports import checked, csv_bytes, imported, member_row, registrar, upload
from tests.factories.members import ChapterFactory, OfficeTermFactory, ProfileFactory
from tests.factories.membership import LicenceFactory, MembershipFactory, TierFactory

pytestmark = pytest.mark.django_db

IMPORTS, EXPORTS, DUPLICATES = "/admin/memberimport/", "/admin/memberexport/", "/admin/duplicate/"


@pytest.fixture(autouse=True)
def roles(catalogues: dict[str, CourseIndexPage], settings: Settings) -> None:
    settings.REQUIRE_STAFF_MFA = False
    settings.LANGUAGE_CODE = "en"  # the admin speaks the language of the code


@pytest.fixture
def kazakhstan() -> Chapter:
    TierFactory()
    return ChapterFactory()


@pytest.fixture
def office(client: Client, kazakhstan: Chapter) -> User:
    user = registrar()
    user.language = "en"
    user.save()
    client.force_login(user)
    return user


def english(user: User) -> User:
    user.language = "en"
    user.save()
    return user


def officer_of(chapter: Chapter) -> User:
    return english(OfficeTermFactory(chapter=chapter).user)


def is_led_away(response: HttpResponse) -> bool:
    """Whether somebody was refused within Wagtail's admin, which leads to its first page with a message."""
    return (response.status_code, response["Location"]) == (302, "/admin/")


def post_file(client: Client, content: bytes, **data: object) -> HttpResponse:
    return client.post(IMPORTS, {"file": SimpleUploadedFile("members.csv", content), **data})


@pytest.mark.parametrize("path", [IMPORTS, EXPORTS, DUPLICATES, f"{IMPORTS}template.csv", f"{IMPORTS}template.xlsx"])
def test_pages_open_for_their_offices_only(path: str, client: Client, kazakhstan: Chapter) -> None:
    allowed = [registrar(), officer_of(kazakhstan)]
    for user in allowed:
        client.force_login(user)
        assert client.get(path).status_code == 200
    for user in (OfficeTermFactory(role=OfficeRole.CHAPTER_REVIEWER).user, UserFactory(is_superuser=True)):
        client.force_login(user)
        assert is_led_away(client.get(path))
    client.force_login(UserFactory())
    assert client.get(path).status_code == 403


def test_unknown_template_is_not_there(client: Client, office: User) -> None:
    assert client.get(f"{IMPORTS}template.exe").status_code == 404


def test_upload_leads_to_its_progress(client: Client, office: User) -> None:
    response = post_file(client, csv_bytes([member_row()]))

    batch = ImportBatch.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"{IMPORTS}{batch.pk}/")
    page = client.get(response["Location"])
    assert page["Refresh"] == "3"
    assert "<progress" in page.content.decode()
    imports.advance_import(batch.pk, at=timezone.now())
    page = client.get(response["Location"])
    assert "Refresh" not in page
    assert "new1@example.org" in page.content.decode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty"),
        (csv_bytes([member_row(name="АЛИЯ Сериккызы")], encoding="koi8-r"), "cannot be read for certain"),
        (b"email;phone\n", "These columns are not known: phone"),
        (b"%PDF-1.7", "neither a CSV nor an XLSX"),
    ],
)
def test_wrong_file_is_answered_with_a_sentence(content: bytes, words: str, client: Client, office: User) -> None:
    response = post_file(client, content)

    assert response.status_code == 422
    assert words in response.content.decode()
    assert not ImportBatch.objects.exists()


def test_officer_chooses_among_own_chapters(client: Client, kazakhstan: Chapter) -> None:
    other = ChapterFactory(country=Country.KYRGYZSTAN)
    client.force_login(officer_of(kazakhstan))

    assert post_file(client, csv_bytes([member_row()]), chapter=other.pk).status_code == 422
    assert post_file(client, csv_bytes([member_row()])).status_code == 422
    assert post_file(client, csv_bytes([member_row()]), chapter=kazakhstan.pk).status_code == 302
    assert ImportBatch.objects.get().chapter == kazakhstan


def test_batch_of_another_office_is_not_there(client: Client, kazakhstan: Chapter) -> None:
    batch = upload(csv_bytes([member_row()]), by=registrar())
    client.force_login(officer_of(kazakhstan))

    assert client.get(f"{IMPORTS}{batch.pk}/").status_code == 404
    for action in ("confirm", "undo", "leave-out"):
        assert client.post(f"{IMPORTS}{batch.pk}/{action}/").status_code == 404


def test_whole_way_of_an_import(client: Client, office: User) -> None:
    known = MembershipFactory()
    LicenceFactory(user=known.user, number="12345")
    index_people([known.user.pk], at=timezone.now())
    columns = {"licence_number": "", "licence_issued_on": ""}
    rows = [member_row(1, **columns), member_row(2, licence_number="12345", licence_issued_on="01.01.2010")]
    batch = checked([*rows, member_row(3, **columns | {"country": "XX"})], by=office)
    url = f"{IMPORTS}{batch.pk}/"
    page = client.get(url).content.decode()
    assert "May be somebody who is on record already: the same licence." in page
    assert "The country “XX” is not known." in page
    assert known.user.email in page

    response = client.post(f"{url}confirm/", {"version": batch.version}, follow=True)
    assert "1 possible duplicate waits for your decision." in response.content.decode()
    row = batch.rows.get(number=3)
    client.post(f"{url}rows/{row.pk}/", {"decision": "nonsense"})
    client.post(f"{url}rows/{row.pk}/", {"decision": RowDecision.SKIP})
    row.refresh_from_db()
    assert row.decision == RowDecision.SKIP
    client.post(f"{url}confirm/", {"version": "99"})
    batch.refresh_from_db()
    assert batch.status == BatchStatus.CHECKED
    client.post(f"{url}confirm/", {"version": batch.version})
    imports.advance_import(batch.pk, at=timezone.now())
    assert Membership.objects.count() == 2

    assert "1 row was imported." in client.get(f"{url}undo/").content.decode()
    batch.refresh_from_db()
    client.post(f"{url}undo/", {"version": batch.version})
    imports.advance_import(batch.pk, at=timezone.now())
    assert Membership.objects.count() == 1
    assert "The file and what its rows said have been deleted." in client.get(url).content.decode()


def test_rows_are_filtered_by_verdict_and_state(client: Client, office: User) -> None:
    batch = imported([member_row(1), member_row(2, email="nonsense")], by=office)
    url = f"{IMPORTS}{batch.pk}/"

    assert "new1@example.org" not in client.get(f"{url}?verdict=error").content.decode()
    assert "new1@example.org" in client.get(f"{url}?verdict=create").content.decode()
    assert "new1@example.org" in client.get(f"{url}?state=done").content.decode()


def test_registrar_finds_the_rows_that_chapters_could_not_write(
    client: Client, office: User, kazakhstan: Chapter
) -> None:
    officer = officer_of(kazakhstan)
    columns = {"email": MembershipFactory(chapter=ChapterFactory(country=Country.KYRGYZSTAN)).user.email}
    batch = imported([member_row(1, **columns), member_row(2)], by=officer, chapter=kazakhstan)

    link = f"{IMPORTS}{batch.pk}/?state=held"
    assert link in client.get(IMPORTS).content.decode()
    assert columns["email"] in client.get(link).content.decode()
    client.force_login(officer)
    assert link not in client.get(IMPORTS).content.decode()
    page = client.get(f"{IMPORTS}{batch.pk}/").content.decode()
    assert "held for the League: 1" in page
    assert "Rows held for the League are not written." in page


def test_everything_undecided_is_left_out_by_one_button(client: Client, office: User) -> None:
    known = LicenceFactory(number="12345").user
    index_people([known.pk], at=timezone.now())
    batch = checked([member_row(2, licence_number="12345", licence_issued_on="01.01.2010")], by=office)

    client.post(f"{IMPORTS}{batch.pk}/leave-out/")
    assert batch.rows.get().decision == RowDecision.SKIP
    client.post(f"{IMPORTS}{batch.pk}/confirm/", {"version": 0})
    assert "in the meantime" in client.post(f"{IMPORTS}{batch.pk}/leave-out/", follow=True).content.decode()


@pytest.mark.parametrize("count", [1, 3, 30])
def test_import_pages_cost_a_constant_number_of_queries(
    count: int, client: Client, office: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    batch = checked([member_row(number) for number in range(count)], by=office)
    for days in range(count - 1, 0, -1):
        upload(csv_bytes([member_row()]), by=office, at=timezone.now() - dt.timedelta(days=days))
    client.get(IMPORTS)

    with django_assert_num_queries(13):
        client.get(IMPORTS)
    with django_assert_num_queries(14):  # one writes into the audit log that the batch was opened
        client.get(f"{IMPORTS}{batch.pk}/")


def ask(client: Client, **data: object) -> HttpResponse:
    chapter = Chapter.objects.get()
    values = {
        "purpose": "Invitation to the assembly",
        "columns": ["name"],
        "chapters": [chapter.pk],
        "file_format": "csv",
    }
    return client.post(EXPORTS, {**values, **data})


def test_export_is_asked_for_made_and_fetched(client: Client, office: User) -> None:
    membership = MembershipFactory()
    url = ask(client, columns=["name", "email"])["Location"]
    assert client.get(url)["Refresh"] == "3"
    export = MemberExport.objects.get()
    exports.write_export(export.pk, at=timezone.now())

    assert "Every download is recorded." in client.get(url).content.decode()
    response = client.post(f"{url}file/")
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    assert membership.user.email in content
    assert "no-store" in response["Cache-Control"]
    assert AuditEvent.objects.filter(action="members.export_downloaded").count() == 1


def test_export_without_a_purpose_is_not_made(client: Client, office: User) -> None:
    assert ask(client, purpose="").status_code == 422
    assert ask(client, purpose="just so").status_code == 422
    assert not MemberExport.objects.exists()


def test_board_is_not_offered_addresses(client: Client, office: User, kazakhstan: Chapter) -> None:
    term = OfficeTermFactory(role=OfficeRole.BOARD, chapter=None)
    OfficeTermFactory(user=term.user, chapter=ChapterFactory(country=Country.KYRGYZSTAN))
    client.force_login(english(term.user))

    response = client.post(
        EXPORTS,
        {
            "purpose": "Invitation to the assembly",
            "columns": ["email"],
            "chapters": [kazakhstan.pk],
            "file_format": "csv",
        },
    )

    assert response.status_code == 422
    assert "by the registrar or the chapter’s officer only" in response.content.decode()


def test_export_of_somebody_else_is_not_there(client: Client, office: User) -> None:
    ask(client)
    export = MemberExport.objects.get()
    exports.write_export(export.pk, at=timezone.now())
    client.force_login(registrar())

    assert client.get(f"{EXPORTS}{export.pk}/").status_code == 404
    assert client.post(f"{EXPORTS}{export.pk}/file/").status_code == 404


def test_file_that_is_gone_is_said_to_be(client: Client, office: User) -> None:
    ask(client)
    export = MemberExport.objects.get()
    assert "not there any more" in client.post(f"{EXPORTS}{export.pk}/file/", follow=True).content.decode()
    exports.write_export(export.pk, at=timezone.now())
    export.refresh_from_db()
    export.file.storage.delete(export.file.name)

    assert "not there any more" in client.post(f"{EXPORTS}{export.pk}/file/", follow=True).content.decode()


@pytest.mark.parametrize("count", [1, 3, 30])
def test_export_list_costs_a_constant_number_of_queries(
    count: int, client: Client, office: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _export in range(count):
        ask(client)
    client.get(EXPORTS)

    with django_assert_num_queries(14):
        client.get(EXPORTS)


def a_case(chapter: Chapter) -> DuplicateCase:
    people = [ProfileFactory(chapter=chapter).user for _person in range(2)]
    LicenceFactory(user=people[1], number="555")
    return case_of(*people)


def test_case_is_shown_and_looking_is_recorded(client: Client, office: User, kazakhstan: Chapter) -> None:
    case = a_case(kazakhstan)

    page = client.get(f"{DUPLICATES}{case.pk}/").content.decode()

    assert case.first.email in page
    assert AuditEvent.objects.filter(action="members.duplicate_viewed").count() == 2


def test_officer_dismisses_but_does_not_merge(client: Client, kazakhstan: Chapter) -> None:
    case = a_case(kazakhstan)
    client.force_login(officer_of(kazakhstan))
    url = f"{DUPLICATES}{case.pk}/"

    assert client.get(url).status_code == 200
    assert is_led_away(client.post(f"{url}propose/", {"version": 0}))
    assert is_led_away(client.post(f"{url}approve/", {"version": 0}))
    assert is_led_away(client.post(f"{url}decline/", {"version": 0}))
    assert client.post(f"{url}dismiss/", {"version": 0, "reason": ""}).status_code == 422
    assert client.post(f"{url}dismiss/", {"version": 0, "reason": "Sisters"}).status_code == 302
    case.refresh_from_db()
    assert case.status == CaseStatus.DISMISSED
    assert (
        "in the meantime" in client.post(f"{url}dismiss/", {"version": 0, "reason": "x"}, follow=True).content.decode()
    )


def test_case_of_another_chapter_is_not_there(client: Client, kazakhstan: Chapter) -> None:
    case = a_case(kazakhstan)
    client.force_login(officer_of(ChapterFactory(country=Country.KYRGYZSTAN)))

    assert client.get(f"{DUPLICATES}{case.pk}/").status_code == 404
    assert str(case.first) not in client.get(DUPLICATES).content.decode()


def test_merge_needs_two_officers_and_can_be_undone(client: Client, office: User, kazakhstan: Chapter) -> None:
    case = a_case(kazakhstan)
    url = f"{DUPLICATES}{case.pk}/"
    assert client.post(f"{url}propose/", {"version": 0, "survivor": 0, "reason": "x"}).status_code == 422
    data = {"version": 0, "survivor": case.first_id, "reason": "Same licence"}
    assert client.post(f"{url}propose/", data).status_code == 302
    assert is_led_away(client.post(f"{url}approve/", {"version": 1}))
    assert "Approve and merge" not in client.get(url).content.decode()

    client.force_login(english(registrar()))
    assert (
        "read the preview again" in client.post(f"{url}approve/", {"version": 1}, follow=True).content.decode().lower()
    )
    digest = re.search(r'name="digest" value="(\w+)"', client.get(url).content.decode())
    assert digest is not None
    client.post(f"{url}approve/", {"version": 1, "digest": digest[1]})
    case.second.refresh_from_db()
    assert not case.second.is_active
    assert case.first.licences.count() == 1

    assert "was merged into" in client.get(url).content.decode()
    client.post(f"{url}undo/")
    case.second.refresh_from_db()
    assert case.second.is_active
    assert client.post(f"{url}undo/").status_code == 404
    assert "Undone on" in client.get(url).content.decode()


def test_proposal_can_be_declined(client: Client, office: User, kazakhstan: Chapter) -> None:
    case = a_case(kazakhstan)
    url = f"{DUPLICATES}{case.pk}/"
    client.post(f"{url}propose/", {"version": 0, "survivor": case.second_id, "reason": "Same licence"})

    client.post(f"{url}decline/", {"version": 0})
    case.refresh_from_db()
    assert case.status == CaseStatus.PROPOSED
    client.post(f"{url}decline/", {"version": 1})
    case.refresh_from_db()
    assert case.status == CaseStatus.OPEN
    assert not MergeRecord.objects.exists()


def test_what_stands_in_the_way_is_said(client: Client, office: User, kazakhstan: Chapter) -> None:
    case = a_case(kazakhstan)
    User.objects.filter(pk=case.first_id).update(is_active=False)
    url = f"{DUPLICATES}{case.pk}/"

    response = client.post(
        f"{url}propose/", {"version": 0, "survivor": case.first_id, "reason": "Same licence"}, follow=True
    )

    assert "The account that would stay is closed." in response.content.decode()


@pytest.mark.parametrize("count", [1, 3, 30])
def test_duplicate_list_costs_a_constant_number_of_queries(
    count: int, client: Client, office: User, kazakhstan: Chapter, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _case in range(count):
        a_case(kazakhstan)
    client.get(DUPLICATES)

    with django_assert_num_queries(11):
        client.get(DUPLICATES)
