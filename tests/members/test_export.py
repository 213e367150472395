"""Exporting members: what gets in, what never does, and what the log keeps."""

import csv
import datetime as dt
import io

import openpyxl
import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from audit.models import AuditEvent
from members.choices import Audience, Country, ExportFormat, ExportStatus, OfficeRole, ProfileField, Standing
from members.models import Chapter, MemberExport, Membership, Profile
from members.rules.privacy import OFFICE_FIELDS
from members.services import exports
from members.services.exports import COLUMNS, ColumnsForbidden, safe_cell
from tests.factories.accounts import UserFactory
from tests.factories.imports import registrar
from tests.factories.members import ChapterFactory, OfficeTermFactory
from tests.factories.membership import LicenceFactory, MembershipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def kazakhstan() -> Chapter:
    return ChapterFactory()


@pytest.fixture
def kyrgyzstan() -> Chapter:
    return ChapterFactory(country=Country.KYRGYZSTAN)


def ask(
    user: User, *chapters: Chapter, columns: tuple[str, ...] = ("number", "name"), **values: object
) -> MemberExport:
    asked = {"standings": [], "file_format": ExportFormat.CSV, "purpose": "Invitation to the assembly", **values}
    return exports.request_export(columns=columns, chapters=chapters, actor=user, at=timezone.now(), **asked)


def made(export: MemberExport) -> list[list[str]]:
    assert exports.write_export(export.pk, at=timezone.now())
    export.refresh_from_db()
    with export.file.open("rb") as file:
        content = file.read()
    if export.format == ExportFormat.XLSX:
        sheet = openpyxl.load_workbook(io.BytesIO(content), read_only=True).worksheets[0]
        return [[cell or "" for cell in row] for row in sheet.iter_rows(values_only=True)]
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))


@pytest.mark.parametrize("file_format", ExportFormat.values)
def test_file_holds_the_columns_that_were_chosen(file_format: str, kazakhstan: Chapter) -> None:
    membership = MembershipFactory(number="KZ-00001", user__name_native="Айгуль")
    LicenceFactory(user=membership.user, number="0012345")
    export = ask(registrar(), kazakhstan, columns=("licence_number", "number", "email"), file_format=file_format)

    assert made(export)[1:] == [["KZ-00001", membership.user.email, "0012345"]]
    assert (export.status, export.rows_total, export.rows_done) == (ExportStatus.DONE, 1, 1)


def test_files_hold_no_field_of_a_profile_that_offices_do_not_show(kazakhstan: Chapter) -> None:
    """What “Who can see my data” says of officers is true of their files."""
    assert set(COLUMNS) & set(ProfileField.values) <= OFFICE_FIELDS
    Profile.objects.filter(user=MembershipFactory().user).update(
        phone="+7 701 000 00 00",
        telegram="@aigul_lawyer",
        bio="A word about me",
        audiences=dict.fromkeys(ProfileField.values, Audience.NOBODY),
    )

    written = str(made(ask(registrar(), kazakhstan, columns=tuple(COLUMNS))))

    assert not [value for value in ("701 000", "aigul_lawyer", "A word") if value in written]


def test_column_that_is_gone_is_left_out(kazakhstan: Chapter) -> None:
    MembershipFactory(number="KZ-00001")
    export = ask(registrar(), kazakhstan, columns=("number",))
    MemberExport.objects.update(columns=["number", "phone"])

    assert made(export) == [["Номер членства"], ["KZ-00001"]]


def test_every_column_can_be_written(kazakhstan: Chapter) -> None:
    LicenceFactory(user=MembershipFactory().user)
    Membership.objects.create(
        user=UserFactory(),
        number="KZ-99999",
        chapter=kazakhstan,
        tier=MembershipFactory(number="KZ-55555").tier,
        joined_on=dt.date(2026, 1, 1),
    )

    rows = made(ask(registrar(), kazakhstan, columns=tuple(COLUMNS)))

    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert len(rows) == 4


@pytest.mark.parametrize("value", ["=1+1", "+7 701", "-1", "@cmd", "\tx", "\rx", "\nx"])
def test_no_cell_is_a_formula(value: str, kazakhstan: Chapter) -> None:
    MembershipFactory(user__name_native=value)

    assert safe_cell(value) == f"'{value}"
    assert made(ask(registrar(), kazakhstan, columns=("name",)))[1][0].startswith("'")


def test_other_chapters_never_get_in(kazakhstan: Chapter, kyrgyzstan: Chapter) -> None:
    MembershipFactory(number="KZ-00001")
    officer = OfficeTermFactory(chapter=kazakhstan).user
    MembershipFactory(number="KG-00001", chapter=kyrgyzstan, user=officer)

    with pytest.raises(ColumnsForbidden):
        ask(officer, kazakhstan, kyrgyzstan)

    assert [row[0] for row in made(ask(officer, kazakhstan))[1:]] == ["KZ-00001"]


def test_city_chapters_belong_to_their_country(kazakhstan: Chapter) -> None:
    city = Chapter.objects.create(country="KZ", parent=kazakhstan, name_ru="Астана", name_en="Astana", city="Астана")
    MembershipFactory(number="KZ-00002", chapter=city)

    assert [row[0] for row in made(ask(OfficeTermFactory(chapter=kazakhstan).user, kazakhstan))[1:]] == ["KZ-00002"]


def test_board_gets_no_addresses_and_licences(kazakhstan: Chapter) -> None:
    board = OfficeTermFactory(role=OfficeRole.BOARD, chapter=None).user

    for column in exports.SENSITIVE:
        with pytest.raises(ColumnsForbidden):
            ask(board, kazakhstan, columns=("name", column))
    ask(board, kazakhstan)


@pytest.mark.parametrize("role", [OfficeRole.ETHICS, OfficeRole.TREASURER])
def test_other_offices_and_superusers_export_nothing(role: OfficeRole, kazakhstan: Chapter) -> None:
    for user in (OfficeTermFactory(role=role, chapter=None).user, UserFactory(is_superuser=True)):
        with pytest.raises(ColumnsForbidden):
            ask(user, kazakhstan)


def test_standings_narrow_the_rows(kazakhstan: Chapter) -> None:
    MembershipFactory(number="KZ-00001")
    MembershipFactory(number="KZ-00002", paid=600)

    assert [row[0] for row in made(ask(registrar(), kazakhstan, standings=[Standing.LAPSED]))[1:]] == ["KZ-00002"]


def test_office_that_ended_leaves_an_empty_file_that_nobody_gets(kazakhstan: Chapter) -> None:
    MembershipFactory()
    term = OfficeTermFactory(chapter=kazakhstan)
    export = ask(term.user, kazakhstan)
    term.ends_on = dt.date(2026, 1, 2)
    term.save()

    assert len(made(export)) == 1
    assert not exports.may_fetch(export, User.objects.get(pk=term.user_id), at=timezone.now())


def test_log_keeps_columns_rows_and_purpose_whatever_happens_to_the_file(kazakhstan: Chapter) -> None:
    MembershipFactory()
    user = registrar()
    export = ask(user, kazakhstan)
    event = AuditEvent.objects.get(action="members.export_requested")
    assert (event.actor_id, event.chapter_id) == (user.pk, kazakhstan.pk)
    assert event.detail == {
        "columns": ["number", "name"],
        "chapters": [kazakhstan.pk],
        "rows": 1,
        "purpose": "Invitation to the assembly",
    }

    made(export)
    exports.record_download(export, actor=user, at=timezone.now())

    assert AuditEvent.objects.filter(action="members.export_done").count() == 1
    assert AuditEvent.objects.filter(action="members.export_downloaded").count() == 1


def test_file_goes_after_a_day(kazakhstan: Chapter) -> None:
    user = registrar()
    export = ask(user, kazakhstan)
    made(export)
    storage, name = export.file.storage, export.file.name
    assert exports.may_fetch(export, user, at=timezone.now() + dt.timedelta(hours=23))

    exports.pick_up_exports(at=timezone.now() + dt.timedelta(hours=25))

    export.refresh_from_db()
    assert (export.status, export.file.name, storage.exists(name)) == (ExportStatus.EXPIRED, "", False)
    assert not exports.may_fetch(export, user, at=timezone.now())


def test_lost_worker_is_replaced_and_two_never_write(kazakhstan: Chapter) -> None:
    export = ask(registrar(), kazakhstan)
    at = timezone.now()
    MemberExport.objects.filter(pk=export.pk).update(lease_until=at + dt.timedelta(minutes=1))

    assert exports.write_export(export.pk, at=at) is False
    assert exports.pick_up_exports(at=at) == 0
    assert exports.pick_up_exports(at=at + dt.timedelta(minutes=2)) == 1
    assert exports.write_export(export.pk, at=at + dt.timedelta(days=2)) is False
    export.refresh_from_db()
    assert export.status == ExportStatus.FAILED


@pytest.mark.parametrize("count", [1, 3, 30])
def test_rows_cost_a_constant_number_of_queries(
    count: int, kazakhstan: Chapter, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        LicenceFactory(user=MembershipFactory(number=f"KZ-{number:05d}").user)
    export = ask(registrar(), kazakhstan, columns=tuple(COLUMNS))

    with django_assert_num_queries(12):
        exports.write_export(export.pk, at=timezone.now())
