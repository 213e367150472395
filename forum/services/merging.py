"""Merging threads and splitting posts off: posts are published anew at the end, and old addresses lead there."""

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from forum.choices import LevelReason, PostState, ThreadKind, ThreadState
from forum.models import Draft, Post, PostRedirect, Thread, ThreadRead
from forum.services.clock import lock_threads, recount_room, recount_thread, tick
from forum.services.posting import PostRefused

MOST_MOVED = 500


@transaction.atomic
def merge_threads(source: Thread, *, target: Thread, actor: User, at: dt.datetime) -> Thread:
    """Put the posts of one thread at the end of another: new numbers, new places on the clock, the old dates shown.

    Followers follow the other thread, at the closer of both levels. Raises PostRefused.
    """
    if source.pk == target.pk:
        raise PostRefused(_("Choose another thread: this one cannot be merged into itself."))
    gone, kept = lock_threads(source, target)
    if gone.state != ThreadState.LIVE or kept.state != ThreadState.LIVE:
        raise PostRefused(_("One of the two threads is not open any more."))
    _append(list(Post.objects.filter(thread=gone, no__isnull=False).order_by("no")), gone, kept)
    Post.objects.filter(thread=gone, no__isnull=True).update(thread=kept)  # what waits, waits there
    _copy_levels(gone, kept)
    _move_drafts(gone, kept)
    gone.state, gone.moved_to, gone.answer = ThreadState.MOVED, kept, None
    gone.save(update_fields=["state", "moved_to", "answer"])
    Thread.objects.filter(moved_to=gone).update(moved_to=kept)
    for thread in (gone, kept):
        recount_thread(thread)
    for pk in sorted({gone.room_id, kept.room_id}):
        recount_room(pk)
    _note("forum.thread_merge", gone, actor=actor, at=at, into=kept.pk)
    return kept


@transaction.atomic
def split_thread(thread: Thread, *, post_ids: Collection[int], title: str, actor: User, at: dt.datetime) -> Thread:
    """Begin a thread with posts of another one; the first of them is its opening. Raises PostRefused."""
    title = " ".join(title.split())
    if not title:
        raise PostRefused(_("Give the new thread a title."))
    (locked,) = lock_threads(thread)
    posts = list(Post.objects.filter(thread=locked, pk__in=post_ids, state=PostState.PUBLIC).order_by("no"))
    if not posts or len(posts) != len(set(post_ids)):
        raise PostRefused(_("Choose public posts of this thread: some of them are gone."))
    if posts[0].no == 1:
        raise PostRefused(_("The opening post stays: choose replies only."))
    made = Thread.objects.create(
        room=locked.room,
        kind=ThreadKind.DISCUSSION,
        title=title,
        starter=posts[0].author,
        created_at=posts[0].published_at or at,
    )
    if locked.answer_id in {post.pk for post in posts}:
        locked.answer = None
        locked.save(update_fields=["answer"])
    _append(posts, locked, made)
    _copy_levels(locked, made)
    for one in (locked, made):
        recount_thread(one)
    recount_room(locked.room_id)
    _note("forum.thread_split", made, actor=actor, at=at, from_thread=locked.pk, posts=len(posts))
    return made


def _append(posts: list[Post], source: Thread, target: Thread) -> None:
    """Publish posts anew at the end of a locked thread."""
    if len(posts) > MOST_MOVED:
        raise PostRefused(
            _("More than %(most)d posts cannot be moved at once: close the thread and link to it.")
            % {"most": MOST_MOVED}
        )
    PostRedirect.objects.bulk_create([PostRedirect(thread=source, no=post.no or 0, post=post) for post in posts])
    for post in posts:
        target.last_no += 1
        post.thread, post.no = target, target.last_no
    target.bump_seq = tick(len(posts))
    for place, post in enumerate(reversed(posts)):
        post.seq = target.bump_seq - place
    Post.objects.bulk_update(posts, ["thread", "no", "seq"], batch_size=100)


def _copy_levels(source: Thread, target: Thread) -> None:
    """Let who follows one thread follow the other, at the closer of both levels; what was muted stays so."""
    theirs = {row.user_id: row for row in ThreadRead.objects.filter(thread=target)}
    for row in ThreadRead.objects.filter(thread=source, level__isnull=False):
        known = theirs.get(row.user_id)
        if known is None:
            ThreadRead.objects.create(
                user_id=row.user_id, thread=target, level=row.level, level_reason=LevelReason.MERGED
            )
        elif known.level is None or (known.level and known.level < (row.level or 0)):
            ThreadRead.objects.filter(pk=known.pk).update(level=row.level, level_reason=LevelReason.MERGED)


def _move_drafts(source: Thread, target: Thread) -> None:
    """Keep replies that are not sent yet for the other thread, but for people who have begun one there too."""
    theirs = Draft.objects.filter(scope=f"thread:{target.pk}").values("user")
    Draft.objects.filter(scope=f"thread:{source.pk}").exclude(user__in=theirs).update(scope=f"thread:{target.pk}")


def _note(action: str, thread: Thread, *, actor: User, at: dt.datetime, **detail: object) -> None:
    record(action, actor=actor, subject=thread, at=at, person=thread.starter_id, detail=detail)
