"""Suspensions, expulsions, resignation, death: what ends or interrupts a membership (M8 to M14).

A negative record of the state changes nothing by itself: it proposes a suspension that an officer confirms or
dismisses, for licences are also taken in reprisal.
"""

import datetime as dt
import math

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from members.choices import OfficeRole, SanctionGround, SanctionKind, Standing
from members.models import ExpulsionVote, Membership, OfficeTerm, Sanction
from members.notifications.standing import STANDING
from members.permissions.offices import membership_parties
from members.rules.transitions import MEMBERSHIP, Party, find
from members.services.memberships import MembershipRefused, refresh_standing
from members.services.structure import end_terms
from notifications.services import notify

LONGEST_INTERIM = dt.timedelta(days=30)  # what a registrar may order until the ethics committee decides
MAJORITY = 2 / 3  # of the board, for an expulsion


def _begin(membership: Membership, name: str, *, actor: User | None) -> Membership:
    """Lock a membership and refuse a transition that the table does not have for its standing and this person."""
    locked = (
        Membership.objects.select_for_update(of=("self",))
        .select_related("user", "chapter", "tier")
        .get(pk=membership.pk)
    )
    standing = refresh_standing(locked, on=locked.chapter.today())
    arrow = find(MEMBERSHIP, name)
    parties = {Party.JOB} if actor is None else membership_parties(actor, locked)
    if arrow.parties.isdisjoint(parties):
        raise MembershipRefused(_("Your office does not allow this."))
    if standing not in arrow.sources:
        raise MembershipRefused(
            _("This cannot be done while the membership is “%(standing)s”.") % {"standing": Standing(standing).label}
        )
    return locked


def _finish(
    membership: Membership,
    name: str,
    *,
    actor: User | None,
    at: dt.datetime,
    before: str,
    reason_code: str = "",
    detail: dict[str, object] | None = None,
    is_told: bool = True,
) -> Standing:
    """Derive the standing anew, write the audit event and tell the member."""
    standing = refresh_standing(membership, on=membership.chapter.today())
    Membership.objects.filter(pk=membership.pk).update(version=F("version") + 1)
    event = record(
        f"members.membership_{name}",
        actor=actor,
        subject=membership,
        at=at,
        person=membership.user_id,
        chapter=membership.chapter_id,
        reason_code=reason_code,
        detail={"from": before, "to": standing, **(detail or {})},
    )
    if is_told:
        notify(
            STANDING,
            subject_id=membership.pk,
            key=f"{STANDING.name}:{event.pk}",
            recipients=[membership.user_id],
            at=at,
        )
    return standing


@transaction.atomic
def suspend_member(
    membership: Membership,
    *,
    actor: User,
    ground: SanctionGround,
    text_for_member: str,
    internal_note: str,
    decision_reference: str,
    starts_on: dt.date,
    ends_on: dt.date | None,
    at: dt.datetime,
) -> Sanction:
    """Suspend a member: M8. The ethics committee decides freely, a registrar for 30 days at most.

    Raises MembershipRefused.
    """
    locked = _begin(membership, "suspend", actor=actor)
    before = locked.standing
    if starts_on < locked.chapter.today():
        raise MembershipRefused(_("A suspension begins today or later: nobody is suspended for the past."))
    if ends_on is not None and ends_on < starts_on:
        raise MembershipRefused(_("A suspension cannot end before it begins."))
    if Party.ETHICS not in membership_parties(actor, locked) and (
        ends_on is None or ends_on - starts_on >= LONGEST_INTERIM
    ):
        raise MembershipRefused(
            _("A registrar suspends for 30 days at most, until the ethics committee decides. Set an earlier end.")
        )
    sanction = Sanction.objects.create(
        membership=locked,
        kind=SanctionKind.SUSPENSION,
        ground=ground,
        text_for_member=text_for_member,
        internal_note=internal_note,
        decision_reference=decision_reference,
        starts_on=starts_on,
        ends_on=ends_on,
        confirmed_at=at,
        confirmed_by=actor,
    )
    detail: dict[str, object] = {"sanction": sanction.pk, "starts_on": starts_on, "ends_on": ends_on}
    _finish(locked, "suspend", actor=actor, at=at, before=before, reason_code=ground, detail=detail)
    return sanction


@transaction.atomic
def propose_licence_suspension(membership: Membership, *, at: dt.datetime, on: dt.date) -> Sanction:
    """Propose a suspension because the state's record of the licence is negative; it has no effect until confirmed."""
    proposed = membership.sanctions.proposed().filter(kind=SanctionKind.LICENCE).first()
    if proposed is not None:
        return proposed
    sanction = Sanction.objects.create(
        membership=membership,
        kind=SanctionKind.LICENCE,
        ground=SanctionGround.LICENCE,
        starts_on=on,
        proposed_at=at,
    )
    record(
        "members.membership_propose_licence",
        actor=None,
        subject=membership,
        at=at,
        person=membership.user_id,
        chapter=membership.chapter_id,
        detail={"sanction": sanction.pk},
    )
    return sanction


@transaction.atomic
def confirm_proposal(sanction: Sanction, *, actor: User, at: dt.datetime) -> Sanction:
    """Suspend a member whose licence the state suspended or terminated: M9. Raises MembershipRefused."""
    locked = _begin(sanction.membership, "confirm_licence", actor=actor)
    before = locked.standing
    row = Sanction.objects.select_for_update().get(pk=sanction.pk)
    _refuse_unless_proposed(row)
    row.confirmed_at, row.confirmed_by = at, actor
    row.starts_on = max(row.starts_on, locked.chapter.today())
    row.save(update_fields=["confirmed_at", "confirmed_by", "starts_on"])
    _finish(
        locked,
        "confirm_licence",
        actor=actor,
        at=at,
        before=before,
        reason_code=SanctionGround.LICENCE,
        detail={"sanction": row.pk},
    )
    return row


@transaction.atomic
def dismiss_proposal(sanction: Sanction, *, actor: User, reason: str, at: dt.datetime) -> Sanction:
    """Keep a member whose licence was taken: the proposal ends without effect. Raises MembershipRefused."""
    locked = Membership.objects.select_for_update().get(pk=sanction.membership_id)
    if membership_parties(actor, locked).isdisjoint({Party.CHAPTER_OFFICER, Party.BOARD}):
        raise MembershipRefused(_("Your office does not allow this."))
    row = Sanction.objects.select_for_update().get(pk=sanction.pk)
    _refuse_unless_proposed(row)
    row.dismissed_at, row.dismissed_by, row.internal_note = at, actor, reason
    row.save(update_fields=["dismissed_at", "dismissed_by", "internal_note"])
    _finish(
        locked,
        "dismiss_licence",
        actor=actor,
        at=at,
        before=locked.standing,
        detail={"sanction": row.pk, "reason": reason},
        is_told=False,
    )
    return row


@transaction.atomic
def lift_sanction(sanction: Sanction, *, actor: User | None, reason: str, on: dt.date, at: dt.datetime) -> Sanction:
    """End a suspension; `on` is the first day without it: M10. A licence that was verified again ends its own.

    Raises MembershipRefused.
    """
    locked = _begin(sanction.membership, "lift", actor=actor)
    before = locked.standing
    row = Sanction.objects.select_for_update().get(pk=sanction.pk)
    if row.kind == SanctionKind.EXPULSION or row.confirmed_at is None:
        raise MembershipRefused(_("Only a suspension can be lifted."))
    if actor is None and row.kind != SanctionKind.LICENCE:
        raise MembershipRefused(_("Only the ethics committee lifts this suspension."))
    if row.lifted_on is not None:
        raise MembershipRefused(_("This suspension is lifted already."))
    if row.ends_on is not None and row.ends_on < locked.chapter.today():
        raise MembershipRefused(_("This suspension has ended already."))
    row.lifted_on, row.lift_reason = max(on, row.starts_on), reason
    row.save(update_fields=["lifted_on", "lift_reason"])
    _finish(locked, "lift", actor=actor, at=at, before=before, detail={"sanction": row.pk, "on": on, "reason": reason})
    return row


@transaction.atomic
def propose_expulsion(
    membership: Membership,
    *,
    actor: User,
    ground: SanctionGround,
    text_for_member: str,
    internal_note: str,
    decision_reference: str,
    hearing_on: dt.date,
    at: dt.datetime,
) -> Sanction:
    """Put an expulsion before the board, after a hearing was offered: the first half of M11.

    Raises MembershipRefused.
    """
    locked = Membership.objects.select_for_update(of=("self",)).select_related("chapter").get(pk=membership.pk)
    if Party.ETHICS not in membership_parties(actor, locked):
        raise MembershipRefused(_("Only the ethics committee proposes an expulsion."))
    if locked.standing not in find(MEMBERSHIP, "expel").sources:
        raise MembershipRefused(
            _("This cannot be done while the membership is “%(standing)s”.")
            % {"standing": Standing(locked.standing).label}
        )
    if hearing_on > locked.chapter.today():
        raise MembershipRefused(_("The board votes after the day on which the member could be heard."))
    if locked.sanctions.proposed().filter(kind=SanctionKind.EXPULSION).exists():
        raise MembershipRefused(_("An expulsion is before the board already."))
    sanction = Sanction.objects.create(
        membership=locked,
        kind=SanctionKind.EXPULSION,
        ground=ground,
        text_for_member=text_for_member,
        internal_note=internal_note,
        decision_reference=decision_reference,
        starts_on=locked.chapter.today(),
        proposed_at=at,
    )
    detail: dict[str, object] = {"sanction": sanction.pk, "hearing_on": hearing_on}
    _finish(
        locked,
        "propose_expulsion",
        actor=actor,
        at=at,
        before=locked.standing,
        reason_code=ground,
        detail=detail,
        is_told=False,
    )
    return sanction


@transaction.atomic
def vote_on_expulsion(sanction: Sanction, *, actor: User, is_for: bool, at: dt.datetime) -> Sanction:
    """Count a voice of the board; two thirds of it expel, more than a third against end the matter: M11.

    Raises MembershipRefused.
    """
    locked = _begin(sanction.membership, "expel", actor=actor)
    before = locked.standing
    row = Sanction.objects.select_for_update().get(pk=sanction.pk)
    if row.kind != SanctionKind.EXPULSION:
        raise MembershipRefused(_("The board votes on expulsions only."))
    _refuse_unless_proposed(row)
    if row.votes.filter(voter=actor).exists():
        raise MembershipRefused(_("You have voted on this already."))
    ExpulsionVote.objects.create(sanction=row, voter=actor, is_for=is_for, at=at)
    today = locked.chapter.today()
    seats = (
        OfficeTerm.objects.held(today)
        .filter(role=OfficeRole.BOARD)
        .exclude(user=locked.user_id)
        .values("user")
        .distinct()
        .count()
    )
    needed = max(2, math.ceil(seats * MAJORITY))
    for_it = row.votes.filter(is_for=True).count()
    against = row.votes.filter(is_for=False).count()
    detail: dict[str, object] = {"sanction": row.pk, "for": for_it, "against": against, "seats": seats}
    if for_it >= needed:
        row.confirmed_at, row.confirmed_by, row.starts_on = at, actor, today
        row.save(update_fields=["confirmed_at", "confirmed_by", "starts_on"])
        _finish(locked, "expel", actor=actor, at=at, before=before, reason_code=row.ground, detail=detail)
    elif against > seats - needed:
        row.dismissed_at, row.dismissed_by = at, actor
        row.save(update_fields=["dismissed_at", "dismissed_by"])
        _finish(locked, "expulsion_refused", actor=actor, at=at, before=before, detail=detail, is_told=False)
    else:
        _finish(locked, "expulsion_vote", actor=actor, at=at, before=before, detail=detail, is_told=False)
    return row


@transaction.atomic
def resign_membership(membership: Membership, *, actor: User, at_period_end: bool, at: dt.datetime) -> dt.date:
    """End a membership by the member's own will, today or with the last period; no reason is asked: M13.

    Offices end with it, and stay ended if the resignation is taken back. Returns the first day as a former member.
    Raises MembershipRefused.
    """
    locked = _begin(membership, "resign", actor=actor)
    before = locked.standing
    today = locked.chapter.today()
    last = locked.periods.order_by("-ends_on").values_list("ends_on", flat=True).first()
    day = last + dt.timedelta(days=1) if at_period_end and last is not None and last >= today else today
    locked.resigned_on = day
    locked.save(update_fields=["resigned_on"])
    end_terms(locked.user, last_on=day - dt.timedelta(days=1), actor=actor, at=at)
    _finish(locked, "resign", actor=actor, at=at, before=before, detail={"on": day})
    return day


@transaction.atomic
def take_back_resignation(membership: Membership, *, actor: User, at: dt.datetime) -> None:
    """Undo a resignation whose day has not come. Raises MembershipRefused."""
    locked = Membership.objects.select_for_update(of=("self",)).select_related("chapter").get(pk=membership.pk)
    if locked.user_id != actor.pk or locked.resigned_on is None or locked.resigned_on <= locked.chapter.today():
        raise MembershipRefused(_("There is no resignation that could be taken back."))
    locked.resigned_on = None
    locked.save(update_fields=["resigned_on"])
    _finish(locked, "take_back_resignation", actor=actor, at=at, before=locked.standing, is_told=False)


@transaction.atomic
def record_death(membership: Membership, *, actor: User, on: dt.date, note: str, at: dt.datetime) -> None:
    """Record that a member died: no letter and no reminder ever again: M14. Raises MembershipRefused."""
    locked = _begin(membership, "record_death", actor=actor)
    before = locked.standing
    if on > locked.chapter.today():
        raise MembershipRefused(_("This day has not come yet."))
    locked.deceased_on = on
    locked.save(update_fields=["deceased_on"])
    User.objects.filter(pk=locked.user_id).update(is_active=False)
    _finish(locked, "record_death", actor=actor, at=at, before=before, detail={"on": on, "note": note}, is_told=False)


def _refuse_unless_proposed(sanction: Sanction) -> None:
    if sanction.confirmed_at is not None or sanction.dismissed_at is not None:
        raise MembershipRefused(_("Somebody has decided this already. The page shows what."))
