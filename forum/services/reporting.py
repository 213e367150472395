"""Readers report posts, moderators look at them. What the reporter and the author learn are codes and ids."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from forum.choices import PostState, ReportOutcome, ReportReason
from forum.models import Post, PostWarning, Report
from forum.services import telling
from forum.services.posting import PostRefused


@transaction.atomic
def report_post(post: Post, *, reporter: User, reason: ReportReason | str, text: str, at: dt.datetime) -> Report:
    """Ask the moderators of a room to look at a post. Raises PostRefused.

    A report is not in the audit log: the author, whom it concerns, would learn there who wrote it.
    """
    locked = Post.objects.select_for_update(no_key=True).get(pk=post.pk)
    if locked.author_id == reporter.pk:
        raise PostRefused(_("This is your own post: change it or delete it."))
    if not locked.is_public:
        raise PostRefused(_("This post is not public any more: there is nothing to report."))
    if not text.strip():
        raise PostRefused(_("Say in a sentence what is wrong: a moderator reads it."))
    if Report.objects.open().filter(post=locked, reporter=reporter).exists():
        raise PostRefused(_("You have reported this post already. A moderator will look at it."))
    report = Report.objects.create(post=locked, reporter=reporter, reason=reason, text=text.strip(), at=at)
    telling.tell_reported(report, at=at)
    return report


@transaction.atomic
def dismiss_reports(post: Post, *, actor: User, note: str, at: dt.datetime) -> int:
    """Leave a reported post as it is; the note is for moderators. Return how many reports that was about.

    Raises PostRefused for one's own post or without a note.
    """
    if not note.strip():
        raise PostRefused(_("Write why the post stays: other moderators read it."))
    locked = Post.objects.select_for_update(no_key=True).get(pk=post.pk)
    if locked.author_id == actor.pk:
        raise PostRefused(_("This is your own post: another moderator decides about it."))
    closed = settle(locked, ReportOutcome.DISMISSED, actor=actor, note=note.strip(), at=at)
    if closed:
        _note("forum.report_dismiss", locked, actor=actor, at=at, reports=closed)
    return closed


@transaction.atomic
def warn_author(post: Post, *, actor: User, text: str, at: dt.datetime) -> PostWarning:
    """Warn the author of a post, which stays as it is. Raises PostRefused."""
    if not text.strip():
        raise PostRefused(_("Write the warning: the author reads it."))
    locked = Post.objects.select_for_update(no_key=True).get(pk=post.pk)
    if locked.author_id == actor.pk:
        raise PostRefused(_("This is your own post: another moderator decides about it."))
    if locked.state not in {PostState.PUBLIC, PostState.HIDDEN}:
        raise PostRefused(_("This post is not there any more."))
    warning = PostWarning.objects.create(post=locked, text=text.strip(), by=actor, at=at)
    telling.tell_warned(warning, at=at)
    closed = settle(locked, ReportOutcome.WARNED, actor=actor, at=at)
    _note("forum.post_warn", locked, actor=actor, at=at, reports=closed)
    return warning


def settle(post: Post, outcome: ReportOutcome, *, actor: User, at: dt.datetime, note: str = "") -> int:
    """Close the open reports of a locked post and tell those who made them. Return how many there were."""
    reports = list(Report.objects.open().select_for_update(no_key=True).filter(post=post).order_by("pk"))
    for report in reports:
        report.closed_at, report.closed_by, report.outcome, report.note = at, actor, outcome, note
        report.save(update_fields=["closed_at", "closed_by", "outcome", "note"])
        telling.tell_looked_at(report, actor=actor, at=at)
    return len(reports)


def _note(action: str, post: Post, *, actor: User, at: dt.datetime, **detail: object) -> None:
    about = {"thread": post.thread_id, **detail}
    record(action, actor=actor, subject=post, at=at, person=post.author_id, detail=about)
