"""Counters of threads and rooms, computed anew: what differs is put right and reported, for it is a fault.

Everything is read in groups without a lock; what looks wrong is looked at again under one, so that a publication in
between is no fault.
"""

import logging
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Count, Max, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from forum.choices import PostState, ThreadState
from forum.models import Clock, Post, Room, Thread
from forum.services.clock import recount_room, recount_thread

logger = logging.getLogger(__name__)

MOST_THREADS = 2000  # of one task
CHUNK = 200
OF_THREAD = ("last_no", "last_public_no", "visible_count", "last_seq", "bump_seq", "last_at", "last_by_id")
OF_ROOM = ("thread_count", "post_count", "last_seq", "last_thread_id", "last_at")


@dataclass
class Recount:
    """What was found: a sentence for each row that was put right, and the thread after which to go on, if any."""

    faults: list[str] = field(default_factory=list)
    after: int | None = None

    def note(self, thing: Thread | Room | Clock, before: dict[str, object], now: dict[str, object]) -> None:
        """Report the columns that were wrong."""
        wrong = {name: f"{before[name]} → {now[name]}" for name in now if before[name] != now[name]}
        if wrong:
            words = ", ".join(f"{name} {change}" for name, change in wrong.items())
            self.faults.append(f"{thing._meta.label} {thing.pk}: {words}")
            logger.error("Counters of %s %s were wrong: %s.", thing._meta.label, thing.pk, words)


def recount_forum(*, after: int = 0, most: int = MOST_THREADS) -> Recount:
    """Recount the next threads after an id, at most so many; with the last of them the clock and all rooms."""
    found = Recount()
    ids = list(Thread.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[: most + 1])
    if len(ids) > most:
        ids = ids[:most]
        found.after = ids[-1]
    for start in range(0, len(ids), CHUNK):
        for pk in _doubtful_threads(ids[start : start + CHUNK]):
            _mend_thread(pk, found)
    if found.after is None:
        _mend_clock(found)
        for pk in _doubtful_rooms():
            _mend_room(pk, found)
    return found


def _doubtful_threads(ids: list[int]) -> list[int]:
    """Return those of some threads whose columns differ from their posts: two queries."""
    is_public = Q(posts__state=PostState.PUBLIC)
    last = Post.objects.filter(thread=OuterRef("pk"), state=PostState.PUBLIC).order_by("-no")
    rows = Thread.objects.filter(pk__in=ids).annotate(
        real_count=Count("posts", filter=is_public),
        real_last=Coalesce(Max("posts__no", filter=is_public), 0),
        real_no=Coalesce(Max("posts__no"), 0),
        real_seq=Coalesce(Subquery(last.values("seq")[:1]), 0),
        real_at=Subquery(last.values("published_at")[:1]),
        real_by=Subquery(last.values("author")[:1]),
    )
    return [
        row.pk
        for row in rows.order_by("pk")
        if (row.visible_count, row.last_public_no, row.last_seq) != (row.real_count, row.real_last, row.real_seq)
        or (row.last_at, row.last_by_id) != (row.real_at, row.real_by)
        or row.last_no < row.real_no
        or row.bump_seq < row.real_seq
    ]


def _doubtful_rooms() -> list[int]:
    """Return the rooms whose columns differ from their live threads: one query."""
    is_live = Q(threads__state=ThreadState.LIVE)
    last = Thread.objects.filter(room=OuterRef("pk"), state=ThreadState.LIVE, last_seq__gt=0).order_by("-last_seq")
    rows = Room.objects.annotate(
        real_threads=Count("threads", filter=is_live),
        real_posts=Coalesce(Sum("threads__visible_count", filter=is_live), 0),
        real_seq=Coalesce(Max("threads__last_seq", filter=is_live), 0),
        real_last=Subquery(last.values("pk")[:1]),
        real_at=Subquery(last.values("last_at")[:1]),
    )
    return [
        row.pk
        for row in rows.order_by("pk")
        if (row.thread_count, row.post_count, row.last_seq) != (row.real_threads, row.real_posts, row.real_seq)
        or (row.last_thread_id, row.last_at) != (row.real_last, row.real_at)
    ]


@transaction.atomic
def _mend_thread(pk: int, found: Recount) -> None:
    thread = Thread.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if thread is None:
        return
    before = {name: getattr(thread, name) for name in OF_THREAD}
    highest = Post.objects.filter(thread=pk).aggregate(no=Max("no"), seq=Max("seq"))
    thread.last_no = max(thread.last_no, highest["no"] or 0)
    recount_thread(thread)
    if thread.bump_seq < thread.last_seq:
        thread.bump_seq = thread.last_seq
        thread.save(update_fields=["bump_seq"])
    found.note(thread, before, {name: getattr(thread, name) for name in OF_THREAD})


@transaction.atomic
def _mend_room(pk: int, found: Recount) -> None:
    room = Room.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if room is None:
        return
    before = {name: getattr(room, name) for name in OF_ROOM}
    recount_room(pk)
    room.refresh_from_db(fields=["thread_count", "post_count", "last_seq", "last_thread", "last_at"])
    found.note(room, before, {name: getattr(room, name) for name in OF_ROOM})


@transaction.atomic
def _mend_clock(found: Recount) -> None:
    """Put the clock behind the last post: one that stood before it would give a place twice."""
    clock = Clock.objects.select_for_update(no_key=True).get(pk=Clock.ONLY)
    highest = Post.objects.aggregate(seq=Max("seq"))["seq"] or 0
    if clock.seq < highest:
        found.note(clock, {"seq": clock.seq}, {"seq": highest})
        clock.seq = highest
        clock.save(update_fields=["seq"])
