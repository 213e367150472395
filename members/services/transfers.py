"""Moving a member to another chapter: M15. Dues that were paid stay with the chapter that received them."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from members.choices import OfficeRole, Standing
from members.models import Chapter, Membership, Profile, Transfer, offices_of
from members.models.transfers import SILENCE
from members.notifications.standing import TRANSFER
from members.services.memberships import MembershipRefused
from notifications.services import notify


@transaction.atomic
def ask_transfer(membership: Membership, *, actor: User, to_chapter: Chapter, reason: str, at: dt.datetime) -> Transfer:
    """Ask to move to another chapter. Raises MembershipRefused."""
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
    return transfer


@transaction.atomic
def agree_to_transfer(transfer: Transfer, *, actor: User, at: dt.datetime) -> Transfer:
    """Agree for the old chapter, the new one, or both, by what the actor is an officer of. Raises MembershipRefused."""
    row = _lock_open(transfer)
    offices = offices_of(actor)
    is_old = offices.holds(OfficeRole.CHAPTER_OFFICER, row.from_chapter)
    is_new = offices.holds(OfficeRole.CHAPTER_OFFICER, row.to_chapter)
    if row.membership.user_id == actor.pk or not (is_old or is_new):
        raise MembershipRefused(_("Officers of the two chapters decide on this."))
    if is_old and row.old_agreed_at is None:
        row.old_agreed_at, row.old_agreed_by = at, actor
    if is_new and row.new_agreed_at is None:
        row.new_agreed_at, row.new_agreed_by = at, actor
    row.save()
    _record(row, "agreed", actor=actor, at=at)
    return _complete(row, actor=actor, at=at)


@transaction.atomic
def refuse_transfer(transfer: Transfer, *, actor: User, reason: str, at: dt.datetime) -> Transfer:
    """End a wish to move with a reason that the member reads. Raises MembershipRefused."""
    row = _lock_open(transfer)
    offices = offices_of(actor)
    chapters = (row.from_chapter, row.to_chapter)
    if row.membership.user_id == actor.pk or not any(
        offices.holds(OfficeRole.CHAPTER_OFFICER, one) for one in chapters
    ):
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


def _lock_open(transfer: Transfer) -> Transfer:
    rows = Transfer.objects.select_for_update(of=("self",)).select_related("membership", "from_chapter", "to_chapter")
    row = rows.get(pk=transfer.pk)
    if row.completed_at is not None or row.ended_at is not None:
        raise MembershipRefused(_("This transfer is over already. The page shows how it ended."))
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
