"""Whom to tell what: within the transaction of what is told, by ids alone."""

import datetime as dt
from collections.abc import Mapping

from accounts.models import User
from forum.choices import Why
from forum.models import Post, PostingBan, PostWarning, Report, Thread
from forum.notifications import (
    ANSWER_ACCEPTED,
    BARRED,
    HELD,
    MENTION,
    MODERATION,
    NEW_THREAD,
    QUOTE,
    REPLY,
    REPORT_CLOSED,
    REPORTED,
    WARNED,
    WATCHED,
)
from notifications.services import notify

BY_REASON = {Why.MENTION: MENTION, Why.REPLY: REPLY, Why.QUOTE: QUOTE}


def scope_of(thread: Thread) -> str:
    """Return what somebody mutes who mutes a thread."""
    return f"forum.thread:{thread.pk}"


def tell_published(post: Post, named: Mapping[int, int], *, at: dt.datetime) -> None:
    """Tell whom a post names why it does, and everybody else who watches that there is something new."""
    tell_named(post, named, at=at)
    kind = NEW_THREAD if post.no == 1 else WATCHED
    notify(
        kind,
        subject_id=post.pk,
        key=f"{kind.name}:{post.pk}",
        actor=post.author,
        scope=scope_of(post.thread),
        collapse_key=f"{kind.name}:{post.thread_id}",
        at=at,
    )


def tell_named(post: Post, named: Mapping[int, int], *, at: dt.datetime) -> None:
    """Tell people that a post mentions, answers or quotes them: each once, for the strongest reason."""
    for why, kind in BY_REASON.items():
        people = [user for user, reason in named.items() if reason == why]
        if people:
            notify(
                kind,
                subject_id=post.pk,
                key=f"{kind.name}:{post.pk}:{post.version}",
                recipients=people,
                actor=post.author,
                scope=scope_of(post.thread),
                collapse_key=f"{kind.name}:{post.thread_id}",
                at=at,
            )


def tell_accepted(post: Post, *, actor: User, at: dt.datetime) -> None:
    """Tell an author that the answer was accepted."""
    notify(
        ANSWER_ACCEPTED,
        subject_id=post.pk,
        key=f"{ANSWER_ACCEPTED.name}:{post.pk}",
        recipients=[post.author_id],
        actor=actor,
        scope=scope_of(post.thread),
        at=at,
    )


def tell_moderators(post: Post, *, at: dt.datetime) -> None:
    """Tell the moderators of a room that a post waits for them."""
    notify(HELD, subject_id=post.pk, key=f"{HELD.name}:{post.pk}", actor=post.author, at=at)


def tell_decision(post: Post, what: str, *, actor: User, at: dt.datetime) -> None:
    """Tell an author what a moderator did with a post."""
    notify(
        MODERATION,
        subject_id=post.pk,
        key=f"{MODERATION.name}:{post.pk}:{what}:{at.timestamp()}",
        recipients=[post.author_id],
        actor=actor,
        data={"what": what},
        at=at,
    )


def tell_reported(report: Report, *, at: dt.datetime) -> None:
    """Tell the moderators of a room that a post is reported; further reports of it are the same line."""
    notify(
        REPORTED,
        subject_id=report.post_id,
        key=f"{REPORTED.name}:{report.pk}",
        actor=report.reporter,
        at=at,
    )


def tell_looked_at(report: Report, *, actor: User, at: dt.datetime) -> None:
    """Tell who reported a post that a moderator looked at it."""
    if report.reporter_id is not None:
        notify(
            REPORT_CLOSED,
            subject_id=report.pk,
            key=f"{REPORT_CLOSED.name}:{report.pk}",
            recipients=[report.reporter_id],
            actor=actor,
            data={"what": report.outcome},
            at=at,
        )


def tell_warned(warning: PostWarning, *, at: dt.datetime) -> None:
    """Tell an author that a moderator warns about a post."""
    notify(
        WARNED,
        subject_id=warning.pk,
        key=f"{WARNED.name}:{warning.pk}",
        recipients=[warning.post.author_id],
        actor=warning.by,
        at=at,
    )


def tell_ban(ban: PostingBan, what: str, *, actor: User, at: dt.datetime) -> None:
    """Tell somebody that he or she may not write for a time, or may again."""
    notify(
        BARRED,
        subject_id=ban.pk,
        key=f"{BARRED.name}:{ban.pk}:{what}",
        recipients=[ban.user_id],
        actor=actor,
        data={"what": what},
        at=at,
    )
