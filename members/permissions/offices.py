"""Who acts as what: the parties of the state machines, from offices held today.

A superuser is no party: who runs the server does not decide about members.
"""

from accounts.models import User
from members.choices import CHAPTER_ROLES, OfficeRole
from members.models import Application, Chapter, Membership, offices_of
from members.rules.transitions import APPLICATION, MEMBERSHIP, Party, Transition, permitted


def parties_in(user: User, chapter: Chapter | None) -> set[Party]:
    """Return as which parties a person may act on what belongs to a chapter."""
    offices = offices_of(user)
    return {Party(role.value) for role in OfficeRole if offices.holds(role, chapter)}


def application_parties(user: User, application: Application) -> set[Party]:
    """Return as which parties a person acts on an application: nobody handles his own."""
    if application.user_id == user.pk:
        return {Party.APPLICANT}
    return parties_in(user, application.chapter)


def application_transitions(user: User, application: Application) -> list[Transition]:
    """Return what a person may do to an application by its state and by office; the services know the other guards."""
    return permitted(APPLICATION, application.status, application_parties(user, application))


def membership_parties(user: User, membership: Membership) -> set[Party]:
    """Return as which parties a person acts on a membership: nobody holds an office over himself."""
    if membership.user_id == user.pk:
        return {Party.MEMBER}
    return parties_in(user, membership.chapter)


def membership_transitions(user: User, membership: Membership) -> list[Transition]:
    """Return what a person may do to a membership by its standing and by office."""
    return permitted(MEMBERSHIP, membership.standing, membership_parties(user, membership))


def can_open_office(user: User) -> bool:
    """Whether the person holds any office today."""
    return bool(offices_of(user))


def sees_terms(user: User) -> bool:
    """Whether the person may look at terms of office: of the own chapters, or of all by an office of the League."""
    offices = offices_of(user)
    return offices.reaches_league or bool(offices.chapters_with(*CHAPTER_ROLES))


def appoints(user: User) -> bool:
    """Whether the person may give some office: a superuser has no part in it."""
    offices = offices_of(user)
    return offices.holds(OfficeRole.BOARD) or offices.holds(OfficeRole.REGISTRAR)


def may_appoint(user: User, *, person_id: int, chapter_id: int | None) -> bool:
    """Whether the person may give, change or remove this term of somebody: the League's by the board alone.

    Nobody decides about an office of his own.
    """
    offices = offices_of(user)
    if person_id == user.pk:
        return False
    return offices.holds(OfficeRole.BOARD) or (chapter_id is not None and offices.holds(OfficeRole.REGISTRAR))
