from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from courses.models import CourseIndexPage
from pages import services


def member_menu(request: HttpRequest) -> dict[str, Any]:
    """Give signed-in people the menu of what the platform has for them."""
    if not request.user.is_authenticated:
        return {"member_menu": []}
    links = [
        {"label": _("Home"), "url": reverse("dashboard:home"), "icon": "house"},
        {"label": _("Courses"), "url": catalogue_url(), "icon": "graduation-cap"},
        {"label": _("Forum"), "url": reverse("forum:room_index"), "icon": "messages-square"},
        {"label": _("Certificates"), "url": reverse("courses:certificate_list"), "icon": "award"},
        {"label": _("Members"), "url": reverse("directory:member_list"), "icon": "users"},
        {
            "label": _("Membership"),
            "url": reverse("membership:home"),
            "section": reverse("application:home"),  # the dues, the card and all the rest lie below it
            "icon": "shield-check",
        },
        {"label": _("News"), "url": services.site_furniture()["news_url"], "icon": "file-text"},
        {"label": _("Profile"), "url": reverse("accounts:overview"), "icon": "user"},
    ]
    return {"member_menu": services.mark_current([link for link in links if link["url"]], request.path)}


def catalogue_url() -> str:
    """Return the address of the catalogue in the active language, from the cache; empty if there is none."""
    language = services.active_language()

    def look_up() -> str:
        page = CourseIndexPage.objects.live().filter(locale__language_code=language).first()
        return page.get_url() if page is not None else ""

    return services.until_publication("dashboard.catalogue", look_up)
