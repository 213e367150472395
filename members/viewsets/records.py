"""What the pages about members' records share: a menu item that only its office sees, and the frame of a page."""

from collections.abc import Callable
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest
from wagtail.admin.menu import MenuItem
from wagtail.admin.viewsets.base import ViewSet

from accounts.models import User

PER_PAGE = 50


class OfficeViewSet(ViewSet):
    """Pages of the office that some offices do not have."""

    permission: Callable[[User], bool]

    def get_menu_item(self, order: int | None = None) -> MenuItem:
        """Return the menu item, shown to those who may open the page."""
        item: MenuItem = super().get_menu_item(order)
        permission = type(self).permission
        item.is_shown = lambda request: permission(request.user)
        return item


def page_context(title: str, *, icon: str, trail: list[tuple[str, str]]) -> dict[str, Any]:
    """Return what Wagtail's page template asks for: title, icon and the way back."""
    return {
        "page_title": title,
        "header_title": title,
        "header_icon": icon,
        "breadcrumbs_items": [{"url": url, "label": label} for url, label in trail] + [{"url": "", "label": title}],
    }


def paginate(request: HttpRequest, things: Any, per_page: int = PER_PAGE) -> dict[str, Any]:
    """Return one page of a list with what Wagtail's own navigation asks for."""
    paginator = Paginator(things, per_page)
    page: Page = paginator.get_page(request.GET.get("p"))
    return {"page": page, "elided_page_range": paginator.get_elided_page_range(page.number)}
