"""What a person has seen in the notification centre."""

import datetime as dt
import uuid
from collections.abc import Collection

from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Q

from accounts.models import User
from notifications.models import Item, Reader
from notifications.registry import Kind, Pulled, all_kinds, get_kind

BADGE_LIMIT = 99
MOST_PULLED = 20
PULLED_SECONDS = 60
PULLED_VERSION = "notifications.pulled"


def count_unread(user: User) -> int:
    """Count what is unread, up to one more than the badge can show.

    One query on an index; what is pulled comes from the cache, once a minute from one or two queries more. The number
    stands on every page, and the ORM takes longer to write this statement than the database to answer it.
    """
    table = connection.ops.quote_name(Item._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            # In the order of the partial index: without one PostgreSQL reads the whole table where one person has much
            # of it, because it takes the hundred rows to lie near the beginning (6 ms instead of 0.6, `make
            # bench-notifications`).
            f"SELECT COUNT(*) FROM (SELECT collapse_key FROM {table}"  # noqa: S608 -- the name of our own table
            " WHERE user_id = %s AND read_at IS NULL ORDER BY collapse_key LIMIT %s) unread",
            [user.pk, BADGE_LIMIT + 1],
        )
        (lines,) = cursor.fetchone()
    return min(lines + len(pulled_for(user)), BADGE_LIMIT + 1)


def pulled_for(user: User) -> list[tuple[Kind, Pulled]]:
    """Return what kinds with `pull` have for a person that is unread, the latest first.

    Nothing is unread that is older than the account. Kept for a minute, or until anything is published or recalled.
    """
    key = _pulled_key(user)
    kept = cache.get_many([PULLED_VERSION, key])
    version = kept.get(PULLED_VERSION) or cache.get_or_set(PULLED_VERSION, _new_version, None)
    kept_version, rows = kept.get(key, ("", []))
    if kept_version != version:
        rows = _pull(user)
        cache.set(key, (version, rows), PULLED_SECONDS)
    return [(get_kind(name), pulled) for name, pulled in rows]


def _pull(user: User) -> list[tuple[str, Pulled]]:
    """Ask every such kind; when the person last looked matters only if there is something."""
    found = [
        (kind.name, pulled)
        for kind in all_kinds()
        if kind.pull is not None
        for pulled in kind.pull(user, user.joined_at)
    ]
    if found:
        seen_at = Reader.objects.filter(user=user).values_list("pulled_seen_at", flat=True).first()
        found = [(name, pulled) for name, pulled in found if seen_at is None or pulled.at > seen_at]
    return sorted(found, key=lambda row: row[1].at, reverse=True)[:MOST_PULLED]


def _pulled_key(user: User) -> str:
    return f"{PULLED_VERSION}.{user.pk}"


def _new_version() -> str:
    return uuid.uuid4().hex


def forget_pulled() -> None:
    """Let everybody's list of what is pulled be asked for anew, once what has changed is committed."""
    transaction.on_commit(lambda: cache.set(PULLED_VERSION, _new_version(), None), robust=True)


def mark_pulled_seen(user: User, up_to: dt.datetime) -> None:
    """Mark what is pulled as read up to the moment when it was shown; never back to an earlier one."""
    reader, is_new = Reader.objects.get_or_create(user=user, defaults={"pulled_seen_at": up_to})
    if not is_new:
        Reader.objects.filter(Q(pulled_seen_at=None) | Q(pulled_seen_at__lt=up_to), pk=reader.pk).update(
            pulled_seen_at=up_to
        )
    cache.delete(_pulled_key(user))


def mark_read(user: User, item_id: int, *, at: dt.datetime) -> bool:
    """Mark one line as read. Returns whether it was unread."""
    return bool(Item.objects.visible_to(user).unread().filter(pk=item_id).update(read_at=at))


def mark_all_read(user: User, *, up_to: dt.datetime, at: dt.datetime, kinds: Collection[Kind] | None = None) -> int:
    """Mark as read what had happened up to the moment when the list was shown; what came later stays unread.

    With `kinds` only what is of these. Returns how many lines were unread; what is pulled is marked and not counted.
    """
    items = Item.objects.visible_to(user).unread().filter(updated_at__lte=up_to)
    if kinds is not None:
        items = items.filter(kind__in=[kind.name for kind in kinds])
    if any(kind.pull is not None for kind in (all_kinds() if kinds is None else kinds)):
        shown = [pulled.at for _kind, pulled in pulled_for(user) if pulled.at <= up_to]
        if shown:
            mark_pulled_seen(user, max(shown))
    return items.update(read_at=at)
