"""Who decides on a transfer: officers of the two chapters, and nobody on his own."""

from accounts.models import User
from members.choices import OfficeRole
from members.models import Chapter, Transfer, offices_of


def can_see_transfers(user: User) -> bool:
    """Whether the person's office handles transfers, or looks on as a registrar."""
    return bool(offices_of(user).chapters_with(OfficeRole.CHAPTER_OFFICER, OfficeRole.REGISTRAR))


def speaks_for_old(user: User, transfer: Transfer) -> bool:
    """Whether the person speaks for the chapter that the member leaves."""
    return _speaks_for(user, transfer, transfer.from_chapter)


def speaks_for_new(user: User, transfer: Transfer) -> bool:
    """Whether the person speaks for the chapter to which the member moves."""
    return _speaks_for(user, transfer, transfer.to_chapter)


def can_agree(user: User, transfer: Transfer) -> bool:
    """Whether a chapter for which the person speaks has not agreed yet."""
    if not transfer.is_open:
        return False
    return (transfer.old_agreed_at is None and speaks_for_old(user, transfer)) or (
        transfer.new_agreed_at is None and speaks_for_new(user, transfer)
    )


def can_refuse(user: User, transfer: Transfer) -> bool:
    """Whether the person may end the wish to move."""
    return transfer.is_open and (speaks_for_old(user, transfer) or speaks_for_new(user, transfer))


def _speaks_for(user: User, transfer: Transfer, chapter: Chapter) -> bool:
    return transfer.membership.user_id != user.pk and offices_of(user).holds(OfficeRole.CHAPTER_OFFICER, chapter)
