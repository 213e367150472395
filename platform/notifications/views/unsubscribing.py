"""The link at the foot of a letter. Whoever holds it is asked nothing: no cookie is read and none is set (RFC 8058)."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts.http import unlisted
from notifications import tokens
from notifications.choices import Channel, DigestFrequency, Mode
from notifications.registry import get_kind
from notifications.services import unsubscribing

ONE_CLICK = ("List-Unsubscribe", "One-Click")
UNDO = "undo"


@unlisted
@csrf_exempt  # the token in the address is the permission, and a mail program has no other
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, turn off, or undo. A GET changes nothing: programs that look at letters follow every link."""
    try:
        user, name = tokens.read_unsubscribe(token)
    except tokens.BadToken:
        return _page("bad", {}, status=404)
    kind = get_kind(name) if name else None
    if kind is not None and Channel.MAIL not in kind.modes:
        return _page("bad", {}, status=404)  # it had letters once
    context = {"label": kind.label if kind is not None else ""}
    if kind is not None and Channel.MAIL in kind.locked:
        return _page("locked", context)
    if request.method != "POST":
        before = unsubscribing.chosen_letters(user, name)
        return _page("off" if before in {Mode.OFF, DigestFrequency.OFF} else "ask", context)
    if request.POST.get(ONE_CLICK[0]) == ONE_CLICK[1]:
        before = unsubscribing.turn_letters_off(user, name, at=timezone.now())
        return _page("off", context | {"before": before})
    if UNDO in request.POST:
        unsubscribing.turn_letters_on(user, name, before=request.POST[UNDO])
        return _page("on", context)
    return _page("ask", context, status=400)


def _page(state: str, context: Mapping[str, object], *, status: int = 200) -> HttpResponse:
    """Render without the request: the page knows nothing of who has a session in this browser."""
    page = render_to_string("notifications/unsubscribe.html", {"state": state, **context})
    response = HttpResponse(page, status=status)
    add_never_cache_headers(response)
    return response
