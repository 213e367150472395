"""The office manages chapters, members and terms; nobody else sees that these pages exist."""

import datetime as dt

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from audit.models import AuditEvent
from courses.models import CourseIndexPage
from courses.services.setup import AUTHORS, OFFICE
from members.choices import Country
from members.models import Chapter, OfficeTerm
from tests.factories.accounts import UserFactory
from tests.factories.members import ChapterFactory, OfficeTermFactory

pytestmark = pytest.mark.django_db

LISTS = ["/admin/chapter/", "/admin/officeterm/"]
FORMS = [f"{path}new/" for path in LISTS]


@pytest.fixture(autouse=True)
def roles(catalogues: dict[str, CourseIndexPage], settings: Settings) -> None:
    """Groups as a fresh installation has them; the second factor is tested with accounts."""
    settings.REQUIRE_STAFF_MFA = False


def member_of(client: Client, *groups: str) -> User:
    user: User = UserFactory()
    user.groups.set(Group.objects.filter(name__in=groups))
    client.force_login(user)
    return user


@pytest.mark.parametrize("path", [*LISTS, *FORMS])
def test_office_opens(path: str, client: Client) -> None:
    member_of(client, OFFICE)

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
    member_of(client, OFFICE)
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
    user = member_of(client, OFFICE)
    chapter = ChapterFactory()

    response = client.post(
        "/admin/officeterm/new/",
        {
            "user": user.pk,
            "role": "chapter_officer",
            "chapter": chapter.pk,
            "starts_on": "2026-03-01",
            "ends_on": "2026-02-01",
        },
    )

    assert response.status_code == 200
    assert response.context["form"].non_field_errors()
    assert not OfficeTerm.objects.exists()


def test_office_ends_a_term(client: Client) -> None:
    user = member_of(client, OFFICE)
    term = OfficeTermFactory(starts_on=dt.date(2026, 1, 1), ends_on=None)

    response = client.post(
        f"/admin/officeterm/edit/{term.pk}/",
        {
            "user": term.user_id,
            "role": term.role,
            "chapter": term.chapter_id,
            "starts_on": "2026-01-01",
            "ends_on": "2026-06-30",
        },
    )

    term.refresh_from_db()
    assert response.status_code == 302
    assert term.ends_on == dt.date(2026, 6, 30)
    event = AuditEvent.objects.about(term).get()
    assert (event.action, event.actor_id, event.person_id) == ("members.office_term_changed", user.pk, term.user_id)
    assert event.detail == {"ends_on": [None, "2026-06-30"]}


def test_removed_term_stays_on_record(client: Client) -> None:
    term = OfficeTermFactory()
    client.force_login(UserFactory(is_superuser=True))

    client.post(f"/admin/officeterm/delete/{term.pk}/")

    assert not OfficeTerm.objects.exists()
    event = AuditEvent.objects.get(action="members.office_term_removed")
    assert (event.person_id, event.detail["role"]) == (term.user_id, term.role)


def test_office_deletes_no_chapter(client: Client) -> None:
    member_of(client, OFFICE)
    chapter = ChapterFactory()

    response = client.post(f"/admin/chapter/delete/{chapter.pk}/")

    assert response.status_code == 302
    assert Chapter.objects.filter(pk=chapter.pk).exists()


def test_menu_shows_members_to_the_office_only(client: Client) -> None:
    member_of(client, OFFICE)
    seen_by_office = client.get("/admin/").content.decode()
    member_of(client, AUTHORS)
    seen_by_author = client.get("/admin/").content.decode()

    assert "/admin/officeterm/" in seen_by_office
    assert "/admin/officeterm/" not in seen_by_author
