"""What authors and moderators do with threads and posts that are public."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from forum.choices import PostState, ReactionKind, ReportOutcome, ThreadKind, ThreadState
from forum.models import MOST_MINUTES, Post, Reaction, Room, Thread
from forum.services import telling
from forum.services.clock import lock_threads, recount_room, recount_thread
from forum.services.posting import MOST_REASON, PostRefused
from forum.services.reporting import settle


@transaction.atomic
def delete_post(post: Post, *, actor: User, at: dt.datetime) -> Post:
    """Take a post back: its number stays as a tombstone, its words go. Asking again changes nothing."""
    return _withdraw(post, PostState.DELETED, actor=actor, at=at)


@transaction.atomic
def hide_post(post: Post, *, actor: User, reason: str, at: dt.datetime) -> Post:
    """Hide a post for a reason that its author reads; it can be shown again. Raises PostRefused."""
    if not reason.strip():
        raise PostRefused(_("Write the reason: the author reads it."))
    hidden = _withdraw(post, PostState.HIDDEN, actor=actor, at=at, reason=reason.strip())
    telling.tell_decision(hidden, "hidden", actor=actor, at=at)
    return hidden


@transaction.atomic
def restore_post(post: Post, *, actor: User, at: dt.datetime) -> Post:
    """Show a hidden post again, under its own number: who has read beyond it is not called back."""
    (thread,) = lock_threads(post.thread)
    post = Post.objects.select_for_update(no_key=True).get(pk=post.pk)
    if post.state != PostState.HIDDEN:
        return post
    post.state, post.reason = PostState.PUBLIC, ""
    post.save(update_fields=["state", "reason"])
    recount_thread(thread)
    recount_room(thread.room_id)
    telling.tell_decision(post, "restored", actor=actor, at=at)
    _note("forum.post_restore", post, post.author_id, actor=actor, at=at)
    return post


@transaction.atomic
def close_thread(thread: Thread, *, actor: User, reason: str, at: dt.datetime) -> Thread:
    """Take no more replies, for a reason that everybody reads. Raises PostRefused without one."""
    if not reason.strip():
        raise PostRefused(_("Write why the thread is closed: everybody reads it."))
    (locked,) = lock_threads(thread)
    locked.closed_at, locked.closed_by, locked.close_reason = at, actor, reason.strip()
    locked.save(update_fields=["closed_at", "closed_by", "close_reason"])
    _note("forum.thread_close", locked, locked.starter_id, actor=actor, at=at)
    return locked


@transaction.atomic
def reopen_thread(thread: Thread, *, actor: User, at: dt.datetime) -> Thread:
    """Take replies again."""
    (locked,) = lock_threads(thread)
    locked.closed_at, locked.closed_by, locked.close_reason = None, None, ""
    locked.save(update_fields=["closed_at", "closed_by", "close_reason"])
    _note("forum.thread_reopen", locked, locked.starter_id, actor=actor, at=at)
    return locked


@transaction.atomic
def pin_thread(thread: Thread, *, actor: User, until: dt.date | None, at: dt.datetime) -> Thread:
    """Keep a thread at the top of its room through a day; None takes the pin away."""
    (locked,) = lock_threads(thread)
    locked.pinned_until = until
    locked.save(update_fields=["pinned_until"])
    _note("forum.thread_pin" if until else "forum.thread_unpin", locked, locked.starter_id, actor=actor, at=at)
    return locked


@transaction.atomic
def slow_thread(thread: Thread, *, minutes: int, actor: User, at: dt.datetime) -> Thread:
    """Let each member reply once in so many minutes; 0 lets everybody reply at will. Raises PostRefused."""
    if not 0 <= minutes <= MOST_MINUTES:
        raise PostRefused(_("Choose at most 1440 minutes, which is a day."))
    (locked,) = lock_threads(thread)
    if locked.slow_minutes != minutes:
        locked.slow_minutes = minutes
        locked.save(update_fields=["slow_minutes"])
        _note("forum.thread_slow", locked, locked.starter_id, actor=actor, at=at, minutes=minutes)
    return locked


@transaction.atomic
def hide_thread(thread: Thread, *, actor: User, reason: str, at: dt.datetime) -> Thread:
    """Hide a whole thread from all but the room's moderators. Raises PostRefused without a reason."""
    if not reason.strip():
        raise PostRefused(_("Write the reason: it is kept in the log."))
    (locked,) = lock_threads(thread)
    if locked.state == ThreadState.LIVE:
        locked.state = ThreadState.HIDDEN
        locked.save(update_fields=["state"])
        recount_room(locked.room_id)
        _note("forum.thread_hide", locked, locked.starter_id, actor=actor, at=at, reason=reason.strip())
    return locked


@transaction.atomic
def restore_thread(thread: Thread, *, actor: User, at: dt.datetime) -> Thread:
    """Show a hidden thread again."""
    (locked,) = lock_threads(thread)
    if locked.state == ThreadState.HIDDEN:
        locked.state = ThreadState.LIVE
        locked.save(update_fields=["state"])
        recount_room(locked.room_id)
        _note("forum.thread_restore", locked, locked.starter_id, actor=actor, at=at)
    return locked


@transaction.atomic
def move_thread(thread: Thread, *, room: Room, actor: User, at: dt.datetime) -> Thread:
    """Move a thread to another room: its address, numbers and place on the clock stay."""
    (locked,) = lock_threads(thread)
    source, locked.room = locked.room_id, room
    if source == room.pk:
        return locked
    locked.save(update_fields=["room"])
    for pk in sorted({source, room.pk}):
        recount_room(pk)
    _note("forum.thread_move", locked, locked.starter_id, actor=actor, at=at, from_room=source, to_room=room.pk)
    return locked


@transaction.atomic
def accept_answer(post: Post, *, actor: User, at: dt.datetime) -> Thread:
    """Mark a post as the answer to its question; another one takes its place. Raises PostRefused."""
    (thread,) = lock_threads(post.thread)
    if thread.kind != ThreadKind.QUESTION or not post.is_public or post.no == 1:
        raise PostRefused(_("Only a reply to a question can be its answer."))
    thread.answer = post
    thread.save(update_fields=["answer"])
    if post.author_id != actor.pk:
        telling.tell_accepted(post, actor=actor, at=at)
    return thread


@transaction.atomic
def withdraw_answer(thread: Thread) -> Thread:
    """Leave a question without an accepted answer again."""
    (locked,) = lock_threads(thread)
    locked.answer = None
    locked.save(update_fields=["answer"])
    return locked


@transaction.atomic
def react(post: Post, *, reader: User, kind: ReactionKind | str, at: dt.datetime) -> bool:
    """Add a reaction, or take it back if it is there; return whether it stands now. Raises PostRefused."""
    if post.author_id == reader.pk:
        raise PostRefused(_("Your own post needs no reaction of yours."))
    reaction, is_new = Reaction.objects.get_or_create(post=post, user=reader, kind=kind, defaults={"at": at})
    if not is_new:
        reaction.delete()
    return is_new


def _withdraw(post: Post, state: PostState, *, actor: User, at: dt.datetime, reason: str = "") -> Post:
    (thread,) = lock_threads(post.thread)
    post = Post.objects.select_for_update(no_key=True).get(pk=post.pk)
    if post.state == PostState.HELD and state == PostState.DELETED:
        post.state = PostState.REFUSED  # never public: no number to leave behind
        if thread.state == ThreadState.HELD:
            thread.state = ThreadState.REFUSED
            thread.save(update_fields=["state"])
    elif post.state == PostState.PUBLIC:
        post.state = state
    else:
        return post
    post.reason = reason[:MOST_REASON]
    post.save(update_fields=["state", "reason"])
    if thread.answer_id == post.pk:
        thread.answer = None
        thread.save(update_fields=["answer"])
    recount_thread(thread)
    recount_room(thread.room_id)
    settle(post, ReportOutcome.GONE if state == PostState.DELETED else ReportOutcome.HIDDEN, actor=actor, at=at)
    action = "forum.post_delete" if state == PostState.DELETED else "forum.post_hide"
    _note(action, post, post.author_id, actor=actor, at=at, **({"reason": reason} if reason else {}))
    return post


def _note(action: str, subject: Post | Thread, person: int, *, actor: User, at: dt.datetime, **detail: object) -> None:
    record(action, actor=actor, subject=subject, at=at, person=person, detail=detail or None)
