"""What the forum holds about a person, and how it forgets one.

Threads and rooms are named in a copy only where the person may read them today: a thread may have moved to another
room, or posts to another thread. Where not, the copy gives their numbers.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from django.db.models import Q
from django.utils.html import escape

from accounts.models import User
from forum.choices import PostState, Right, ThreadState, Why
from forum.models import (
    Draft,
    Ignored,
    Mention,
    Post,
    PostingBan,
    PostVersion,
    PostWarning,
    Reaction,
    ReaderMark,
    Report,
    Room,
    RoomMark,
    RoomSeat,
    Thread,
    ThreadRead,
)
from forum.rules.text import HANDLE, Parsed, References, to_html
from members.models import Membership
from members.registry.personal_data import Cell, Table, table_of

NEVER_PUBLIC = (PostState.HELD, PostState.REFUSED)
QUOTATION = re.compile(r'<blockquote><p><a href="([^"]+)">№(\d+)</a></p>')


def threads_of(user: User) -> Table:
    """Return the threads that a person started."""
    rows = table_of(Thread.objects.filter(starter=user), "kind", "title", "state", "room_id", "created_at")
    return _named(rows, "room_id", lambda: _rooms(user))


def posts_of(user: User) -> Table:
    """Return what a person wrote, whatever became of it."""
    moments = ("written_at", "published_at", "edited_at")
    rows = table_of(Post.objects.filter(author=user), "thread_id", "no", "state", "source", *moments)
    return _named(rows, "thread_id", lambda: _threads(user))


def versions_of(user: User) -> Table:
    """Return the texts of a person's posts before each change."""
    return table_of(PostVersion.objects.filter(post__author=user), "post_id", "version", "source", "replaced_at")


def drafts_of(user: User) -> Table:
    """Return what a person wrote and did not send."""
    return table_of(Draft.objects.filter(user=user), "scope", "title", "source", "saved_at")


def reactions_of(user: User) -> Table:
    """Return what a person said to posts without writing."""
    return table_of(Reaction.objects.filter(user=user), "post_id", "kind", "at")


def mentions_of(user: User) -> Table:
    """Return the posts that name a person."""
    return table_of(Mention.objects.filter(user=user), "post_id", "why")


def reading_of(user: User) -> Table:
    """Return how far a person read in each thread, and how closely each is followed."""
    columns = ("read_no", "level", "level_reason", "is_pin_dismissed")
    rows = table_of(ThreadRead.objects.filter(user=user), "thread_id", *columns)
    return _named(rows, "thread_id", lambda: _threads(user))


def marks_of(user: User) -> Table:
    """Return up to where a person read each room, and how closely each is followed."""
    rows = table_of(RoomMark.objects.filter(user=user), "room_id", "read_seq", "level")
    return _named(rows, "room_id", lambda: _rooms(user))


def mark_of(user: User) -> Table:
    """Return up to where a person read the whole forum."""
    return table_of(ReaderMark.objects.filter(user=user), "read_seq")


def seats_of(user: User) -> Table:
    """Return the rooms in which a person has a seat."""
    return _named(table_of(RoomSeat.objects.filter(user=user), "room_id"), "room_id", lambda: _rooms(user))


def reports_of(user: User) -> Table:
    """Return what a person reported to moderators."""
    return table_of(Report.objects.filter(reporter=user), "post_id", "reason", "text", "at", "closed_at", "outcome")


def warnings_of(user: User) -> Table:
    """Return the warnings that moderators wrote to a person."""
    return table_of(PostWarning.objects.filter(post__author=user), "post_id", "text", "at")


def bans_of(user: User) -> Table:
    """Return when and where a person was barred from writing, and why."""
    rows = table_of(PostingBan.objects.filter(user=user), "room_id", "until", "reason", "text", "at", "lifted_at")
    return _named(rows, "room_id", lambda: _rooms(user))


def ignored_of(user: User) -> Table:
    """Return whose posts a person has folded; who folded the person’s own is the others’ matter."""
    rows = Ignored.objects.filter(user=user).select_related("ignored")
    return table_of(rows, "ignored__name_native", "at")


def forget_writer(user: User, at: dt.datetime) -> None:
    """Delete what is a person's alone; what all could read stays, and the account above it has no name any more."""
    for mine in (Draft, Reaction, ReaderMark, RoomMark, RoomSeat, ThreadRead):
        mine._default_manager.filter(user=user).delete()
    Ignored.objects.filter(Q(user=user) | Q(ignored=user)).delete()
    PostingBan.objects.filter(user=user).delete()
    PostWarning.objects.filter(post__author=user).delete()
    Report.objects.filter(reporter=user, closed_at__isnull=False).delete()
    Report.objects.filter(reporter=user).update(reporter=None, text="")  # a moderator has yet to look at the post
    _forget_unpublished(user)
    _take_name_out(user)
    Mention.objects.filter(user=user).delete()


def _forget_unpublished(user: User) -> None:
    """Delete what was never public, and the words that the person took back; the number of those stays."""
    Post.objects.filter(author=user, state__in=NEVER_PUBLIC).delete()
    unborn = Thread.objects.filter(starter=user, state__in=[ThreadState.HELD, ThreadState.REFUSED])
    unborn.filter(posts__isnull=True).delete()
    taken_back = Post.objects.filter(author=user, state=PostState.DELETED)
    PostVersion.objects.filter(post__in=taken_back).delete()
    taken_back.update(source="", html="")


def _take_name_out(user: User) -> None:
    """Show the number that was written instead of the name that was shown for it, in everybody's posts."""
    numbers = list(Membership.objects.filter(user=user).values_list("number", flat=True))
    own = Q(author=user, source__contains=f"@{numbers[0]}") if numbers else Q(pk__in=[])
    named = Q(pk__in=Mention.objects.filter(user=user, why=Why.MENTION).values("post"))
    for post in Post.objects.filter(named | own).exclude(html="").order_by("pk").iterator(chunk_size=100):
        html = _html_without(post, user)
        if html != post.html:
            Post.objects.filter(pk=post.pk).update(html=html)


def _html_without(post: Post, user: User) -> str:
    """Return a post's HTML with the names and addresses that stand in it now, but for the name of one person."""
    handles = frozenset(HANDLE.findall(post.source))
    members = Membership.objects.filter(number__in=handles).exclude(user=user).select_related("user")
    shown = {row.number: row.user.name_native for row in members if f"@{escape(row.user.name_native)}</b>" in post.html}
    quoted = {int(no): address for address, no in QUOTATION.findall(post.html)}
    return to_html(Parsed(post.source, frozenset(quoted), handles), References(shown, quoted))


def _rooms(user: User) -> dict[int, str]:
    return {room.pk: str(room) for room in Room.objects.permitting(user, Right.SEE)}


def _threads(user: User) -> dict[int, str]:
    """Return the titles of the threads that a person has to do with and may read."""
    mine = Q(pk__in=Post.objects.filter(author=user).values("thread"))
    mine |= Q(pk__in=ThreadRead.objects.filter(user=user).values("thread"))
    return dict(Thread.objects.visible_to(user).filter(mine).values_list("pk", "title"))


def _named(table: Table, column: str, load: Callable[[], Mapping[int, str]]) -> Table:
    """Show names in place of the numbers of a column, where there are any."""

    def rows() -> Iterator[dict[str, Cell]]:
        names: Mapping[int, str] | None = None
        for row in table.rows():
            names = load() if names is None else names
            cell = row[column]
            if cell.value is None:
                yield row
                continue
            yield row | {column: replace(cell, shown=names.get(int(str(cell.value)), cell.shown))}

    return replace(table, rows=rows)
