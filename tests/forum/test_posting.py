"""What writing does: numbers, counters, marks, who is told, and what is refused."""

import re

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from audit.models import AuditEvent
from forum import services
from forum.choices import Audience, Level, LevelReason, PostState, Right, ThreadKind, ThreadState, Why
from forum.models import Draft, Mention, Post, PostRedirect, PostVersion, Room, Thread, ThreadRead, readers_of
from forum.rules.text import MOST_CHARACTERS, References, excerpt, parse, quote, to_html
from forum.services import PostRefused
from members.models import league_day
from notifications.models import Event
from tests.factories.accounts import UserFactory
from tests.factories.forum import RoomFactory, grant, member, moderator, reply, start
from tests.factories.members import ChapterFactory, OfficeTermFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


def fresh(row: Thread | Post | Room) -> Thread:
    return type(row).objects.get(pk=row.pk)


def kinds() -> list[tuple[str, list[int] | None]]:
    return list(Event.objects.filter(kind__startswith="forum.").order_by("pk").values_list("kind", "recipients"))


def test_start_thread_gives_the_first_number_and_moves_the_counters() -> None:
    room, author = RoomFactory(), member()

    thread = start(room, author=author)

    post = thread.posts.get()
    assert (post.no, post.state, post.author) == (1, PostState.PUBLIC, author)
    assert (thread.last_no, thread.last_public_no, thread.visible_count, thread.last_by) == (1, 1, 1, author)
    assert thread.last_seq == thread.bump_seq == post.seq > 0
    room = fresh(room)
    assert (room.thread_count, room.post_count, room.last_seq, room.last_thread) == (1, 1, post.seq, thread)
    read = ThreadRead.objects.get(user=author)
    assert (read.read_no, read.level, read.level_reason) == (1, Level.WATCHING, LevelReason.STARTED)
    assert kinds() == [("forum.new_thread", None)]


def test_post_reply_follows_and_tells_each_person_once_for_the_strongest_reason() -> None:
    thread = start(replies=0)
    first = reply(thread, author=(quoted := member()), text="Срок идёт с момента задержания.")
    third, author = member(), member()
    Event.objects.all().delete()

    post = reply(
        thread,
        author=author,
        reply_to=thread.posts.get(no=1),
        text=f"> №{first.no}\n> Срок идёт с момента задержания.\n\nСогласен, @{third.membership.number}, вам виднее.",
    )

    assert dict(post.mentions.values_list("user", "why")) == {
        quoted.pk: Why.QUOTE, third.pk: Why.MENTION, thread.starter_id: Why.REPLY,
    }  # fmt: skip
    assert kinds() == [
        ("forum.mention", [third.pk]),
        ("forum.reply", [thread.starter_id]),
        ("forum.quote", [quoted.pk]),
        ("forum.watched", None),
    ]
    assert f'href="/forum/posts/{first.pk}/"' in post.html
    assert third.name_native in post.html
    assert ThreadRead.objects.get(user=author).level == Level.TRACKING


def test_only_readers_of_the_room_can_be_mentioned() -> None:
    kz, kg = ChapterFactory(), ChapterFactory(country="KG")
    room = RoomFactory(rules=False)
    grant(room, Right.START, Audience.CHAPTER, chapter=kz)
    outsider = member(chapter=kg)

    thread = start(room, author=member(chapter=kz), text=f"Спросим @{outsider.membership.number}.")

    assert not Mention.objects.exists()
    assert outsider.name_native not in thread.posts.get().html


def test_the_same_token_posts_once() -> None:
    thread, author = start(), member()

    first, second = (reply(thread, author=author, token="a") for _n in range(2))

    assert first == second
    assert fresh(thread).last_no == 2


def test_first_post_of_a_new_member_waits_without_a_number_and_tells_the_moderators() -> None:
    room = RoomFactory(holds_first_posts=True)
    guard = moderator(room)
    thread = start(room)

    assert thread.state == ThreadState.HELD
    post = thread.posts.get()
    assert (post.no, post.seq, post.state) == (None, None, PostState.HELD)
    assert fresh(room).thread_count == 0
    assert kinds() == [("forum.held", None)]

    services.approve_post(post, actor=guard, at=timezone.now())
    services.approve_post(post, actor=guard, at=timezone.now())

    thread = fresh(thread)
    assert (thread.state, thread.last_no, fresh(room).thread_count) == (ThreadState.LIVE, 1, 1)
    assert [kind for kind, _people in kinds()] == ["forum.held", "forum.new_thread", "forum.moderation"]
    assert AuditEvent.objects.filter(action="forum.post_approve").count() == 1
    assert start(room, author=thread.starter).state == ThreadState.LIVE


def test_refused_post_stays_with_its_author_and_is_told_why() -> None:
    room = RoomFactory(holds_first_posts=True)
    guard = moderator(room)
    post = start(room).posts.get()

    with pytest.raises(PostRefused, match="reason"):
        services.refuse_post(post, actor=guard, reason=" ", at=timezone.now())
    services.refuse_post(post, actor=guard, reason="Имена сторон", at=timezone.now())

    assert (fresh(post).state, fresh(post).reason) == (PostState.REFUSED, "Имена сторон")
    assert Post.objects.visible_to(post.author).get() == post
    assert AuditEvent.objects.get(action="forum.post_refuse").detail["reason"] == "Имена сторон"


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        ({"closed_at": timezone.now()}, "closed meanwhile"),
        ({"state": ThreadState.HIDDEN}, "not open any more"),
        ({"state": ThreadState.MOVED}, "merged into another"),
    ],
)
def test_reply_is_refused_where_the_thread_changed_meanwhile(spoil: dict[str, object], sentence: str) -> None:
    thread = start()
    Thread.objects.filter(pk=thread.pk).update(**spoil)

    with pytest.raises(PostRefused) as caught:
        reply(thread)

    assert sentence in caught.value.sentence
    assert fresh(thread).last_no == 1


@pytest.mark.parametrize(("text", "sentence"), [(" \u200b\n", "no text"), ("я" * (MOST_CHARACTERS + 1), "too long")])
def test_text_that_is_none_or_too_much(text: str, sentence: str) -> None:
    with pytest.raises(PostRefused) as caught:
        reply(start(), text=text)

    assert sentence in caught.value.sentence


def test_deleted_tail_leaves_a_tombstone_and_no_phantom() -> None:
    thread = start(replies=2)
    last = thread.posts.get(no=3)

    services.delete_post(last, actor=last.author, at=timezone.now())
    thread = fresh(thread)
    assert (thread.last_no, thread.last_public_no, thread.visible_count) == (3, 2, 2)
    assert thread.last_seq == thread.posts.get(no=2).seq
    assert thread.bump_seq == last.seq

    assert reply(thread).no == 4


def test_hidden_post_is_told_and_comes_back_under_its_number() -> None:
    room = RoomFactory()
    guard, thread = moderator(room), start(room, replies=1)
    post = thread.posts.get(no=2)

    with pytest.raises(PostRefused, match="reason"):
        services.hide_post(post, actor=guard, reason="", at=timezone.now())
    services.hide_post(post, actor=guard, reason="Названо имя", at=timezone.now())
    assert fresh(thread).last_public_no == 1
    services.restore_post(post, actor=guard, at=timezone.now())

    assert (fresh(post).state, fresh(thread).last_public_no) == (PostState.PUBLIC, 2)
    assert [kind for kind, _people in kinds()].count("forum.moderation") == 2


def test_edit_keeps_the_text_before_and_tells_whom_it_names_now() -> None:
    thread, third = start(), member()
    post = thread.posts.get()

    with pytest.raises(PostRefused, match="another window"):
        services.edit_post(post, actor=post.author, text="Иначе", version=7, at=timezone.now())
    services.edit_post(post, actor=post.author, text=f"Иначе, @{third.membership.number}", version=1, at=timezone.now())

    post = fresh(post)
    assert (post.version, post.versions.get().source) == (2, "С какого часа считать срок?")
    assert kinds()[-1] == ("forum.mention", [third.pk])


def test_earlier_versions_can_be_taken_away_for_good() -> None:
    thread = start()
    post = services.edit_post(thread.posts.get(), actor=thread.starter, text="Без имени", version=1, at=timezone.now())

    assert [services.forget_versions(post, actor=thread.starter, at=timezone.now()) for _n in range(2)] == [1, 0]

    assert not PostVersion.objects.exists()
    assert fresh(post).edited_at is not None
    assert AuditEvent.objects.get(action="forum.post_forget").detail == {"thread": thread.pk, "versions": 1}


def test_merge_publishes_anew_at_the_end_and_keeps_links_and_followers() -> None:
    room = RoomFactory()
    guard, source, target = moderator(room), start(room, replies=1), start(room, replies=1)
    follower = member()
    services.set_level(source, reader=follower, level=Level.WATCHING)
    moved = source.posts.get(no=2)

    services.merge_threads(source, target=target, actor=guard, at=timezone.now())

    source, target, moved = fresh(source), fresh(target), fresh(moved)
    assert (source.state, source.moved_to, source.visible_count) == (ThreadState.MOVED, target, 0)
    assert [post.no for post in target.posts.order_by("no")] == [1, 2, 3, 4]
    assert (moved.thread, moved.no) == (target, 4)
    assert target.last_seq == target.bump_seq == moved.seq
    assert PostRedirect.objects.get(thread=source, no=2).post == moved
    assert ThreadRead.objects.get(user=follower, thread=target).level == Level.WATCHING
    assert (fresh(room).thread_count, fresh(room).post_count) == (1, 4)


def test_split_begins_a_thread_with_replies_only() -> None:
    room = RoomFactory()
    guard, thread = moderator(room), start(room, replies=3)
    chosen = list(thread.posts.filter(no__in=[2, 4]))

    for ids in ([], [thread.posts.get(no=1).pk], [chosen[0].pk, 0]):
        with pytest.raises(PostRefused):
            services.split_thread(thread, post_ids=ids, title="Другое", actor=guard, at=timezone.now())
    made = services.split_thread(
        thread, post_ids=[post.pk for post in chosen], title="Другое", actor=guard, at=timezone.now()
    )

    assert [(post.pk, post.no) for post in made.posts.order_by("no")] == [(chosen[0].pk, 1), (chosen[1].pk, 2)]
    thread = fresh(thread)
    assert (thread.last_no, thread.last_public_no, thread.visible_count) == (4, 3, 2)
    assert sorted(PostRedirect.objects.filter(thread=thread).values_list("no", flat=True)) == [2, 4]


def test_move_keeps_numbers_and_recounts_both_rooms() -> None:
    here, there = RoomFactory(), RoomFactory()
    thread = start(here, replies=1)

    services.move_thread(thread, room=there, actor=moderator(here), at=timezone.now())

    assert fresh(thread).room == there
    assert [(row.thread_count, row.post_count) for row in (fresh(here), fresh(there))] == [(0, 0), (1, 2)]


def test_accepted_answer_is_a_reply_to_a_question_and_goes_with_its_post() -> None:
    thread = start(kind=ThreadKind.QUESTION, replies=0)
    answer = reply(thread)

    with pytest.raises(PostRefused):
        services.accept_answer(thread.posts.get(no=1), actor=thread.starter, at=timezone.now())
    services.accept_answer(answer, actor=thread.starter, at=timezone.now())
    assert fresh(thread).answer == answer
    assert kinds()[-1] == ("forum.accepted", [answer.author_id])
    services.delete_post(answer, actor=answer.author, at=timezone.now())

    assert fresh(thread).answer is None


def test_held_opening_that_its_author_takes_back_takes_its_thread_along() -> None:
    thread = start(RoomFactory(holds_first_posts=True))

    services.delete_post(thread.posts.get(), actor=thread.starter, at=timezone.now())

    assert (fresh(thread).state, fresh(thread.posts.get()).state) == (ThreadState.REFUSED, PostState.REFUSED)


def test_draft_that_another_window_saved_since_stays() -> None:
    thread, author = start(), member()
    for revision in range(2):
        services.save_draft(
            author=author, scope=f"thread:{thread.pk}", text=f"{revision}", revision=revision, at=timezone.now()
        )

    reply(thread, author=author, draft_revision=1)
    assert Draft.objects.get().source == "1"
    reply(thread, author=author, draft_revision=2)

    assert not Draft.objects.exists()


def test_merge_takes_unsent_replies_along() -> None:
    room, author = RoomFactory(), member()
    source, target = start(room), start(room)
    services.save_draft(author=author, scope=f"thread:{source.pk}", text="Раз", revision=0, at=timezone.now())

    services.merge_threads(source, target=target, actor=moderator(room), at=timezone.now())

    assert Draft.objects.get().scope == f"thread:{target.pk}"


def test_reaction_is_added_and_taken_back_and_never_ones_own() -> None:
    post, reader = start().posts.get(), member()

    assert [services.react(post, reader=reader, kind="useful", at=timezone.now()) for _n in range(3)] == [
        True, False, True,
    ]  # fmt: skip
    with pytest.raises(PostRefused):
        services.react(post, reader=post.author, kind="useful", at=timezone.now())


def test_reading_only_rises_and_writes_nothing_where_nothing_is_new() -> None:
    thread, reader = start(replies=3), member()

    marks = [services.mark_read(thread, reader=reader, up_to=number) for number in (0, 2, 2, 1, 99, 4)]

    assert marks == [False, True, False, False, True, False]
    assert ThreadRead.objects.get(user=reader).read_no == 4


def test_levels_that_people_chose_are_not_raised_by_what_they_do() -> None:
    thread, reader = start(), member()
    services.set_level(thread, reader=reader, level=Level.MUTED)

    reply(thread, author=reader)

    assert ThreadRead.objects.get(user=reader, thread=thread).level == Level.MUTED
    unread = Thread.objects.visible_to(reader).with_reading(reader, league_day()).unread()
    reply(thread)
    assert not unread.exists()


def test_draft_of_another_window_is_not_overwritten() -> None:
    author, now = member(), timezone.now()
    first = services.save_draft(author=author, scope="thread:1", text="Раз", revision=0, at=now)
    assert first is not None
    services.save_draft(author=author, scope="thread:1", text="Раз, два", revision=first.revision, at=now)

    with pytest.raises(services.DraftStale) as caught:
        services.save_draft(author=author, scope="thread:1", text="Иное", revision=first.revision, at=now)

    assert caught.value.current.source == "Раз, два"
    assert services.save_draft(author=author, scope="thread:1", text=" ", revision=2, at=now) is None
    assert not Draft.objects.exists()


def test_posting_takes_the_draft_away() -> None:
    thread, author = start(), member()
    services.save_draft(author=author, scope=f"thread:{thread.pk}", text="Раз", revision=0, at=timezone.now())

    reply(thread, author=author)

    assert not Draft.objects.exists()


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "javascript:alert(1)",
    'https://example.org/"onmouseover="alert(1)',
    "https://example.org/<script>",
    "**<b onclick=alert(1)>**",
    "> №1 <iframe src=//evil.example>",
    "- <a href='javascript:alert(1)'>x</a>",
    "@KZ-00001<script>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_words(text: str) -> None:
    html = to_html(parse(text), References(names={"KZ-00001": "<b>Имя</b>"}, posts={1: "/forum/posts/1/"}))

    for tag in ("<script", "<img", "<svg", "<iframe", "onclick=alert(1)>*", "<b>Имя"):
        assert tag not in html
    assert 'href="javascript' not in html


@given(st.text(max_size=300))
def test_html_of_any_text_has_our_tags_only(text: str) -> None:
    try:
        parsed = parse(text)
    except ValueError:
        return

    tags = set(re.findall(r"<\s*/?\s*([a-zA-Z!?][^\s>/]*)", to_html(parsed, References())))

    assert tags <= {"p", "br", "b", "ul", "li", "blockquote", "a"}


def test_text_becomes_paragraphs_quotations_lists_and_links() -> None:
    source = "Первый абзац\nвторая строка\n\n> №3\n> слова\n\n- раз\n- **два**\n\nСм. https://example.org/a?b=1."

    html = to_html(parse(source), References(posts={3: "/forum/posts/9/"}))

    assert html.split("\n") == [
        "<p>Первый абзац<br>вторая строка</p>",
        '<blockquote><p><a href="/forum/posts/9/">№3</a></p><p>слова</p></blockquote>',
        "<ul><li>раз</li><li><b>два</b></li></ul>",
        '<p>См. <a href="https://example.org/a?b=1" rel="nofollow noopener noreferrer">https://example.org/a?b=1</a>.</p>',
    ]
    assert quote("Слова\n\n> чужое\n\nещё", 4) == "> №4\n> Слова\n>\n>\n> ещё\n\n"
    assert excerpt("> чужое\n\n**Свои** слова, и ещё", 12) == "Свои слова,…"


def test_who_may_read_is_the_same_asked_from_both_sides() -> None:
    """`met_by` for one person and `readers_of` for many spell one rule."""
    kz, kg = ChapterFactory(), ChapterFactory(country="KG")
    rooms = [RoomFactory(rules=False) for _n in range(6)]
    grant(rooms[0], Right.READ)
    grant(rooms[1], Right.START, Audience.CHAPTER, chapter=kz)
    grant(rooms[2], Right.MODERATE, Audience.OFFICERS, chapter=kg)
    grant(rooms[3], Right.MODERATE, Audience.OFFICERS)
    grant(rooms[4], Right.SEE)
    people = [
        member(chapter=kz), member(chapter=kg), member(chapter=kg, paid=600), UserFactory(),
        UserFactory(is_superuser=True), moderator(rooms[5], chapter=kz),
        OfficeTermFactory(chapter=kg).user, OfficeTermFactory(chapter=None, role="registrar").user,
    ]  # fmt: skip

    for room in rooms:
        for right in Right:
            one_by_one = {user.pk for user in people if Room.objects.permitting(user, right).filter(pk=room.pk)}
            assert one_by_one == set(readers_of(room.pk, right).values_list("pk", flat=True)), (room, right)
    assert not Room.objects.permitting(people[4], Right.SEE).exists()
