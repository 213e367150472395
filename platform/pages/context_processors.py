from typing import Any

from django.http import HttpRequest

from pages import services


def site(request: HttpRequest) -> dict[str, Any]:
    """Give every template the site's names and menus, cached per language, and the page in other languages."""
    furniture = services.site_furniture()
    return {
        "site_text": furniture["text"],
        "site_version": furniture["version"],
        "public_menu": services.mark_current(furniture["menu"], request.path),
        "footer_columns": furniture["footer"],
        "language_links": services.language_links(request),
    }
