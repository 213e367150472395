"""Who may look at the machinery of notifications, and who may set it going again. Views ask; services do not."""

from accounts.models import Viewer


def can_see_queue(user: Viewer) -> bool:
    """Whether this person may see what waits and what was given up, without any text."""
    return user.has_perm("notifications.view_message")


def can_retry(user: Viewer) -> bool:
    """Whether this person may send again what was given up."""
    return user.has_perm("notifications.change_message")


def can_see_people(user: Viewer) -> bool:
    """Whether this person may learn to whom a message goes."""
    return user.has_perm("accounts.change_user")
