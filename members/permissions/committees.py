"""Who runs committees: the office of the chapter or of the League, and the chair with his or her own."""

from accounts.models import User
from members.choices import CommitteeRole, OfficeRole
from members.models import Chapter, Committee, Profile, league_day, offices_of


def can_run_committees(user: User) -> bool:
    """Whether the person may open the office's pages of committees."""
    roles = offices_of(user).chapters_with(OfficeRole.CHAPTER_OFFICER, OfficeRole.REGISTRAR, OfficeRole.BOARD)
    return bool(roles)


def can_run_in(user: User, chapter: Chapter | None) -> bool:
    """Whether the person's office reaches the committees of a chapter, or those of the League for None."""
    offices = offices_of(user)
    if offices.holds(OfficeRole.REGISTRAR) or offices.holds(OfficeRole.BOARD):
        return True
    return chapter is not None and offices.holds(OfficeRole.CHAPTER_OFFICER, chapter)


def names_shown(user: User, committee: Committee, people: list[int]) -> set[int]:
    """Return of whom in a committee the person sees the name: all by office, else as in the directory."""
    if can_run_in(user, committee.chapter):
        return set(people)
    return set(Profile.objects.visible_to(user).filter(user__in=people).values_list("user", flat=True))


def can_change_members(user: User, committee: Committee) -> bool:
    """Whether the person may add and remove members: as its chair or by office."""
    if committee.ends_on is not None:
        return False
    today = league_day()
    return committee.members.seated(user, today).filter(role=CommitteeRole.CHAIR).exists() or can_run_in(
        user, committee.chapter
    )
