"""What the site says to browsers before any view: security policy and maintenance."""

from collections.abc import Callable
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache

ADMIN_PREFIX = "/admin/"
HEALTH = ("/healthz/", "/readyz/")
MAINTENANCE_SECONDS = 600

# As strict as Wagtail 8.0 allows; found by using its pages in Chromium under the own policy of the site. No
# `unsafe-eval`, no `style` attribute, no other host. `script-src-attr` stays closed too: it only costs the
# focal-point tool of an image (Jcrop) its test for touch screens, the mouse works.
ADMIN_POLICY: dict[str, Any] = {
    "default-src": [SELF],
    # Choosers, date pickers, inline panels and wagtail-localize's editor start themselves by inline scripts,
    # some of them put into the page later by StreamField, so that neither a nonce nor a hash can name them.
    "script-src-elem": [SELF, UNSAFE_INLINE],
    # The rich-text editor writes a style element for its kinds of blocks.
    "style-src-elem": [SELF, UNSAFE_INLINE],
    # data: pictures inside stylesheets; blob: the small picture of a file that is being uploaded.
    "img-src": [SELF, "data:", "blob:"],
    "object-src": [NONE],
    "base-uri": [NONE],
    "form-action": [SELF],
    "frame-ancestors": [SELF],  # the preview beside the editor
}


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """Send the site's strict policy, and Wagtail's admin the strictest under which it still works."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if request.path.startswith(ADMIN_PREFIX) and not report_only and parts.config is None:
            parts.config = ADMIN_POLICY
        return parts


@never_cache
def maintenance(request: HttpRequest) -> HttpResponse:
    """Say that work is going on and when to come back."""
    response = HttpResponse(render_to_string("maintenance.html"), status=503)
    response["Retry-After"] = str(MAINTENANCE_SECONDS)
    return response


class MaintenanceMiddleware:
    """Answer with a 503 while `settings.MAINTENANCE` is on; static files, the admin and health checks go on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        passes = request.path.startswith((ADMIN_PREFIX, settings.STATIC_URL, *HEALTH))
        if settings.MAINTENANCE and not passes:
            return maintenance(request)
        return self.get_response(request)
