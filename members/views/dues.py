"""A member's own dues: what is to be paid and how, renewal, receipts, a request to pay less."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from accounts.http import UserRequest
from members.channels import payment_provider
from members.channels.base import NoticeRejected
from members.forms.dues import HardshipForm
from members.models import Invoice, Membership, Payment, Receipt, payment_details_for
from members.services import hardship, payments, receipts, renewals
from members.services.invoices import PriceMissing
from members.services.memberships import NotRenewable
from members.services.receipt_pdf import TextNotPrintable
from pages.services import active_language

PAGE = 20


@login_required
@require_safe
def home(request: UserRequest) -> HttpResponse:
    """Show a member what is due, what renewing gives, and all invoices with their receipts."""
    membership = (
        Membership.objects.visible_to(request.user)
        .filter(user=request.user)
        .with_facts()
        .select_related("chapter")
        .first()
    )
    invoices = _own(request).with_balance().select_related("tier").order_by("-issued_on", "-pk")
    page = Paginator(invoices, PAGE).get_page(request.GET.get("page"))
    offer = last_day = None
    if membership is not None:
        offer = renewals.renewal_offer(membership, on=membership.chapter.today())
        last_day = max((period.ends_on for period in membership.periods.all()), default=None)
    context = {
        "membership": membership,
        "last_day": last_day,
        "offer": offer,
        "page_obj": page,
        "rows": list(page),
    }
    return render(request, "members/dues/home.html", context)


@login_required
@require_POST
def renewal_create(request: UserRequest) -> HttpResponse:
    """Ask for the invoice of the next period and lead to it, or say why there is none."""
    membership = get_object_or_404(Membership.objects.select_related("chapter"), user=request.user)
    now = timezone.now()
    try:
        invoice = renewals.request_renewal(membership, actor=request.user, at=now, on=membership.chapter.today())
    except NotRenewable:
        messages.error(
            request,
            _("Your membership cannot be renewed now: it is too early, or only a new application helps."),
        )
    except renewals.LicenceNotChecked:
        messages.error(
            request,
            _("Your membership lapsed, so your licence has to be checked again first. Write to your chapter."),
        )
    except PriceMissing:
        messages.error(
            request, _("Your chapter has not set the dues yet. Write to its treasurer; nothing was changed.")
        )
    else:
        if invoice is not None:
            messages.success(request, _("Here is your invoice. The new period begins when it is paid."))
            return redirect(invoice.get_absolute_url())
        messages.success(request, _("Your membership is renewed. There is nothing to pay."))
    return redirect("dues:home")


@login_required
@require_safe
def invoice_detail(request: UserRequest, invoice_id: int) -> HttpResponse:
    """Show an invoice with its payments, how to pay it and the request to pay less."""
    return _show(request, _own_invoice(request, invoice_id), HardshipForm())


@login_required
@require_POST
def hardship_create(request: UserRequest, invoice_id: int) -> HttpResponse:
    """Ask the office to waive a part of an invoice."""
    invoice = _own_invoice(request, invoice_id)
    form = HardshipForm(request.POST)
    if not form.is_valid():
        return _show(request, invoice, form, status=422)
    try:
        hardship.request_hardship(invoice, actor=request.user, reason=form.cleaned_data["reason"], at=timezone.now())
    except hardship.AskedBefore:
        messages.info(request, _("You asked before; the office has not answered yet."))
    except (payments.InvoiceSettled, payments.InvoiceVoided):
        messages.error(request, _("Nothing is to be paid on this invoice, so there is nothing to lower."))
    else:
        messages.success(request, _("Your request is with the office. You will be told the answer."))
    return redirect(invoice.get_absolute_url())


@login_required
@require_POST
def invoice_pay(request: UserRequest, invoice_id: int) -> HttpResponse:
    """Lead to where an open invoice is paid."""
    invoice = _own_invoice(request, invoice_id)
    if not invoice.is_open:
        messages.info(request, _("Nothing is to be paid on this invoice."))
        return redirect(invoice.get_absolute_url())
    return redirect(payment_provider().start(invoice))


@login_required
@require_safe
def invoice_pdf(request: UserRequest, invoice_id: int) -> HttpResponse:
    """Hand an invoice as a file to its payer, or to an officer who handles it."""
    invoice = get_object_or_404(
        Invoice.objects.visible_to(request.user)
        .select_related("chapter", "tier")
        .prefetch_related("payments", "waivers"),
        pk=invoice_id,
    )
    try:
        content = receipts.make_invoice_file(invoice, language=active_language(), on=invoice.chapter.today())
    except TextNotPrintable:
        return _not_printable(request)
    receipts.note_file_opened(invoice, actor=request.user, at=timezone.now())
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{invoice.number}.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response


@login_required
@require_safe
def receipt_pdf(request: UserRequest, receipt_id: int) -> HttpResponse | FileResponse:
    """Hand out the file of a receipt; made on the spot if the worker has not got to it yet."""
    receipt = get_object_or_404(
        Receipt.objects.visible_to(request.user).select_related(
            "payment__invoice__chapter", "payment__invoice__tier", "payment__reverses__receipt"
        ),
        pk=receipt_id,
    )
    try:
        receipts.ensure_receipt(receipt)
    except TextNotPrintable:
        return _not_printable(request)
    receipts.note_file_opened(receipt, actor=request.user, at=timezone.now())
    response = FileResponse(
        receipt.pdf.open("rb"),
        as_attachment=True,
        filename=f"{receipt.number}.pdf",
        content_type="application/pdf",
    )
    response["Cache-Control"] = "private, no-store"
    return response


@csrf_exempt  # a provider has no session; `verify` checks its signature
@require_POST
def provider_notice(request: HttpRequest) -> HttpResponse:
    """Take the payment provider's message that money came; repeated, it changes nothing."""
    try:
        paid = payment_provider().verify(request.headers, request.body)
        payments.record_provider_payment(paid, at=timezone.now())
    except (NoticeRejected, Invoice.DoesNotExist):
        raise Http404 from None
    except (
        payments.InvoiceSettled,
        payments.InvoiceVoided,
        payments.CurrencyDiffers,
        payments.TooMuch,
        payments.NothingToGive,
    ):
        # The provider has money that nobody can book: it keeps the message among the failed ones for the treasurer.
        return HttpResponse(status=409)
    return HttpResponse(status=204)


def _own(request: UserRequest) -> Any:
    """Return the invoices of the person behind the request: officers look at others' in the office."""
    return Invoice.objects.visible_to(request.user).filter(user=request.user)


def _own_invoice(request: UserRequest, invoice_id: int) -> Invoice:
    invoice: Invoice = get_object_or_404(
        _own(request).select_related("chapter", "tier").prefetch_related("waivers"), pk=invoice_id
    )
    return invoice


def _show(request: UserRequest, invoice: Invoice, form: HardshipForm, *, status: int = 200) -> HttpResponse:
    details = payment_details_for(invoice)
    payments_made = Payment.objects.filter(invoice=invoice).select_related("receipt").order_by("pk")
    context = {
        "invoice": invoice,
        "balance": invoice.balance(),
        "payments": payments_made,
        "how_to_pay": details.text_in(active_language()) if details is not None else "",
        "is_online": payment_provider().is_online,
        "requests": invoice.hardship_requests.order_by("-pk")[:5],
        "can_ask": invoice.is_open and not invoice.hardship_requests.open().exists(),
        "form": form,
    }
    return render(request, "members/dues/invoice.html", context, status=status)


def _not_printable(request: UserRequest) -> HttpResponse:
    messages.error(
        request,
        _("The file cannot be made: a name has a letter that cannot be printed. Write to the League’s office."),
    )
    return redirect("dues:home")
