"""Bars from writing for a time: who may lay them on, what they stop, who learns of it."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from audit.models import AuditEvent
from forum import services
from forum.choices import Audience, ReportOutcome, ReportReason, Right, RoomKind
from forum.models import Draft, Post, PostingBan, Report, Room, Thread
from forum.notifications import BARRED, load_own_bans
from members.choices import OfficeRole
from members.models import league_day
from members.services.personal_data import erase_person
from notifications.models import Event
from notifications.registry import Notice
from tests.factories.forum import RoomFactory, grant, member, moderator, reply, start
from tests.factories.members import OfficeTermFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

FORUM = "/en/forum"
LIST = f"{FORUM}/bans/"


@pytest.fixture
def room() -> Room:
    return RoomFactory(slug="jury")


@pytest.fixture
def post(room: Room) -> Post:
    return reply(start(room))


@pytest.fixture
def judge(room: Room, client: Client) -> User:
    """A moderator of the room, signed in."""
    user = moderator(room)
    client.force_login(user)
    return user


def now() -> dt.datetime:
    return timezone.now()


def in_days(days: int) -> dt.date:
    return league_day() + dt.timedelta(days=days)


def officer(room: Room) -> User:
    """An officer of the League, who moderates a room for all members by its rule."""
    user = member()
    OfficeTermFactory(user=user, role=OfficeRole.BOARD, chapter=None)
    grant(room, Right.MODERATE, Audience.OFFICERS)
    return user


def ban(post: Post, actor: User, **fields: object) -> PostingBan:
    facts = {"everywhere": False, "until": in_days(7), "reason": ReportReason.INSULT, "text": "Оскорбил коллегу"}
    return services.ban_author(post, actor=actor, at=now(), **facts | fields)  # type: ignore[arg-type]


def body(**fields: object) -> dict[str, object]:
    return {"until": in_days(7).isoformat(), "reason": "insult", "text": "Оскорбил коллегу", "scope": "room", **fields}


def url(post: Post, act: str = "ban") -> str:
    return f"{FORUM}/posts/{post.pk}/{act}/"


def refused_everywhere(author: User, room: Room, thread: Thread, own: Post) -> bool:
    """Whether nothing can be written: no thread, no reply, no other text."""
    sentences = []
    for write in (
        lambda: start(room, author=author),
        lambda: reply(thread, author=author),
        lambda: services.edit_post(own, actor=author, text="Иначе", version=own.version, at=now()),
    ):
        try:
            write()
        except services.PostRefused as refused:
            sentences.append(refused.sentence)
    return len(sentences) == 3 and all("Оскорбил коллегу. " in sentence for sentence in sentences)


# What it stops


def test_ban_of_a_room_stops_writing_there_and_nowhere_else(post: Post, room: Room) -> None:
    ban(post, moderator(room))
    elsewhere = start(RoomFactory())

    assert refused_everywhere(post.author, room, post.thread, post)
    own = reply(elsewhere, author=post.author)
    assert not refused_everywhere(post.author, elsewhere.room, elsewhere, own)
    assert reply(post.thread).is_public


def test_ban_of_the_forum_stops_writing_everywhere(post: Post, room: Room) -> None:
    elsewhere = start(RoomFactory())
    own = reply(elsewhere, author=post.author)

    ban(post, officer(room), everywhere=True)

    assert refused_everywhere(post.author, room, post.thread, post)
    assert refused_everywhere(post.author, elsewhere.room, elsewhere, own)


def test_ban_ends_with_its_day_and_with_being_lifted(post: Post, room: Room) -> None:
    judge = moderator(room)
    made = ban(post, judge, until=in_days(0))
    assert refused_everywhere(post.author, room, post.thread, post)

    PostingBan.objects.update(until=in_days(-1))
    assert reply(post.thread, author=post.author).is_public

    PostingBan.objects.update(until=in_days(1))
    services.lift_ban(made, actor=judge, at=now())
    services.lift_ban(made, actor=judge, at=now())
    assert reply(post.thread, author=post.author).is_public
    assert AuditEvent.objects.get(action="forum.ban_lift").person_id == post.author_id
    assert [event.data["what"] for event in Event.objects.filter(kind=BARRED.name).order_by("pk")] == [
        "banned",
        "lifted",
    ]


def test_new_ban_takes_the_place_of_the_one_before(post: Post, room: Room) -> None:
    judge = moderator(room)
    first, second = ban(post, judge, until=in_days(30)), ban(post, judge, until=in_days(1))
    assert list(PostingBan.objects.in_force(league_day())) == [second]
    first.refresh_from_db()
    assert first.lifted_by == judge


def test_text_stays_with_who_may_not_write(post: Post, room: Room, client: Client) -> None:
    ban(post, moderator(room))
    client.force_login(post.author)

    answer = client.post(f"{FORUM}/threads/{post.thread_id}/reply/", {"text": "Долгий ответ"})

    assert answer.status_code == 422
    assert "Долгий ответ" in answer.text
    assert "Оскорбил коллегу" in answer.text
    assert Draft.objects.get(user=post.author).source == "Долгий ответ"


# Who may


def test_ban_is_recorded_told_and_settles_reports(post: Post, room: Room) -> None:
    judge, reporter = moderator(room), member()
    services.report_post(post, reporter=reporter, reason="insult", text="Грубо", at=now())

    made = ban(post, judge)

    assert Report.objects.get().outcome == ReportOutcome.BANNED
    event = AuditEvent.objects.get(action="forum.ban")
    assert (event.person_id, event.reason_code) == (post.author_id, "insult")
    assert event.detail == {"room": room.pk, "until": str(in_days(7)), "post": post.pk, "reports": 1}
    told = Event.objects.get(kind=BARRED.name)
    assert (told.subject_id, told.recipients, told.data) == (str(made.pk), [post.author_id], {"what": "banned"})
    subject = load_own_bans(post.author, [str(made.pk)])[str(made.pk)]
    assert "not write" in BARRED.line(Notice(subject, data=told.data))
    assert subject.title == str(room)
    assert load_own_bans(reporter, [str(made.pk)]) == {}
    room.rules.all().delete()
    assert load_own_bans(post.author, [str(made.pk)])[str(made.pk)].title != str(room)


def test_ban_is_refused(post: Post, room: Room) -> None:
    judge = moderator(room)
    colleague = reply(post.thread, author=moderator(room))
    own = reply(post.thread, author=judge)
    for target, fields, sentence in (
        (post, {"text": " "}, "Write why"),
        (post, {"until": in_days(-1)}, "later day"),
        (own, {}, "yourself"),
        (colleague, {}, "Moderators cannot"),
        (post, {"everywhere": True}, "officers of the League"),
    ):
        with pytest.raises(services.PostRefused, match=sentence):
            ban(target, judge, **fields)
    with pytest.raises(services.PostRefused, match="Moderators cannot"):
        ban(colleague, officer(RoomFactory()), everywhere=True)
    assert not PostingBan.objects.exists()
    assert not Event.objects.filter(kind=BARRED.name).exists()


def test_whole_forum_is_for_officers_of_the_league_in_a_room_for_all(room: Room) -> None:
    assert services.may_ban(officer(room), None)
    assert not services.may_ban(moderator(room), None)
    Room.objects.update(kind=RoomKind.COMMITTEE)
    assert not services.may_ban(officer(room), None)


def test_nobody_lifts_his_own_ban(post: Post, room: Room) -> None:
    made = ban(post, moderator(room))
    with pytest.raises(services.PostRefused, match="about you"):
        services.lift_ban(made, actor=post.author, at=now())


# Pages


def test_moderator_bars_and_lifts_on_pages(post: Post, judge: User, client: Client) -> None:
    page = client.get(url(post))
    assert page.status_code == 200
    assert 'name="scope"' not in page.text
    assert client.post(url(post), body(until=in_days(-1).isoformat())).status_code == 422
    assert client.post(url(post), body(until=in_days(400).isoformat())).status_code == 422
    assert client.post(url(post), body(scope="everywhere"))["Location"] == LIST
    made = PostingBan.objects.get()
    assert made.room == post.thread.room  # who may bar from the room alone is not asked where

    assert post.author.name_native in client.get(LIST).text
    lift = f"{LIST}{made.pk}/lift/"
    assert client.get(lift).status_code == 405
    assert client.post(lift)["Location"] == LIST
    assert "Nobody is barred" in client.get(LIST).text
    assert client.post(f"{url(post)}?from=reports", body())["Location"] == f"{FORUM}/reports/"


def test_officer_of_the_league_bars_from_the_whole_forum(post: Post, room: Room, client: Client) -> None:
    client.force_login(officer(room))
    assert 'name="scope"' in client.get(url(post)).text
    assert client.post(url(post), body(scope="everywhere"))["Location"] == LIST
    made = PostingBan.objects.get()
    assert made.room is None
    assert "the whole forum" in client.get(LIST).text

    client.force_login(moderator(room))
    assert post.author.name_native not in client.get(LIST).text
    assert client.post(f"{LIST}{made.pk}/lift/").status_code == 404


def test_bans_are_for_moderators(post: Post, room: Room, client: Client) -> None:
    made = ban(post, moderator(room))
    lift = f"{LIST}{made.pk}/lift/"
    for path in (LIST, url(post)):
        assert client.get(path).status_code == 302  # to sign in
    client.force_login(member())
    assert client.get(LIST).status_code == 403
    assert client.get(url(post)).status_code == 403
    assert client.post(url(post), body()).status_code == 403
    assert client.post(lift).status_code == 403
    client.force_login(post.author)
    assert client.post(lift).status_code == 404
    room.rules.all().delete()
    client.force_login(moderator(RoomFactory()))
    assert client.post(url(post), body()).status_code == 404
    assert client.post(lift).status_code == 404
    assert post.author.name_native not in client.get(LIST).text
    made.refresh_from_db()
    assert made.lifted_at is None


def test_person_reads_until_when_and_why(post: Post, room: Room, client: Client) -> None:
    ban(post, moderator(room))
    client.force_login(post.author)
    page = client.get(f"{FORUM}/warnings/").text
    assert "Оскорбил коллегу" in page
    assert str(room) in page
    room.rules.all().delete()
    page = client.get(f"{FORUM}/warnings/").text
    assert "Оскорбил коллегу" in page
    assert str(room) not in page


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_the_list(
    count: int, room: Room, judge: User, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(count):
        ban(reply(start(room)), judge)
    client.get(LIST)

    with django_assert_num_queries(6):  # session, person, rooms, whether of the League, number, bans
        client.get(LIST)


def test_erasure_takes_bans(post: Post, room: Room) -> None:
    ban(post, moderator(room))
    erase_person(post.author, actor=post.author, at=now())
    assert not PostingBan.objects.exists()
