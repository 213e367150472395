"""Committees: who sits in them, in which role, from when until when."""

import datetime as dt

from django.db import transaction
from django.db.models import F

from accounts.models import User
from audit.services import record
from members.choices import CommitteeRole, Standing
from members.models import Committee, CommitteeMember, Membership, Profile
from members.notifications.committees import COMMITTEE_JOINED
from members.permissions.committees import can_run_in
from notifications.services import notify


class CommitteeOver(Exception):
    """Raised when a committee that was dissolved is to be changed."""


class StaleCommittee(Exception):
    """Raised when a committee changed since the page was opened on which somebody changes it."""


class NotEligible(Exception):
    """Raised when somebody is to join who is no active member of the League, or not of the committee's chapter."""


class AlreadyMember(Exception):
    """Raised when somebody is to join a committee in which he or she sits."""


class NotInCommittee(Exception):
    """Raised when a seat is to be changed that has ended."""


@transaction.atomic
def save_committee(committee: Committee, *, version: int, actor: User, at: dt.datetime) -> Committee:
    """Create a committee or keep its changed description. Raises StaleCommittee, CommitteeOver."""
    is_new = committee.pk is None
    if not is_new:
        _lock(committee, version=version)
        committee.version = version + 1
    committee.save()
    _audit("members.committee_create" if is_new else "members.committee_change", committee, actor=actor, at=at)
    return committee


def find_member(committee: Committee, number: str, *, actor: User) -> Membership | None:
    """Return whom a number on a card adds to a committee, or None, whatever the reason: numbers are easy to guess.

    A chair without office finds only people whose names he sees in the directory.
    """
    members = Membership.objects.select_related("user")
    if not can_run_in(actor, committee.chapter):
        members = members.filter(user__profile__in=Profile.objects.visible_to(actor))
    membership = members.filter(number=number).first()
    return membership if membership is not None and _is_eligible(committee, membership.user) else None


@transaction.atomic
def add_member(
    committee: Committee,
    user: User,
    *,
    role: CommitteeRole,
    version: int | None = None,
    actor: User,
    at: dt.datetime,
    on: dt.date,
) -> CommitteeMember:
    """Give a member of the League a seat and say so. A new chair's predecessor stays as a member.

    Raises StaleCommittee, CommitteeOver, NotEligible, AlreadyMember.
    """
    locked = _lock(committee, version=version)
    if not _is_eligible(locked, user):
        raise NotEligible
    if locked.members.open().filter(user=user).exists():
        raise AlreadyMember
    if role == CommitteeRole.CHAIR:
        _step_down(locked, on=on)
    seat = CommitteeMember.objects.create(committee=locked, user=user, role=role, starts_on=max(on, locked.starts_on))
    _touch(committee, locked)
    _audit("members.committee_join", locked, actor=actor, at=at, person=user, detail={"role": role})
    key = f"{COMMITTEE_JOINED.name}:{seat.pk}"
    notify(COMMITTEE_JOINED, subject_id=locked.pk, key=key, recipients=[user.pk], actor=actor, at=at)
    return seat


@transaction.atomic
def end_membership(
    seat: CommitteeMember, *, version: int | None = None, actor: User, at: dt.datetime, on: dt.date
) -> CommitteeMember:
    """End a seat; its last day was the day before. Raises StaleCommittee, CommitteeOver, NotInCommittee."""
    locked = _lock(seat.committee, version=version)
    fresh = locked.members.open().filter(pk=seat.pk).first()
    if fresh is None:
        raise NotInCommittee
    _end(fresh, on=on)
    _touch(seat.committee, locked)
    _audit("members.committee_leave", locked, actor=actor, at=at, person=fresh.user_id, detail={"role": fresh.role})
    return fresh


@transaction.atomic
def appoint_chair(
    seat: CommitteeMember, *, version: int | None = None, actor: User, at: dt.datetime, on: dt.date
) -> CommitteeMember:
    """Make somebody who sits in a committee its chair; the one before stays as a member. Asking again changes nothing.

    Raises StaleCommittee, CommitteeOver, NotInCommittee, NotEligible.
    """
    locked = _lock(seat.committee, version=version)
    fresh = locked.members.open().select_related("user").filter(pk=seat.pk).first()
    if fresh is None:
        raise NotInCommittee
    if fresh.role == CommitteeRole.CHAIR:
        return fresh
    if not _is_eligible(locked, fresh.user):
        raise NotEligible
    _step_down(locked, on=on)
    chair = _change_role(fresh, CommitteeRole.CHAIR, on=on)
    _touch(seat.committee, locked)
    _audit("members.committee_chair", locked, actor=actor, at=at, person=fresh.user_id)
    key = f"{COMMITTEE_JOINED.name}:chair:{chair.pk}:{locked.version}"
    notify(COMMITTEE_JOINED, subject_id=locked.pk, key=key, recipients=[fresh.user_id], actor=actor, at=at)
    return chair


@transaction.atomic
def dissolve(
    committee: Committee, *, version: int | None = None, actor: User, at: dt.datetime, on: dt.date
) -> Committee:
    """End a committee and every seat in it. Raises StaleCommittee, CommitteeOver."""
    locked = _lock(committee, version=version)
    for seat in locked.members.open():
        _end(seat, on=on)
    locked.ends_on = max(on - dt.timedelta(days=1), locked.starts_on)
    locked.save(update_fields=["ends_on"])
    _touch(committee, locked)
    committee.ends_on = locked.ends_on
    _audit("members.committee_dissolve", locked, actor=actor, at=at)
    return committee


def _lock(committee: Committee, *, version: int | None) -> Committee:
    locked = Committee.objects.select_for_update(of=("self",)).get(pk=committee.pk)
    if version is not None and locked.version != version:
        raise StaleCommittee
    if locked.ends_on is not None:
        raise CommitteeOver
    return locked


def _touch(committee: Committee, locked: Committee) -> None:
    Committee.objects.filter(pk=locked.pk).update(version=F("version") + 1)
    locked.version += 1
    committee.version = locked.version


def _is_eligible(committee: Committee, user: User) -> bool:
    """A chapter's committee takes members of the chapter and of its cities; the League's takes every active one."""
    members = Membership.objects.filter(user=user, standing__in=[Standing.ACTIVE, Standing.GRACE])
    membership = members.select_related("chapter").first()
    if membership is None:
        return False
    if committee.chapter_id is None:
        return True
    return committee.chapter_id in {membership.chapter_id, membership.chapter.parent_id}


def _step_down(committee: Committee, *, on: dt.date) -> None:
    for chair in committee.members.open().filter(role=CommitteeRole.CHAIR):
        _change_role(chair, CommitteeRole.MEMBER, on=on)


def _change_role(seat: CommitteeMember, role: CommitteeRole, *, on: dt.date) -> CommitteeMember:
    """Keep the time in the old role as a seat of its own; a role that was held for no day leaves no trace."""
    if seat.starts_on >= on:
        seat.role = role
        seat.save(update_fields=["role"])
        return seat
    _end(seat, on=on)
    return CommitteeMember.objects.create(committee_id=seat.committee_id, user_id=seat.user_id, role=role, starts_on=on)


def _end(seat: CommitteeMember, *, on: dt.date) -> None:
    """End a seat before a day, so that what it opens is closed at once; one that was held for no day goes."""
    if seat.starts_on >= on:
        seat.delete()
        return
    seat.ends_on = on - dt.timedelta(days=1)
    seat.save(update_fields=["ends_on"])


def _audit(
    action: str,
    committee: Committee,
    *,
    actor: User,
    at: dt.datetime,
    person: User | int | None = None,
    detail: dict[str, object] | None = None,
) -> None:
    record(
        action,
        actor=actor,
        subject=committee,
        at=at,
        person=person,
        chapter=committee.chapter_id,
        detail=detail,
    )
