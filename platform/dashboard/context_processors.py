from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from pages import services


def member_menu(request: HttpRequest) -> dict[str, Any]:
    """Give signed-in people the menu of what the platform has for them."""
    if not request.user.is_authenticated:
        return {"member_menu": []}
    home = services.home_url(services.active_language())
    links = [
        {"label": _("Home"), "url": reverse("dashboard:home"), "icon": "house"},
        {"label": _("Courses"), "url": f"{home}courses/", "icon": "graduation-cap"},
        {"label": _("Certificates"), "url": reverse("courses:certificate_list"), "icon": "award"},
        {"label": _("News"), "url": f"{home}news/", "icon": "file-text"},
        {"label": _("Account"), "url": reverse("accounts:overview"), "icon": "user"},
    ]
    return {"member_menu": services.mark_current(links, request.path)}
