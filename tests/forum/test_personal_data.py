"""A copy holds what a person wrote; erasing takes what was the person's alone, and the name; merging moves the rest."""

import datetime as dt

import pytest
from django.utils import timezone, translation
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from forum import services
from forum.choices import Level, PostState, ReactionKind, Right, ThreadState, Why
from forum.models import (
    Draft,
    Ignored,
    Mention,
    Post,
    PostVersion,
    Reaction,
    ReaderMark,
    Room,
    RoomMark,
    RoomSeat,
    Thread,
    ThreadRead,
)
from members.models import league_day
from members.registry.personal_data import all_exports
from members.services.personal_data import erase_person
from tests.factories.duplicates import merge
from tests.factories.forum import RoomFactory, grant, member, moderator, reply, start

pytestmark = pytest.mark.django_db


def now() -> dt.datetime:
    return timezone.now()


def copied(person: User) -> dict[str, list[dict[str, tuple[object, str]]]]:
    """Return the forum's tables of a person's copy: each cell as machines and as people read it."""
    with translation.override("en"):
        return {
            export.name: [
                {name: (cell.value, cell.shown) for name, cell in row.items()} for row in export.collect(person).rows()
            ]
            for export in all_exports()
            if export.name.startswith("forum.")
        }


def busy_member(thread: Thread) -> User:
    """A member with a row of everything that the forum holds about people."""
    person = member()
    own = start(thread.room, author=person, title="Свой вопрос")
    post = reply(thread, author=person, text="Первый текст")
    services.edit_post(post, actor=person, text="Второй текст", version=1, at=now())
    reply(thread, text=f"Согласен с @{person.membership.number}")
    services.save_draft(author=person, scope=f"thread:{thread.pk}", text="Не отправлено", revision=0, at=now())
    services.react(Post.objects.get(thread=thread, no=1), reader=person, kind=ReactionKind.USEFUL, at=now())
    services.set_room_level(thread.room, reader=person, level=Level.TRACKING)
    services.mark_all_read(reader=person, up_to=1)
    RoomSeat.objects.create(room=thread.room, user=person)
    opening = Post.objects.get(thread=thread, no=1)
    services.ban_author(
        post,
        everywhere=False,
        until=league_day(),
        reason="other",
        text="Спор",
        actor=moderator(thread.room),
        at=now(),
    )
    services.ignore_person(opening.author, reader=person, at=now())
    services.report_post(opening, reporter=person, reason="other", text="Проверьте", at=now())
    services.warn_author(post, actor=moderator(thread.room), text="Без имён", at=now())
    assert own.starter == person
    return person


# The copy


def test_copy_holds_everything_of_the_person_and_nothing_of_others() -> None:
    thread = start(title="Срок задержания", text="Чужие слова")
    person = busy_member(thread)

    tables = copied(person)

    assert {name.removeprefix("forum."): len(rows) for name, rows in tables.items() if rows} == {
        "threads": 1,
        "posts": 2,
        "versions": 1,
        "drafts": 1,
        "reactions": 1,
        "mentions": 1,
        "reading": 2,
        "marks": 1,
        "mark": 1,
        "seats": 1,
        "reports": 1,
        "warnings": 1,
        "bans": 1,
        "ignored": 1,
    }
    texts = [row["source"][0] for row in tables["forum.posts"]]
    assert texts == ["С какого часа считать срок?", "Второй текст"]
    assert tables["forum.posts"][1]["thread_id"] == (thread.pk, "Срок задержания")
    assert tables["forum.versions"][0]["source"][0] == "Первый текст"
    assert tables["forum.drafts"][0]["source"][0] == "Не отправлено"
    assert tables["forum.reactions"][0]["kind"] == ("useful", "Useful")
    assert tables["forum.marks"][0]["level"][0] == Level.TRACKING
    assert tables["forum.seats"][0]["room_id"] == (thread.room_id, Room.objects.get().name_en)
    assert "Чужие слова" not in str(tables)
    assert "Согласен" not in str(tables)


def test_copy_names_no_thread_that_the_person_may_not_read() -> None:
    thread = start()
    person = member()
    post = reply(thread, author=person)
    closed_room = RoomFactory(rules=False, name_en="Ethics, closed")
    closed = start(closed_room, title="Тайна разбирательства")
    services.merge_threads(thread, target=closed, actor=moderator(closed_room), at=now())

    tables = copied(person)

    post.refresh_from_db()
    assert post.thread_id == closed.pk
    assert tables["forum.posts"][0]["thread_id"] == (closed.pk, str(closed.pk))
    assert "Тайна" not in str(tables)
    assert "Ethics" not in str(tables)


@pytest.mark.parametrize("count", [1, 3])
def test_copy_costs_the_same_for_any_number_of_rows(
    count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    person, room = member(), RoomFactory()
    for _number in range(count):
        start(room, author=person)
        reply(start(RoomFactory()), author=person)

    with django_assert_num_queries(31):
        copied(person)


# Erasure


def test_erasure_takes_what_is_the_persons_alone_and_leaves_what_all_read() -> None:
    thread = start(title="Срок задержания")
    person = busy_member(thread)
    stays = [(post.pk, post.no, post.seq, post.source) for post in Post.objects.order_by("pk")]
    before = list(Room.objects.values()) + list(Thread.objects.order_by("pk").values())

    erase_person(person, actor=person, at=now())

    for model in (Draft, Ignored, Reaction, RoomMark, ReaderMark, ThreadRead, RoomSeat, Mention):
        assert not model._default_manager.filter(user=person).exists(), model
    assert [(post.pk, post.no, post.seq, post.source) for post in Post.objects.order_by("pk")] == stays
    assert list(Room.objects.values()) + list(Thread.objects.order_by("pk").values()) == before
    assert set(Post.objects.filter(author=person).values_list("author__name_latin", flat=True)) == {"Former member"}


def test_erasure_takes_the_name_out_of_everybodys_posts() -> None:
    room = RoomFactory()
    person = member(user__name_native="Айгуль Нурпеисова")
    friend = member(user__name_native="Данияр О'Нил")
    thread = start(room, author=person)
    numbers = (person.membership.number, friend.membership.number)
    text = "> №1\n> С какого часа?\n\n@{} и @{}, смотрите https://example.org/@KZ-1".format(*numbers)
    post = reply(thread, text=text)
    own = reply(thread, author=person, text=f"Я — @{numbers[0]}")
    assert "Нурпеисова" in post.html
    assert "Нурпеисова" in own.html

    erase_person(person, actor=person, at=now())

    old, own_old = post.html, own.html
    post.refresh_from_db()
    own.refresh_from_db()
    assert post.html == old.replace('<b class="mention">@Айгуль Нурпеисова</b>', f"@{numbers[0]}")
    assert "О&#x27;Нил</b>" in post.html
    assert f'href="{Post.objects.get(thread=thread, no=1).get_absolute_url()}"' in post.html
    assert own.html == own_old.replace('<b class="mention">@Айгуль Нурпеисова</b>', f"@{numbers[0]}")
    assert Mention.objects.filter(post=post, user=friend, why=Why.MENTION).exists()


def test_erasure_deletes_what_was_never_public_and_words_that_were_taken_back() -> None:
    room = RoomFactory(holds_first_posts=True)
    grant(room, Right.START)
    person = member()
    held = start(room, author=person)
    open_thread = start(RoomFactory())
    waiting = Post.objects.create(
        thread=open_thread, author=person, source="Ждёт", html="<p>Ждёт</p>", written_at=now()
    )
    taken_back = reply(open_thread, author=person, text="Первое")
    services.edit_post(taken_back, actor=person, text="Второе", version=1, at=now())
    services.delete_post(taken_back, actor=person, at=now())
    assert held.state == ThreadState.HELD

    erase_person(person, actor=person, at=now())

    assert not Thread.objects.filter(pk=held.pk).exists()
    assert not Post.objects.filter(pk=waiting.pk).exists()
    taken_back.refresh_from_db()
    assert (taken_back.state, taken_back.no, taken_back.source, taken_back.html) == (PostState.DELETED, 2, "", "")
    assert not PostVersion.objects.exists()


# Merging two accounts


def test_merge_moves_what_was_written_and_read() -> None:
    thread = start()
    merged, survivor = busy_member(thread), member()
    written = set(Post.objects.filter(author=merged).values_list("pk", flat=True))

    merge(survivor, merged)

    assert set(Post.objects.filter(author=survivor).values_list("pk", flat=True)) == written
    assert Thread.objects.filter(starter=survivor).count() == 1
    assert PostVersion.objects.filter(replaced_by=survivor).count() == 1
    for model in (Draft, Reaction, RoomMark, ThreadRead, RoomSeat, Mention):
        assert model._default_manager.filter(user=survivor).exists(), model
        assert not model._default_manager.filter(user=merged).exists(), model
    assert ReaderMark.objects.get().user == merged


def test_merge_leaves_rows_that_both_have() -> None:
    thread = start()
    merged, survivor = member(), member()
    for person in (merged, survivor):
        services.mark_read(thread, reader=person, up_to=1)
        services.react(Post.objects.get(), reader=person, kind=ReactionKind.THANKS, at=now())
    services.react(Post.objects.get(), reader=merged, kind=ReactionKind.AGREE, at=now())

    merge(survivor, merged)

    assert ThreadRead.objects.filter(thread=thread, user=survivor).count() == 1
    assert set(Reaction.objects.filter(user=survivor).values_list("kind", flat=True)) == {"thanks", "agree"}
    assert Reaction.objects.filter(user=merged).count() == 1


def test_erasing_a_merged_person_takes_both_names_out() -> None:
    merged, survivor = member(user__name_native="Старое Имя"), member(user__name_native="Новое Имя")
    post = reply(start(), text=f"@{merged.membership.number} и @{survivor.membership.number}")
    merge(survivor, merged)

    erase_person(User.objects.get(pk=survivor.pk), actor=None, at=now())

    post.refresh_from_db()
    assert post.html == f"<p>{post.source}</p>"
