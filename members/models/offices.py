"""What a person may reach by offices held today: the scope of every queryset of the League's office."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from accounts.models import User
from members.choices import CHAPTER_ROLES, LEAGUE_ROLES, OfficeRole
from members.models.chapters import Chapter, OfficeTerm, OfficeTermQuerySet, league_day


@dataclass(frozen=True)
class Offices:
    """The offices of one person: pairs of an office and a chapter's id, None for the whole League."""

    held: frozenset[tuple[str, int | None]] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.held)

    @property
    def reaches_league(self) -> bool:
        """Whether some office serves the whole League."""
        return any(chapter is None for _role, chapter in self.held)

    @property
    def chapter_ids(self) -> frozenset[int]:
        """The chapters that some office names; city chapters below them are reached too."""
        return frozenset(chapter for _role, chapter in self.held if chapter is not None)

    def holds(self, role: str, chapter: Chapter | None = None) -> bool:
        """Whether the person holds an office: in this chapter, its country's chapter, or the whole League."""
        if (role, None) in self.held:
            return True
        if chapter is None:
            return role not in LEAGUE_ROLES and any(one == role for one, _chapter in self.held)
        return (role, chapter.pk) in self.held or ((role, chapter.parent_id) in self.held and bool(chapter.parent_id))

    def chapters_with(self, *roles: OfficeRole) -> frozenset[int | None]:
        """The chapters in which one of these offices is held; None among them for the whole League."""
        return frozenset(chapter for role, chapter in self.held if role in roles)


def offices_of(user: User, on: dt.date | None = None) -> Offices:
    """Return the offices of a person on a day, today unless one is given.

    Who is suspended or expelled, resigned or lapsed has none, whatever the terms say; staff without any membership
    keep theirs. Today's are read once per loaded person.
    """
    if on is None:
        kept: Offices | None = getattr(user, "_offices", None)
        if kept is None:
            kept = _read(user, league_day())
            user._offices = kept  # type: ignore[attr-defined]  # a memo for the length of a request
        return kept
    return _read(user, on)


def _read(user: User, on: dt.date) -> Offices:
    if not user.is_active:
        return Offices()
    from members.models.memberships import Sanction  # noqa: PLC0415 -- circular: memberships are scoped by offices

    sanctions = Sanction.objects.in_force(on).filter(membership__user=OuterRef("user"))
    terms = OfficeTerm.objects.held(on).filter(~Exists(sanctions), Q(user=user.pk))
    return Offices(frozenset(terms.values_list("role", "chapter_id")))


def terms_in_office(user: User) -> OfficeTermQuerySet:
    """Return the terms of office that a person reads: of the own chapters, or all by an office of the League."""
    offices = offices_of(user)
    if offices.reaches_league:
        return OfficeTerm.objects.all()
    ids = offices.chapters_with(*CHAPTER_ROLES)
    return OfficeTerm.objects.filter(Q(chapter__in=ids) | Q(chapter__parent__in=ids))


def import_chapters(user: User) -> frozenset[int | None]:
    """Return the chapters whose members a person may import: all of them, as None, for a registrar."""
    return offices_of(user).chapters_with(OfficeRole.CHAPTER_OFFICER, OfficeRole.REGISTRAR)


def export_chapters(user: User, *, sensitive: bool = False) -> frozenset[int | None]:
    """Return the chapters whose members a person may export: addresses and licences only as registrar or officer."""
    roles = [OfficeRole.CHAPTER_OFFICER, OfficeRole.REGISTRAR]
    return offices_of(user).chapters_with(*roles, *([] if sensitive else [OfficeRole.BOARD]))
