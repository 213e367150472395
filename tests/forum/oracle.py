"""Unread posts as one would count them by hand: post by post, without marks on threads and without counters."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from accounts.models import User
from forum.choices import PostState, ThreadState
from forum.models import Post, ReaderMark, RoomMark, Thread, ThreadRead
from members.models import league_day

Unread = dict[int, int]  # the first unread number by thread


@dataclass
class Written:
    """A post as the oracle remembers it."""

    thread: int
    no: int = 0
    seq: int = 0
    is_public: bool = False


@dataclass
class Oracle:
    """What was done, remembered without the tables of the forum."""

    clock: int = 0
    posts: dict[int, Written] = field(default_factory=dict)
    rooms: dict[int, int] = field(default_factory=dict)  # the room of each live thread
    given: dict[int, int] = field(default_factory=dict)  # the last number given in each thread
    read: dict[tuple[int, int], int] = field(default_factory=dict)  # by person and thread
    room_marks: dict[tuple[int, int], int] = field(default_factory=dict)
    marks: dict[int, int] = field(default_factory=dict)

    def publish(self, post: int, thread: int, author: int | None = None) -> None:
        self.clock += 1
        self.given[thread] = self.given.get(thread, 0) + 1
        self.posts[post] = Written(thread, self.given[thread], self.clock, is_public=True)
        if author is not None:
            self.see(author, thread, self.given[thread])

    def see(self, user: int, thread: int, no: int) -> None:
        known = self.read.get((user, thread), 0)
        self.read[user, thread] = max(known, min(no, self.given.get(thread, 0)))

    def unread(self, user: int) -> Unread:
        found: Unread = {}
        for post in self.posts.values():
            if not post.is_public or post.thread not in self.rooms:
                continue
            mark = max(self.room_marks.get((user, self.rooms[post.thread]), 0), self.marks.get(user, 0))
            if post.no > self.read.get((user, post.thread), 0) and post.seq > mark:
                found[post.thread] = min(found.get(post.thread, post.no), post.no)
        return found


def unread_by_pages(user: User) -> Unread:
    """Return what the pages say: threads of the unread list, and where the jump leads."""
    threads = Thread.objects.visible_to(user).live().with_reading(user, league_day()).unread()
    first = {}
    for thread in threads:
        post = Post.objects.unread_in(thread).first()
        assert post is not None, f"a phantom unread in thread {thread.pk}"
        first[thread.pk] = post.no or 0
    return first


def oracle_of_rows(users: Iterable[User]) -> Oracle:
    """Return the oracle of what the tables hold, post by post, for work that nobody saw in one order."""
    people = [user.pk for user in users]
    oracle = Oracle(rooms=dict(Thread.objects.filter(state=ThreadState.LIVE).values_list("pk", "room")))
    for post in Post.objects.filter(no__isnull=False):
        oracle.posts[post.pk] = Written(post.thread_id, post.no or 0, post.seq or 0, post.state == PostState.PUBLIC)
    for row in ThreadRead.objects.filter(user__in=people):
        oracle.read[row.user_id, row.thread_id] = row.read_no
    for mark in RoomMark.objects.filter(user__in=people):
        oracle.room_marks[mark.user_id, mark.room_id] = mark.read_seq
    oracle.marks = dict(ReaderMark.objects.filter(user__in=people).values_list("user", "read_seq"))
    return oracle
