from accounts.models import User


def can_open_admin(user: User) -> bool:
    """Say whether the person may enter Wagtail's admin at all; the rest is Wagtail's own matter."""
    return user.has_perm("wagtailadmin.access_admin")
