"""Who may not write for a time, in a room or in the whole forum. Reading stays as it was."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from forum.choices import Audience, ReportOutcome, ReportReason, Right, RoomKind
from forum.models import Post, PostingBan, Room, RoomRule
from forum.services import telling
from forum.services.posting import PostRefused
from forum.services.reporting import settle
from members.models import league_day


def may_ban(user: User, room: Room | None) -> bool:
    """Whether somebody may bar people from writing: a moderator in the room, everywhere the officers of the League.

    The latter are those whom a rule for the League's officers lets moderate a room for all members.
    """
    if room is not None:
        return _moderates(user, room)
    rules = RoomRule.objects.met_by(user).filter(right=Right.MODERATE)
    return rules.filter(audience=Audience.OFFICERS, chapter__isnull=True, room__kind=RoomKind.OPEN).exists()


@transaction.atomic
def ban_author(
    post: Post,
    *,
    everywhere: bool,
    until: dt.date,
    reason: ReportReason | str,
    text: str,
    actor: User,
    at: dt.datetime,
) -> PostingBan:
    """Bar the author of a post from writing in its room, or everywhere, through a day; close reports of the post.

    An earlier ban of the same place ends with it. Raises PostRefused.
    """
    locked = Post.objects.select_for_update(no_key=True).select_related("thread__room", "author").get(pk=post.pk)
    person, room = locked.author, None if everywhere else locked.thread.room
    if not text.strip():
        raise PostRefused(_("Write why: the author reads it."))
    if until < league_day():
        raise PostRefused(_("Choose today or a later day."))
    if person.pk == actor.pk:
        raise PostRefused(_("You cannot bar yourself from writing."))
    if not may_ban(actor, room):
        raise PostRefused(_("Only officers of the League who moderate may bar somebody from the whole forum."))
    if _moderates(person, room):
        raise PostRefused(_("Moderators cannot be barred from writing: write to the League’s office."))
    PostingBan.objects.in_force(league_day()).filter(user=person, room=room).update(lifted_at=at, lifted_by=actor)
    ban = PostingBan.objects.create(
        user=person, room=room, until=until, reason=reason, text=text.strip(), by=actor, at=at
    )
    closed = settle(locked, ReportOutcome.BANNED, actor=actor, at=at)
    telling.tell_ban(ban, "banned", actor=actor, at=at)
    _note("forum.ban", ban, actor=actor, at=at, until=until, post=post.pk, reports=closed)
    return ban


@transaction.atomic
def lift_ban(ban: PostingBan, *, actor: User, at: dt.datetime) -> PostingBan:
    """Let somebody write again before the time. Asking again changes nothing. Raises PostRefused for one's own ban."""
    locked = PostingBan.objects.select_for_update(no_key=True).get(pk=ban.pk)
    if locked.user_id == actor.pk:
        raise PostRefused(_("This is about you: another moderator decides about it."))
    if locked.lifted_at is None:
        locked.lifted_at, locked.lifted_by = at, actor
        locked.save(update_fields=["lifted_at", "lifted_by"])
        telling.tell_ban(locked, "lifted", actor=actor, at=at)
        _note("forum.ban_lift", locked, actor=actor, at=at)
    return locked


def _moderates(person: User, room: Room | None) -> bool:
    """Whether somebody moderates a room, or any at all where none is named."""
    rooms = Room.objects.permitting(person, Right.MODERATE)
    return (rooms if room is None else rooms.filter(pk=room.pk)).exists()


def _note(action: str, ban: PostingBan, *, actor: User, at: dt.datetime, **detail: object) -> None:
    about = {"room": ban.room_id, **detail}
    record(action, actor=actor, subject=ban, at=at, person=ban.user_id, reason_code=ban.reason, detail=about)
