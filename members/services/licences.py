"""Checks of national licences: what was found, how, and what follows from it."""

import datetime as dt

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from members.choices import CheckMethod, LicenceState, SanctionGround, SanctionKind, Standing
from members.models import (
    Application,
    Licence,
    LicenceCheck,
    LicenceQuerySet,
    LicenceRule,
    Membership,
    Sanction,
    league_day,
)
from members.permissions.applications import why_not_check
from members.permissions.records import can_check_licence
from members.rules.standing import standing_on
from members.services.memberships import refresh_standing

RECHECK_DAYS = 365  # where a country has no rule
RESULTS = frozenset(LicenceState.values) - {LicenceState.UNCHECKED}
NEGATIVE = frozenset({LicenceState.SUSPENDED, LicenceState.TERMINATED})


class CheckRefused(Exception):
    """Raised for a check that cannot be recorded as it is; `sentence` says why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def chapter_concerned(user_id: int) -> int | None:
    """Return the chapter that deals with a person: the member's own or, before that, the one last applied to."""
    membership = Membership.objects.filter(user=user_id).first()
    if membership is not None:
        return membership.chapter_id
    sent = Application.objects.filter(user=user_id, submitted_at__isnull=False).order_by("-submitted_at")
    return sent.values_list("chapter", flat=True).first()


@transaction.atomic
def check_licence(
    licence: Licence,
    *,
    actor: User,
    state: LicenceState | str,
    method: CheckMethod | str,
    evidence: str,
    board_note: str = "",
    at: dt.datetime,
) -> LicenceCheck:
    """Record what a check of a licence found: A10.

    A suspended or terminated one only proposes a suspension of the membership, for a person to confirm; a verified one
    lifts what was confirmed because of the licence. Raises CheckRefused.
    """
    locked = Licence.objects.select_for_update(of=("self",)).select_related("user").get(pk=licence.pk)
    on = timezone.localdate(at, timezone=timezone.get_default_timezone())
    rule = LicenceRule.objects.in_force(locked.country, on)
    _refuse_unless_complete(locked, rule, actor=actor, state=state, method=method, evidence=evidence)
    check = LicenceCheck.objects.create(
        licence=locked,
        state=state,
        method=method,
        evidence=evidence.strip(),
        board_note=board_note.strip(),
        checked_by=actor,
        checked_at=at,
    )
    source, locked.state, locked.checked_on = locked.state, str(state), on
    locked.recheck_on = _recheck_on(locked, rule, on)
    locked.save(update_fields=["state", "checked_on", "recheck_on"])
    membership = Membership.objects.select_for_update().filter(user=locked.user_id).first()
    record(
        "members.licence_check",
        actor=actor,
        subject=locked,
        at=at,
        person=locked.user_id,
        chapter=chapter_concerned(locked.user_id),
        reason_code=str(state),
        detail={"from": source, "to": str(state), "method": str(method), "check": check.pk},
    )
    if membership is not None and state in NEGATIVE:
        _propose_suspension(membership, at=at, on=on)
    if membership is not None and state == LicenceState.VERIFIED:
        _end_suspension(membership, actor=actor, at=at, on=on)
    return check


def _refuse_unless_complete(
    licence: Licence, rule: LicenceRule | None, *, actor: User, state: str, method: str, evidence: str
) -> None:
    if not can_check_licence(actor, licence):
        raise CheckRefused(_("Only officers of the holder’s chapter and the registrar record checks of this licence."))
    if why_not := why_not_check(actor, licence):
        raise CheckRefused(why_not)
    if state not in RESULTS:
        raise CheckRefused(_("Choose what the check found."))
    if method not in CheckMethod.values:
        raise CheckRefused(_("Choose how the licence was checked."))
    if not evidence.strip():
        raise CheckRefused(_("Write what was seen, and where: another officer has to be able to follow it."))
    if rule is not None and method == CheckMethod.BODY and not rule.may_contact_authority:
        raise CheckRefused(
            _("In this country the authority is not asked, for the advocate’s safety. Check another way.")
        )


def _recheck_on(licence: Licence, rule: LicenceRule | None, on: dt.date) -> dt.date:
    """Return when to look again: after the country's time, and not later than the licence expires."""
    again_on = on + dt.timedelta(days=rule.recheck_days if rule is not None else RECHECK_DAYS)
    if licence.valid_until is not None and licence.valid_until > on:
        return min(again_on, licence.valid_until)
    return again_on


def _propose_suspension(membership: Membership, *, at: dt.datetime, on: dt.date) -> None:
    """Propose, once, and leave the decision to a person: a state may take a licence in reprisal."""
    facts = Membership.objects.with_facts().get(pk=membership.pk).facts()
    if standing_on(facts, on) not in {Standing.ACTIVE, Standing.GRACE}:
        return
    of_licence = Sanction.objects.filter(membership=membership, kind=SanctionKind.LICENCE)
    if of_licence.proposed().exists() or of_licence.in_force(on).exists():
        return
    sanction = Sanction.objects.create(
        membership=membership, kind=SanctionKind.LICENCE, ground=SanctionGround.LICENCE, starts_on=on, proposed_at=at
    )
    _record_sanction(sanction, membership, "propose", actor=None, at=at)


def _end_suspension(membership: Membership, *, actor: User, at: dt.datetime, on: dt.date) -> None:
    of_licence = Sanction.objects.select_for_update().filter(membership=membership, kind=SanctionKind.LICENCE)
    for sanction in of_licence.proposed():
        sanction.dismissed_at, sanction.dismissed_by = at, actor
        sanction.save(update_fields=["dismissed_at", "dismissed_by"])
        _record_sanction(sanction, membership, "dismiss", actor=actor, at=at)
    lifted = False
    for sanction in of_licence.in_force(on):
        sanction.lifted_on, sanction.lift_reason = on, _("The licence was verified again.")
        sanction.save(update_fields=["lifted_on", "lift_reason"])
        _record_sanction(sanction, membership, "lift", actor=actor, at=at)
        lifted = True
    if lifted:
        refresh_standing(membership, on=on)


def _record_sanction(
    sanction: Sanction, membership: Membership, name: str, *, actor: User | None, at: dt.datetime
) -> None:
    record(
        f"members.sanction_{name}",
        actor=actor,
        subject=sanction,
        at=at,
        person=membership.user_id,
        chapter=membership.chapter_id,
        reason_code=sanction.ground,
    )


def licences_due(on: dt.date | None = None) -> LicenceQuerySet:
    """Return the licences whose next check has come, or which expire within the time that their rule names."""
    day = on or league_day()
    due = Q(recheck_on__lte=day)
    for country, ahead in _reminder_days(day).items():
        due |= Q(country=country, valid_until__lte=day + dt.timedelta(days=ahead))
    return Licence.objects.filter(due)


def _reminder_days(on: dt.date) -> dict[str, int]:
    """Return by country how many days before its end a licence is looked at: one query."""
    rules = LicenceRule.objects.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on), starts_on__lte=on)
    return dict(rules.order_by("starts_on", "pk").values_list("country", "remind_days"))
