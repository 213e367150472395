"""Who may do what with dues, by offices held today. A superuser holds none by being one; nobody handles his own."""

from django.db.models import QuerySet

from accounts.models import User
from members.choices import OfficeRole, WaiverKind
from members.models import Chapter, Invoice, offices_of

LEAGUE_DECIDES = (OfficeRole.REGISTRAR, OfficeRole.BOARD)
SEES = (OfficeRole.CHAPTER_OFFICER, OfficeRole.TREASURER, *LEAGUE_DECIDES)


def can_see_dues(user: User) -> bool:
    """Whether this person may open the office's pages about dues; `in_office` says whose."""
    return bool(offices_of(user).chapters_with(*SEES))


def can_keep_accounts(user: User, invoice: Invoice) -> bool:
    """Whether this person records payments on an invoice, reverses them and takes the invoice back."""
    return invoice.user_id != user.pk and offices_of(user).holds(OfficeRole.TREASURER, invoice.chapter)


def can_waive(user: User, invoice: Invoice) -> bool:
    """Whether this person may waive dues: within the chapter's limit as its officer, in full for the League."""
    if invoice.user_id == user.pk:
        return False
    return can_waive_all(user) or offices_of(user).holds(OfficeRole.CHAPTER_OFFICER, invoice.chapter)


def can_waive_all(user: User) -> bool:
    """Whether no limit binds this person’s waivers."""
    offices = offices_of(user)
    return any(offices.holds(role) for role in LEAGUE_DECIDES)


def waiver_kinds(user: User) -> tuple[WaiverKind, ...]:
    """Return on which grounds this person may waive: a chapter knows hardship only."""
    return tuple(WaiverKind) if can_waive_all(user) else (WaiverKind.HARDSHIP,)


def chapters_seen(user: User) -> QuerySet[Chapter]:
    """Return the chapters whose dues this person may look at."""
    return _reached(user, *SEES)


def chapters_with_prices(user: User) -> QuerySet[Chapter]:
    """Return the chapters whose prices and payment details this person keeps as a treasurer."""
    return _reached(user, OfficeRole.TREASURER)


def _reached(user: User, *roles: OfficeRole) -> QuerySet[Chapter]:
    held = offices_of(user).chapters_with(*roles)
    if None in held:
        return Chapter.objects.all()
    return Chapter.objects.within({chapter for chapter in held if chapter is not None})


def can_set_plan(user: User) -> bool:
    """Whether this person sets the plan of reminders and the limits of waivers, which are the League's."""
    offices = offices_of(user)
    return can_waive_all(user) or (OfficeRole.TREASURER, None) in offices.held
