"""A reader folds somebody's posts: on pages, in what is told, on a list of the reader's own."""

import datetime as dt

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from audit.models import AuditEvent
from forum import services
from forum.choices import Level
from forum.models import Ignored, Post, Room, Thread
from forum.notifications import load_own_posts, load_posts, unread_among, watchers
from members.services.personal_data import erase_person
from tests.factories.duplicates import merge
from tests.factories.forum import RoomFactory, member, moderator, reply, start

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

LIST = "/en/forum/ignored/"


@pytest.fixture
def room() -> Room:
    return RoomFactory(slug="jury")


@pytest.fixture
def thread(room: Room) -> Thread:
    return start(room)


@pytest.fixture
def reader(client: Client) -> User:
    user = member()
    client.force_login(user)
    return user


def now() -> dt.datetime:
    return timezone.now()


def ignore(person: User, reader: User) -> Ignored:
    return services.ignore_person(person, reader=reader, at=now())


def page_of(thread: Thread, client: Client) -> BeautifulSoup:
    return BeautifulSoup(client.get(f"/en/forum/threads/{thread.pk}/").text, "html.parser")


def url(post: Post) -> str:
    return f"/en/forum/posts/{post.pk}/ignore/"


# What is told


def test_reader_is_told_nothing_of_whom_he_ignores(thread: Thread) -> None:
    loud, reader, other = member(), member(), member()
    for one in (reader, other):
        services.set_level(thread, reader=one, level=Level.WATCHING)
    ignore(loud, reader)
    post = reply(thread, author=loud, text=f"@{reader.membership.number}, вы неправы")

    assert load_posts(reader, [str(post.pk)]) == {}
    assert unread_among(str(post.pk), [reader, other]) == {other.pk}
    assert {one.pk for one in watchers(str(post.pk))} & {reader.pk, other.pk} == {other.pk}
    assert reader not in watchers(str(reply(thread, author=loud).pk))
    answered = reply(thread, author=other, text=f"@{reader.membership.number}, а вы?")
    assert set(load_posts(reader, [str(answered.pk)])) == {str(answered.pk)}
    assert unread_among(str(answered.pk), [reader]) == {reader.pk}


def test_moderators_are_not_silenced(room: Room, thread: Thread) -> None:
    judge, author = moderator(room), member()
    ignore(judge, author)
    post = reply(thread, author=author)

    services.hide_post(post, actor=judge, reason="Имена", at=now())

    assert set(load_own_posts(author, [str(post.pk)])) == {str(post.pk)}


def test_unread_numbers_stay_as_they_are(thread: Thread, reader: User, client: Client) -> None:
    loud = member()
    reply(thread, author=loud)
    before = client.get(thread.get_absolute_url()).context["new_here"]
    ignore(loud, reader)
    assert client.get(thread.get_absolute_url()).context["new_here"] == before == 2


# Services


def test_ignoring_twice_is_once_and_oneself_never() -> None:
    reader, loud = member(), member()
    assert ignore(loud, reader) == ignore(loud, reader)
    with pytest.raises(services.PostRefused, match="Your own posts"):
        ignore(reader, reader)
    assert Ignored.objects.count() == 1
    assert not AuditEvent.objects.filter(action__startswith="forum.").exists()

    services.stop_ignoring(Ignored.objects.get())
    assert not Ignored.objects.exists()


# Pages


def test_posts_are_folded_for_the_reader_alone(thread: Thread, reader: User, client: Client) -> None:
    loud = member()
    post = reply(thread, author=loud, text="Громкое слово")
    assert not page_of(thread, client).select("details article.post")

    ignore(loud, reader)

    page = page_of(thread, client)
    (fold,) = page.select("details:has(article.post)")
    assert "open" not in fold.attrs
    assert fold.select_one(f"#post-{post.pk}") is not None
    assert "Громкое слово" in fold.text
    assert page.select_one("#unread") is not None
    assert not page.select("details #unread")
    client.force_login(loud)
    assert not page_of(thread, client).select("details article.post")
    client.force_login(member())
    assert not page_of(thread, client).select("details article.post")


def test_reader_folds_below_a_post_and_changes_it_on_the_list(thread: Thread, reader: User, client: Client) -> None:
    loud = member()
    post = reply(thread, author=loud)
    assert page_of(thread, client).select(f'form[action="{url(post)}"]')

    assert client.get(url(post)).status_code == 405
    assert client.post(url(post))["Location"] == LIST
    row = Ignored.objects.get()
    assert (row.user, row.ignored) == (reader, loud)
    assert loud.name_native in client.get(LIST).text
    assert not page_of(thread, client).select(f'form[action="{url(post)}"]')

    remove = f"{LIST}{row.pk}/remove/"
    assert client.get(remove).status_code == 405
    client.force_login(loud)
    assert client.post(remove).status_code == 404
    assert loud.name_native not in BeautifulSoup(client.get(LIST).text, "html.parser").select_one("main").text  # type: ignore[union-attr]
    client.force_login(reader)
    assert client.post(remove)["Location"] == LIST
    assert not Ignored.objects.exists()


def test_ignoring_is_for_readers_of_the_room(thread: Thread, room: Room, client: Client) -> None:
    post = reply(thread)
    assert client.post(url(post)).status_code == 302  # to sign in
    assert client.get(LIST).status_code == 302
    client.force_login(post.author)
    assert client.post(url(post)).status_code == 403
    client.force_login(member())
    room.rules.all().delete()
    assert client.post(url(post)).status_code == 404
    assert not Ignored.objects.exists()


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_the_list(
    count: int, reader: User, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(count):
        ignore(member(), reader)
    client.get(LIST)

    with django_assert_num_queries(4):  # session, person, number, people
        client.get(LIST)


# A person's data


def test_erasure_and_merging(thread: Thread) -> None:
    loud, reader = member(), member()
    ignore(loud, reader)
    ignore(reader, loud)
    erase_person(loud, actor=loud, at=now())
    assert not Ignored.objects.exists()

    quiet, kept, gone = member(), member(), member()
    ignore(quiet, gone)
    ignore(gone, quiet)
    ignore(gone, kept)
    merge(kept, gone)
    assert {(row.user, row.ignored) for row in Ignored.objects.exclude(user=kept, ignored=kept)} == {
        (kept, quiet),
        (quiet, kept),
    }
