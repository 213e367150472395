"""What the office's own pages share: the frame of a page, and menu items that only some offices see."""

from collections.abc import Callable

from django.http import HttpRequest
from django.urls import reverse
from wagtail.admin.menu import MenuItem

from accounts.models import User

Crumb = dict[str, object]


def page_context(title: str, *, icon: str, above: list[tuple[str, object]]) -> dict[str, object]:
    """Return what Wagtail's generic page needs: title, icon and the way back, as names of addresses with labels."""
    crumbs: list[Crumb] = [{"url": reverse(name), "label": label} for name, label in above]
    return {
        "page_title": title,
        "header_title": title,
        "header_icon": icon,
        "breadcrumbs_items": [*crumbs, {"url": "", "label": title}],
    }


def menu_item_for(may_open: Callable[[User], bool]) -> type[MenuItem]:
    """Return a class of menu items that only those see who may open the page."""

    class OfficeMenuItem(MenuItem):
        def is_shown(self, request: HttpRequest) -> bool:
            return isinstance(request.user, User) and may_open(request.user)

    return OfficeMenuItem
