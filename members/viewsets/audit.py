"""The audit log in Wagtail's admin, for the board alone. Looking at it is an event of the log itself."""

import json
import re
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.tables import Column, DateColumn
from wagtail.admin.views.generic.base import BaseListingView
from wagtail.admin.viewsets.base import ViewSet

from accounts.http import UserRequest
from accounts.models import User
from audit.filters import AuditEventFilterSet
from audit.models import AuditEvent
from audit.services import record
from members.permissions.audit import can_read_audit

PAGE = 50


class PersonColumn(Column):
    """A person by name and number; by number alone where no account bears it."""

    def get_value(self, instance: Any) -> str:
        number = getattr(instance, self.name)
        if number is None:
            return _("a job") if self.name == "actor_id" else ""
        name = instance.names.get(number)
        return f"{name} (№ {number})" if name else f"№ {number}"


class DetailColumn(Column):
    """The detail in its plain spelling, or that it was erased."""

    def get_value(self, instance: Any) -> str:
        if not instance.salt:
            return _("erased")
        return json.dumps(instance.detail, ensure_ascii=False) if instance.detail else ""


class CodeColumn(Column):
    """A code, which may break after its points and underscores."""

    def get_value(self, instance: Any) -> SafeString:
        return breakable(getattr(instance, self.name))


class SubjectColumn(Column):
    """What the event is about: its kind and its number."""

    def get_value(self, instance: Any) -> SafeString:
        return breakable(f"{instance.subject_type} {instance.subject_id}")


def breakable(code: str) -> SafeString:
    """Let a long code break where its parts end."""
    return format_html_join(SafeString("<wbr>"), "{}", ((part,) for part in re.split(r"(?<=[._])", code)))


class AuditLogView(BaseListingView):
    """The latest events first, fifty on a page."""

    model = AuditEvent
    page_title = gettext_lazy("Audit log")
    header_icon = "lock"
    filterset_class = AuditEventFilterSet
    paginate_by = PAGE
    default_ordering = "-pk"
    index_url_name = "audit-log:index"
    index_results_url_name = "audit-log:results"
    verbose_name_plural = AuditEvent._meta.verbose_name_plural
    columns = [
        Column("number", label=gettext_lazy("Number")),
        DateColumn("at", label=gettext_lazy("When")),
        PersonColumn("actor_id", label=gettext_lazy("Who")),
        CodeColumn("action", label=gettext_lazy("Action")),
        SubjectColumn("subject_id", label=gettext_lazy("Subject")),
        PersonColumn("person_id", label=gettext_lazy("Person concerned")),
        Column("reason_code", label=gettext_lazy("Reason")),
        DetailColumn("detail", label=gettext_lazy("Details"), classname="code"),
    ]

    def dispatch(self, request: UserRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not can_read_audit(request.user):
            raise PermissionDenied
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response

    def get(self, request: UserRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().get(request, *args, **kwargs)
        asked = {key: value for key, value in request.GET.items() if value and not key.startswith("_w_")}
        record("audit.log_viewed", actor=request.user, subject=request.user, at=timezone.now(), detail=asked)
        return response

    def get_base_queryset(self) -> QuerySet[AuditEvent]:
        return AuditEvent.objects.all()

    def paginate_queryset(self, queryset: QuerySet[AuditEvent], page_size: int) -> tuple[Any, Any, Any, bool]:
        """Read the names of everybody on the page in one query."""
        paginator, page, rows, has_other_pages = super().paginate_queryset(queryset, page_size)
        events = list(rows)
        numbers = {number for event in events for number in (event.actor_id, event.person_id) if number is not None}
        names = dict(User.objects.filter(pk__in=numbers).values_list("pk", "name_native"))
        for event in events:
            event.names = names
        page.object_list = events
        return paginator, page, events, has_other_pages


class AuditMenuItem(MenuItem):
    def is_shown(self, request: UserRequest) -> bool:
        return can_read_audit(request.user)


class AuditViewSet(ViewSet):
    name = "audit-log"
    icon = "lock"
    menu_label = gettext_lazy("Audit log")
    menu_item_class = AuditMenuItem

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", AuditLogView.as_view(), name="index"),
            path("results/", AuditLogView.as_view(results_only=True), name="results"),
        ]
