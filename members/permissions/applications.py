"""Who may act on one application, beyond the table: conflicts of interest, four eyes, what only the board decides."""

from allauth.account.models import EmailAddress
from django.utils.translation import gettext as _

from accounts.models import User
from members.choices import ApplicationKind, ApplicationStatus
from members.models import Application, Decision, Licence, Reference, ReviewNote
from members.permissions.offices import application_parties, application_transitions
from members.rules.transitions import Party, Transition

OFFICE_ACTS = frozenset(
    {
        "take",
        "request_information",
        "recommend",
        "advise_against",
        "approve",
        "return_to_chapter",
        "reject",
        "vote_on_appeal",
    }
)


def needs_board(application: Application) -> bool:
    """Whether only the board may approve: against the chapter's advice, for some kinds, after an expulsion."""
    return (
        application.status == ApplicationStatus.NOT_RECOMMENDED
        or application.kind == ApplicationKind.REINSTATE
        or (application.tier is not None and application.tier.needs_board)
    )


def is_referee(user: User, application: Application) -> bool:
    """Whether the person was named as a referee of this application, by account or by an address confirmed."""
    addresses = {user.email, *EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)}
    return any(
        referee_id == user.pk or email.lower() in {address.lower() for address in addresses}
        for referee_id, email in Reference.objects.filter(application=application).values_list("referee_id", "email")
    )


def has_conflict(user: User, application: Application) -> bool:
    """Whether the person declared a conflict of interest in this application."""
    return ReviewNote.objects.filter(application=application, author=user, is_conflict=True).exists()


def has_decided(user: User, application: Application) -> bool:
    """Whether the person has reviewed this application or decided on it at any step."""
    decided = Decision.objects.filter(application=application, decided_by=user)
    return application.reviewer_id == user.pk or decided.exists()


def why_not(user: User, application: Application, name: str) -> str:
    """Return in a sentence why this person may not take this step although table and office allow it, or ""."""
    if name not in OFFICE_ACTS or application.user_id == user.pk:
        return ""
    if no_part := why_no_part(user, application):
        return no_part
    if name == "vote_on_appeal":
        if has_decided(user, application):
            return _("You took part in the first decision: other members of the board decide on the appeal.")
        if application.appeal_votes.filter(voter=user).exists():
            return _("You have voted on this appeal already.")
    if name in {"approve", "reject"} and has_decided(user, application):
        return _("You reviewed this application or advised on it: another person decides.")
    if name == "approve" and needs_board(application) and Party.BOARD not in application_parties(user, application):
        return _("Only the board can approve this application.")
    return ""


def why_no_part(user: User, application: Application) -> str:
    """Return in a sentence why this person leaves an application to others altogether, or ""."""
    if has_conflict(user, application):
        return _("You declared a conflict of interest in this application: another officer handles it.")
    if is_referee(user, application):
        return _("You are a referee of this application: another officer handles it.")
    return ""


def why_not_check(user: User, licence: Licence) -> str:
    """Return in a sentence why this person may not check a licence with which somebody applies, or ""."""
    applications = Application.objects.open().filter(licence=licence)
    return next(filter(None, (why_no_part(user, application) for application in applications)), "")


def transitions_with_reasons(user: User, application: Application) -> list[tuple[Transition, str]]:
    """Return what table and office allow this person now, each with the sentence that stands in the way, or ""."""
    return [(arrow, why_not(user, application, arrow.name)) for arrow in application_transitions(user, application)]
