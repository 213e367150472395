"""Several people at the same moment: numbers stay dense, nothing is lost or doubled, and unread stays true."""

import multiprocessing
import random

import pytest
from django.db import connections, transaction
from django.utils import timezone

from accounts.models import User
from forum import services
from forum.choices import PostState
from forum.models import Clock, Post, Room, Thread
from forum.services import PostRefused, recount_room, recount_thread
from tests.courses.threads import run_together
from tests.factories.forum import RoomFactory, member, reply, start
from tests.forum.oracle import oracle_of_rows, unread_by_pages

pytestmark = pytest.mark.usefixtures("committed")
ROUNDS = 100


def state_of(thread: Thread) -> dict[str, object]:
    columns = ("last_no", "last_public_no", "visible_count", "last_seq", "bump_seq", "last_by")
    return Thread.objects.values(*columns).get(pk=thread.pk)


def counters_are_true() -> bool:
    """Whether counting anew changes nothing."""
    threads, rooms = list(Thread.objects.order_by("pk").values()), list(Room.objects.order_by("pk").values())
    with transaction.atomic():
        for thread in Thread.objects.all():
            recount_thread(thread)
        for room in Room.objects.all():
            recount_room(room.pk)
    counted = list(Thread.objects.order_by("pk").values()), list(Room.objects.order_by("pk").values())
    return (threads, rooms) == counted


def test_two_replies_at_once_a_hundred_times_from_two_processes() -> None:
    thread, authors = start(), [member(), member()]
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(2)
    connections.close_all()

    def write(number: int) -> None:
        connections.close_all()
        for turn in range(ROUNDS):
            barrier.wait(timeout=60)
            reply(thread, author=authors[number], text=f"{number}: {turn}")
        connections.close_all()

    workers = [context.Process(target=write, args=(number,)) for number in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=300)

    assert [worker.exitcode for worker in workers] == [0, 0]
    posts = list(Post.objects.filter(thread=thread).order_by("no"))
    assert [post.no for post in posts] == list(range(1, 2 * ROUNDS + 2))
    written = sorted(f"{number}: {turn}" for number in range(2) for turn in range(ROUNDS))
    assert sorted(post.source for post in posts[1:]) == written
    assert [post.seq for post in posts] == sorted({post.seq for post in posts})
    assert state_of(thread)["visible_count"] == 2 * ROUNDS + 1
    assert counters_are_true()


def test_the_same_form_sent_twice_at_once_is_one_post() -> None:
    thread, author = start(), member()

    results = run_together(4, lambda _number: reply(thread, author=author, token="one"))

    assert len({result.pk for result in results if isinstance(result, Post)}) == 1
    assert Post.objects.filter(author=author).count() == 1


def test_four_writers_at_once_leave_what_an_oracle_counts() -> None:
    rooms = [RoomFactory(holds_first_posts=number == 2) for number in range(3)]
    people = [member() for _number in range(4)]
    for number, person in enumerate(people):
        start(rooms[number % 2], author=person, replies=2)

    results = run_together(4, lambda number: _write_much(number, people, rooms))

    assert not [result for result in results if isinstance(result, Exception)]
    seqs = list(Post.objects.filter(seq__isnull=False).values_list("seq", flat=True))
    assert len(seqs) == len(set(seqs))
    assert max(seqs) <= Clock.objects.get().seq
    assert counters_are_true()
    oracle = oracle_of_rows(people)
    for person in people:
        assert unread_by_pages(person) == oracle.unread(person.pk)


def _write_much(number: int, people: list[User], rooms: list[Room]) -> int:
    """Do forty things of all kinds in an order of one’s own."""
    dice = random.Random(number)
    me, done = people[number], 0
    for _turn in range(40):
        threads = list(Thread.objects.live().order_by("pk"))
        thread, other = dice.choice(threads), dice.choice(threads)
        posts = list(Post.objects.filter(thread=thread, state=PostState.PUBLIC))
        act = dice.randrange(10)
        try:
            if act <= 3:
                reply(thread, author=me)
            elif act == 4:
                start(dice.choice(rooms), author=me)
            elif act == 5 and posts:
                services.hide_post(dice.choice(posts), actor=me, reason="Имя", at=timezone.now())
            elif act == 6 and thread != other:
                services.merge_threads(thread, target=other, actor=me, at=timezone.now())
            elif act == 7:
                services.move_thread(thread, room=dice.choice(rooms), actor=me, at=timezone.now())
            elif act == 8:
                services.mark_read(thread, reader=me, up_to=dice.randrange(1, 9))
            else:
                room = dice.choice(rooms)
                services.mark_room_read(room, reader=me, up_to=Room.objects.get(pk=room.pk).last_seq)
            done += 1
        except PostRefused:
            continue  # it was merged or closed by another one meanwhile
    return done
