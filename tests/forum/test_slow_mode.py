"""Threads that moderators slow down: one reply of a member in so many minutes."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from forum import services
from forum.models import Draft, Room, Thread
from tests.factories.forum import RoomFactory, member, moderator, reply, start

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture
def room() -> Room:
    return RoomFactory(slug="jury")


@pytest.fixture
def thread(room: Room) -> Thread:
    thread = start(room)
    return services.slow_thread(thread, minutes=30, actor=moderator(room), at=timezone.now())


def later(minutes: int) -> dt.datetime:
    return timezone.now() + dt.timedelta(minutes=minutes)


def test_member_replies_once_in_the_time(thread: Thread) -> None:
    author = member()
    at = later(0)
    reply(thread, author=author, at=at)

    with pytest.raises(services.PostRefused, match="slowed") as refused:
        reply(thread, author=author, at=at + dt.timedelta(minutes=29))
    assert f"{timezone.localtime(at + dt.timedelta(minutes=30)):%H:%M}" in refused.value.sentence
    assert reply(thread, author=author, at=at + dt.timedelta(minutes=30)).is_public
    assert reply(thread).is_public  # of another member


def test_taking_a_reply_back_does_not_speed_up(thread: Thread) -> None:
    author = member()
    post = reply(thread, author=author)
    services.delete_post(post, actor=author, at=later(1))
    with pytest.raises(services.PostRefused, match="slowed"):
        reply(thread, author=author, at=later(2))


def test_moderators_and_the_first_reply_of_the_author_do_not_wait(thread: Thread, room: Room) -> None:
    judge = moderator(room)
    for _number in range(2):
        assert reply(thread, author=judge).is_public
    assert reply(thread, author=thread.starter).is_public


def test_same_form_sent_twice_is_one_reply(thread: Thread) -> None:
    author = member()
    assert reply(thread, author=author, token="one") == reply(thread, author=author, token="one", at=later(1))


def test_other_threads_are_not_slow(thread: Thread, room: Room) -> None:
    author = member()
    other = start(room)
    for _number in range(2):
        assert reply(other, author=author).is_public
    assert reply(thread, author=author).is_public


@pytest.mark.parametrize("minutes", [-1, 1441])
def test_minutes_have_bounds(minutes: int, thread: Thread) -> None:
    with pytest.raises(services.PostRefused, match="1440"):
        services.slow_thread(thread, minutes=minutes, actor=member(), at=timezone.now())


def test_moderator_sets_it_on_a_page(thread: Thread, room: Room, client: Client) -> None:
    judge, url = moderator(room), f"/en/forum/threads/{thread.pk}/slow/"
    client.force_login(judge)
    assert 'value="30"' in client.get(url).text
    for wrong in ("1441", "-1", "", "x"):
        assert client.post(url, {"minutes": wrong}).status_code == 422
    assert client.post(url, {"minutes": "60"}).status_code == 302
    client.post(url, {"minutes": "60"})
    thread.refresh_from_db()
    assert thread.slow_minutes == 60
    events = AuditEvent.objects.filter(action="forum.thread_slow").order_by("pk")
    assert [event.detail for event in events] == [{"minutes": 30}, {"minutes": 60}]
    assert "once in 60 minutes" not in client.get(f"/en/forum/threads/{thread.pk}/").text

    author = member()
    client.force_login(author)
    assert "once in 60 minutes" in client.get(f"/en/forum/threads/{thread.pk}/").text
    client.post(f"/en/forum/threads/{thread.pk}/reply/", {"text": "Первое"})
    answer = client.post(f"/en/forum/threads/{thread.pk}/reply/", {"text": "Второе, сразу"})
    assert answer.status_code == 422
    assert "Второе, сразу" in answer.text
    assert Draft.objects.get(user=author).source == "Второе, сразу"

    client.force_login(judge)
    client.post(url, {"minutes": "0"})
    assert reply(thread, author=author).is_public
