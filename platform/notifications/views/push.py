import json

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from accounts.http import UserRequest
from notifications.services import pushing

MOST_BYTES = 4096


@require_POST
@login_required
def add_browser(request: UserRequest) -> HttpResponse:
    """Store the subscription that a browser sends as JSON, as its own script made it."""
    if not pushing.push_settings(request.user).key:
        raise Http404
    if len(request.body) > MOST_BYTES:
        return _refuse(_("This browser sent something that we do not understand."))
    try:
        subscription = json.loads(request.body)
        if not isinstance(subscription, dict):
            raise pushing.BadSubscription
        browser = pushing.add_browser(
            request.user, subscription, user_agent=request.headers.get("User-Agent", ""), at=timezone.now()
        )
    except pushing.TooManyBrowsers:
        return _refuse(_("You are told in ten browsers already. Remove one of them first."), status=409)
    except (ValueError, RecursionError):  # no JSON, no text in UTF-8, or no subscription
        return _refuse(_("This browser sent something that we do not understand."))
    messages.success(request, _("You are now told in this browser."))
    return JsonResponse({"id": browser.pk}, status=201)


def _refuse(error: str, *, status: int = 400) -> JsonResponse:
    return JsonResponse({"error": error}, status=status)


@require_POST
@login_required
def remove_browser(request: UserRequest, subscription_id: int) -> HttpResponse:
    if not pushing.remove_browser(request.user, subscription_id):
        raise Http404
    messages.success(request, _("You are no longer told in that browser."))
    return redirect("notifications:settings")


@require_safe
@cache_control(public=True, max_age=0, must_revalidate=True)
def push_worker(request: HttpRequest) -> HttpResponse:
    """Serve the service worker, in the language in which a browser registers it.

    It stands at the root of the site because a worker serves only what is below its own address.
    """
    wanted = request.GET.get("language", "")
    language = wanted if wanted in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    with translation.override(language):
        script = render_to_string("notifications/push_worker.js", {"language": language})
    return HttpResponse(script, content_type="text/javascript; charset=utf-8")
