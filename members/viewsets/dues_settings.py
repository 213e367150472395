"""What dues are computed and asked by: prices, payment details, limits of waivers, the plan of reminders."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe
from moneyed import Money

from accounts.http import UserRequest
from accounts.models import User
from members.models import PaymentDetails, ReminderStep, TierPrice, WaiverLimit
from members.permissions.dues import can_see_dues, can_set_plan, chapters_seen, chapters_with_prices
from members.rules.amounts import money_text
from members.services import dues_settings as services
from pages.services import active_language

MOST = 200  # rows of each kind on the page


@dataclass(frozen=True)
class Setting:
    """One kind of settings: what is listed, who changes which rows, with which fields."""

    kind: str
    heading: Any
    hint: Any
    model: type[Model]
    fields: tuple[str, ...]
    columns: tuple[str, ...]
    is_editable: bool
    order: tuple[str, ...]
    of_chapter: bool  # else the League's

    def may_add(self, user: User) -> bool:
        return chapters_with_prices(user).exists() if self.of_chapter else can_set_plan(user)

    def may_see(self, user: User) -> QuerySet:
        """Return the rows of the chapters whose dues a person looks at; the plan of reminders is for all of them."""
        rows = self.model._default_manager.all()
        return rows.filter(chapter__in=chapters_seen(user)) if "chapter" in self.fields else rows

    def may_change(self, user: User) -> QuerySet:
        """Return the rows that a person may change or remove."""
        rows = self.model._default_manager.all()
        if self.of_chapter:
            return rows.filter(chapter__in=chapters_with_prices(user))
        return rows if can_set_plan(user) else rows.none()

    def form_class(self) -> type[forms.ModelForm]:
        return forms.modelform_factory(
            self.model, fields=self.fields, widgets={"starts_on": forms.DateInput(attrs={"type": "date"})}
        )


SETTINGS = {
    setting.kind: setting
    for setting in (
        Setting(
            "prices",
            gettext_lazy("Prices"),
            gettext_lazy(
                "A price holds from its day until a later one of the same chapter. It is never changed: add the next. "
                "A city’s chapter without prices has those of its country."
            ),
            TierPrice,
            ("tier", "chapter", "currency", "amount", "hardship_amount", "starts_on"),
            ("tier", "chapter", "money", "hardship_money", "starts_on"),
            is_editable=False,
            order=("chapter", "tier", "-starts_on"),
            of_chapter=True,
        ),
        Setting(
            "details",
            gettext_lazy("Payment details"),
            gettext_lazy("What members read on their invoices, for each currency. Every reader of an invoice sees it."),
            PaymentDetails,
            ("chapter", "currency", "text_ru", "text_en"),
            ("chapter", "currency", "text_ru"),
            is_editable=True,
            order=("chapter", "currency"),
            of_chapter=True,
        ),
        Setting(
            "limits",
            gettext_lazy("Limits of waivers"),
            gettext_lazy(
                "How much of an invoice a chapter’s officers waive by themselves. Half, where nothing is set."
            ),
            WaiverLimit,
            ("chapter", "percent"),
            ("chapter", "percent"),
            is_editable=True,
            order=("chapter",),
            of_chapter=False,
        ),
        Setting(
            "reminders",
            gettext_lazy("Plan of reminders"),
            gettext_lazy(
                "Each step is sent once for each period. Of several that were missed only the latest is sent."
            ),
            ReminderStep,
            ("tier", "offset_days", "text"),
            ("tier", "offset_days", "get_text_display"),
            is_editable=True,
            order=("tier", "offset_days"),
            of_chapter=False,
        ),
    )
}


@require_safe
def setting_list(request: UserRequest) -> HttpResponse:
    """List prices, payment details, limits and the plan of reminders; each may change what is in his office."""
    if not can_see_dues(request.user):
        raise PermissionDenied
    sections = []
    for setting in SETTINGS.values():
        changeable = set(setting.may_change(request.user).values_list("pk", flat=True))
        related = [name for name in ("chapter", "tier") if name in setting.fields]
        rows = setting.may_see(request.user).select_related(*related).order_by(*setting.order)[:MOST]
        sections.append(
            {
                "setting": setting,
                "may_add": setting.may_add(request.user),
                "columns": [_label(setting, column) for column in setting.columns],
                "rows": [
                    (row, [_cell(row, column) for column in setting.columns], row.pk in changeable) for row in rows
                ],
            }
        )
    context = {**_page(_("Prices and reminders")), "sections": sections}
    return TemplateResponse(request, "members/admin/dues/settings.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def setting_create(request: UserRequest, kind: str) -> HttpResponse:
    """Add a price, payment details, a limit or a step of the plan."""
    setting = _setting(kind)
    if not setting.may_add(request.user):
        raise PermissionDenied
    return _edit(request, setting, setting.model(), services.add_setting)


@require_http_methods(["GET", "HEAD", "POST"])
def setting_edit(request: UserRequest, kind: str, pk: int) -> HttpResponse:
    """Change what may be changed: everything but prices."""
    setting = _setting(kind)
    if not setting.is_editable:
        raise Http404
    row = get_object_or_404(setting.may_change(request.user), pk=pk)
    return _edit(request, setting, row, services.change_setting)


@require_http_methods(["GET", "HEAD", "POST"])
def setting_delete(request: UserRequest, kind: str, pk: int) -> HttpResponse:
    """Ask once more, and remove a row."""
    setting = _setting(kind)
    row = get_object_or_404(setting.may_change(request.user), pk=pk)
    if request.method == "POST":
        try:
            services.remove_setting(row, actor=request.user, at=timezone.now())
        except services.PriceUsed:
            messages.error(
                request, _("Invoices were issued at this price, so it stays. Add a price from a later day instead.")
            )
        else:
            messages.success(request, _("It is removed."))
        return redirect("dues_office:settings")
    context = {**_page(_("Remove"), setting), "row": row}
    return TemplateResponse(request, "members/admin/dues/setting_delete.html", context)


def _edit(request: UserRequest, setting: Setting, row: Model, save: Callable[..., Model]) -> HttpResponse:
    form = setting.form_class()(request.POST if request.method == "POST" else None, instance=row)
    if setting.of_chapter:
        form.fields["chapter"].queryset = chapters_with_prices(request.user)  # type: ignore[attr-defined]  # a ModelChoiceField
    if form.is_bound and form.is_valid():
        save(form.instance, actor=request.user, at=timezone.now())
        messages.success(request, _("It is saved."))
        return redirect("dues_office:settings")
    context = {**_page(_("Change") if row.pk else _("Add"), setting), "form": form}
    return TemplateResponse(
        request, "members/admin/dues/setting_form.html", context, status=422 if form.is_bound else 200
    )


def _setting(kind: str) -> Setting:
    try:
        return SETTINGS[kind]
    except KeyError:
        raise Http404 from None


def _label(setting: Setting, column: str) -> str:
    field = {"money": "amount", "hardship_money": "hardship_amount", "get_text_display": "text"}.get(column, column)
    return str(setting.model._meta.get_field(field).verbose_name)  # type: ignore[union-attr]  # never a relation back


def _cell(row: Model, column: str) -> object:
    value = getattr(row, column)
    if isinstance(value, Money):
        return money_text(value, active_language())
    return value() if callable(value) else value


def _page(title: str, setting: Setting | None = None) -> dict[str, object]:
    crumbs = [
        {"url": reverse("dues_office:index"), "label": _("Dues")},
        {"url": reverse("dues_office:settings"), "label": _("Prices and reminders")},
    ]
    if setting is not None:
        title = f"{setting.heading}: {title}"
        crumbs.append({"url": "", "label": title})
    return {"page_title": title, "header_title": title, "header_icon": "cogs", "breadcrumbs_items": crumbs}
