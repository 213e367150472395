"""Who handles hours of professional development, rules about them, and cards."""

from accounts.models import User
from members.choices import OfficeRole
from members.models import offices_of


def can_decide_claims(user: User) -> bool:
    """Whether the person decides claims of some chapter; of which ones, the querysets say."""
    return bool(offices_of(user).chapters_with(OfficeRole.CHAPTER_OFFICER, OfficeRole.REGISTRAR))


def can_edit_rules(user: User) -> bool:
    """Whether the person may change what is known about the rules of countries."""
    return offices_of(user).holds(OfficeRole.REGISTRAR)


def can_revoke_cards(user: User) -> bool:
    """Whether the person may revoke cards of some chapter; of which ones, the querysets say."""
    return bool(offices_of(user).chapters_with(OfficeRole.CHAPTER_OFFICER, OfficeRole.REGISTRAR))
