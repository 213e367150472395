"""Moderating pages: each act by who may, by who may not, and by who must not know of the thread."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from audit.models import AuditEvent
from forum import services
from forum.choices import Audience, PostState, Right, ThreadState
from forum.models import Post, Room, Thread
from forum.templatetags import forum_actions
from members.models import league_day
from tests.factories.forum import RoomFactory, grant, member, moderator, reply, start
from tests.factories.members import ChapterFactory

pytestmark = pytest.mark.django_db

FORUM = "/en/forum"
HELD = f"{FORUM}/held/"
THREAD_PAGES = ["close", "pin", "slow", "move", "merge", "split", "hide"]
THREAD_ACTS = ["reopen", "restore"]
POST_PAGES = ["hide", "refuse"]
POST_ACTS = ["restore", "approve"]


@pytest.fixture
def room() -> Room:
    return RoomFactory(slug="jury")


@pytest.fixture
def thread(room: Room) -> Thread:
    return start(room, replies=2)


@pytest.fixture
def judge(room: Room, client: Client) -> User:
    """A moderator of the room, signed in."""
    user = moderator(room)
    client.force_login(user)
    return user


def url(row: Thread | Post, act: str) -> str:
    return f"{FORUM}/{'threads' if isinstance(row, Thread) else 'posts'}/{row.pk}/{act}/"


def held(room: Room, text: str = "Первое слово") -> Post:
    """The first reply of a new member, which waits."""
    Room.objects.filter(pk=room.pk).update(holds_first_posts=False)
    thread = start(room)
    Room.objects.filter(pk=room.pk).update(holds_first_posts=True)
    return reply(thread, text=text)


def fresh(thread: Thread) -> Thread:
    return Thread.objects.get(pk=thread.pk)


# Who may


@pytest.mark.parametrize("act", [*THREAD_PAGES, *THREAD_ACTS])
def test_thread_acts_are_for_moderators(act: str, thread: Thread, client: Client) -> None:
    before = Thread.objects.values().get(pk=thread.pk)
    body = {"reason": "Так надо", "until": league_day() + dt.timedelta(days=1), "unpin": "1"}
    assert client.post(url(thread, act), body).status_code == 302  # to sign in

    client.force_login(member())
    if act in THREAD_PAGES:
        assert client.get(url(thread, act)).status_code == 403
    else:
        assert client.get(url(thread, act)).status_code == 405
    assert client.post(url(thread, act), body).status_code == 403

    Room.objects.get().rules.all().delete()
    assert client.post(url(thread, act), body).status_code == 404
    assert Thread.objects.values().get(pk=thread.pk) == before


@pytest.mark.parametrize("act", [*POST_PAGES, *POST_ACTS])
def test_post_acts_are_for_moderators(act: str, thread: Thread, client: Client) -> None:
    post = thread.posts.get(no=2)
    assert client.post(url(post, act), {"reason": "Так надо"}).status_code == 302  # to sign in

    client.force_login(member())
    assert client.get(url(post, act)).status_code == (403 if act in POST_PAGES else 405)
    assert client.post(url(post, act), {"reason": "Так надо"}).status_code == 403
    assert client.post(f"{FORUM}/posts/999999/{act}/", {"reason": "Так надо"}).status_code == 404
    post.refresh_from_db()
    assert post.is_public


def test_moderator_of_one_chapter_finds_nothing_of_another(client: Client) -> None:
    chapter = ChapterFactory(country="UZ")
    theirs = RoomFactory(rules=False)
    grant(theirs, Right.START, Audience.CHAPTER, chapter=chapter)
    thread = start(theirs, author=member(chapter=chapter), replies=1)
    post = thread.posts.get(no=2)
    client.force_login(moderator(RoomFactory()))

    for act in THREAD_PAGES:
        assert client.get(url(thread, act)).status_code == 404
    for act in [*THREAD_PAGES, *THREAD_ACTS]:
        assert client.post(url(thread, act), {"reason": "x"}).status_code == 404
    for act in [*POST_PAGES, *POST_ACTS]:
        assert client.post(url(post, act), {"reason": "x"}).status_code == 404
    assert fresh(thread).state == ThreadState.LIVE


def test_held_post_is_not_there_for_readers(room: Room, client: Client) -> None:
    post = held(room)
    client.force_login(member())

    assert client.post(url(post, "approve")).status_code == 404
    client.force_login(post.author)
    assert client.post(url(post, "approve")).status_code == 403
    post.refresh_from_db()
    assert post.state == PostState.HELD


# Threads


@pytest.mark.parametrize("act", ["close", "hide"])
@pytest.mark.parametrize("body", [{}, {"reason": "  "}, {"reason": "\x00"}, {"reason": "п" * 201}])
def test_acts_with_a_reason_ask_for_it(
    act: str, body: dict[str, str], judge: User, thread: Thread, client: Client
) -> None:
    assert client.get(url(thread, act)).status_code == 200
    response = client.post(url(thread, act), body)

    assert response.status_code == 422
    assert response.context["form"].has_error("reason")
    assert not fresh(thread).is_closed
    assert fresh(thread).state == ThreadState.LIVE


def test_thread_close_and_reopen(judge: User, thread: Thread, client: Client) -> None:
    response = client.post(url(thread, "close"), {"reason": "Решено\x00"})

    assert response["Location"] == f"{FORUM}/threads/{thread.pk}/"
    assert (fresh(thread).close_reason, fresh(thread).closed_by) == ("Решено", judge)
    assert client.get(url(thread, "reopen")).status_code == 405
    client.post(url(thread, "reopen"))
    assert not fresh(thread).is_closed


def test_thread_pin_until_a_day(judge: User, thread: Thread, client: Client) -> None:
    today = league_day()
    for wrong in ("", "nonsense", today - dt.timedelta(days=1), today + dt.timedelta(days=400)):
        assert client.post(url(thread, "pin"), {"until": wrong}).status_code == 422
    assert "Take the pin away" not in client.get(url(thread, "pin")).content.decode()

    client.post(url(thread, "pin"), {"until": today})

    assert fresh(thread).pinned_until == today
    assert "Take the pin away" in client.get(url(thread, "pin")).content.decode()
    client.post(url(thread, "pin"), {"unpin": "1"})
    assert fresh(thread).pinned_until is None


def test_thread_move_offers_the_rooms_that_one_moderates(
    judge: User, room: Room, thread: Thread, client: Client
) -> None:
    own, foreign, closed = RoomFactory(), RoomFactory(), RoomFactory(is_archived=True)
    for other in (own, closed):
        grant(other, Right.MODERATE, Audience.GROUP, group=judge.groups.get())

    offered = client.get(url(thread, "move")).context["form"].fields["room"].queryset

    assert list(offered) == [own]
    for wrong in (foreign, closed, room):
        assert client.post(url(thread, "move"), {"room": wrong.pk}).status_code == 422
    client.post(url(thread, "move"), {"room": own.pk})
    assert fresh(thread).room == own


@pytest.mark.parametrize(
    "form", ["{pk}", "#{pk}", "/en/forum/threads/{pk}/", "https://x.kz/forum/threads/{pk}/?page=2#x"]
)
def test_thread_merge_asks_before_it_acts(form: str, judge: User, thread: Thread, client: Client) -> None:
    target = start(thread.room, title="Куда слить")

    asked = client.post(url(thread, "merge"), {"target": form.format(pk=target.pk)})

    assert asked.status_code == 200
    assert "Куда слить" in asked.content.decode()
    assert fresh(thread).state == ThreadState.LIVE
    response = client.post(url(thread, "merge"), {"target": target.pk, "confirm": "1"})
    assert response["Location"] == f"{FORUM}/threads/{target.pk}/"
    assert fresh(thread).moved_to == target
    assert client.get(url(thread, "close")).status_code == 404


def test_thread_merge_takes_only_threads_that_one_moderates(judge: User, thread: Thread, client: Client) -> None:
    secret = start(RoomFactory(rules=False), title="Тайное")
    readable = start(RoomFactory())
    hidden = start(thread.room)
    services.hide_thread(hidden, actor=judge, reason="Так надо", at=timezone.now())

    for target in (secret.pk, readable.pk, hidden.pk, thread.pk, "9" * 18, "9" * 40, "x", "", "-1", "\x00"):
        for confirm in ({}, {"confirm": "1"}):
            response = client.post(url(thread, "merge"), {"target": target, **confirm})
            assert response.status_code == 422
            assert "Тайное" not in response.content.decode()
    assert fresh(thread).state == ThreadState.LIVE


def test_thread_merge_into_another_room_says_who_will_read(judge: User, thread: Thread, client: Client) -> None:
    other = RoomFactory(name_en="Open hall")
    grant(other, Right.MODERATE, Audience.GROUP, group=judge.groups.get())

    page = client.post(url(thread, "merge"), {"target": start(other).pk}).content.decode()

    assert "whoever reads “Open hall” reads all posts of this thread from then on" in page


def test_thread_merge_of_a_hidden_thread_is_refused(judge: User, thread: Thread, client: Client) -> None:
    target = start(thread.room)
    services.hide_thread(thread, actor=judge, reason="Так надо", at=timezone.now())

    response = client.post(url(thread, "merge"), {"target": target.pk, "confirm": "1"})

    assert response.status_code == 422
    assert "One of the two threads is not open any more." in response.content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_thread_split_lists_the_replies(
    count: int, judge: User, room: Room, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    thread = start(room, replies=count)
    client.get(url(thread, "split"))

    with django_assert_num_queries(4):
        page = client.get(url(thread, "split")).content.decode()

    assert page.count('name="posts"') == count
    assert "Ответ 0" in page


def test_thread_split_begins_a_thread(judge: User, thread: Thread, client: Client) -> None:
    chosen = thread.posts.get(no=3)
    opening = thread.posts.get(no=1)
    elsewhere = reply(start(thread.room))

    for posts in ([], [opening.pk], [elsewhere.pk], ["x"], [chosen.pk, "9" * 30]):
        response = client.post(url(thread, "split"), {"title": "Новая", "posts": posts})
        assert response.status_code == 422
        assert response.context["form"].has_error("posts")
    wrong = client.post(url(thread, "split"), {"title": "т" * 161, "posts": [chosen.pk]})
    assert wrong.status_code == 422
    assert f'value="{chosen.pk}" checked' in wrong.content.decode()

    response = client.post(url(thread, "split"), {"title": "Новая", "posts": [chosen.pk]})

    made = Thread.objects.get(title="Новая")
    assert response["Location"] == f"{FORUM}/threads/{made.pk}/"
    chosen.refresh_from_db()
    assert (chosen.thread, chosen.no) == (made, 1)


def test_thread_split_goes_through_a_long_thread(
    judge: User, thread: Thread, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forum.views.moderating.MOST_LISTED", 1)

    first = client.get(url(thread, "split"))
    second = client.get(url(thread, "split"), {"from": first.context["following"]})

    assert [post.no for post, _chosen in first.context["posts"]] == [2]
    assert [post.no for post, _chosen in second.context["posts"]] == [3]
    assert second.context["following"] is None
    for spoilt in ("x", "-1", "9" * 30, "0"):
        assert [post.no for post, _chosen in client.get(url(thread, "split"), {"from": spoilt}).context["posts"]] == [2]


def test_thread_hide_and_restore(judge: User, thread: Thread, client: Client) -> None:
    client.post(url(thread, "hide"), {"reason": "Имя доверителя"})

    assert fresh(thread).state == ThreadState.HIDDEN
    assert AuditEvent.objects.get(action="forum.thread_hide").detail["reason"] == "Имя доверителя"
    client.post(url(thread, "restore"))
    assert fresh(thread).state == ThreadState.LIVE


def test_thread_that_waits_is_not_hidden(judge: User, room: Room, client: Client) -> None:
    room.holds_first_posts = True
    thread = start(room)

    response = client.post(url(thread, "hide"), {"reason": "Так надо"}, follow=True)

    assert "This thread cannot be hidden: decide about its first post." in response.content.decode()
    assert fresh(thread).state == ThreadState.HELD


# Posts


def test_post_hide_and_restore(judge: User, thread: Thread, client: Client) -> None:
    post = thread.posts.get(no=2)
    assert post.source in client.get(url(post, "hide")).content.decode()
    assert client.post(url(post, "hide"), {"reason": ""}).status_code == 422

    response = client.post(url(post, "hide"), {"reason": "Имя доверителя"})

    post.refresh_from_db()
    assert post.state == PostState.HIDDEN
    assert response["Location"] == f"{FORUM}/threads/{thread.pk}/#post-{post.pk}"
    client.post(url(post, "restore"))
    post.refresh_from_db()
    assert post.is_public


def test_post_approve_publishes_once(judge: User, room: Room, client: Client) -> None:
    post = held(room)

    response = client.post(url(post, "approve"), {"held": "1"}, follow=True)

    post.refresh_from_db()
    assert (post.state, post.no) == (PostState.PUBLIC, 2)
    assert response.redirect_chain[0][0] == HELD
    assert "The post is published." in response.content.decode()
    again = client.post(url(post, "approve"))
    assert again["Location"] == f"{FORUM}/threads/{post.thread_id}/#post-{post.pk}"
    post.refresh_from_db()
    assert post.no == 2


def test_post_refuse_asks_for_a_reason(judge: User, room: Room, client: Client) -> None:
    post = held(room)
    assert "Первое слово" in client.get(url(post, "refuse")).content.decode()
    assert client.post(url(post, "refuse"), {"reason": " "}).status_code == 422

    response = client.post(url(post, "refuse"), {"reason": "Реклама"})

    post.refresh_from_db()
    assert (post.state, response["Location"]) == (PostState.REFUSED, HELD)
    assert client.get(url(post, "refuse"))["Location"] == HELD
    late = client.post(url(post, "approve"), {"held": "1"}, follow=True)
    assert "Somebody has decided about this post meanwhile." in late.content.decode()
    post.refresh_from_db()
    assert post.state == PostState.REFUSED


@pytest.mark.parametrize("count", [1, 3])
def test_held_list_has_the_oldest_first(
    count: int, judge: User, room: Room, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    posts = [held(room, f"<b>Слово</b> {number}") for number in range(count)]
    Post.objects.filter(pk=posts[-1].pk).update(written_at=timezone.now() - dt.timedelta(days=1))
    elsewhere = held(RoomFactory(), "Чужой раздел")
    client.get(HELD)

    with django_assert_num_queries(5):
        response = client.get(HELD)

    page = response.content.decode()
    assert [post.pk for post in response.context["page_obj"]] == [posts[-1].pk, *[post.pk for post in posts[:-1]]]
    assert "&lt;b&gt;Слово&lt;/b&gt;" in page
    assert url(posts[0], "approve") in page
    assert url(posts[0], "refuse") in page
    assert elsewhere.source not in page


def test_held_list_is_for_moderators(judge: User, client: Client) -> None:
    assert "Nothing waits" in client.get(HELD).content.decode()
    assert client.post(HELD).status_code == 405
    client.force_login(member())
    assert client.get(HELD).status_code == 403
    client.logout()
    assert client.get(HELD).status_code == 302


def test_held_list_leaves_out_own_posts_of_rooms_that_one_does_not_moderate(judge: User, client: Client) -> None:
    elsewhere = RoomFactory(holds_first_posts=True)
    start(elsewhere, author=judge, title="Моё, но не моё дело")

    assert not client.get(HELD).context["page_obj"].object_list


# What the page of a thread offers


def may(user: User, thread: Thread, post: Post) -> set[str]:
    """Name what somebody may do with a post and, after a colon, with its thread."""
    row = Thread.objects.with_right(user).select_related("room").get(pk=thread.pk)
    of_post = forum_actions.post_actions(user, row, post)
    of_thread = forum_actions.thread_actions(row)
    return {act for act, is_open in of_post.items() if is_open} | {
        f":{act}" for act, is_open in of_thread.items() if is_open
    }


def test_actions_are_those_that_the_pages_allow(judge: User, room: Room) -> None:
    author = member()
    thread = start(room, author=author, kind="question")
    post = reply(thread)
    opening = thread.posts.get(no=1)
    shared = {":close", ":pin", ":slow", ":move", ":merge", ":split", ":hide"}

    assert may(member(), thread, post) == {"reply", "report"}
    assert may(author, thread, post) == {"reply", "accept", "report"}
    assert may(author, thread, opening) == {"reply", "edit", "delete"}
    assert may(judge, thread, post) == {"reply", "edit", "accept", "hide", "report", "warn"} | shared
    services.close_thread(thread, actor=judge, reason="Решено", at=timezone.now())
    assert may(author, thread, opening) == {"delete"}
    assert ":reopen" in may(judge, thread, post)
    assert ":close" not in may(judge, thread, post)
    post = services.hide_post(post, actor=judge, reason="Так надо", at=timezone.now())
    assert may(judge, thread, post) & {"hide", "restore", "reply", "decide"} == {"restore"}
    assert {"decide", "edit"} <= may(judge, thread, held(room))
    services.hide_thread(thread, actor=judge, reason="Так надо", at=timezone.now())
    assert {act for act in may(judge, thread, post) if act.startswith(":")} == {":move", ":restore"}


def test_page_of_a_thread_offers_what_a_moderator_may_do(judge: User, thread: Thread, client: Client) -> None:
    services.pin_thread(thread, actor=judge, until=league_day(), at=timezone.now())

    page = client.get(f"{FORUM}/threads/{thread.pk}/").content.decode()

    for act in ("close", "pin", "move", "merge", "split", "hide"):
        assert url(thread, act) in page
    assert url(thread.posts.get(no=2), "hide") in page
    assert "Pinned: change" in page
    client.force_login(member())
    page = client.get(f"{FORUM}/threads/{thread.pk}/").content.decode()
    assert "Moderate" not in page
    assert "/hide/" not in page
    assert f'action="{url(thread, "reply")}"' in page
