"""Exports of members in the League's office: the request with its purpose, progress, the file for a day."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import UserRequest
from members.choices import ExportFormat, ExportStatus
from members.forms.imports import ExportForm
from members.models import MemberExport
from members.permissions.bulk import can_export
from members.services import exports
from members.viewsets.imports import REFRESH
from members.viewsets.records import OfficeViewSet, page_context, paginate

TYPES = {
    ExportFormat.CSV: "text/csv",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@require_http_methods(["GET", "HEAD", "POST"])
def export_list(request: UserRequest) -> HttpResponse:
    """Show one's own exports and the form to ask for another."""
    if not can_export(request.user):
        raise PermissionDenied
    form = ExportForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            export = exports.request_export(**form.cleaned_data, actor=request.user, at=timezone.now())
        except exports.ColumnsForbidden:
            form.add_error(None, _("Your office has changed while you filled in the form. Choose again."))
        else:
            return redirect("memberexport:detail", export.pk)
    own = MemberExport.objects.visible_to(request.user).order_by("-created_at", "-pk")
    context = {
        **page_context(_("Exports of members"), icon="download", trail=[]),
        **paginate(request, own, 20),
        "form": form,
    }
    return TemplateResponse(
        request, "members/admin/export_list.html", context, status=422 if request.method == "POST" else 200
    )


@require_safe
def export_detail(request: UserRequest, pk: int) -> HttpResponse:
    """Show how far an export is, and what it holds."""
    export = _export(request, pk)
    title = _("Export no. %(number)s") % {"number": export.pk}
    context = {
        **page_context(title, icon="download", trail=[(reverse("memberexport:index"), _("Exports of members"))]),
        "export": export,
        "columns": [_(exports.COLUMNS[name][0]) for name in export.columns if name in exports.COLUMNS],
        "may_fetch": exports.may_fetch(export, request.user, at=timezone.now()),
    }
    response = TemplateResponse(request, "members/admin/export_detail.html", context)
    if export.status == ExportStatus.WAITING:
        response["Refresh"] = REFRESH
    return response


@require_POST
def export_download(request: UserRequest, pk: int) -> HttpResponse | FileResponse:
    """Hand out the file to who asked for it, as long as the office lasts."""
    export = _export(request, pk)
    now = timezone.now()
    if not exports.may_fetch(export, request.user, at=now):
        messages.error(request, _("This file is not there any more, or your office has changed. Ask for a new one."))
        return redirect("memberexport:index")
    exports.record_download(export, actor=request.user, at=now)
    try:
        file = export.file.open("rb")
    except FileNotFoundError:
        messages.error(request, _("This file is not there any more, or your office has changed. Ask for a new one."))
        return redirect("memberexport:index")
    return FileResponse(
        file,
        as_attachment=True,
        filename=f"members-{export.pk}.{export.format}",
        content_type=TYPES[ExportFormat(export.format)],
        headers={"Cache-Control": "no-store, private"},
    )


def _export(request: UserRequest, pk: int) -> MemberExport:
    if not can_export(request.user):
        raise PermissionDenied
    return get_object_or_404(MemberExport.objects.visible_to(request.user).select_related("requested_by"), pk=pk)


class ExportViewSet(OfficeViewSet):
    name = "memberexport"
    icon = "download"
    menu_label = gettext_lazy("Exports")
    permission = staticmethod(can_export)

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", export_list, name="index"),
            path("<int:pk>/", export_detail, name="detail"),
            path("<int:pk>/file/", export_download, name="download"),
        ]
