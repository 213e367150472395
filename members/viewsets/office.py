"""What the office's own pages in Wagtail's admin share: the frame of a page, and a line in the menu for some."""

from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from wagtail.admin.menu import MenuItem
from wagtail.admin.viewsets.base import ViewSet

from accounts.http import UserRequest
from accounts.models import User

View = Callable[..., HttpResponse]
PAGE = 25  # rows of a list


def page(title: str, icon: str, *above: tuple[str, str], sublabel: str = "") -> dict[str, object]:
    """Return the frame of a page: its title, and the pages above it as address and label."""
    return {
        "page_title": title,
        "header_title": title,
        "header_icon": icon,
        "breadcrumbs_items": [
            *[{"url": url, "label": label} for url, label in above],
            {"url": "", "label": title, "sublabel": sublabel},
        ],
    }


def only_for(check: Callable[[User], bool]) -> Callable[[View], View]:
    """Open a page only to those of whom the check is true; Wagtail leads other staff back to its home page."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: UserRequest, **kwargs: object) -> HttpResponse:
            if not check(request.user):
                raise PermissionDenied
            return view(request, **kwargs)

        return guarded

    return decorate


class OfficeViewSet(ViewSet):
    """Pages of the office with a line in the menu for those who may open them."""

    may_open: ClassVar[Any]  # a static method: whether a person may open the pages

    @cached_property
    def menu_item_class(self) -> type[MenuItem]:
        may_open = type(self).may_open

        def is_shown(_self: MenuItem, request: UserRequest) -> bool:
            return bool(may_open(request.user))

        return type(f"{type(self).__name__}MenuItem", (MenuItem,), {"is_shown": is_shown})
