"""Reading marks and levels."""

from django.db import connection, transaction

from accounts.models import User
from forum.choices import Level, LevelReason
from forum.models import Clock, ReaderMark, Room, RoomMark, Thread, ThreadRead

# One statement, at most one row, none where nothing is new; a mark only rises.
RAISE_READ = """
INSERT INTO forum_threadread (user_id, thread_id, read_no, level, level_reason, is_pin_dismissed)
VALUES (%s, %s, %s, NULL, '', %s)
ON CONFLICT (user_id, thread_id) DO UPDATE SET read_no = excluded.read_no
WHERE forum_threadread.read_no < excluded.read_no
"""


def mark_read(thread: Thread, *, reader: User, up_to: int) -> bool:
    """Note that somebody has read a thread up to a number; return whether that was new.

    A number above the last one means all that was published so far, and never what will be.
    """
    number = min(up_to, thread.last_no)
    if number < 1:
        return False
    with connection.cursor() as cursor:
        cursor.execute(RAISE_READ, [reader.pk, thread.pk, number, False])
        return cursor.rowcount > 0


def mark_room_read(room: Room, *, reader: User, up_to: int) -> None:
    """Note that a room is read up to the place on the clock that the reader's page showed, never “now”."""
    _raise_mark(RoomMark, {"user": reader, "room": room}, min(up_to, room.last_seq))


def mark_all_read(*, reader: User, up_to: int) -> None:
    """Note that everything is read up to the place on the clock that the reader's page showed."""
    now = Clock.objects.values_list("seq", flat=True).get(pk=Clock.ONLY)
    _raise_mark(ReaderMark, {"user": reader}, min(up_to, now))


@transaction.atomic
def _raise_mark(model: type[RoomMark] | type[ReaderMark], key: dict[str, object], seq: int) -> None:
    mark, is_new = model._default_manager.get_or_create(**key, defaults={"read_seq": seq})
    if not is_new:
        model._default_manager.filter(pk=mark.pk, read_seq__lt=seq).update(read_seq=seq)


def set_level(thread: Thread, *, reader: User, level: Level | None, reason: LevelReason = LevelReason.CHOSEN) -> None:
    """Follow a thread at a level; None follows its room again."""
    ThreadRead.objects.update_or_create(
        user=reader, thread=thread, defaults={"level": level, "level_reason": reason if level is not None else ""}
    )


def follow(thread: Thread, *, reader: User, level: Level, reason: LevelReason) -> None:
    """Follow a thread at least at a level because of what somebody did; what a person chose stays."""
    row, is_new = ThreadRead.objects.get_or_create(
        user=reader, thread=thread, defaults={"level": level, "level_reason": reason}
    )
    if not is_new and row.level_reason != LevelReason.CHOSEN and (row.level is None or row.level < level):
        ThreadRead.objects.filter(pk=row.pk).update(level=level, level_reason=reason)


def set_room_level(room: Room, *, reader: User, level: Level | None) -> None:
    """Follow a room at a level; None follows it as the office set it."""
    RoomMark.objects.update_or_create(user=reader, room=room, defaults={"level": level})


def dismiss_pin(thread: Thread, *, reader: User) -> None:
    """Show a pinned thread among the others to this reader."""
    ThreadRead.objects.update_or_create(user=reader, thread=thread, defaults={"is_pin_dismissed": True})
