"""Who may read what everybody did, and decide how long data are kept: offices alone, no permission of a group."""

from accounts.models import User
from members.choices import OfficeRole
from members.models import offices_of


def can_read_audit(user: User) -> bool:
    """Whether this person may read the audit log: the board, and nobody else."""
    return offices_of(user).holds(OfficeRole.BOARD)


def can_read_site_history(user: User) -> bool:
    """Whether this person may read what Wagtail logged about the whole site: the League's office, and superusers.

    It names what was changed in every chapter, whoever looks.
    """
    offices = offices_of(user)
    return user.is_superuser or offices.holds(OfficeRole.BOARD) or offices.holds(OfficeRole.REGISTRAR)


def can_set_retention(user: User) -> bool:
    """Whether this person may say how long data are kept."""
    offices = offices_of(user)
    return offices.holds(OfficeRole.BOARD) or offices.holds(OfficeRole.REGISTRAR)
