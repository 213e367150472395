import uuid
from typing import Any

from django.http import HttpRequest

from pages import services


def site(request: HttpRequest) -> dict[str, Any]:
    """Give every template the site's names and menus, cached per language, and the page in other languages."""
    furniture = services.site_furniture()
    # Fragments are kept under the version; a draft that is previewed must neither come from there nor stay there.
    version = uuid.uuid4().hex if getattr(request, "is_preview", False) else furniture["version"]
    return {
        "site_text": furniture["text"],
        "site_version": version,
        "public_menu": services.mark_current(furniture["menu"], request.path),
        "footer_columns": furniture["footer"],
        "language_links": services.language_links(request),
    }
