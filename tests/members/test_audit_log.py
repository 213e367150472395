"""The audit log in the office: for the board alone, and looking at it is an event."""

import datetime as dt

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from audit.models import AuditEvent
from members.choices import OfficeRole
from tests.factories.accounts import UserFactory
from tests.factories.audit import write_event
from tests.factories.members import OfficeTermFactory

pytestmark = pytest.mark.django_db

LOG = "/admin/audit-log/"


@pytest.fixture(autouse=True)
def second_factor(settings: Settings) -> None:
    """The second factor is tested with accounts."""
    settings.REQUIRE_STAFF_MFA = False
    settings.LANGUAGE_CODE = "en"  # the admin speaks the language of the code


def officer(client: Client, role: OfficeRole | None, **fields: object) -> User:
    """Somebody with an office who may open the admin."""
    user: User = UserFactory(**fields)
    user.user_permissions.add(Permission.objects.get(codename="access_admin"))
    if role is not None:
        chapter = {} if role in {OfficeRole.CHAPTER_REVIEWER, OfficeRole.CHAPTER_OFFICER} else {"chapter": None}
        OfficeTermFactory(user=user, role=role, **chapter)
    client.force_login(user)
    return user


@pytest.fixture
def board(client: Client) -> User:
    return officer(client, OfficeRole.BOARD, name_native="Член правления", language="en")


def test_board_reads_the_log(board: User, client: Client) -> None:
    person = UserFactory(name_native="Бакыт Осмонов")
    write_event("members.approve", actor=board, person=person, detail={"text": "<b>because</b>"})
    gone = write_event("members.reject")
    write_event("members.expire", detail={})

    text = client.get(LOG).content.decode().replace("<wbr>", "")

    assert f"Бакыт Осмонов (№ {person.pk})" in text
    assert f"Член правления (№ {board.pk})" in text
    assert "&lt;b&gt;because&lt;/b&gt;" in text
    assert f"accounts.user {gone.subject_id}" in text
    assert "a job" in text


@pytest.mark.parametrize("role", [role for role in OfficeRole if role != OfficeRole.BOARD])
def test_other_offices_do_not(role: OfficeRole, client: Client) -> None:
    officer(client, role)

    response = client.get(LOG)

    assert (response.status_code, response["Location"]) == (302, "/admin/")
    assert not AuditEvent.objects.exists()


def test_superuser_does_not(client: Client) -> None:
    officer(client, None, is_superuser=True)

    assert client.get(LOG).status_code == 302
    assert "audit-log" not in client.get("/admin/").content.decode()


def test_former_board_member_does_not(client: Client) -> None:
    user = officer(client, None)
    OfficeTermFactory(user=user, role=OfficeRole.BOARD, chapter=None, ends_on=dt.date(2026, 2, 1))

    assert client.get(LOG).status_code == 302


def test_looking_is_recorded(board: User, client: Client) -> None:
    client.get(LOG, {"person_id": "7", "action": ""})

    event = AuditEvent.objects.get()
    assert (event.action, event.actor_id, event.detail) == ("audit.log_viewed", board.pk, {"person_id": "7"})


def test_the_log_is_filtered(board: User, client: Client) -> None:
    person, other = UserFactory(), UserFactory()
    wanted = write_event("members.approve", actor=other, person=person, at=timezone.now() - dt.timedelta(days=9))
    write_event("members.reject", actor=person, person=other)
    day = wanted.at.date()

    for query in (
        {"action": "members.app"},
        {"person_id": person.pk},
        {"actor_id": other.pk},
        {"subject_type": "accounts.user", "subject_id": person.pk},
        {"at_from": str(day - dt.timedelta(days=1)), "at_to": str(day + dt.timedelta(days=1))},
    ):
        shown = client.get(LOG, query).context["object_list"]
        assert [event.pk for event in shown] == [wanted.pk], query

    assert client.get(LOG, {"person_id": "nobody", "at_from": "x"}).status_code == 200
    assert client.get(LOG, {"person_id": "9" * 30, "actor_id": "1.5", "action": "\0"}).status_code == 200
    assert client.get(f"{LOG}results/", {"action": "members.app"}).status_code == 200


@pytest.mark.parametrize("count", [1, 3, 30])
def test_the_log_costs_the_same_for_any_number(
    count: int, board: User, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _n in range(count):
        write_event(actor=UserFactory(), person=UserFactory())
    client.get(LOG)

    with django_assert_num_queries(13):
        client.get(LOG)
