"""The forum of the demo world, loaded once for all tests of this module: as large as it must be, and as if posted."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db import transaction
from django.db.models import Max
from pytest_django import DjangoDbBlocker

from accounts.models import User
from demo.files import CONTENT
from demo.loader import StrangersWriteHere, load_forum, load_membership, read_demo, remove_demo
from demo.loader.forum import Roll
from demo.sources import Text
from demo.threads import Code, ThreadText, read_forum, text_before
from forum import services
from forum.choices import Right, RoomKind, ThreadKind, ThreadState
from forum.models import (
    Clock,
    ClockDay,
    Mention,
    Post,
    PostVersion,
    Reaction,
    Room,
    RoomRule,
    Tag,
    Thread,
    ThreadRead,
    readers_of,
)
from members.choices import LISTED_STANDINGS, OfficeRole
from members.models import Membership, OfficeTerm, league_day
from notifications.choices import Floor
from notifications.models import Event
from tests.factories.accounts import UserFactory
from tests.factories.forum import RoomFactory, reply

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forum")]

ZONE = ZoneInfo(settings.TIME_ZONE)
NOWHERE = Text(CONTENT, 1, "")
COUNTERS = ("last_no", "last_public_no", "visible_count", "last_seq", "bump_seq", "last_at", "last_by")


@pytest.fixture(scope="module")
def forum(loaded_at: dt.datetime, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The forum on top of the members of the module."""
    with django_db_blocker.unblock(), transaction.atomic():
        load_forum(read_forum(CONTENT), at=loaded_at)
        yield
        transaction.set_rollback(True)


def by_code(country: str, number: int) -> User:
    return Roll().of(Code(country, number), NOWHERE).user


# What is there


def test_forum_is_large_enough() -> None:
    assert Room.objects.filter(thread_count__gt=0).count() >= 12
    assert Thread.objects.live().count() >= 60
    assert Post.objects.public().count() >= 600
    assert set(Thread.objects.values_list("kind", flat=True)) == set(ThreadKind)
    assert Tag.objects.filter(threads__isnull=True).count() <= 1
    assert Thread.objects.filter(answer__isnull=False).count() >= 15
    assert Thread.objects.filter(visible_count__gt=20).exists()  # a second page


def test_every_file_is_loaded() -> None:
    texts = read_forum(CONTENT).threads

    assert Counter((text.room, text.title) for text in texts) == Counter(
        Thread.objects.values_list("room__slug", "title")
    )
    assert Post.objects.count() == sum(len(text.posts) for text in texts)
    assert Reaction.objects.count() == sum(len(post.reactions) for text in texts for post in text.posts)


def test_posts_show_no_sign_of_their_files() -> None:
    for post in Post.objects.all():
        assert not re.search(r"@\[|\*\*|&lt;", post.html), post.html
        assert not re.search(r"\b(KZ|KG|UZ|TJ|TM) \d+\b", post.source), post.source


def test_chapter_rooms_are_for_their_members(loaded_at: dt.datetime) -> None:
    rooms = Room.objects.filter(kind=RoomKind.CHAPTER)
    assert rooms.count() == 5
    for room in rooms:
        country = room.slug[-2:].upper()
        there = Membership.objects.filter(user__in=readers_of(room.pk), standing__in=LISTED_STANDINGS)
        expected = Membership.objects.filter(chapter__country=country, standing__in=LISTED_STANDINGS)
        assert set(there) == set(expected)
        assert set(readers_of(room.pk, Right.MODERATE)) == {
            term.user
            for term in OfficeTerm.objects.held(league_day()).filter(
                role=OfficeRole.CHAPTER_OFFICER, chapter__country=country
            )
        }
        assert room.floor == (Floor.BARE if country in {"TJ", "TM"} else Floor.TITLE)


def test_subjects_are_for_all_members_and_headings_for_no_writing() -> None:
    listed = set(Membership.objects.filter(standing__in=LISTED_STANDINGS).values_list("user", flat=True))
    for room in Room.objects.filter(parent__slug="topics"):
        assert set(readers_of(room.pk, Right.START).values_list("pk", flat=True)) >= listed
        assert readers_of(room.pk, Right.MODERATE).exists()
    for heading in Room.objects.filter(parent=None):
        assert heading.children.exists()
        assert not readers_of(heading.pk, Right.READ).exists()
        assert set(readers_of(heading.pk, Right.SEE).values_list("pk", flat=True)) >= listed


def test_authors_may_write_where_they_wrote_and_were_members_then() -> None:
    for room in Room.objects.all():
        posts = Post.objects.filter(thread__room=room)
        assert set(posts.values_list("author", flat=True)) <= set(
            readers_of(room.pk, Right.REPLY).values_list("pk", flat=True)
        )
    for post in Post.objects.select_related("author__membership"):
        assert post.author.membership.joined_on <= post.written_at.astimezone(ZONE).date()
        assert post.author.joined_at <= post.written_at


def test_members_of_a_code_are_counted_by_their_numbers() -> None:
    first, last = by_code("KZ", 1), Roll().by_country["KZ"][-1].user

    assert first.email == "advocate@example.org"
    assert by_code("KZ", len(Roll().by_country["KZ"])) == last
    assert by_code("KZ", len(Roll().by_country["KZ"]) + 1) == first


# Times


def test_posts_are_numbered_as_they_were_published() -> None:
    posts = list(Post.objects.public().order_by("seq"))

    assert [post.seq for post in posts] == list(range(1, len(posts) + 1))
    assert [post.published_at for post in posts] == sorted(post.published_at for post in posts if post.published_at)
    assert Clock.objects.get().seq == len(posts)
    for thread in Thread.objects.all():
        own = [post.no for post in posts if post.thread_id == thread.pk]
        assert own == list(range(1, thread.last_no + 1))


def test_nothing_happens_in_the_future_or_at_night(loaded_at: dt.datetime) -> None:
    posts = list(Post.objects.select_related("reply_to"))
    assert max(post.written_at for post in posts) <= loaded_at
    assert {post.written_at.astimezone(ZONE).hour for post in posts} <= set(range(7, 24))
    for reaction in Reaction.objects.select_related("post"):
        assert reaction.post.written_at < reaction.at <= loaded_at
    for post in posts:
        assert post.reply_to is None or post.reply_to.written_at < post.written_at
    assert not Thread.objects.filter(closed_at__gt=loaded_at).exists()


@pytest.mark.parametrize("hour", [0, 5, 9, 20, 23])
def test_threads_of_the_last_days_fit_before_any_moment(hour: int, loaded_at: dt.datetime) -> None:
    """Whenever the world is loaded: no post is in the future, and none before the one it follows."""
    from demo.loader.forum import _moments  # noqa: PLC0415 -- the only way to ask for the hours of a day

    at = loaded_at.astimezone(ZONE).replace(hour=hour, minute=1)
    for text in read_forum(CONTENT).threads:
        moments = _moments(text, at.date(), at)
        assert moments == sorted(set(moments))
        assert moments[-1] <= at


def test_clock_of_each_day_is_kept(loaded_at: dt.datetime) -> None:
    days = list(ClockDay.objects.order_by("day"))

    first = Post.objects.public().earliest("seq")
    assert first.published_at is not None
    assert days[0].day == first.published_at.astimezone(ZONE).date()
    assert days[-1].day == loaded_at.astimezone(ZONE).date()
    assert len(days) == (days[-1].day - days[0].day).days + 1
    for day in days:
        begins = dt.datetime.combine(day.day, dt.time(), tzinfo=ZONE)
        before = Post.objects.public().filter(published_at__lt=begins).aggregate(Max("seq"))["seq__max"]
        assert day.seq == (before or 0)


# As the services would have left it


def test_counters_stay_when_they_are_counted_anew() -> None:
    def counted() -> tuple[Any, Any]:
        rooms = Room.objects.order_by("pk").values_list(
            "thread_count", "post_count", "last_seq", "last_thread", "last_at"
        )
        return list(Thread.objects.order_by("pk").values_list(*COUNTERS)), list(rooms)

    before = counted()

    for thread in Thread.objects.all():
        services.recount_thread(thread)
    for room in Room.objects.all():
        services.recount_room(room.pk)

    assert counted() == before
    assert sum(room.post_count for room in Room.objects.all()) == Post.objects.public().count()


def test_nobody_is_told() -> None:
    assert not Event.objects.filter(kind__startswith="forum.").exists()


def test_unread_is_what_came_in_the_last_fortnight(loaded_at: dt.datetime) -> None:
    user = User.objects.get(email="advocate@example.org")

    unread = Thread.objects.visible_to(user).with_reading(user, league_day()).unread()

    assert 3 <= unread.count() <= 25
    for thread in unread:
        assert thread.last_at is not None
        assert thread.last_at >= loaded_at - dt.timedelta(days=14)


def test_some_posts_wait_for_a_moderator() -> None:
    held = Post.objects.held()

    assert held.count() >= 2
    assert Thread.objects.filter(state=ThreadState.HELD).count() == 1
    for post in held:
        assert (post.no, post.seq, post.published_at) == (None, None, None)
        assert not Post.objects.public().filter(author=post.author).exists()  # that is why


FEATURES: dict[str, Callable[[ThreadText], object]] = {
    "mentions": lambda text: any("@[" in post.text for post in text.posts),
    "quotes and has an answer": lambda text: text.answer and any("> №" in post.text for post in text.posts),
    "is edited": lambda text: any(post.is_edited for post in text.posts),
    "is closed": lambda text: text.closed,
    "is pinned": lambda text: text.is_pinned,
}


def example(feature: str) -> ThreadText:
    """Return the shortest thread that shows something."""
    texts = [text for text in read_forum(CONTENT).threads if not any(post.is_held for post in text.posts)]
    return min(filter(FEATURES[feature], texts), key=lambda text: len(text.posts))


@pytest.mark.parametrize("feature", FEATURES)
def test_thread_is_as_if_posted(feature: str) -> None:
    """Play a thread through the services in a room of its own and compare all rows."""
    text = example(feature)
    loaded = Thread.objects.get(room__slug=text.room, title=text.title)
    room = RoomFactory(rules=False, holds_first_posts=False)
    for rule in RoomRule.objects.filter(room=loaded.room):
        rule.pk, rule.room = None, room
        rule.save()

    played = play(text, loaded, room)

    assert rows_of(played) == rows_of(loaded)
    offset = Clock.objects.get().seq - len(text.posts)
    assert [post.seq for post in played.posts.order_by("no")] == list(range(offset + 1, offset + 1 + len(text.posts)))
    assert played.bump_seq == played.last_seq == offset + len(text.posts)
    room.refresh_from_db()
    assert (room.thread_count, room.post_count, room.last_thread) == (1, len(text.posts), played)


def play(text: ThreadText, loaded: Thread, room: Room) -> Thread:
    """Post a thread with the services, at the same moments."""
    made: list[Post] = []
    thread = None
    for told, row in zip(text.posts, loaded.posts.order_by("no"), strict=True):
        source = row.source
        if told.is_edited:
            source = PostVersion.objects.get(post=row).source
            assert text_before(told).split("\n")[0] in source
        if thread is None:
            thread = services.start_thread(
                room,
                author=row.author,
                kind=text.kind,
                title=text.title,
                text=source,
                tags=loaded.tags.all(),
                at=row.written_at,
            )
            made.append(thread.posts.get())
        else:
            answered = made[told.reply_to - 1] if told.reply_to is not None else None
            made.append(
                services.post_reply(thread, author=row.author, text=source, reply_to=answered, at=row.written_at)
            )
        for reaction in row.reactions.order_by("pk"):
            services.react(made[-1], reader=reaction.user, kind=reaction.kind, at=reaction.at)
        if told.is_edited and row.edited_at is not None:
            made[-1].refresh_from_db()
            services.edit_post(made[-1], actor=row.author, text=row.source, version=1, at=row.edited_at)
    assert thread is not None
    if text.answer is not None:
        services.accept_answer(made[text.answer - 1], actor=loaded.starter, at=loaded.created_at)
    if text.is_pinned:
        services.pin_thread(thread, actor=loaded.starter, until=loaded.pinned_until, at=loaded.created_at)
    if text.closed and loaded.closed_by is not None and loaded.closed_at is not None:
        services.close_thread(thread, actor=loaded.closed_by, reason=text.closed, at=loaded.closed_at)
    return Thread.objects.get(pk=thread.pk)


def rows_of(thread: Thread) -> dict[str, Any]:
    """Return everything that is written about a thread, with numbers of posts instead of ids."""
    numbers = dict(thread.posts.values_list("pk", "no"))
    own = {"thread", "seq", "id", "client_token", "html", "reply_to"}
    names = [field.name for field in Post._meta.concrete_fields if field.name not in own]
    of_thread = {"id", "room", "answer", "last_seq", "bump_seq"}
    return {
        "thread": {
            field.name: getattr(thread, field.attname)
            for field in Thread._meta.concrete_fields
            if field.name not in of_thread
        },
        "answer": numbers.get(thread.answer_id),
        "tags": sorted(thread.tags.values_list("slug", flat=True)),
        "posts": list(thread.posts.order_by("no").values(*names)),
        "replies": {post.no: numbers.get(post.reply_to_id) for post in thread.posts.all()},
        "html": [
            re.sub(r"/posts/(\d+)/", lambda match: f"/№{numbers[int(match[1])]}/", post.html)
            for post in thread.posts.order_by("no")
        ],
        "mentions": sorted(Mention.objects.filter(post__thread=thread).values_list("post__no", "user", "why")),
        "reactions": sorted(Reaction.objects.filter(post__thread=thread).values_list("post__no", "user", "kind", "at")),
        "versions": sorted(
            PostVersion.objects.filter(post__thread=thread).values_list(
                "post__no", "version", "source", "replaced_at", "replaced_by"
            )
        ),
        "reads": sorted(
            ThreadRead.objects.filter(thread=thread).values_list(
                "user", "read_no", "level", "level_reason", "is_pin_dismissed"
            )
        ),
    }


# Twice, and from the beginning again


def test_loading_again_changes_nothing(loaded_at: dt.datetime) -> None:
    before = Post.objects.count(), Room.objects.count(), Clock.objects.get().seq

    assert not load_forum(read_forum(CONTENT), at=loaded_at)

    assert (Post.objects.count(), Room.objects.count(), Clock.objects.get().seq) == before


def test_reset_removes_the_forum_and_loading_brings_it_back(loaded_at: dt.datetime) -> None:
    files = read_demo()
    before = list(
        Post.objects.order_by("seq", "written_at").values_list("seq", "author__email", "source", "written_at")
    )

    remove_demo([person["email"] for person in files.people])

    for model in (Room, RoomRule, Thread, Post, Tag, Mention, Reaction, PostVersion, ThreadRead, ClockDay):
        assert not model.objects.exists()
    assert Clock.objects.get().seq == 0
    load_membership(files, at=loaded_at)
    assert load_forum(files.forum, at=loaded_at)
    assert (
        list(Post.objects.order_by("seq", "written_at").values_list("seq", "author__email", "source", "written_at"))
        == before
    )


def test_reset_is_refused_where_others_wrote() -> None:
    post = Post.objects.public().earliest("seq")
    stranger, other = (UserFactory(email=f"{name}@league.example") for name in ("writer", "reader"))
    thread = Thread.objects.filter(closed_at__isnull=True).earliest("pk")
    Room.objects.update(holds_first_posts=False)
    reply(thread, author=stranger)
    services.react(post, reader=other, kind="useful", at=thread.created_at)

    with pytest.raises(StrangersWriteHere) as refusal:
        remove_demo([])

    assert refusal.value.count == 2
    assert Thread.objects.filter(pk=thread.pk).exists()
