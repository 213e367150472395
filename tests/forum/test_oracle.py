"""Unread state against an oracle that counts post by post, whatever is done in whatever order (hypothesis)."""

from contextlib import suppress

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from forum import services
from forum.choices import PostState, ThreadState
from forum.models import Post, Room, Thread
from forum.services import PostRefused
from tests.factories.forum import RoomFactory, member, reply, start
from tests.forum.oracle import Oracle, unread_by_pages

pytestmark = pytest.mark.django_db
WHICH = st.integers(min_value=0, max_value=1000)


class ForumMachine(RuleBasedStateMachine):
    """Three readers, three rooms (the last holds the first posts of newcomers), and everything that can be done."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.rooms = [RoomFactory(holds_first_posts=number == 2) for number in range(3)]
        self.readers = [member() for _number in range(3)]
        self.oracle = Oracle()
        for reader in self.readers:  # whoever has published once waits no more
            self._started(start(self.rooms[0], author=reader))

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    def _started(self, thread: Thread) -> None:
        self.oracle.rooms[thread.pk] = thread.room_id
        self.oracle.publish(thread.posts.get().pk, thread.pk, thread.starter_id)

    def _live(self, which: int) -> Thread:
        threads = Thread.objects.live().order_by("pk")
        return threads[which % len(threads)]

    def _post(self, which: int, *states: PostState) -> Post | None:
        posts = Post.objects.filter(state__in=states, thread__state__in=[ThreadState.LIVE, ThreadState.HELD])
        found = list(posts.order_by("pk"))
        return found[which % len(found)] if found else None

    @rule(reader=WHICH, room=st.integers(0, 2))
    def begin(self, reader: int, room: int) -> None:
        self._started(start(self.rooms[room], author=self.readers[reader % 3]))

    @rule(reader=WHICH, thread=WHICH)
    def answer(self, reader: int, thread: int) -> None:
        author, where = self.readers[reader % 3], self._live(thread)
        self.oracle.publish(reply(where, author=author).pk, where.pk, author.pk)

    @rule(thread=WHICH, is_new=st.booleans())
    def hold(self, thread: int, is_new: bool) -> None:
        newcomer, room = member(), self.rooms[2]
        inside = Thread.objects.live().filter(room=room).first()
        if is_new or inside is None:
            assert start(room, author=newcomer).state == ThreadState.HELD
        else:
            assert reply(inside, author=newcomer).state == PostState.HELD

    @rule(which=WHICH)
    def approve(self, which: int) -> None:
        if (post := self._post(which, PostState.HELD)) is not None:
            services.approve_post(post, actor=self.readers[0], at=timezone.now())
            self.oracle.rooms[post.thread_id] = post.thread.room_id
            self.oracle.publish(post.pk, post.thread_id)

    @rule(which=WHICH)
    def refuse(self, which: int) -> None:
        if (post := self._post(which, PostState.HELD)) is not None:
            services.refuse_post(post, actor=self.readers[0], reason="Нет", at=timezone.now())

    @rule(which=WHICH, deletes=st.booleans())
    def withdraw(self, which: int, deletes: bool) -> None:
        if (post := self._post(which, PostState.PUBLIC)) is not None:
            if deletes:
                services.delete_post(post, actor=post.author, at=timezone.now())
            else:
                services.hide_post(post, actor=self.readers[0], reason="Имя", at=timezone.now())
            self.oracle.posts[post.pk].is_public = False

    @rule(which=WHICH)
    def restore(self, which: int) -> None:
        if (post := self._post(which, PostState.HIDDEN)) is not None:
            services.restore_post(post, actor=self.readers[0], at=timezone.now())
            self.oracle.posts[post.pk].is_public = True

    @rule(source=WHICH, into=WHICH)
    def merge(self, source: int, into: int) -> None:
        gone, kept = self._live(source), self._live(into)
        numbered = list(Post.objects.filter(thread=gone, no__isnull=False).order_by("no"))
        with suppress(PostRefused):
            services.merge_threads(gone, target=kept, actor=self.readers[0], at=timezone.now())
            del self.oracle.rooms[gone.pk]
            self._published_anew(numbered, kept)

    @rule(thread=WHICH, which=st.lists(WHICH, min_size=1, max_size=3))
    def split(self, thread: int, which: list[int]) -> None:
        whole = self._live(thread)
        replies = list(whole.posts.public().filter(no__gt=1).order_by("no"))
        chosen = sorted({number % len(replies) for number in which}) if replies else []
        posts = [replies[number] for number in chosen]
        if not posts:
            return
        made = services.split_thread(
            whole, post_ids=[post.pk for post in posts], title="Другое", actor=self.readers[0], at=timezone.now()
        )
        self.oracle.rooms[made.pk] = made.room_id
        self._published_anew(posts, made)

    def _published_anew(self, posts: list[Post], thread: Thread) -> None:
        for post in posts:
            was_public = self.oracle.posts[post.pk].is_public
            self.oracle.publish(post.pk, thread.pk)
            self.oracle.posts[post.pk].is_public = was_public

    @rule(thread=WHICH, room=st.integers(0, 2))
    def move(self, thread: int, room: int) -> None:
        moved = services.move_thread(
            self._live(thread), room=self.rooms[room], actor=self.readers[0], at=timezone.now()
        )
        self.oracle.rooms[moved.pk] = self.rooms[room].pk

    @rule(reader=WHICH, thread=WHICH, up_to=st.integers(0, 12))
    def read(self, reader: int, thread: int, up_to: int) -> None:
        person, where = self.readers[reader % 3], self._live(thread)
        services.mark_read(where, reader=person, up_to=up_to)
        self.oracle.see(person.pk, where.pk, up_to)

    @precondition(lambda self: self.oracle.clock)
    @rule(reader=WHICH, room=st.integers(0, 2), back=st.integers(0, 3))
    def mark_room(self, reader: int, room: int, back: int) -> None:
        """Mark a room by a page that was rendered some publications ago."""
        person, where = self.readers[reader % 3], Room.objects.get(pk=self.rooms[room].pk)
        shown = max(0, where.last_seq - back)
        services.mark_room_read(where, reader=person, up_to=shown)
        key = (person.pk, where.pk)
        self.oracle.room_marks[key] = max(self.oracle.room_marks.get(key, 0), shown)

    @rule(reader=WHICH, back=st.integers(0, 5))
    def mark_all(self, reader: int, back: int) -> None:
        person, shown = self.readers[reader % 3], max(0, self.oracle.clock - back)
        services.mark_all_read(reader=person, up_to=shown)
        self.oracle.marks[person.pk] = max(self.oracle.marks.get(person.pk, 0), shown)

    @invariant()
    def unread_is_what_the_oracle_counts(self) -> None:
        for reader in self.readers:
            assert unread_by_pages(reader) == self.oracle.unread(reader.pk)

    @invariant()
    def counters_are_true(self) -> None:
        for thread in Thread.objects.live():
            public = list(thread.posts.public().order_by("no"))
            assert thread.visible_count == len(public)
            assert (thread.last_public_no, thread.last_seq) == ((public[-1].no, public[-1].seq) if public else (0, 0))
            assert thread.last_no == self.oracle.given[thread.pk]
        for room in Room.objects.all():
            live = Thread.objects.live().filter(room=room)
            assert room.thread_count == len(live)
            assert room.post_count == Post.objects.public().filter(thread__in=live).count()
            assert room.last_seq == max((thread.last_seq for thread in live), default=0)


def test_unread_is_what_an_oracle_counts() -> None:
    run_state_machine_as_test(
        ForumMachine,
        settings=settings(
            max_examples=15,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
