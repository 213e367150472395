"""The office sees numbers and codes, never a text, and sets going again what was given up."""

import datetime as dt

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from courses.models import CourseIndexPage
from courses.services.setup import OFFICE
from notifications import services
from notifications.choices import EventState, MessageState, Verdict
from notifications.models import Attempt, Delivery, Event, Item, MailAddress, Message
from notifications.registry import all_kinds
from tests.factories.accounts import UserFactory
from tests.factories.notifications import never_quiet, pump, tell, told

pytestmark = pytest.mark.django_db

QUEUE = "/admin/notification-queue/"
KINDS = "/admin/notification-kinds/"
DEAD = "/admin/dead-letters/"
PAGES = [QUEUE, KINDS, DEAD, f"{DEAD}events/", f"{DEAD}messages/"]


@pytest.fixture(autouse=True)
def second_factor(settings: Settings) -> None:
    """The second factor is tested with accounts."""
    settings.REQUIRE_STAFF_MFA = False


def signed_in_with(client: Client, *codenames: str) -> User:
    user: User = UserFactory()
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(user)
    return user


@pytest.fixture
def officer(catalogues: dict[str, CourseIndexPage], client: Client) -> User:
    user: User = UserFactory()
    user.groups.add(Group.objects.get(name=OFFICE))
    client.force_login(user)
    return user


def failed_messages(count: int, *, code: str = "550", state: str = MessageState.FAILED) -> list[Message]:
    """Letters of as many people that were given up."""
    people = [UserFactory() for _number in range(count)]
    never_quiet(*people)
    told(*people)
    rows = Message.objects.filter(user__in=people)
    rows.update(state=state, error_code=code, tries=6)
    Delivery.objects.filter(message__in=rows).update(verdict=Verdict.REFUSED, decided_at=timezone.now())
    return list(rows)


# Who may


@pytest.mark.parametrize("path", PAGES)
def test_office_opens(path: str, officer: User, client: Client) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_superuser_opens(path: str, client: Client) -> None:
    client.force_login(UserFactory(is_superuser=True))

    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_member_is_refused(path: str, client: Client) -> None:
    client.force_login(UserFactory())

    assert client.get(path).status_code == 403


@pytest.mark.parametrize("path", [*PAGES, f"{DEAD}messages/retry/", f"{DEAD}messages/1/retry/"])
def test_staff_of_another_kind_is_led_away(path: str, client: Client) -> None:
    signed_in_with(client, "access_admin")

    response = client.get(path)

    assert (response.status_code, response["Location"]) == (302, "/admin/")


def test_menu_shows_notifications_only_to_who_may_see_the_queue(client: Client) -> None:
    signed_in_with(client, "access_admin", "view_message")
    seen = client.get("/admin/").content.decode()
    signed_in_with(client, "access_admin")
    unseen = client.get("/admin/").content.decode()

    assert QUEUE in seen
    assert QUEUE not in unseen
    assert DEAD not in unseen


@pytest.mark.parametrize("path", ["{what}/{pk}/retry/", "{what}/retry/?code=550"])
def test_who_only_looks_may_not_retry(path: str, client: Client) -> None:
    signed_in_with(client, "access_admin", "view_message")
    [message] = failed_messages(1)

    listed = client.get(DEAD).content.decode()
    response = client.post(DEAD + path.format(what="messages", pk=message.pk))

    assert "retry" not in listed
    assert (response.status_code, response["Location"]) == (302, "/admin/")
    message.refresh_from_db()
    assert message.state == MessageState.FAILED


# Queue health


def test_queue_counts(officer: User, client: Client) -> None:
    person = UserFactory(name_native="Canary Person")
    never_quiet(person)
    told(person)
    Message.objects.update(due_at=timezone.now() - dt.timedelta(seconds=70))
    tell(person)
    Event.objects.filter(state=EventState.NEW).update(due_at=timezone.now() - dt.timedelta(seconds=30))
    failed_messages(2)
    message = Message.objects.filter(state=MessageState.FAILED)[0]
    now = timezone.now()
    for number, (outcome, code, hours) in enumerate(
        [("sent", "250", 0), ("temporary", "421", 0), ("temporary", "421", 1), ("temporary", "421", 30)]
    ):
        Attempt.objects.create(
            message=message, number=number, started_at=now - dt.timedelta(hours=hours), outcome=outcome, code=code
        )
    MailAddress.objects.create(address="a@example.org", score=6, cooling_until=now + dt.timedelta(days=7))
    MailAddress.objects.create(address="b@example.org", score=1)

    response = client.get(QUEUE)

    health = response.context["health"]
    lane = next(lane for lane in health.lanes if lane.urgency == 2)
    assert (lane.events, lane.messages) == (1, 1)
    assert 30 <= lane.events_age < 35
    assert 70 <= lane.messages_age < 75
    assert dict(health.events) == {"new": 1, "expanding": 0, "dead": 0}
    assert dict(health.messages)["failed"] == 2
    assert dict(health.messages)["open"] == 1
    assert [(row["outcome"], row["code"], row["number"]) for row in health.attempts] == [
        ("temporary", "421", 2),
        ("sent", "250", 1),
    ]
    assert health.sent_today == 1
    assert (health.addresses_bouncing, health.addresses_cooling) == (2, 1)
    assert "Canary" not in response.content.decode()
    assert person.email not in response.content.decode()


@pytest.mark.parametrize("count", [1, 3, 300])
def test_queue_queries(
    count: int, officer: User, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    person = UserFactory()
    for _number in range(min(count, 3)):
        tell(person)
    event = Event.objects.all()[0]
    Event.objects.bulk_create(
        Event(key=f"more:{number}", kind=event.kind, urgency=2, created_at=event.created_at, due_at=event.due_at)
        for number in range(count - 3)
    )
    client.get(QUEUE)

    with django_assert_num_queries(15):
        client.get(QUEUE)


# Dead letters


def test_dead_letters_show_codes_and_no_people(officer: User, client: Client) -> None:
    [message] = failed_messages(1)

    page = client.get(DEAD).content.decode()

    assert "550" in page
    assert "tests.news" in page
    assert message.user.name_native not in page
    assert message.user.email not in page
    assert f"/admin/users/edit/{message.user_id}/" not in page


def test_dead_letters_link_accounts_for_who_manages_people(client: Client) -> None:
    client.force_login(UserFactory(is_superuser=True))
    [message] = failed_messages(1)

    page = client.get(DEAD).content.decode()

    assert f"/admin/users/edit/{message.user_id}/" in page
    assert message.user.email not in page


def test_dead_letters_of_another_sort_are_not_found(officer: User, client: Client) -> None:
    assert client.get(f"{DEAD}people/").status_code == 404


@pytest.mark.parametrize("what", ["messages", "events"])
@pytest.mark.parametrize("count", [1, 3, 300])
def test_dead_letters_queries(
    what: str, count: int, officer: User, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    now = timezone.now()
    if what == "messages":
        Message.objects.bulk_create(
            Message(
                user=officer, channel="mail", kind="tests.news", bucket=str(number), urgency=2, error_code="550",
                state=MessageState.FAILED, created_at=now, due_at=now, expires_at=now,
            )
            for number in range(count)
        )  # fmt: skip
    else:
        Event.objects.bulk_create(
            Event(
                key=str(number), kind="tests.news", urgency=2, created_at=now, due_at=now,
                state=EventState.DEAD, error_code="KeyError",
            )
            for number in range(count)
        )  # fmt: skip
    client.get(f"{DEAD}{what}/")

    with django_assert_num_queries(11):
        response = client.get(f"{DEAD}{what}/")

    assert len(response.context["page_obj"].object_list) == min(count, 25)


def test_retry_one_message_sends_it(officer: User, client: Client) -> None:
    message, other = failed_messages(2)
    path = f"{DEAD}messages/{message.pk}/retry/"

    confirmation = client.get(path)
    message.refresh_from_db()
    assert (confirmation.status_code, message.state) == (200, MessageState.FAILED)
    response = client.post(path)
    pump()

    message.refresh_from_db()
    other.refresh_from_db()
    assert response["Location"] == f"{DEAD}messages/"
    assert (message.state, other.state) == (MessageState.SENT, MessageState.FAILED)
    assert Delivery.objects.get(message=message).verdict == Verdict.SENT
    assert client.post(path).status_code == 404


def test_retry_message_that_was_sent_changes_nothing() -> None:
    [message] = failed_messages(1)
    Message.objects.update(state=MessageState.SENT)
    Delivery.objects.update(verdict=Verdict.MUTED)

    assert services.retry_message(message, at=timezone.now()) is False

    assert Delivery.objects.get().verdict == Verdict.MUTED


def test_retry_all_of_one_code_leaves_out_what_may_have_been_sent(officer: User, client: Client) -> None:
    first, second, doubtful = failed_messages(3)
    Message.objects.filter(pk=doubtful.pk).update(is_ambiguous=True)
    failed_messages(1, code="554")
    path = f"{DEAD}messages/retry/?code=550"

    confirmation = client.get(path)
    client.post(path)

    assert (confirmation.context["number"], confirmation.context["doubtful"]) == (2, 1)
    again = set(Message.objects.filter(state=MessageState.RETRY).values_list("pk", flat=True))
    assert again == {first.pk, second.pk}


def test_retry_one_warns_where_it_may_have_been_sent(officer: User, client: Client) -> None:
    [message] = failed_messages(1)
    Message.objects.update(is_ambiguous=True)

    assert client.get(f"{DEAD}messages/{message.pk}/retry/").context["is_doubtful"]


def test_retry_one_event_goes_on_where_it_stopped(officer: User, client: Client) -> None:
    first, second = UserFactory(), UserFactory()
    event = tell(first, second)
    Event.objects.update(state=EventState.DEAD, tries=8, error_code="KeyError", cursor=first.pk)

    client.post(f"{DEAD}events/{event.pk}/retry/")
    pump()

    event.refresh_from_db()
    assert (event.state, event.error_code) == (EventState.DONE, "")
    assert list(Item.objects.values_list("user", flat=True)) == [second.pk]


def test_retry_all_events_of_one_code(officer: User, client: Client) -> None:
    person = UserFactory()
    for _number in range(3):
        tell(person)
    broken, *others = Event.objects.order_by("pk")
    Event.objects.update(state=EventState.DEAD, error_code="KeyError")
    Event.objects.filter(pk=broken.pk).update(error_code="UnknownKind")
    path = f"{DEAD}events/retry/?code=KeyError"

    assert client.get(path).context["number"] == 2
    client.post(path)

    assert set(Event.objects.filter(state=EventState.NEW)) == set(others)


def test_retry_event_that_is_done_changes_nothing() -> None:
    event = tell(UserFactory())
    services.expand(event.pk)

    assert services.retry_event(event, at=timezone.now()) is False


# Kinds


def test_kinds_are_all_listed(officer: User, client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    page = client.get(KINDS).content.decode()

    assert all(f"<code>{kind.name}</code>" in page for kind in all_kinds())
