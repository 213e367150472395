"""Two addresses for operators. They have no language and no session, and tell nothing of errors."""

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from notifications.services import health


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process answers. It asks nobody else: a database that is down is no reason to restart it."""
    return HttpResponse("ok", content_type="text/plain; charset=utf-8")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Say whether database, broker and cache answer, and for how long the oldest work has been due."""
    checks = health.check_engines()
    ages: dict[str, int | None] = {"events": None, "messages": None}
    is_ready = all(check.is_ok for check in checks.values())
    if checks["database"].is_ok:
        try:
            ages = health.oldest_due(timezone.now())
        except DatabaseError:
            is_ready = False
    answer = {
        "status": "ok" if is_ready else "failed",
        "checks": {
            name: {"status": "ok" if check.is_ok else "failed", "ms": check.milliseconds}
            for name, check in checks.items()
        },
        "oldest_due_seconds": ages,
    }
    return JsonResponse(answer, status=200 if is_ready else 503)
