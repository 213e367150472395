"""Writing: threads begin, replies follow, held posts are decided on, posts are changed."""

import datetime as dt
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from forum.choices import Level, LevelReason, PostState, Right, ThreadKind, ThreadState, Why
from forum.models import Draft, Mention, Post, PostingBan, PostVersion, Room, Tag, Thread
from forum.notifications import readers_among
from forum.rules.text import Parsed, References, TextEmpty, TextTooLong, parse, to_html
from forum.services import telling
from forum.services.clock import count_published, lock_threads, recount_room, tick
from forum.services.flagging import flag_words
from forum.services.reading import follow, mark_read
from members.models import Membership, league_day

MOST_REASON = 500  # characters
MOST_NAMED = 20  # people whom one post calls by name


class PostRefused(Exception):
    """Raised for a post that cannot be taken as it is; `sentence` says why, and the text stays with its author."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@transaction.atomic
def start_thread(
    room: Room,
    *,
    author: User,
    kind: ThreadKind | str,
    title: str,
    text: str,
    tags: Iterable[Tag] = (),
    token: str = "",
    draft_revision: int | None = None,
    at: dt.datetime,
) -> Thread:
    """Begin a thread with its first post. The same `token` of the same author again returns the first one.

    The draft of the place goes, unless another window has saved one after `draft_revision`.

    The first post of a new member waits for a moderator where the room asks for it. Raises PostRefused.
    """
    if (sent := _sent_before(author, token)) is not None:
        return sent.thread
    parsed = _parse(text)
    title = " ".join(title.split())
    if not title:
        raise PostRefused(_("Give the thread a title."))
    if room.is_archived:
        raise PostRefused(_("This room is closed. Your text is kept as a draft: choose another room."))
    _refuse_if_barred(author, room.pk)
    waits = must_wait(author, room)
    state = ThreadState.HELD if waits else ThreadState.LIVE
    try:
        with transaction.atomic():
            thread = Thread.objects.create(
                room=room, kind=kind, title=title, state=state, starter=author, created_at=at
            )
            thread.tags.set(tags)
            _write(thread, parsed, author=author, reply_to=None, token=token, waits=waits, at=at)
    except IntegrityError:
        if (sent := _sent_before(author, token)) is None:
            raise
        return sent.thread
    _forget_draft(author, f"room:{room.pk}", draft_revision)
    return thread


@transaction.atomic
def post_reply(
    thread: Thread,
    *,
    author: User,
    text: str,
    reply_to: Post | None = None,
    token: str = "",
    draft_revision: int | None = None,
    at: dt.datetime,
) -> Post:
    """Add a reply and tell whom it concerns once it is public. The same `token` again returns the first one.

    The draft of the place goes, unless another window has saved one after `draft_revision`.

    Raises PostRefused where the thread takes no replies any more, or the text is empty or too long.
    """
    if (sent := _sent_before(author, token)) is not None:
        return sent
    parsed = _parse(text)
    (locked,) = lock_threads(thread)
    _refuse_unless_open(locked)
    _refuse_if_barred(author, locked.room_id)
    _refuse_if_too_soon(locked, author, at)
    if reply_to is not None and (reply_to.thread_id != locked.pk or not reply_to.is_public):
        reply_to = None  # it was moved or deleted meanwhile: the words are worth more than the arrow
    waits = must_wait(author, locked.room)
    try:
        with transaction.atomic():
            post = _write(locked, parsed, author=author, reply_to=reply_to, token=token, waits=waits, at=at)
    except IntegrityError:
        if (sent := _sent_before(author, token)) is None:
            raise
        return sent
    _forget_draft(author, f"thread:{thread.pk}", draft_revision)
    return post


def must_wait(author: User, room: Room) -> bool:
    """Whether what somebody writes waits for a moderator: the first post of who moderates nothing here."""
    if not room.holds_first_posts or Post.objects.filter(author=author, seq__isnull=False).exists():
        return False
    return not _moderates(author, room)


@transaction.atomic
def approve_post(post: Post, *, actor: User, at: dt.datetime) -> Post:
    """Publish a post that waited: it gets its number now, and is unread for everybody. Asking again changes nothing."""
    (thread,) = lock_threads(post.thread)
    post = Post.objects.select_for_update(no_key=True).get(pk=post.pk)
    if post.state != PostState.HELD:
        return post
    if thread.state == ThreadState.HELD:
        thread.state = ThreadState.LIVE
    _publish(thread, post, at=at)
    if thread.state != ThreadState.LIVE:
        recount_room(thread.room_id)  # a hidden thread counts for nothing in its room
    telling.tell_decision(post, "approved", actor=actor, at=at)
    _note("forum.post_approve", post, thread, actor=actor, at=at)
    return post


@transaction.atomic
def refuse_post(post: Post, *, actor: User, reason: str, at: dt.datetime) -> Post:
    """Keep a post that waited from publication, for a reason that its author reads. Raises PostRefused."""
    if not reason.strip():
        raise PostRefused(_("Write the reason: the author reads it."))
    (thread,) = lock_threads(post.thread)
    post = Post.objects.select_for_update(no_key=True).get(pk=post.pk)
    if post.state != PostState.HELD:
        return post
    post.state, post.reason = PostState.REFUSED, reason.strip()[:MOST_REASON]
    post.save(update_fields=["state", "reason"])
    if thread.state == ThreadState.HELD:
        thread.state = ThreadState.REFUSED
        thread.save(update_fields=["state"])
    telling.tell_decision(post, "refused", actor=actor, at=at)
    _note("forum.post_refuse", post, thread, actor=actor, at=at, detail={"reason": reason.strip()})
    return post


@transaction.atomic
def edit_post(
    post: Post, *, actor: User, text: str, version: int, draft_revision: int | None = None, at: dt.datetime
) -> Post:
    """Change the text of a post; the text before is kept. Raises PostRefused where it was changed meanwhile."""
    parsed = _parse(text)
    locked = Post.objects.select_for_update(no_key=True).select_related("thread").get(pk=post.pk)
    if locked.version != version:
        raise PostRefused(_("The post was changed meanwhile in another window. Your text is below: compare and save."))
    if locked.state not in {PostState.PUBLIC, PostState.HELD}:
        raise PostRefused(_("This post cannot be changed any more."))
    _refuse_if_barred(actor, locked.thread.room_id)
    if locked.source == parsed.source:
        return locked
    PostVersion.objects.create(
        post=locked, version=locked.version, source=locked.source, replaced_at=at, replaced_by=actor
    )
    html, named = _resolve(locked.thread, parsed, author=locked.author)
    locked.source, locked.html = parsed.source, html
    locked.version += 1
    locked.edited_at = at
    locked.save(update_fields=["source", "html", "version", "edited_at"])
    known = set(locked.mentions.values_list("user", flat=True))
    added = {user: why for user, why in named.items() if user not in known}
    Mention.objects.bulk_create([Mention(post=locked, user_id=user, why=why) for user, why in added.items()])
    if locked.is_public and added:
        telling.tell_named(locked, added, at=at)
    if actor.pk != locked.author_id:
        telling.tell_decision(locked, "edited", actor=actor, at=at)
        _note("forum.post_edit", locked, locked.thread, actor=actor, at=at)
    flag_words(locked, at=at)
    _forget_draft(actor, f"post:{post.pk}", draft_revision)
    return locked


@transaction.atomic
def forget_versions(post: Post, *, actor: User, at: dt.datetime) -> int:
    """Take the earlier texts of a post away for good, because one of them names somebody; return how many there were.

    That the post was changed stays to be seen.
    """
    locked = Post.objects.select_for_update(no_key=True).select_related("thread").get(pk=post.pk)
    number, _by_model = locked.versions.all().delete()
    if number:
        _note("forum.post_forget", locked, locked.thread, actor=actor, at=at, detail={"versions": number})
    return number


def render(thread: Thread, text: str, *, author: User) -> str:
    """Return the HTML that a text would become: the preview. Raises PostRefused."""
    return _resolve(thread, _parse(text), author=author)[0]


def _parse(text: str) -> Parsed:
    try:
        return parse(text)
    except TextEmpty:
        raise PostRefused(_("There is no text to read yet.")) from None
    except TextTooLong:
        raise PostRefused(
            _("The text is too long for one post: 60,000 characters are the most. Part it, or attach a file.")
        ) from None


def _refuse_unless_open(thread: Thread) -> None:
    if thread.state == ThreadState.MOVED:
        raise PostRefused(_("This thread was merged into another one meanwhile. Your text is kept: send it there."))
    if thread.state != ThreadState.LIVE:
        raise PostRefused(_("This thread is not open any more. Your text is kept as a draft."))
    if thread.is_closed:
        raise PostRefused(_("This thread was closed meanwhile. Your text is kept as a draft."))
    if thread.room.is_archived:
        raise PostRefused(_("This room is closed. Your text is kept as a draft."))


def _refuse_if_barred(author: User, room_id: int) -> None:
    ban = PostingBan.objects.in_force(league_day()).of(author, room_id).order_by("-until", "pk").first()
    if ban is None:
        return
    if ban.room_id is None:
        sentence = _("You may not write in the forum through %(day)s: %(why)s Your text is kept as a draft.")
    else:
        sentence = _("You may not write in this room through %(day)s: %(why)s Your text is kept as a draft.")
    why = ban.text if ban.text.endswith((".", "!", "?", "…")) else f"{ban.text}."
    raise PostRefused(sentence % {"day": date_format(ban.until), "why": why})


def _refuse_if_too_soon(thread: Thread, author: User, at: dt.datetime) -> None:
    """Keep to the pace of a locked thread that moderators slowed down; a reply that was taken back counts too."""
    if not thread.slow_minutes or _moderates(author, thread.room):
        return
    replies = Post.objects.filter(thread=thread, author=author).exclude(no=1)
    last = replies.order_by("-written_at").values_list("written_at", flat=True).first()
    free = last + dt.timedelta(minutes=thread.slow_minutes) if last is not None else at
    if at < free:
        raise PostRefused(
            _("Moderators slowed this thread down. You can reply again on %(moment)s. Your text is kept as a draft.")
            % {"moment": date_format(timezone.localtime(free), "j E, H:i")}
        )


def _moderates(author: User, room: Room) -> bool:
    return Room.objects.permitting(author, Right.MODERATE).filter(pk=room.pk).exists()


def _sent_before(author: User, token: str) -> Post | None:
    if not token:
        return None
    return Post.objects.select_related("thread").filter(author=author, client_token=token).first()


def _write(
    thread: Thread, parsed: Parsed, *, author: User, reply_to: Post | None, token: str, waits: bool, at: dt.datetime
) -> Post:
    """Keep a post in a locked thread and publish it unless it waits."""
    html, named = _resolve(thread, parsed, author=author)
    if reply_to is not None and reply_to.author_id != author.pk:
        named[reply_to.author_id] = min(named.get(reply_to.author_id, Why.REPLY), Why.REPLY)
    post = Post(
        thread=thread,
        author=author,
        source=parsed.source,
        html=html,
        reply_to=reply_to,
        written_at=at,
        client_token=token,
    )
    if not waits:
        _number(thread, post, at=at)
    post.save()
    Mention.objects.bulk_create([Mention(post=post, user_id=user, why=why) for user, why in named.items()])
    is_first = reply_to is None and thread.last_no <= 1 and thread.starter_id == author.pk
    follow(
        thread,
        reader=author,
        level=Level.WATCHING if is_first else Level.TRACKING,
        reason=LevelReason.STARTED if is_first else LevelReason.POSTED,
    )
    if waits:
        telling.tell_moderators(post, at=at)
    else:
        _spread(thread, post, named, at=at)
        flag_words(post, at=at)  # a moderator reads anyway what waits
    return post


def _publish(thread: Thread, post: Post, *, at: dt.datetime) -> None:
    """Publish a kept post of a locked thread."""
    named = dict(post.mentions.values_list("user", "why"))
    _number(thread, post, at=at)
    post.save(update_fields=["no", "seq", "state", "published_at"])
    _spread(thread, post, named, at=at)


def _number(thread: Thread, post: Post, *, at: dt.datetime) -> None:
    """Give a post the next number of its locked thread and a place on the clock, which stays locked from here on."""
    thread.last_no += 1
    post.no, post.seq = thread.last_no, tick()
    post.state, post.published_at = PostState.PUBLIC, at


def _spread(thread: Thread, post: Post, named: dict[int, int], *, at: dt.datetime) -> None:
    """Move the counters for a post that has just been published, and tell whom it concerns."""
    count_published(thread, post)
    if post.no == 1:
        Room.objects.filter(pk=thread.room_id).update(thread_count=F("thread_count") + 1)
    mark_read(thread, reader=post.author, up_to=post.no or 0)
    telling.tell_published(post, named, at=at)


def _resolve(thread: Thread, parsed: Parsed, *, author: User) -> tuple[str, dict[int, int]]:
    """Return the HTML of a text, and whom it concerns by name: readers of the room only."""
    people: dict[str, User] = {}
    if parsed.handles:
        rows = Membership.objects.filter(number__in=sorted(parsed.handles)[:MOST_NAMED]).select_related("user")
        readers = readers_among(thread.room_id, [row.user for row in rows])
        people = {row.number: row.user for row in rows if row.user_id in readers}
    quoted = {}
    if parsed.quoted:
        posts = Post.objects.filter(thread=thread.pk, state=PostState.PUBLIC, no__in=sorted(parsed.quoted)[:MOST_NAMED])
        quoted = {post.no or 0: post for post in posts}
    named: dict[int, int] = {post.author_id: Why.QUOTE for post in quoted.values()}
    named |= {user.pk: Why.MENTION for user in people.values()}
    named.pop(author.pk, None)
    references = References(
        names={number: user.name_native for number, user in people.items()},
        posts={no: post.kept_address() for no, post in quoted.items()},
    )
    return to_html(parsed, references), named


def _forget_draft(author: User, scope: str, revision: int | None) -> None:
    drafts = Draft.objects.filter(user=author, scope=scope)
    (drafts if revision is None else drafts.filter(revision__lte=revision)).delete()


def _note(
    action: str, post: Post, thread: Thread, *, actor: User, at: dt.datetime, detail: dict[str, object] | None = None
) -> None:
    about = {"thread": thread.pk} | (detail or {})
    record(action, actor=actor, subject=post, at=at, person=post.author_id, detail=about)
