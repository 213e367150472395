"""What a reader may do with a post and a thread, asked of rows that carry the reader's right: no query."""

from django import template

from accounts.models import User
from forum.choices import PostState, ThreadState
from forum.forms import ReplyForm, reply_form
from forum.models import Post, Thread
from forum.permissions import (
    can_accept_answer,
    can_delete_post,
    can_edit_post,
    can_moderate,
    can_reply,
    can_report,
    can_warn,
)
from forum.rules.text import excerpt
from members.models import league_day

register = template.Library()


@register.simple_tag
def post_actions(user: User, thread: Thread, post: Post) -> dict[str, bool]:
    """Return what the person of `with_right` may do with a post of a thread."""
    moderates = can_moderate(thread)
    return {
        "reply": post.is_public and can_reply(thread),
        "edit": can_edit_post(user, thread, post),
        "delete": can_delete_post(user, thread, post),
        "accept": post.is_public and post.no != 1 and can_accept_answer(user, thread),
        "hide": moderates and post.is_public,
        "restore": moderates and post.state == PostState.HIDDEN,
        "report": can_report(user, thread, post),
        "warn": can_warn(user, thread, post),
        "decide": moderates and post.state == PostState.HELD,
    }


@register.simple_tag
def thread_actions(thread: Thread) -> dict[str, bool]:
    """Return what the person of `with_right` may do with a thread; empty for who does not moderate its room."""
    if not can_moderate(thread):
        return {}
    is_live = thread.state == ThreadState.LIVE
    return {
        "close": is_live and not thread.is_closed,
        "reopen": is_live and thread.is_closed,
        "pin": is_live,
        "slow": is_live,
        "is_pinned": thread.is_pinned(league_day()),
        "move": True,
        "merge": is_live,
        "split": is_live and thread.visible_count > 1,
        "hide": is_live,
        "restore": thread.state == ThreadState.HIDDEN,
    }


@register.simple_tag
def composer(user: User, thread: Thread) -> ReplyForm:
    """Return the form at the foot of a thread, with the reader's draft in it: one query."""
    return reply_form(user, thread)


@register.filter
def beginning(post: Post) -> str:
    """Return the first words of a post in one line."""
    return excerpt(post.source, 160)
