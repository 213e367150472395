"""The clock of publications and the counters that hang on it."""

import datetime as dt

from django.db import connection
from django.db.models import F, Max

from forum.choices import PostState, ThreadState
from forum.models import Clock, ClockDay, Post, Room, Thread, latest_public

COUNTERS = ["last_no", "last_public_no", "visible_count", "last_seq", "bump_seq", "last_at", "last_by"]


def tick(publications: int = 1) -> int:
    """Raise the clock and return its new place. It stays locked to the end of the transaction: ask for it last.

    The lock makes the order of the numbers that of the commits, which that of automatic ids is not.
    """
    with connection.cursor() as cursor:
        cursor.execute("UPDATE forum_clock SET seq = seq + %s WHERE id = %s RETURNING seq", [publications, Clock.ONLY])
        row = cursor.fetchone()
    return int(row[0])


def note_day(on: dt.date) -> ClockDay:
    """Keep where the clock stands as a day begins; asking again changes nothing."""
    seq = Clock.objects.values_list("seq", flat=True).get(pk=Clock.ONLY)
    return ClockDay.objects.get_or_create(day=on, defaults={"seq": seq})[0]


def lock_threads(*threads: Thread) -> list[Thread]:
    """Return threads as they are now, locked in the order of their ids: no two services wait for each other.

    The weaker lock of PostgreSQL: a stronger one would keep readers’ marks, which point at the thread, waiting.
    """
    ids = sorted({thread.pk for thread in threads})
    rows = {row.pk: row for row in Thread.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")}
    return [rows[thread.pk] for thread in threads]


def count_published(thread: Thread, post: Post) -> None:
    """Write to a locked thread and its room what a publication changes."""
    thread.last_public_no = post.no or 0
    thread.last_seq = thread.bump_seq = post.seq or 0
    thread.last_at, thread.last_by_id = post.published_at, post.author_id
    thread.visible_count += 1
    thread.save(update_fields=[*COUNTERS, "state"])
    Room.objects.filter(pk=thread.room_id).update(
        post_count=F("post_count") + 1, last_seq=post.seq, last_thread=thread.pk, last_at=post.published_at
    )


def recount_thread(thread: Thread) -> None:
    """Write to a locked thread what is true of its public posts. No reader's mark is touched, and no bump taken back.

    Both the last number and its place on the clock: with a deleted last post one alone would leave a phantom unread.
    """
    last = latest_public(thread.pk)
    thread.last_public_no = last.no or 0 if last is not None else 0
    thread.last_seq = last.seq or 0 if last is not None else 0
    thread.last_at = last.published_at if last is not None else None
    thread.last_by_id = last.author_id if last is not None else None
    thread.visible_count = Post.objects.filter(thread=thread.pk, state=PostState.PUBLIC).count()
    thread.save(update_fields=COUNTERS)


def recount_room(room_id: int) -> None:
    """Write to a room what is true of its live threads: after what moves, merges, splits, hides or deletes.

    The room is locked first: a publication that commits between counting and writing would be lost.
    """
    Room.objects.select_for_update(no_key=True).get(pk=room_id)
    live = Thread.objects.filter(room=room_id, state=ThreadState.LIVE)
    facts = live.aggregate(last=Max("last_seq"))
    last = live.filter(last_seq=facts["last"]).first() if facts["last"] else None
    Room.objects.filter(pk=room_id).update(
        thread_count=live.count(),
        post_count=Post.objects.filter(thread__in=live, state=PostState.PUBLIC).count(),
        last_seq=facts["last"] or 0,
        last_thread=last,
        last_at=last.last_at if last is not None else None,
    )
