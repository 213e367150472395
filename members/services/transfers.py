"""Moving a member to another chapter: M15. Dues that were paid stay with the chapter that received them."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from members.choices import OfficeRole, Standing
from members.models import Chapter, Membership, OfficeTerm, Profile, Transfer
from members.models.transfers import SILENCE
from members.notifications.standing import TRANSFER, TRANSFER_WORK
from members.permissions.transfers import can_agree, can_refuse, speaks_for_new, speaks_for_old
from members.services.memberships import MembershipRefused
from notifications.services import notify

MOST_TOLD = 50


def view_transfer(transfer: Transfer, *, actor: User, at: dt.datetime) -> None:
    """Record that an officer opened somebody's wish to move."""
    _record(transfer, "viewed", actor=actor, at=at)


@transaction.atomic
def ask_transfer(membership: Membership, *, actor: User, to_chapter: Chapter, reason: str, at: dt.datetime) -> Transfer:
    """Ask to move to another chapter; officers of both are told. Raises MembershipRefused."""
    locked = Membership.objects.select_for_update().get(pk=membership.pk)
    if locked.user_id != actor.pk:
        raise MembershipRefused(_("Only the member asks for this."))
    if locked.standing not in {Standing.ACTIVE, Standing.GRACE}:
        raise MembershipRefused(_("Only a member in good standing can move to another chapter."))
    if locked.chapter_id == to_chapter.pk:
        raise MembershipRefused(_("You belong to this chapter already."))
    if Transfer.objects.open().filter(membership=locked).exists():
        raise MembershipRefused(_("You have asked to move already. Both chapters have been told."))
    transfer = Transfer.objects.create(
        membership=locked, from_chapter=locked.chapter, to_chapter=to_chapter, reason=reason, asked_at=at
    )
    _record(transfer, "asked", actor=actor, at=at)
    notify(
        TRANSFER_WORK,
        subject_id=transfer.pk,
        key=f"{TRANSFER_WORK.name}:{transfer.pk}",
        recipients=_officers(transfer)[:MOST_TOLD],
        actor=actor,
        at=at,
    )
    return transfer


def _officers(transfer: Transfer) -> list[int]:
    """Return the ids of the officers of the two chapters, the member excluded."""
    chapters = {transfer.from_chapter_id, transfer.from_chapter.parent_id}
    chapters |= {transfer.to_chapter_id, transfer.to_chapter.parent_id}
    terms = OfficeTerm.objects.held(transfer.to_chapter.today()).filter(
        chapter__in=chapters - {None}, role=OfficeRole.CHAPTER_OFFICER, user__is_active=True
    )
    return sorted(set(terms.exclude(user=transfer.membership.user_id).values_list("user_id", flat=True)))


@transaction.atomic
def agree_to_transfer(transfer: Transfer, *, actor: User, at: dt.datetime, version: int | None = None) -> Transfer:
    """Agree for the old chapter, the new one, or both, by what the actor is an officer of.

    `version` is that of the page on which somebody decided. Raises MembershipRefused.
    """
    row = _lock_open(transfer, version=version)
    is_old, is_new = speaks_for_old(actor, row), speaks_for_new(actor, row)
    if not (is_old or is_new):
        raise MembershipRefused(_("Officers of the two chapters decide on this."))
    if not can_agree(actor, row):
        raise MembershipRefused(_("Your chapter has agreed already."))
    if is_old and row.old_agreed_at is None:
        row.old_agreed_at, row.old_agreed_by = at, actor
    if is_new and row.new_agreed_at is None:
        row.new_agreed_at, row.new_agreed_by = at, actor
    row.save()
    _record(row, "agreed", actor=actor, at=at)
    return _complete(row, actor=actor, at=at)


@transaction.atomic
def refuse_transfer(
    transfer: Transfer, *, actor: User, reason: str, at: dt.datetime, version: int | None = None
) -> Transfer:
    """End a wish to move with a reason that the member reads. Raises MembershipRefused."""
    row = _lock_open(transfer, version=version)
    if not can_refuse(actor, row):
        raise MembershipRefused(_("Officers of the two chapters decide on this."))
    row.ended_at, row.ended_by, row.refusal = at, actor, reason
    row.save()
    _record(row, "refused", actor=actor, at=at)
    return _tell(row, at=at)


@transaction.atomic
def cancel_transfer(transfer: Transfer, *, actor: User, at: dt.datetime) -> Transfer:
    """Take a wish to move back. Raises MembershipRefused."""
    row = _lock_open(transfer)
    if row.membership.user_id != actor.pk:
        raise MembershipRefused(_("Only the member takes this back."))
    row.ended_at, row.ended_by = at, actor
    row.save()
    _record(row, "cancelled", actor=actor, at=at)
    return row


def settle_silent_transfers(at: dt.datetime) -> int:
    """Count the silence of old chapters as agreement after 14 days. Returns how many; replaying changes nothing."""
    due = Transfer.objects.open().filter(old_agreed_at__isnull=True, asked_at__lte=at - SILENCE)
    settled = 0
    for pk in due.order_by("pk").values_list("pk", flat=True)[:500]:
        with transaction.atomic():
            row = Transfer.objects.select_for_update().filter(pk=pk, old_agreed_at__isnull=True).open().first()
            if row is None:
                continue
            row.old_agreed_at = at
            row.save(update_fields=["old_agreed_at"])
            _record(row, "agreed_by_silence", actor=None, at=at)
            _complete(row, actor=None, at=at)
            settled += 1
    return settled


def _complete(transfer: Transfer, *, actor: User | None, at: dt.datetime) -> Transfer:
    if transfer.old_agreed_at is None or transfer.new_agreed_at is None:
        return transfer
    transfer.completed_at = at
    transfer.save(update_fields=["completed_at"])
    membership = Membership.objects.select_for_update().get(pk=transfer.membership_id)
    membership.chapter = transfer.to_chapter
    membership.version += 1
    membership.save(update_fields=["chapter", "version"])
    Profile.objects.filter(user=membership.user_id).update(chapter=transfer.to_chapter)
    _record(transfer, "completed", actor=actor, at=at)
    return _tell(transfer, at=at)


def _tell(transfer: Transfer, *, at: dt.datetime) -> Transfer:
    key = f"{TRANSFER.name}:{transfer.pk}"
    notify(TRANSFER, subject_id=transfer.pk, key=key, recipients=[transfer.membership.user_id], at=at)
    return transfer


def _lock_open(transfer: Transfer, *, version: int | None = None) -> Transfer:
    rows = Transfer.objects.select_for_update(of=("self",)).select_related("membership", "from_chapter", "to_chapter")
    row = rows.get(pk=transfer.pk)
    if row.completed_at is not None or row.ended_at is not None:
        raise MembershipRefused(_("This transfer is over already. The page shows how it ended."))
    if version is not None and version != row.version:
        raise MembershipRefused(
            _("A chapter decided while the page was open, so nothing was done. Look at it as it stands and decide.")
        )
    return row


def _record(transfer: Transfer, name: str, *, actor: User | None, at: dt.datetime) -> None:
    record(
        f"members.transfer_{name}",
        actor=actor,
        subject=transfer,
        at=at,
        person=transfer.membership.user_id,
        chapter=transfer.to_chapter_id,
        detail={"from": transfer.from_chapter_id, "to": transfer.to_chapter_id},
    )
