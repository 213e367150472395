from functools import cache
from typing import Any

from django.http import HttpRequest

from accounts.http import signed_in
from notifications.services import count_unread


def bell(request: HttpRequest) -> dict[str, Any]:
    """Give signed-in people's pages the number at the bell: asked for once, and only where it is printed."""

    @cache
    def unread() -> int:
        user = signed_in(request)
        return count_unread(user) if user is not None else 0

    return {"unread_notifications": unread}
