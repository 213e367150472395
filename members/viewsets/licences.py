"""Licences whose check is due, and the form that records one, in Wagtail's admin."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import UserRequest
from members.filters.office import LicenceFilter
from members.forms.office import CheckForm
from members.models import Licence, LicenceRule, league_day
from members.permissions.applications import why_not_check
from members.permissions.records import REVIEW_ROLES, can_check_licence, can_see_licences, reached_chapters
from members.services import licences as services
from members.services import office
from members.services.history import history_of
from members.viewsets.office import PAGE, OfficeViewSet, only_for, page


@only_for(can_see_licences)
@require_safe
def licence_list(request: UserRequest) -> HttpResponse:
    """List the licences of one's chapters, by default those whose check is due, the most urgent first."""
    licences = (
        Licence.objects.in_office(request.user)
        .select_related("user__membership__chapter")
        .order_by("recheck_on", "valid_until", "pk")
    )
    today = league_day()
    chapters = reached_chapters(request.user, *REVIEW_ROLES)
    filters = LicenceFilter(
        request.GET, licences, chapters=chapters, user=request.user, today=today, due=services.licences_due(today)
    )
    rows = Paginator(filters.qs, PAGE).get_page(request.GET.get("p"))
    context = {
        **page(_("Licence checks"), "clipboard-list"),
        "filters": filters,
        "page_obj": rows,
        "elided_page_range": rows.paginator.get_elided_page_range(rows.number),
        "today": today,
    }
    return TemplateResponse(request, "members/admin/licence_list.html", context)


@only_for(can_see_licences)
@require_http_methods(["GET", "HEAD", "POST"])
def licence_detail(request: UserRequest, pk: int) -> HttpResponse:
    """Show a licence with its checks, and record another one."""
    licence = get_object_or_404(Licence.objects.in_office(request.user).select_related("user__membership"), pk=pk)
    rule = LicenceRule.objects.in_force(licence.country, league_day())
    may_check = can_check_licence(request.user, licence)
    why_not = why_not_check(request.user, licence) if may_check else ""
    form = CheckForm(request.POST or None, rule=rule)
    now = timezone.now()
    if request.method == "POST":
        if not may_check:
            raise PermissionDenied
        if form.is_valid():
            try:
                services.check_licence(licence, actor=request.user, at=now, **form.cleaned_data)
            except services.CheckRefused as refused:
                form.add_error(None, refused.sentence)
            else:
                messages.success(request, _("The check is on record."))
                return redirect("licences:detail", licence.pk)
    else:
        office.view_licence(licence, actor=request.user, at=now)
    context = {
        **page(
            str(licence), "clipboard-list", (reverse("licences:index"), _("Licence checks")), sublabel=str(licence.user)
        ),
        "licence": licence,
        "membership": getattr(licence.user, "membership", None),
        "rule": rule,
        "checks": licence.checks.select_related("checked_by").order_by("-checked_at", "-pk"),
        "check_form": form if may_check and not why_not else None,
        "why_not": why_not,
        "check_url": reverse("licences:detail", args=[licence.pk]),
        "history": history_of(licence),
    }
    return TemplateResponse(request, "members/admin/licence_detail.html", context, status=422 if form.errors else 200)


class LicenceViewSet(OfficeViewSet):
    name = "licences"
    icon = "clipboard-list"
    menu_label = gettext_lazy("Licence checks")
    may_open = staticmethod(can_see_licences)

    def get_urlpatterns(self) -> list[URLPattern]:
        return [path("", licence_list, name="index"), path("<int:pk>/", licence_detail, name="detail")]
