"""The office manages chapters, members and terms; nobody else sees that these pages exist."""

import datetime as dt

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from wagtail.models import ModelLogEntry

from accounts.models import User
from audit.models import AuditEvent
from courses.models import CourseIndexPage
from courses.services.setup import AUTHORS, OFFICE
from members.choices import Country, OfficeRole
from members.models import Chapter, OfficeTerm, offices_of
from members.services.structure import AppointmentRefused, note_added, note_changed, note_removed, stored_values
from tests.factories.accounts import UserFactory
from tests.factories.members import ChapterFactory, OfficeTermFactory
from tests.factories.office import holder_of

pytestmark = pytest.mark.django_db

LISTS = ["/admin/chapter/", "/admin/officeterm/"]
FORMS = [f"{path}new/" for path in LISTS]


@pytest.fixture(autouse=True)
def roles(catalogues: dict[str, CourseIndexPage], settings: Settings) -> None:
    """Groups as a fresh installation has them; the second factor is tested with accounts."""
    settings.REQUIRE_STAFF_MFA = False


def officer(client: Client, role: OfficeRole) -> User:
    user = holder_of(role, ChapterFactory())
    client.force_login(user)
    return user


def term_of(user: User, role: OfficeRole, chapter: Chapter | None = None, **fields: object) -> dict[str, object]:
    given = {"user": user.pk, "role": role, "chapter": chapter.pk if chapter else "", "starts_on": "2026-03-01"}
    return {**given, "ends_on": "", **fields}


def member_of(client: Client, *groups: str) -> User:
    user: User = UserFactory()
    user.groups.set(Group.objects.filter(name__in=groups))
    client.force_login(user)
    return user


@pytest.mark.parametrize("path", [*LISTS, *FORMS])
def test_office_opens(path: str, client: Client) -> None:
    officer(client, OfficeRole.REGISTRAR)

    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", [*LISTS, *FORMS])
def test_member_is_refused(path: str, client: Client) -> None:
    member_of(client)

    assert client.get(path).status_code == 403


@pytest.mark.parametrize("path", [*LISTS, *FORMS])
def test_course_author_is_led_away(path: str, client: Client) -> None:
    member_of(client, AUTHORS)

    response = client.get(path)

    assert (response.status_code, response["Location"]) == (302, "/admin/")


@pytest.mark.parametrize("path", LISTS)
def test_visitor_is_asked_to_sign_in(path: str, client: Client) -> None:
    response = client.get(path)

    assert response.status_code == 302
    assert response["Location"].endswith(f"/account/login/?next={path}")


def test_office_sees_what_lists_hold(client: Client) -> None:
    officer(client, OfficeRole.REGISTRAR)
    OfficeTermFactory(user=UserFactory(name_native="Ерлан Қасымбеков"))

    assert "Ерлан Қасымбеков" in client.get("/admin/officeterm/").content.decode()


def test_office_adds_a_chapter(client: Client) -> None:
    user = member_of(client, OFFICE)

    response = client.post(
        "/admin/chapter/new/",
        {"country": "UZ", "name_ru": "Отделение", "name_en": "Chapter", "city": "Ташкент", "founded_on": ""},
    )

    assert response.status_code == 302
    chapter = Chapter.objects.get()
    assert chapter.country == Country.UZBEKISTAN
    event = AuditEvent.objects.about(chapter).get()
    assert (event.action, event.actor_id, event.detail["city"]) == ("members.chapter_added", user.pk, "Ташкент")


def test_office_is_told_what_is_wrong_with_a_term(client: Client) -> None:
    officer(client, OfficeRole.REGISTRAR)
    person = UserFactory()

    response = client.post(
        "/admin/officeterm/new/",
        term_of(person, OfficeRole.CHAPTER_OFFICER, ChapterFactory(), ends_on="2026-02-01"),
    )

    assert response.status_code == 200
    assert response.context["form"].non_field_errors()
    assert not OfficeTerm.objects.filter(user=person).exists()


def test_office_ends_a_term(client: Client) -> None:
    user = officer(client, OfficeRole.REGISTRAR)
    term = OfficeTermFactory(starts_on=dt.date(2026, 1, 1), ends_on=None)

    response = client.post(
        f"/admin/officeterm/edit/{term.pk}/",
        term_of(term.user, term.role, term.chapter, starts_on="2026-01-01", ends_on="2026-06-30"),
    )

    term.refresh_from_db()
    assert response.status_code == 302
    assert term.ends_on == dt.date(2026, 6, 30)
    event = AuditEvent.objects.about(term).get()
    assert (event.action, event.actor_id, event.person_id) == ("members.office_term_changed", user.pk, term.user_id)
    assert event.detail == {"ends_on": [None, "2026-06-30"]}


def test_removed_term_stays_on_record(client: Client) -> None:
    term = OfficeTermFactory()
    officer(client, OfficeRole.BOARD)

    client.post(f"/admin/officeterm/delete/{term.pk}/")

    assert not OfficeTerm.objects.filter(pk=term.pk).exists()
    event = AuditEvent.objects.get(action="members.office_term_removed")
    assert (event.person_id, event.detail["role"]) == (term.user_id, term.role)


@pytest.mark.parametrize("path", ["", "results/"])
def test_an_officer_reads_the_terms_of_the_own_chapters_only(path: str, client: Client) -> None:
    here, there = ChapterFactory(), ChapterFactory(country=Country.TAJIKISTAN)
    city = Chapter.objects.create(country=here.country, parent=here, name_ru="Ош", name_en="Osh", city="Ош")
    own = OfficeTermFactory(chapter=here)
    below = OfficeTermFactory(chapter=city)
    hidden = OfficeTermFactory(chapter=there, user__name_native="Далер Рахимов")
    OfficeTermFactory(role=OfficeRole.BOARD, chapter=None)
    client.force_login(own.user)

    response = client.get(f"/admin/officeterm/{path}")
    asked = client.get(f"/admin/officeterm/{path}?chapter={there.pk}")

    assert set(response.context["object_list"]) == {own, below}
    assert set(response.context["filters"].form.fields["chapter"].queryset) == {here, city}
    for page in (response, asked):
        assert hidden.user.name_native not in page.content.decode()
    client.force_login(holder_of(OfficeRole.ETHICS))
    assert len(client.get(f"/admin/officeterm/{path}").context["object_list"]) == OfficeTerm.objects.count()


@pytest.mark.parametrize("count", [1, 3])
def test_terms_take_as_many_queries_for_many_rows(
    count: int, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    officer(client, OfficeRole.REGISTRAR)
    for _number in range(count):
        OfficeTermFactory()
    client.get("/admin/officeterm/results/")

    with django_assert_num_queries(8):
        client.get("/admin/officeterm/results/")


@pytest.mark.parametrize(
    ("role", "opens"),
    [
        (OfficeRole.CHAPTER_OFFICER, False),
        (OfficeRole.TREASURER, False),
        (OfficeRole.ETHICS, False),
        (OfficeRole.REGISTRAR, True),
        (OfficeRole.BOARD, True),
        (None, True),
    ],
)
def test_the_history_of_the_site_names_no_holder_of_an_office(
    role: OfficeRole | None, opens: bool, client: Client
) -> None:
    officer(client, OfficeRole.BOARD)
    person = UserFactory(name_native="Далер Рахимов")
    client.post("/admin/officeterm/new/", term_of(person, OfficeRole.CHAPTER_OFFICER, ChapterFactory()))
    assert ModelLogEntry.objects.get().label.endswith(f" {OfficeTerm.objects.get(user=person).pk}")
    client.force_login(UserFactory(is_superuser=True) if role is None else holder_of(role, ChapterFactory()))

    for path in ("", "results/", "?export=csv"):
        response = client.get(f"/admin/reports/site-history/{path}")
        assert response.status_code == (200 if opens else 302)
        assert "Рахимов" not in b"".join(response).decode()
    assert opens or "/admin/reports/site-history/" not in client.get("/admin/").content.decode()


@pytest.mark.parametrize("role", [OfficeRole.BOARD, OfficeRole.REGISTRAR, OfficeRole.ETHICS, OfficeRole.TREASURER])
def test_only_the_board_gives_offices_of_the_league(role: OfficeRole, client: Client) -> None:
    person = UserFactory()

    officer(client, OfficeRole.REGISTRAR)
    refused = client.post("/admin/officeterm/new/", term_of(person, role))
    assert refused.context["form"].non_field_errors()
    assert not offices_of(person)

    officer(client, OfficeRole.BOARD)
    assert client.post("/admin/officeterm/new/", term_of(person, role)).status_code == 302
    assert OfficeTerm.objects.get(user=person).role == role


@pytest.mark.parametrize("actor", [OfficeRole.BOARD, OfficeRole.REGISTRAR])
def test_registrar_and_board_give_offices_of_chapters(actor: OfficeRole, client: Client) -> None:
    officer(client, actor)
    person, chapter = UserFactory(), ChapterFactory()

    response = client.post("/admin/officeterm/new/", term_of(person, OfficeRole.CHAPTER_REVIEWER, chapter))

    assert response.status_code == 302
    assert OfficeTerm.objects.get(user=person).chapter == chapter


@pytest.mark.parametrize("path", ["edit", "delete"])
def test_a_registrar_touches_no_office_of_the_league(path: str, client: Client) -> None:
    officer(client, OfficeRole.REGISTRAR)
    term = OfficeTermFactory(role=OfficeRole.BOARD, chapter=None)

    response = client.post(f"/admin/officeterm/{path}/{term.pk}/", term_of(term.user, term.role, ends_on="2026-03-02"))

    assert response.status_code == 302
    assert OfficeTerm.objects.get(pk=term.pk).ends_on is None


def test_nobody_appoints_himself(client: Client) -> None:
    user = officer(client, OfficeRole.BOARD)
    own = OfficeTerm.objects.get(user=user)

    added = client.post("/admin/officeterm/new/", term_of(user, OfficeRole.ETHICS))
    changed = client.post(f"/admin/officeterm/edit/{own.pk}/", term_of(UserFactory(), OfficeRole.BOARD))

    assert added.context["form"].errors
    assert changed.status_code == 302
    assert [term.pk for term in OfficeTerm.objects.filter(role__in=[OfficeRole.BOARD, OfficeRole.ETHICS])] == [own.pk]
    own.refresh_from_db()
    assert own.user == user


@pytest.mark.parametrize("groups", [(), (OFFICE, "Board")])
def test_neither_superusers_nor_groups_give_offices(groups: tuple[str, ...], client: Client) -> None:
    user = member_of(client, *groups)
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    term = OfficeTermFactory()

    for path in ("", "new/", f"edit/{term.pk}/"):
        assert client.get(f"/admin/officeterm/{path}").status_code == 302
    for path in ("delete", "history", "usage"):
        assert client.get(f"/admin/officeterm/{path}/{term.pk}/").status_code == 404
    client.post(f"/admin/officeterm/delete/{term.pk}/")
    client.post("/admin/officeterm/new/", term_of(UserFactory(), OfficeRole.BOARD))

    assert list(OfficeTerm.objects.all()) == [term]


def test_the_service_refuses_what_the_form_would() -> None:
    registrar, superuser = holder_of(OfficeRole.REGISTRAR), UserFactory(is_superuser=True)
    own = OfficeTerm.objects.get(user=registrar)
    board, chapters = OfficeTermFactory(role=OfficeRole.BOARD, chapter=None), OfficeTermFactory()
    now = timezone.now()

    for actor, term in ((registrar, own), (registrar, board), (superuser, chapters)):
        with pytest.raises(AppointmentRefused):
            note_added(term, actor=actor, at=now)
        with pytest.raises(AppointmentRefused):
            note_changed(term, before=stored_values(term), actor=actor, at=now)
        with pytest.raises(AppointmentRefused):
            note_removed(term, actor=actor, at=now)
    assert not AuditEvent.objects.exists()


def test_the_first_office_comes_from_the_server() -> None:
    chapter, user = ChapterFactory(country=Country.KAZAKHSTAN), UserFactory()

    call_command("appoint", user.email.upper(), "board")
    call_command("appoint", user.email, "chapter_officer", "--chapter", "kz")

    assert set(OfficeTerm.objects.values_list("user", "role", "chapter")) == {
        (user.pk, OfficeRole.BOARD, None),
        (user.pk, OfficeRole.CHAPTER_OFFICER, chapter.pk),
    }
    events = AuditEvent.objects.filter(action="members.office_term_added")
    assert {(one.actor_id, one.person_id, one.detail["from_server"]) for one in events} == {(None, user.pk, True)}


@pytest.mark.parametrize(
    "arguments",
    [("nobody@example.org", "board"), ("{}", "board", "--chapter", "UZ"), ("{}", "chapter_officer"), ("{}", "king")],
)
def test_the_server_gives_no_office_that_is_none(arguments: tuple[str, ...]) -> None:
    email = UserFactory().email

    with pytest.raises(CommandError):
        call_command("appoint", *[one.format(email) for one in arguments])

    assert not OfficeTerm.objects.exists()


def test_office_deletes_no_chapter(client: Client) -> None:
    member_of(client, OFFICE)
    chapter = ChapterFactory()

    response = client.post(f"/admin/chapter/delete/{chapter.pk}/")

    assert response.status_code == 302
    assert Chapter.objects.filter(pk=chapter.pk).exists()


def test_menu_shows_members_to_the_office_only(client: Client) -> None:
    officer(client, OfficeRole.REGISTRAR)
    seen_by_office = client.get("/admin/").content.decode()
    member_of(client, AUTHORS)
    seen_by_author = client.get("/admin/").content.decode()

    assert "/admin/officeterm/" in seen_by_office
    assert "/admin/officeterm/" not in seen_by_author
