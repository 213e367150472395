"""Referees: named by the applicant, written to when he submits, answering once by the link in the letter."""

import datetime as dt
from collections.abc import Iterable, Mapping

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from audit.services import record
from members.choices import CLOSED_STATUSES, ApplicationStatus, ReferenceStatus, Standing
from members.models import Application, Membership, Reference, hash_token
from members.rules.admission import MOST_REFERENCES, REFERENCE_DAYS, references_needed
from members.rules.standing import standing_on
from members.rules.transitions import BEFORE_DECISION
from members.services import telling
from members.services.transitions import TransitionRefused, day_of, lock_application
from members.tokens import reference_token

ANSWERED = frozenset({ReferenceStatus.CONFIRMED, ReferenceStatus.DECLINED})
REPLACEABLE = frozenset({ReferenceStatus.INVITED, ReferenceStatus.DECLINED, ReferenceStatus.EXPIRED})


class ReferenceUnknown(Exception):
    """Raised for a link that belongs to no reference; `sentence` says what to do."""

    def __init__(self) -> None:
        self.sentence = _("This link is not known. Open it exactly as it stands in the letter, or ask the applicant.")
        super().__init__(self.sentence)


class ReferenceUsed(Exception):
    """Raised for a link by which somebody has answered already."""

    def __init__(self) -> None:
        self.sentence = _("This link was used: your answer has reached the chapter, and there is nothing left to do.")
        super().__init__(self.sentence)


class ReferenceExpired(Exception):
    """Raised for a link whose time is over, or whose application needs no answer any more."""

    def __init__(self, sentence: str = "") -> None:
        self.sentence = sentence or _(
            "The time to answer by this link is over. The applicant can name you again, and you get a new letter."
        )
        super().__init__(self.sentence)


class ReferenceRefused(Exception):
    """Raised for an answer that cannot be taken as it is; `sentence` says why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def name_referees(application: Application, referees: Iterable[Mapping[str, str]]) -> list[Reference]:
    """Keep the referees that a draft names, in the order given; the caller holds its lock.

    Rows stay that say the same. Raises TransitionRefused for the applicant's own address and for one named twice.
    """
    wanted = [(row["name"].strip(), row["email"].strip().lower(), row.get("language") or "ru") for row in referees]
    wanted = [row for row in wanted if row[0] or row[1]]
    if len(wanted) > MOST_REFERENCES:
        raise TransitionRefused(_("That is too many referees. Name two."))
    emails = [email for _name, email, _language in wanted]
    if len(set(emails)) < len(emails):
        raise TransitionRefused(_("You named the same address twice. Name two different people."))
    for email in emails:
        _refuse_own_address(application, email)
    application.references.exclude(email__in=emails).delete()
    kept = []
    for name, email, language in wanted:
        reference, _is_new = Reference.objects.update_or_create(
            application=application, email=email, defaults={"name": name, "language": language}
        )
        kept.append(reference)
    return kept


def _refuse_own_address(application: Application, email: str) -> None:
    others = EmailAddress.objects.filter(user=application.user, email__iexact=email)
    if email.lower() == application.user.email.lower() or others.exists():
        raise TransitionRefused(_("This is your own address. A referee is somebody else."))


def invite_referees(application: Application, *, at: dt.datetime) -> list[Reference]:
    """Write to the referees who were named and not written to yet, each with a link of one's own."""
    waiting = Reference.objects.select_for_update().filter(
        application=application, status=ReferenceStatus.INVITED, invited_at__isnull=True
    )
    return [_invite(reference, application, at) for reference in waiting.order_by("pk")]


def _invite(reference: Reference, application: Application, at: dt.datetime) -> Reference:
    reference.invited_at, reference.expires_at = at, at + dt.timedelta(days=REFERENCE_DAYS)
    reference.token_hash = hash_token(reference_token(reference))
    reference.save(update_fields=["invited_at", "expires_at", "token_hash"])
    _record(reference, application, "invite", actor=None, at=at)
    telling.write_to_referee(reference, application, at=at)
    return reference


def _record(
    reference: Reference,
    application: Application,
    name: str,
    *,
    actor: User | None,
    at: dt.datetime,
    source: str | None = None,
    detail: Mapping[str, object] | None = None,
) -> None:
    record(
        f"members.reference_{name}",
        actor=actor,
        subject=reference,
        at=at,
        person=application.user_id,
        chapter=application.chapter_id,
        detail={"from": source or reference.status, "to": reference.status, **(detail or {})},
    )


def find_reference(token: str, *, at: dt.datetime) -> Reference:
    """Return the reference that a link opens. Raises ReferenceUnknown, ReferenceUsed, ReferenceExpired."""
    reference = (
        Reference.objects.select_related("application__user", "application__chapter", "application__tier")
        .filter(token_hash=hash_token(token))
        .first()
    )
    if reference is None:
        raise ReferenceUnknown
    _refuse_unless_open(reference, at)
    return reference


def _refuse_unless_open(reference: Reference, at: dt.datetime) -> None:
    if reference.status in ANSWERED:
        raise ReferenceUsed
    if reference.status == ReferenceStatus.REPLACED:
        raise ReferenceExpired(_("The applicant has asked somebody else instead: your answer is not needed any more."))
    if reference.status == ReferenceStatus.EXPIRED or reference.expires_at is None or reference.expires_at <= at:
        raise ReferenceExpired
    if reference.application.status not in BEFORE_DECISION:
        raise ReferenceExpired(_("This application needs no answer any more. Thank you for your readiness."))


def _lock(reference: Reference, at: dt.datetime) -> tuple[Reference, Application]:
    """Lock an application, then a reference of it that can still be answered; this order everywhere."""
    application = lock_application(reference.application)
    locked = Reference.objects.select_for_update().get(pk=reference.pk)
    locked.application = application
    _refuse_unless_open(locked, at)
    return locked, application


def find_referee(reference: Reference, signed_in: User | None = None) -> User | None:
    """Return whose answer it is: who is signed in, else the owner of the address that was written to, confirmed."""
    if signed_in is not None:
        return signed_in
    address = EmailAddress.objects.filter(email__iexact=reference.email, verified=True).select_related("user").first()
    return address.user if address is not None else None


def _check_referee(reference: Reference, application: Application, referee: User | None, at: dt.datetime) -> User:
    membership = Membership.objects.with_facts().filter(user=referee).first() if referee is not None else None
    if referee is None or membership is None:
        raise ReferenceRefused(
            _("Only a member of the League can answer. If you are a member, sign in and open the link again.")
        )
    if standing_on(membership.facts(), day_of(application, at)) not in {Standing.ACTIVE, Standing.GRACE}:
        raise ReferenceRefused(
            _("Only an active member can answer for an applicant. Renew your membership, or decline.")
        )
    if referee.pk == application.user_id:
        raise ReferenceRefused(_("Nobody can answer for oneself. Sign in with the referee’s own account."))
    if referee.pk == application.reviewer_id:
        raise ReferenceRefused(_("You review this application and cannot be its referee. Decline, please."))
    others = application.references.filter(referee=referee, status=ReferenceStatus.CONFIRMED)
    if others.exclude(pk=reference.pk).exists():
        raise ReferenceRefused(_("You have answered for this applicant already: another member has to be the second."))
    return referee


@transaction.atomic
def confirm_reference(
    reference: Reference,
    *,
    referee_user: User | None = None,
    known_years: int,
    statement: str,
    conflict: str = "",
    at: dt.datetime,
) -> Reference:
    """Take a referee's word for the applicant, once: A9. A conflict of interest that is declared makes it a refusal.

    Raises ReferenceUsed, ReferenceExpired, ReferenceRefused (no active member, the applicant, the reviewer).
    """
    locked, application = _lock(reference, at)
    referee = _check_referee(locked, application, find_referee(locked, referee_user), at)
    locked.referee, locked.known_years, locked.statement = referee, known_years, statement.strip()
    locked.conflict, locked.answered_at = conflict.strip(), at
    if locked.conflict:
        return _decline(locked, application, actor=referee, at=at)
    locked.status = ReferenceStatus.CONFIRMED
    locked.save()
    _record(locked, application, "confirm", actor=referee, at=at, source=ReferenceStatus.INVITED)
    if count_confirmed(application) == references_needed(application.kind):
        telling.tell_chapter(application, "references_complete", actor=referee, at=at)
    return locked


@transaction.atomic
def decline_reference(
    reference: Reference, *, reason: str, referee_user: User | None = None, at: dt.datetime
) -> Reference:
    """Take a referee's refusal, once: the chapter reads the reason, the applicant only that somebody else is needed.

    Raises ReferenceUsed, ReferenceExpired, ReferenceRefused (without a reason).
    """
    locked, application = _lock(reference, at)
    if not reason.strip():
        raise ReferenceRefused(_("Write in a few words why you decline. Only the League’s officers read it."))
    locked.statement, locked.answered_at = reason.strip(), at
    locked.referee = find_referee(locked, referee_user)
    return _decline(locked, application, actor=locked.referee, at=at)


def _decline(reference: Reference, application: Application, *, actor: User | None, at: dt.datetime) -> Reference:
    reference.status = ReferenceStatus.DECLINED
    reference.save()
    detail = {"has_conflict": bool(reference.conflict)}
    _record(reference, application, "decline", actor=actor, at=at, source=ReferenceStatus.INVITED, detail=detail)
    telling.tell_chapter(application, "referee_declined", actor=actor, at=at, about=reference.pk)
    telling.tell_applicant(application, "referee_needed", at=at, about=reference.pk)
    return reference


@transaction.atomic
def replace_reference(
    reference: Reference, *, actor: User, name: str, email: str, language: str, at: dt.datetime
) -> Reference:
    """Name somebody else in place of a referee who has not confirmed; the old link dies. Raises TransitionRefused."""
    application = lock_application(reference.application)
    locked = Reference.objects.select_for_update().get(pk=reference.pk)
    if application.user_id != actor.pk or application.status not in BEFORE_DECISION:
        raise TransitionRefused(_("Referees can be changed by the applicant only, and only before the decision."))
    if locked.status not in REPLACEABLE:
        raise TransitionRefused(_("This referee has confirmed or was replaced already."))
    if application.references.count() >= MOST_REFERENCES:
        raise TransitionRefused(
            ngettext(
                "%(count)s referee was named for this application: write to your chapter.",
                "%(count)s referees were named for this application: write to your chapter.",
                MOST_REFERENCES,
            )
            % {"count": MOST_REFERENCES}
        )
    address = email.strip().lower()
    _refuse_own_address(application, address)
    if application.references.filter(email__iexact=address).exclude(pk=locked.pk).exists():
        raise TransitionRefused(_("You have named this address already. Name somebody else."))
    source, locked.status = locked.status, ReferenceStatus.REPLACED
    locked.save(update_fields=["status"])
    fresh = Reference.objects.create(application=application, name=name.strip(), email=address, language=language)
    _record(locked, application, "replace", actor=actor, at=at, source=source, detail={"by": fresh.pk})
    if application.status != ApplicationStatus.DRAFT:
        _invite(fresh, application, at)
    return fresh


def count_confirmed(application: Application) -> int:
    """Return how many referees answered for the applicant."""
    return application.references.filter(status=ReferenceStatus.CONFIRMED).count()


def expire_references(at: dt.datetime) -> int:
    """Close the invitations whose time is over and tell the applicants. Returns how many; replay changes nothing."""
    due = Reference.objects.filter(status=ReferenceStatus.INVITED, expires_at__lte=at)
    due = due.exclude(application__status__in=CLOSED_STATUSES)
    return sum(_expire(pk, at) for pk in due.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _expire(reference_id: int, at: dt.datetime) -> bool:
    stale = Reference.objects.select_related("application").get(pk=reference_id)
    application = lock_application(stale.application)
    reference = Reference.objects.select_for_update().get(pk=reference_id)
    if reference.status != ReferenceStatus.INVITED or reference.expires_at is None or reference.expires_at > at:
        return False
    reference.status = ReferenceStatus.EXPIRED
    reference.save(update_fields=["status"])
    _record(reference, application, "expire", actor=None, at=at, source=ReferenceStatus.INVITED)
    if application.status in BEFORE_DECISION:
        telling.tell_applicant(application, "referee_needed", at=at, about=reference.pk)
    return True
