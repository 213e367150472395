"""Who may do what, asked of rows that carry `my_right` (`with_right`): one query for a page, none for a button."""

from accounts.models import User
from forum.choices import PostState, Right, ThreadKind, ThreadState
from forum.models import Post, Room, Thread


def has_right(row: object, right: Right) -> bool:
    """Whether the person of `with_right` has a right in the room of this row."""
    mine: int | None = getattr(row, "my_right", None)
    return mine is not None and mine >= right


def can_start_thread(room: Room) -> bool:
    return not room.is_archived and has_right(room, Right.START)


def can_reply(thread: Thread) -> bool:
    is_open = thread.state == ThreadState.LIVE and not thread.is_closed and not thread.room.is_archived
    return is_open and has_right(thread, Right.REPLY)


def can_react(user: User, thread: Thread, post: Post) -> bool:
    return post.is_public and post.author_id != user.pk and has_right(thread, Right.REPLY)


def can_report(user: User, thread: Thread, post: Post) -> bool:
    return post.is_public and post.author_id != user.pk and has_right(thread, Right.READ)


def can_warn(user: User, thread: Thread, post: Post) -> bool:
    """Whether somebody may warn the author of a post that is or was public: nobody judges himself."""
    return post.state in {PostState.PUBLIC, PostState.HIDDEN} and post.author_id != user.pk and can_moderate(thread)


def can_edit_post(user: User, thread: Thread, post: Post) -> bool:
    """Whether somebody may change a post: its author while the thread is open, a moderator at any time."""
    if post.state not in {PostState.PUBLIC, PostState.HELD}:
        return False
    return can_moderate(thread) or (
        post.author_id == user.pk and not thread.is_closed and has_right(thread, Right.REPLY)
    )


def can_delete_post(user: User, thread: Thread, post: Post) -> bool:
    """Whether somebody may take a post back: its author. A moderator hides, with a reason."""
    return post.author_id == user.pk and post.state in {PostState.PUBLIC, PostState.HELD}


def can_accept_answer(user: User, thread: Thread) -> bool:
    is_open = thread.kind == ThreadKind.QUESTION and thread.state == ThreadState.LIVE
    return is_open and (thread.starter_id == user.pk or can_moderate(thread))


def can_moderate(row: Room | Thread) -> bool:
    return has_right(row, Right.MODERATE)
