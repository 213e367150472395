from collections.abc import Callable
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import can_open_admin

GetResponse = Callable[[HttpRequest], HttpResponse]
View = Callable[..., HttpResponse]

SEEN_EVERY = 600  # seconds


class UserRequest(HttpRequest):
    """A request behind `login_required`: there is a person."""

    user: User


def signed_in(request: HttpRequest) -> User | None:
    """Return the person behind a request.

    Without a session cookie nobody can be signed in; then the session stays untouched, so the page keeps
    no `Vary: Cookie` and costs no query.
    """
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    return request.user if isinstance(request.user, User) and request.user.is_authenticated else None


def unlisted(view: View) -> View:
    """Keep a page whose address is its key out of indexes, and its address out of what a browser tells other pages.

    A view that shows a form sets a `Referrer-Policy` of its own: under "no-referrer" a browser sends the form without
    an origin, which the protection against forged requests refuses.
    """

    @wraps(view)
    def kept(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers.setdefault("X-Robots-Tag", "noindex, nofollow")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        return response

    return kept


class TimeZoneMiddleware:
    """Show every moment in the time zone of the person who looks."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = signed_in(request)
        if user is None:
            return self.get_response(request)
        try:
            zone = ZoneInfo(user.time_zone)
        except (ZoneInfoNotFoundError, ValueError):  # a zone that a later database dropped
            return self.get_response(request)
        with timezone.override(zone):
            return self.get_response(request)


class SessionActivityMiddleware:
    """Note when and from where a session was last used, at most once in ten minutes.

    allauth's own middleware writes a row with every request, pages and fragments alike.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if signed_in(request):
            key = f"session-seen:{request.session.session_key}"
            now = timezone.now().timestamp()
            if now - cache.get(key, 0) >= SEEN_EVERY:
                cache.set(key, now, SEEN_EVERY)
                UserSession.objects.create_from_request(request)
        return self.get_response(request)


class StaffSecondFactorMiddleware:
    """Guard the way into Wagtail's admin: one sign-in page for everybody and a second factor for staff."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(reverse("wagtailadmin_home")):
            return self._stop(request) or self.get_response(request)
        return self.get_response(request)

    def _stop(self, request: HttpRequest) -> HttpResponse | None:
        """Return the answer for people who may not go on, None for those who may."""
        own_doors = (reverse("wagtailadmin_login"), reverse("wagtailadmin_password_reset"))
        if request.path.startswith(own_doors):
            target = request.GET.get("next") or reverse("wagtailadmin_home")
            return redirect_to_login(target, login_url=reverse("account_login"))
        user = signed_in(request)
        if user is None or request.path == reverse("wagtailadmin_logout"):
            return None
        if not can_open_admin(user):
            # Wagtail would send them to the sign-in page, which sends signed-in people back: a circle.
            raise PermissionDenied
        if settings.REQUIRE_STAFF_MFA:
            return self._ask_second_factor(request, user)
        return None

    def _ask_second_factor(self, request: HttpRequest, user: User) -> HttpResponse | None:
        has_factor = is_mfa_enabled(user)
        if has_factor and any(r.get("method") == "mfa" for r in get_authentication_records(request, user)):
            return None
        if request.headers.get("x-requested-with") == "XMLHttpRequest":
            raise PermissionDenied
        if not has_factor:
            messages.warning(
                request,
                _("The editors’ area opens only with a second step at sign-in. Set one up here first."),
            )
            return redirect("mfa_index")
        messages.info(request, _("Confirm that it is you before the editors’ area opens."))
        methods = get_adapter().get_reauthentication_methods(user)
        url = next(method["url"] for method in methods if method["id"].startswith("mfa_"))
        return redirect(f"{url}?{urlencode({'next': request.get_full_path()})}")
