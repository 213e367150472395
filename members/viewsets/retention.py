"""How long data are kept, in Wagtail's admin: for the registrar and the board."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe
from wagtail.admin.menu import MenuItem
from wagtail.admin.viewsets.base import ViewSet

from accounts.http import UserRequest
from members.choices import RetentionKind
from members.forms.personal_data import RetentionForm
from members.permissions.audit import can_set_retention
from members.services import retention as services


@require_safe
def rule_list(request: UserRequest) -> HttpResponse:
    """List for how long each kind of data is kept, everywhere and in single countries."""
    if not can_set_retention(request.user):
        raise PermissionDenied
    context = {**_page(_("Keeping of data")), "rules": services.list_rules()}
    return TemplateResponse(request, "members/admin/retention_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def rule_edit(request: UserRequest, kind: str) -> HttpResponse:
    """Set for how long a kind of data is kept, everywhere or in one country."""
    if not can_set_retention(request.user):
        raise PermissionDenied
    if kind not in RetentionKind.values:
        raise Http404
    chosen = RetentionKind(kind)
    country = request.GET.get("country", "")
    rules = {rule.country: rule for rule in services.list_rules() if rule.kind == chosen}
    rule = rules.get(country, rules[""])
    initial = {"country": country, "days": rule.days, "note": rule.note}
    form = RetentionForm(request.POST or None, kind=chosen, initial=initial)
    if request.method == "POST" and form.is_valid():
        services.set_rule(chosen, **form.cleaned_data, actor=request.user, at=timezone.now())
        messages.success(request, _("The rule is saved. The next daily run follows it."))
        return redirect("retention:index")
    context = {**_page(str(chosen.label), is_below=True), "form": form}
    status = 422 if request.method == "POST" else 200
    return TemplateResponse(request, "members/admin/retention_edit.html", context, status=status)


def _page(title: str, *, is_below: bool = False) -> dict[str, object]:
    above = [{"url": reverse("retention:index"), "label": _("Keeping of data")}] if is_below else []
    return {
        "page_title": title,
        "header_title": title,
        "header_icon": "bin",
        "breadcrumbs_items": [*above, {"url": "", "label": title}],
    }


class RetentionMenuItem(MenuItem):
    def is_shown(self, request: UserRequest) -> bool:
        return can_set_retention(request.user)


class RetentionViewSet(ViewSet):
    name = "retention"
    icon = "bin"
    menu_label = gettext_lazy("Keeping of data")
    menu_item_class = RetentionMenuItem

    def get_urlpatterns(self) -> list[URLPattern]:
        return [path("", rule_list, name="index"), path("<str:kind>/", rule_edit, name="edit")]
