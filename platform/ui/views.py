import datetime
import re
from pathlib import Path

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.csrf import requires_csrf_token

from ui.forms import GalleryForm

GALLERY = (
    "colour",
    "type",
    "icons",
    "buttons",
    "marks",
    "progress",
    "notices",
    "panels",
    "navigation",
    "lists",
    "forms",
    "reading",
    "quiz",
    "tables",
    "stages",
    "forum",
    "states",
)
SWATCHES = [
    "paper",
    "surface",
    "sunk",
    "rule",
    "edge",
    "ink",
    "ink-2",
    "ink-3",
    "brand",
    "brand-tint",
    "fill",
    "bar",
    "accent",
    "accent-ink",
    "accent-tint",
    "ok",
    "ok-tint",
    "bad",
    "bad-tint",
]


def icon_names() -> list[str]:
    """List the symbols of the sprite."""
    sprite = Path(__file__).parent / "static" / "ui" / "icons.svg"
    return re.findall(r'<symbol id="i-([a-z0-9-]+)"', sprite.read_text())


def gallery(request: HttpRequest) -> HttpResponse:
    """Show every component in its states; routed in development only."""
    context = {
        "sections": [
            {"name": name, "title": name.capitalize(), "template": f"ui/gallery/{name}.html"} for name in GALLERY
        ],
        "swatches": SWATCHES,
        "icon_names": icon_names(),
        "day": datetime.date(2026, 9, 16),
        "trail": [("Library", "#navigation"), ("Judgments", "#navigation")],
        "page_obj": Paginator(range(90), 10).get_page(3),
        "form": GalleryForm(GalleryForm.WRONG_ANSWERS, auto_id="light_%s"),
        "dark_form": GalleryForm(GalleryForm.WRONG_ANSWERS, auto_id="dark_%s"),
    }
    return render(request, "ui/gallery.html", context)


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what could not be understood; the request is not trusted with the usual context."""
    return HttpResponse(render_to_string("400.html"), status=400)


@requires_csrf_token
def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that this needs other rights, in the exception's own sentence if it has one."""
    return render(request, "403.html", {"reason": str(exception)}, status=403)


@requires_csrf_token
def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that there is nothing here, in the same words for what is hidden and for what never was."""
    return render(request, "404.html", status=404)


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """Apologise without asking the database for anything, since that may be what is broken."""
    return HttpResponse(render_to_string("500.html"), status=500)
