"""Dues in the League's office: who owes what since when, and the page on which an invoice is dealt with."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Case, CharField, F, Q, Sum, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST, require_safe
from moneyed import Money
from wagtail.admin.menu import MenuItem
from wagtail.admin.viewsets.base import ViewSet

from accounts.http import UserRequest
from members.choices import PaymentMethod, WaiverKind
from members.forms.dues import AnswerForm, InvoiceFilterForm, PaymentForm, ReasonForm, WaiverForm
from members.models import HardshipRequest, Invoice, InvoiceQuerySet, Payment, league_day
from members.permissions.dues import (
    can_keep_accounts,
    can_see_dues,
    can_waive,
    can_waive_all,
    chapters_seen,
    waiver_kinds,
)
from members.rules.amounts import money_text
from members.services import hardship, office, payments
from members.services.invoices import void_invoice
from members.viewsets import dues_settings
from pages.services import active_language

PAGE = 50
# By how many days an invoice is overdue: the columns in which treasurers think.
BUCKETS = (
    ("current", gettext_lazy("not due yet"), None, 0),
    ("30", gettext_lazy("1–30 days"), 1, 30),
    ("60", gettext_lazy("31–60 days"), 31, 60),
    ("90", gettext_lazy("61–90 days"), 61, 90),
    ("older", gettext_lazy("over 90 days"), 91, None),
)


@require_safe
def invoice_list(request: UserRequest) -> HttpResponse:
    """List invoices with what remains of them, above it the debts by age and currency."""
    if not can_see_dues(request.user):
        raise PermissionDenied
    reached = Invoice.objects.in_office(request.user)
    form = InvoiceFilterForm(request.GET, chapters=chapters_seen(request.user).order_by("country", "pk"))
    form.is_valid()
    chosen = form.cleaned_data
    if chosen.get("chapter") is not None:
        within = chosen["chapter"]
        reached = reached.filter(Q(chapter=within) | Q(chapter__parent=within))
    invoices = _narrow(reached, chosen, request)
    page = Paginator(invoices.with_balance().select_related("chapter", "tier").order_by("due_on", "pk"), PAGE).get_page(
        request.GET.get("p")
    )
    title = _("Dues")
    context = {
        **_page(title),
        "form": form,
        "items": page,
        "elided_page_range": page.paginator.get_elided_page_range(page.number),
        "debts": aged_debts(reached),
        "bucket": request.GET.get("bucket", ""),
        "today": league_day(),
    }
    return TemplateResponse(request, "members/admin/dues/list.html", context)


def _narrow(invoices: InvoiceQuerySet, chosen: dict[str, Any], request: HttpRequest) -> InvoiceQuerySet:
    today = league_day()
    state = chosen.get("state") or "open"
    if state == "settled":
        invoices = invoices.filter(settled_at__isnull=False)
    elif state == "voided":
        invoices = invoices.filter(voided_at__isnull=False)
    elif state != "all":
        invoices = invoices.open()
    if state == "overdue":
        invoices = invoices.filter(due_on__lt=today)
    if state == "hardship":
        waiting = HardshipRequest.objects.open().values("invoice")
        invoices = invoices.filter(pk__in=waiting)
    if chosen.get("purpose"):
        invoices = invoices.filter(purpose=chosen["purpose"])
    if chosen.get("q"):
        words = chosen["q"].strip()
        invoices = invoices.filter(Q(number__icontains=words) | Q(payer_name__icontains=words))
    bucket = next((one for one in BUCKETS if one[0] == request.GET.get("bucket")), None)
    if bucket is not None:
        invoices = invoices.filter(_overdue_between(bucket[2], bucket[3]))
    return invoices


def _overdue_between(first: int | None, last: int | None) -> Q:
    """Keep invoices that are overdue by so many days; none given: without that bound."""
    today = league_day()
    condition = Q()
    if first is not None:
        condition &= Q(due_on__lte=today - dt.timedelta(days=first))
    if last is not None:
        condition &= Q(due_on__gte=today - dt.timedelta(days=last))
    return condition


def aged_debts(invoices: InvoiceQuerySet) -> list[tuple[str, list[Money], Money]]:
    """Return what is owed in each currency by age, and in all: one query."""
    whens = [When(_overdue_between(first, last), then=Value(code)) for code, _label, first, last in BUCKETS]
    rows = (
        invoices.open()
        .with_balance()
        .annotate(age=Case(*whens, default=Value("older"), output_field=CharField()))
        .order_by()
        .values_list("currency", "age")
        .annotate(owed=Sum(F("amount") - F("paid") - F("waived")))
    )
    found: dict[str, dict[str, Decimal]] = {}
    for currency, age, owed in rows:
        found.setdefault(currency, {})[age] = owed
    return [
        (
            currency,
            [Money(ages.get(code, Decimal(0)), currency) for code, *_rest in BUCKETS],
            Money(sum(ages.values(), Decimal(0)), currency),
        )
        for currency, ages in sorted(found.items())
    ]


@require_GET
def invoice_detail(request: UserRequest, invoice_id: int) -> HttpResponse:
    """Show an invoice with everything that was recorded on it and the forms for what this officer may do.

    That it was opened is on record.
    """
    invoice = _invoice(request, invoice_id)
    office.view_invoice(invoice, actor=request.user, at=timezone.now())
    return _show(request, invoice)


@require_POST
def payment_create(request: UserRequest, invoice_id: int) -> HttpResponse:
    """Record money that came."""
    invoice = _invoice(request, invoice_id)
    if not can_keep_accounts(request.user, invoice):
        raise PermissionDenied
    form = PaymentForm(request.POST, invoice=invoice)
    if form.is_valid():
        given = form.cleaned_data
        try:
            payments.confirm_payment(
                invoice,
                actor=request.user,
                amount=form.money,
                method=PaymentMethod(given["method"]),
                received_on=given["received_on"],
                reference=given["reference"],
                at=timezone.now(),
                version=given["version"],
            )
        except payments.PaymentInFuture:
            form.add_error("received_on", _("This day is still to come. Write the day on which the money came."))
        except payments.TooMuch as too_much:
            form.add_error("amount", _too_much(too_much.balance))
        except DOMAIN as refused:
            form.add_error(None, _sentence(refused))
        else:
            if invoice.settled_at is not None:
                messages.success(request, _("The payment is recorded and the invoice is settled."))
            else:
                messages.success(request, _("The payment is recorded; a part of the invoice remains to be paid."))
            return redirect("dues_office:invoice", invoice.pk)
    return _show(request, _invoice(request, invoice_id), payment=form, status=422)


@require_POST
def payment_reverse(request: UserRequest, invoice_id: int, payment_id: int) -> HttpResponse:
    """Book a payment back."""
    invoice = _invoice(request, invoice_id)
    if not can_keep_accounts(request.user, invoice):
        raise PermissionDenied
    payment = get_object_or_404(Payment.objects.filter(invoice=invoice), pk=payment_id)
    form = ReasonForm(request.POST, invoice=invoice, prefix=f"reverse{payment.pk}")
    if form.is_valid():
        given = form.cleaned_data
        try:
            payments.reverse_payment(
                payment, actor=request.user, reason=given["reason"], at=timezone.now(), version=given["version"]
            )
        except payments.NotReversible:
            form.add_error(None, _("This payment was booked back before; nothing was changed."))
        except payments.InvoiceChanged as changed:
            form.add_error(None, _sentence(changed))
        else:
            messages.success(request, _("The payment is booked back and the invoice is open again."))
            return redirect("dues_office:invoice", invoice.pk)
    return _show(request, _invoice(request, invoice_id), reversal=(payment.pk, form), status=422)


@require_POST
def waiver_create(request: UserRequest, invoice_id: int) -> HttpResponse:
    """Waive dues."""
    invoice = _invoice(request, invoice_id)
    if not can_waive(request.user, invoice):
        raise PermissionDenied
    form = WaiverForm(request.POST, invoice=invoice, kinds=waiver_kinds(request.user))
    if form.is_valid():
        given = form.cleaned_data
        try:
            payments.waive_dues(
                invoice,
                actor=request.user,
                kind=WaiverKind(given["kind"]),
                amount=form.money,
                reason=given["reason"],
                at=timezone.now(),
                version=given["version"],
            )
        except payments.AboveLimit as above:
            limit = money_text(above.limit, active_language())
            form.add_error(
                "amount",
                _("Your chapter may waive %(limit)s of this invoice. More is for the registrar or the board.")
                % {"limit": limit},
            )
        except payments.TooMuch as too_much:
            form.add_error("amount", _too_much(too_much.balance))
        except DOMAIN as refused:
            form.add_error(None, _sentence(refused))
        else:
            messages.success(request, _("The dues are waived; the member is told."))
            return redirect("dues_office:invoice", invoice.pk)
    return _show(request, _invoice(request, invoice_id), waiver=form, status=422)


@require_POST
def hardship_decline(request: UserRequest, invoice_id: int, request_id: int) -> HttpResponse:
    """Answer a request for lower dues with no."""
    invoice = _invoice(request, invoice_id)
    if not can_waive(request.user, invoice):
        raise PermissionDenied
    asked = get_object_or_404(HardshipRequest.objects.filter(invoice=invoice), pk=request_id)
    form = AnswerForm(request.POST)
    if form.is_valid():
        try:
            hardship.decline_hardship(asked, actor=request.user, answer=form.cleaned_data["answer"], at=timezone.now())
        except hardship.RequestDecided:
            messages.error(request, _("Somebody has answered this request already; nothing was changed."))
        else:
            messages.success(request, _("The request is answered; the member is told."))
        return redirect("dues_office:invoice", invoice.pk)
    return _show(request, invoice, answer=form, status=422)


@require_POST
def invoice_void(request: UserRequest, invoice_id: int) -> HttpResponse:
    """Take an invoice back."""
    invoice = _invoice(request, invoice_id)
    if not can_keep_accounts(request.user, invoice):
        raise PermissionDenied
    form = ReasonForm(request.POST, invoice=invoice, prefix="void")
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        if form.cleaned_data["version"] != invoice.version:
            form.add_error(None, _sentence(payments.InvoiceChanged()))
        elif void_invoice(invoice, actor=request.user, at=timezone.now(), reason=reason):
            messages.success(request, _("The invoice is taken back: nothing is to be paid on it."))
            return redirect("dues_office:invoice", invoice.pk)
        else:
            form.add_error(
                None,
                _("The invoice was not taken back: it is closed, or money stands on it. Book the payments back first."),
            )
    return _show(request, _invoice(request, invoice_id), void=form, status=422)


DOMAIN = (
    payments.InvoiceSettled,
    payments.InvoiceVoided,
    payments.InvoiceChanged,
    payments.CurrencyDiffers,
    payments.GroundRefused,
    payments.NothingToGive,
)


def _sentence(refused: Exception) -> str:
    """Say what was in the way and what to do."""
    return {
        payments.InvoiceSettled: _(
            "This invoice is settled already, so nothing was recorded. If the money came twice, return it."
        ),
        payments.InvoiceVoided: _(
            "This invoice was taken back, so nothing was recorded. Ask the member to request a new one."
        ),
        payments.InvoiceChanged: _(
            "Somebody recorded something on this invoice since you opened it, so nothing was changed. "
            "Look at it as it is now and decide again."
        ),
        payments.CurrencyDiffers: _("The invoice is in another currency; nothing was recorded."),
        payments.GroundRefused: _("Only the registrar and the board waive dues on this ground."),
        payments.NothingToGive: _(
            "This would settle the invoice, but the membership or the application that it pays for has ended. "
            "Nothing was recorded: return the money and take the invoice back."
        ),
    }[type(refused)]


def _too_much(balance: Money) -> str:
    return _("Only %(balance)s remains of this invoice. Record that much and return the rest.") % {
        "balance": money_text(balance, active_language())
    }


def _invoice(request: UserRequest, invoice_id: int) -> Invoice:
    """Return an invoice that the person handles by office, else 404."""
    invoice: Invoice = get_object_or_404(
        Invoice.objects.in_office(request.user)
        .select_related("chapter", "tier", "user", "membership")
        .prefetch_related("waivers__decided_by"),
        pk=invoice_id,
    )
    return invoice


def _show(
    request: UserRequest,
    invoice: Invoice,
    *,
    payment: forms.Form | None = None,
    waiver: forms.Form | None = None,
    void: forms.Form | None = None,
    answer: forms.Form | None = None,
    reversal: tuple[int, forms.Form] | None = None,
    status: int = 200,
) -> HttpResponse:
    rows = list(
        Payment.objects.filter(invoice=invoice).select_related("receipt", "recorded_by", "reversal").order_by("pk")
    )
    for form in (payment, waiver, void, reversal[1] if reversal else None):
        if form is not None:  # the page shows the invoice as it is now: sent again, the form counts as looked at
            form.data = {**form.data.dict(), form.add_prefix("version"): str(invoice.version)}  # type: ignore[attr-defined]  # a QueryDict
    keeps = can_keep_accounts(request.user, invoice)
    waives = can_waive(request.user, invoice) and invoice.is_open
    balance = Money(
        invoice.amount - sum(row.amount for row in rows) - sum(row.amount for row in invoice.waivers.all()),
        invoice.currency,
    )
    reversals = {
        row.pk: ReasonForm(invoice=invoice, prefix=f"reverse{row.pk}")
        for row in rows
        if keeps and not row.is_reversal and not hasattr(row, "reversal")
    }
    if reversal is not None:
        reversals[reversal[0]] = reversal[1]  # type: ignore[assignment]  # a ReasonForm
    stated = {"amount": str(balance.amount), "received_on": league_day()}
    context = {
        **_page(_("Invoice %(number)s") % {"number": invoice.number}),
        "invoice": invoice,
        "balance": balance,
        "payments": [(row, reversals.get(row.pk)) for row in rows],
        "waivers": list(invoice.waivers.all()),
        "requests": list(invoice.hardship_requests.order_by("-pk")[:5]),
        "payment_form": (payment or PaymentForm(invoice=invoice, initial=stated))
        if keeps and (invoice.is_open or payment)
        else None,
        "void_form": (void or ReasonForm(invoice=invoice, prefix="void"))
        if keeps and (invoice.is_open or void)
        else None,
        "waiver_form": (waiver or WaiverForm(invoice=invoice, kinds=waiver_kinds(request.user)))
        if waives or waiver
        else None,
        "answer_form": (answer or AnswerForm()) if waives else None,
        "limit": payments.waiver_limit(invoice) if waives and not can_waive_all(request.user) else None,
    }
    return TemplateResponse(request, "members/admin/dues/invoice.html", context, status=status)


def _page(title: str) -> dict[str, object]:
    crumbs: list[dict[str, str]] = [{"url": reverse("dues_office:index"), "label": _("Dues")}]
    if title != _("Dues"):
        crumbs.append({"url": "", "label": title})
    return {"page_title": title, "header_title": title, "header_icon": "doc-full", "breadcrumbs_items": crumbs}


class DuesMenuItem(MenuItem):
    """Shown to those who hold an office that has to do with dues."""

    def is_shown(self, request: UserRequest) -> bool:
        return can_see_dues(request.user)


class DuesViewSet(ViewSet):
    name = "dues_office"
    url_prefix = "dues"
    icon = "doc-full"
    menu_label = gettext_lazy("Dues")
    menu_item_class = DuesMenuItem

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", invoice_list, name="index"),
            path("<int:invoice_id>/", invoice_detail, name="invoice"),
            path("<int:invoice_id>/payment/", payment_create, name="payment"),
            path("<int:invoice_id>/payments/<int:payment_id>/reverse/", payment_reverse, name="reverse"),
            path("<int:invoice_id>/waiver/", waiver_create, name="waiver"),
            path("<int:invoice_id>/void/", invoice_void, name="void"),
            path("<int:invoice_id>/hardship/<int:request_id>/decline/", hardship_decline, name="decline"),
            path("settings/", dues_settings.setting_list, name="settings"),
            path("settings/<slug:kind>/new/", dues_settings.setting_create, name="setting_add"),
            path("settings/<slug:kind>/<int:pk>/", dues_settings.setting_edit, name="setting_edit"),
            path("settings/<slug:kind>/<int:pk>/remove/", dues_settings.setting_delete, name="setting_delete"),
        ]
