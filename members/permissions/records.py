"""Who opens which page of the office, and what of a member's record it shows. Offices count, permissions do not."""

from django.db.models import Q

from accounts.models import User
from members.choices import CHAPTER_ROLES, OfficeRole
from members.models import Application, Chapter, Licence, Membership, offices_of
from members.permissions.offices import membership_parties
from members.rules.transitions import APPLICATION, Party

REVIEW_ROLES = (*CHAPTER_ROLES, OfficeRole.REGISTRAR, OfficeRole.BOARD)
DUES_ROLES = (OfficeRole.CHAPTER_OFFICER, OfficeRole.TREASURER, OfficeRole.REGISTRAR, OfficeRole.BOARD)
DISCIPLINE_PARTIES = frozenset({Party.CHAPTER_OFFICER, Party.REGISTRAR, Party.BOARD, Party.ETHICS})
LICENCE_PARTIES = frozenset({Party.CHAPTER_REVIEWER, Party.CHAPTER_OFFICER, Party.REGISTRAR, Party.BOARD})

# What the office does to an application by a button of its own; dues complete one on the treasurer's pages.
DECISIONS = (
    "take",
    "request_information",
    "recommend",
    "advise_against",
    "approve",
    "return_to_chapter",
    "reject",
    "vote_on_appeal",
)


def holds_any(user: User, *roles: OfficeRole) -> bool:
    """Whether the person holds one of these offices somewhere."""
    return bool(offices_of(user).chapters_with(*roles))


def can_review(user: User) -> bool:
    """Whether the person's office handles applications."""
    return holds_any(user, *REVIEW_ROLES)


def can_see_licences(user: User) -> bool:
    """Whether the person's office looks at licences."""
    return holds_any(user, *REVIEW_ROLES)


def can_check_licence(user: User, licence: Licence) -> bool:
    """Whether the person may record a check of this licence: one query."""
    return Licence.objects.checkable_by(user).filter(pk=licence.pk).exists()


def sees_discipline(user: User, membership: Membership) -> bool:
    """Whether the person reads sanctions and the history of a member; a treasurer does not."""
    return not DISCIPLINE_PARTIES.isdisjoint(membership_parties(user, membership))


def sees_licences(user: User, membership: Membership) -> bool:
    """Whether the person reads a member's licences."""
    return not LICENCE_PARTIES.isdisjoint(membership_parties(user, membership))


def may_dismiss_proposal(user: User, membership: Membership) -> bool:
    """Whether the person may end a proposed suspension without effect."""
    return not {Party.CHAPTER_OFFICER, Party.BOARD}.isdisjoint(membership_parties(user, membership))


def may_propose_expulsion(user: User, membership: Membership) -> bool:
    """Whether the person may put an expulsion before the board."""
    return Party.ETHICS in membership_parties(user, membership)


def within(chapters: frozenset[int | None], path: str = "chapter") -> Q:
    """Return the condition of belonging to these chapters or to city chapters below them; None is the League."""
    if None in chapters:
        return Q()
    return Q(**{f"{path}__in": chapters}) | Q(**{f"{path}__parent__in": chapters})


def waits_for(user: User) -> Q:
    """Return the condition of an application on which the person can act now, by the table and by office."""
    offices = offices_of(user)
    condition = Q(pk__in=[])
    for arrow in APPLICATION:
        if arrow.name not in DECISIONS:
            continue
        roles = [role for role in OfficeRole if Party(role.value) in arrow.parties]
        chapters = offices.chapters_with(*roles)
        if chapters:
            condition |= Q(status__in=arrow.sources) & within(chapters)
    return condition


def reached_chapters(user: User, *roles: OfficeRole) -> list[Chapter]:
    """Return the chapters in which the person holds one of these offices, city chapters included: one query."""
    chapters = offices_of(user).chapters_with(*roles)
    if not chapters:
        return []
    return [
        chapter
        for chapter in Chapter.objects.order_by("country", "parent", "pk")
        if None in chapters or chapter.pk in chapters or chapter.parent_id in chapters
    ]


def may_act_on(user: User, application: Application) -> bool:
    """Whether the person may note something on an application: whose office handles it, and not one's own."""
    return application.user_id != user.pk and can_review(user)
