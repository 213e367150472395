"""Who may do what with what the office says. Views ask; services do not."""

from accounts.models import Viewer


def can_publish(user: Viewer) -> bool:
    """Whether this person may publish and recall announcements."""
    return user.has_perm("members.publish_announcement")


def can_see_announcements(user: Viewer) -> bool:
    """Whether this person may look at the office's announcements, drafts too."""
    return user.has_perm("members.view_announcement")


def can_write_announcements(user: Viewer) -> bool:
    """Whether this person may change drafts and send them to themselves."""
    return user.has_perm("members.change_announcement")
