"""Wagtail's report on everything that was changed in its admin, for those whose office reaches all of it."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from wagtail.admin.auth import require_admin_access
from wagtail.admin.views.reports.audit_logging import LogEntriesView

from accounts.http import UserRequest
from members.permissions.audit import can_read_site_history


class SiteHistoryView(LogEntriesView):
    def dispatch(self, request: UserRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not can_read_site_history(request.user):
            raise PermissionDenied
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response


site_history = require_admin_access(SiteHistoryView.as_view())
site_history_results = require_admin_access(SiteHistoryView.as_view(results_only=True))
