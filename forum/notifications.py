"""What people are told about the forum: ids and codes. Titles are joined at the last moment, through `visible_to`."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from forum.choices import Level, ReportOutcome, Right
from forum.models import (
    Ignored,
    Mention,
    Post,
    PostingBan,
    PostWarning,
    Report,
    Room,
    RoomMark,
    Thread,
    ThreadRead,
    readers_of,
)
from notifications.choices import Channel, Floor, Mode, Urgency
from notifications.registry import Kind, Notice, Subject, Text, register

GROUP = gettext_lazy("Forum")
QUIET = {Channel.SITE: Mode.INSTANT, Channel.MAIL: Mode.DIGEST, Channel.PUSH: Mode.OFF}
DECISIONS = {
    "approved": gettext_lazy("Your post is published"),
    "refused": gettext_lazy("Your post was not published: read why"),
    "hidden": gettext_lazy("A moderator hid your post: read why"),
    "restored": gettext_lazy("Your post is shown again"),
    "edited": gettext_lazy("A moderator changed your post"),
}

REPORTS_LOOKED_AT = {
    ReportOutcome.DISMISSED: gettext_lazy("A moderator looked at your report: the post in “%(title)s” stays"),
    ReportOutcome.GONE: gettext_lazy("The post in “%(title)s” that you reported was taken back by its author"),
}


def load_posts(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return the public posts that a person may read and does not ignore: one query."""
    posts = Post.objects.visible_to(user).public().filter(pk__in=list(ids)).select_related("thread__room")
    posts = posts.exclude(author__in=Ignored.objects.filter(user=user).values("ignored"))
    return {str(post.pk): _subject(post) for post in posts}


def load_own_posts(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return a person’s own posts, whatever was decided about them."""
    posts = Post.objects.filter(author=user, pk__in=list(ids)).select_related("thread__room")
    return {str(post.pk): _subject(post) for post in posts}


def load_held_posts(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return the posts that wait for a moderator who may read them."""
    posts = Post.objects.visible_to(user).held().exclude(author=user).filter(pk__in=list(ids))
    return {str(post.pk): _subject(post) for post in posts.select_related("thread__room")}


def load_reported_posts(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return the posts of other people with open reports, for moderators of their rooms."""
    posts = Post.objects.visible_to(user).filter(
        Exists(Report.objects.open().filter(post=OuterRef("pk"))),
        thread__room__in=Room.objects.permitting(user, Right.MODERATE),
        pk__in=list(ids),
    )
    posts = posts.exclude(author=user).select_related("thread__room")
    queue = reverse("forum:report_list")
    return {str(post.pk): replace(_subject(post), url=f"{queue}#post-{post.pk}") for post in posts}


def load_own_reports(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return a person’s own reports in threads that he or she may still open, whatever became of the posts."""
    reports = Report.objects.filter(
        reporter=user, post__thread__in=Thread.objects.visible_to(user), pk__in=list(ids)
    ).select_related("post__thread__room")
    return {str(report.pk): _subject(report.post) for report in reports}


def load_own_warnings(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return the warnings to a person."""
    warnings = PostWarning.objects.filter(post__author=user, pk__in=list(ids)).select_related("post__thread__room")
    own = reverse("forum:warning_list")
    return {str(warning.pk): replace(_subject(warning.post), url=own) for warning in warnings}


def load_own_bans(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return what bars a person from writing, or did; a room that he or she may not know of any more has no name."""
    bans = PostingBan.objects.filter(user=user, pk__in=list(ids)).select_related("room")
    rooms = {room.pk: str(room) for room in Room.objects.visible_to(user).filter(pk__in=bans.values("room"))}
    own = reverse("forum:warning_list")
    return {
        str(ban.pk): Subject(
            title=rooms.get(ban.room_id, str(GROUP)) if ban.room_id else str(GROUP),
            url=own,
            floor=Floor(ban.room.floor) if ban.room is not None else Floor.TITLE,
        )
        for ban in bans
    }


def _subject(post: Post) -> Subject:
    return Subject(title=post.thread.title, url=post.get_absolute_url(), floor=Floor(post.thread.room.floor))


def unread_among(subject_id: str, people: list[User]) -> set[int]:
    """Return who of many may read a public post, has not read it yet, and has muted neither its thread nor its author.

    Two queries.
    """
    post = Post.objects.public().select_related("thread").filter(pk=subject_id).first()
    if post is None:
        return set()
    done = ThreadRead.objects.filter(thread=post.thread_id, user=OuterRef("pk"))
    done = done.filter(Q(read_no__gte=post.no or 0) | Q(level=Level.MUTED))
    readers = readers_of(post.thread.room_id).filter(~Exists(done), pk__in=[person.pk for person in people])
    readers = readers.filter(~Exists(_ignoring(post)))
    return set(readers.values_list("pk", flat=True))


def watchers(subject_id: str) -> QuerySet[User]:
    """Return who follows a post's thread, or its room, is not named by the post, and does not ignore its author."""
    post = Post.objects.select_related("thread__room").get(pk=subject_id)
    room = post.thread.room
    own = ThreadRead.objects.filter(thread=post.thread_id, user=OuterRef("pk"))
    of_room = RoomMark.objects.filter(room=room, user=OuterRef("pk"))
    by_room = Q(Exists(of_room.filter(level=Level.WATCHING)))
    if room.level_default == Level.WATCHING:
        by_room |= ~Q(Exists(of_room.filter(level__isnull=False)))
    follows = Q(Exists(own.filter(level=Level.WATCHING))) | (by_room & ~Q(Exists(own.filter(level__isnull=False))))
    named = Mention.objects.filter(post=post, user=OuterRef("pk"))
    return readers_of(room.pk).filter(follows, ~Exists(named), ~Exists(_ignoring(post)))


def _ignoring(post: Post) -> QuerySet[Ignored]:
    """Return, for the person of an outer query, whether he or she ignores the author of a post."""
    return Ignored.objects.filter(user=OuterRef("pk"), ignored=post.author_id)


def moderators(subject_id: str) -> QuerySet[User]:
    """Return who decides on a post that waits."""
    post = Post.objects.select_related("thread").get(pk=subject_id)
    return readers_of(post.thread.room_id, Right.MODERATE)


def readers_among(room_id: int, people: Iterable[User]) -> set[int]:
    """Return the ids of those who read a room."""
    return set(readers_of(room_id).filter(pk__in=[one.pk for one in people]).values_list("pk", flat=True))


def _new_posts(notice: Notice) -> str:
    return ngettext("A new post in “%(title)s”", "%(count)d new posts in “%(title)s”", notice.count) % {
        "count": notice.count,
        "title": notice.subject.title,
    }


def _titled(text: Text) -> Callable[[Notice], str]:
    return lambda notice: str(text) % {"title": notice.subject.title}


def _looked_at(notice: Notice) -> str:
    acted = gettext_lazy("A moderator looked at your report in “%(title)s” and did something about it")
    sentence = REPORTS_LOOKED_AT.get(notice.data.get("what", ""), acted)
    return str(sentence) % {"title": notice.subject.title}


def _barred(notice: Notice) -> str:
    lifted, barred = (
        gettext_lazy("You may write again: “%(title)s”"),
        gettext_lazy("You may not write for now: “%(title)s”"),
    )
    return str(lifted if notice.data.get("what") == "lifted" else barred) % {"title": notice.subject.title}


def _by_name(name: str, label: Text, line: Text, reason: Text, icon: str) -> Kind:
    return register(
        Kind(
            name=name,
            label=label,
            group=GROUP,
            load=load_posts,
            line=_titled(line),
            action=gettext_lazy("Read the post"),
            reason=reason,
            urgency=Urgency.DIRECT,
            icon=icon,
            visible_among=unread_among,
        )
    )


MENTION = _by_name(
    "forum.mention",
    gettext_lazy("Somebody mentions you"),
    gettext_lazy("You were mentioned in “%(title)s”"),
    gettext_lazy("You get this letter because a post mentions you."),
    "user",
)
REPLY = _by_name(
    "forum.reply",
    gettext_lazy("Somebody answers your post"),
    gettext_lazy("Your post in “%(title)s” was answered"),
    gettext_lazy("You get this letter because a post answers yours."),
    "reply",
)
QUOTE = _by_name(
    "forum.quote",
    gettext_lazy("Somebody quotes you"),
    gettext_lazy("You were quoted in “%(title)s”"),
    gettext_lazy("You get this letter because a post quotes you."),
    "quote",
)
WATCHED = register(
    Kind(
        name="forum.watched",
        label=gettext_lazy("New posts in threads that you watch"),
        group=GROUP,
        load=load_posts,
        line=_new_posts,
        action=gettext_lazy("Read the post"),
        reason=gettext_lazy("You get this letter because you watch this thread or its room."),
        icon="messages-square",
        recipients=watchers,
        visible_among=unread_among,
    )
)
NEW_THREAD = register(
    Kind(
        name="forum.new_thread",
        label=gettext_lazy("New threads in rooms that you watch"),
        group=GROUP,
        load=load_posts,
        line=_titled(gettext_lazy("A new thread: “%(title)s”")),
        action=gettext_lazy("Read the thread"),
        reason=gettext_lazy("You get this letter because you watch the room of this thread."),
        modes=QUIET,
        icon="messages-square",
        recipients=watchers,
        visible_among=unread_among,
    )
)
ANSWER_ACCEPTED = register(
    Kind(
        name="forum.accepted",
        label=gettext_lazy("Your answer is accepted"),
        group=GROUP,
        load=load_posts,
        line=_titled(gettext_lazy("Your answer in “%(title)s” was accepted")),
        action=gettext_lazy("Open the thread"),
        reason=gettext_lazy("You get this letter because you answered a question."),
        modes=QUIET,
        icon="check",
    )
)
HELD = register(
    Kind(
        name="forum.held",
        label=gettext_lazy("A post waits for a moderator"),
        group=GROUP,
        load=load_held_posts,
        line=_titled(gettext_lazy("A post in “%(title)s” waits for your decision")),
        action=gettext_lazy("Read and decide"),
        reason=gettext_lazy("You get this letter because you moderate a room."),
        icon="flag",
        recipients=moderators,
    )
)
MODERATION = register(
    Kind(
        name="forum.moderation",
        label=gettext_lazy("What moderators decide about your posts"),
        group=GROUP,
        load=load_own_posts,
        line=lambda notice: str(DECISIONS.get(notice.data.get("what", ""), DECISIONS["edited"])),
        action=gettext_lazy("Open the post"),
        reason=gettext_lazy("You get this letter because a moderator decided about a post of yours."),
        urgency=Urgency.DIRECT,
        icon="shield-check",
    )
)
REPORTED = register(
    Kind(
        name="forum.report",
        label=gettext_lazy("A post is reported"),
        group=GROUP,
        load=load_reported_posts,
        line=_titled(gettext_lazy("A post in “%(title)s” was reported")),
        action=gettext_lazy("Read and decide"),
        reason=gettext_lazy("You get this letter because you moderate a room."),
        icon="flag",
        recipients=moderators,
    )
)
REPORT_CLOSED = register(
    Kind(
        name="forum.report_closed",
        label=gettext_lazy("What moderators decide about your reports"),
        group=GROUP,
        load=load_own_reports,
        line=_looked_at,
        action=gettext_lazy("Open the thread"),
        reason=gettext_lazy("You get this letter because you reported a post."),
        modes=QUIET,
        icon="flag",
    )
)
WARNED = register(
    Kind(
        name="forum.moderation_warning",
        label=gettext_lazy("Warnings of moderators"),
        group=GROUP,
        load=load_own_warnings,
        line=_titled(gettext_lazy("A moderator warns you about your post in “%(title)s”")),
        action=gettext_lazy("Read the warning"),
        reason=gettext_lazy("You get this letter because a moderator wrote to you about a post of yours."),
        urgency=Urgency.DIRECT,
        icon="shield-check",
    )
)
BARRED = register(
    Kind(
        name="forum.moderation_ban",
        label=gettext_lazy("Being barred from writing"),
        group=GROUP,
        load=load_own_bans,
        line=_barred,
        action=gettext_lazy("Read why"),
        reason=gettext_lazy("You get this letter because a moderator decided whether you may write in the forum."),
        urgency=Urgency.DIRECT,
        icon="shield-check",
    )
)
