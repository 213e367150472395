"""A member's own membership: where it stands, moving to another chapter, leaving."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import UserRequest
from members.choices import Standing
from members.forms.membership import ResignationForm, TransferForm
from members.models import Application, Invoice, Membership, Transfer
from members.permissions.offices import membership_transitions
from members.services import sanctions, transfers
from members.services.memberships import MembershipRefused, NotRenewable, renewal_start


def _own(request: UserRequest) -> Membership:
    membership = Membership.objects.with_facts().select_related("chapter").filter(user=request.user).first()
    if membership is None:
        raise Http404
    return membership


@login_required
@require_safe
def home(request: UserRequest) -> HttpResponse:
    """Show a person's standing in words with what it allows and until when, the periods, and what can be done."""
    membership = Membership.objects.with_facts().select_related("chapter").filter(user=request.user).first()
    if membership is None:
        application = Application.objects.filter(user=request.user).order_by("-pk").first()
        return render(request, "members/membership/none.html", {"application": application})
    today = membership.chapter.today()
    context = {
        "membership": membership,
        "periods": sorted(membership.periods.all(), key=lambda period: period.starts_on, reverse=True),
        "sanctions": [row for row in membership.sanctions.all() if row.confirmed_at is not None],
        "renewal_starts_on": _renewal_start(membership),
        "open_invoice": Invoice.objects.visible_to(request.user).open().filter(user=request.user).first(),
        "transfer": Transfer.objects.filter(membership=membership).order_by("-pk").first(),
        "names": {arrow.name for arrow in membership_transitions(request.user, membership)},
        "is_leaving": membership.resigned_on is not None and membership.resigned_on > today,
    }
    return render(request, "members/membership/home.html", context)


def _renewal_start(membership: Membership) -> object:
    try:
        return renewal_start(membership, on=membership.chapter.today())
    except NotRenewable:
        return None


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def resign(request: UserRequest) -> HttpResponse:
    """Say what leaving means, and end the membership."""
    membership = _own(request)
    form = ResignationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        at_period_end = form.cleaned_data["when"] == "period"
        try:
            day = sanctions.resign_membership(
                membership, actor=request.user, at_period_end=at_period_end, at=timezone.now()
            )
        except MembershipRefused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            if day > membership.chapter.today():
                messages.success(request, _("Your membership ends with its period. Until then you can take this back."))
            else:
                messages.success(request, _("Your membership has ended. Your courses and certificates stay yours."))
            return redirect("membership:home")
    invoices = Invoice.objects.filter(user=request.user).open()
    context = {"form": form, "membership": membership, "invoices": invoices}
    return render(request, "members/membership/resign.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def take_back(request: UserRequest) -> HttpResponse:
    """Stay after all: the day of the resignation has not come."""
    try:
        sanctions.take_back_resignation(_own(request), actor=request.user, at=timezone.now())
    except MembershipRefused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, _("You stay a member."))
    return redirect("membership:home")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def transfer(request: UserRequest) -> HttpResponse:
    """Ask to move to another chapter, and see what the two chapters have said."""
    membership = _own(request)
    latest = (
        Transfer.objects.filter(membership=membership)
        .select_related("from_chapter", "to_chapter")
        .order_by("-pk")
        .first()
    )
    form = TransferForm(request.POST or None, membership=membership)
    if request.method == "POST" and form.is_valid():
        try:
            transfers.ask_transfer(membership, actor=request.user, at=timezone.now(), **form.cleaned_data)
        except MembershipRefused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, _("Both chapters have been asked."))
            return redirect("membership:transfer")
    context = {
        "form": form,
        "membership": membership,
        "transfer": latest,
        "is_open": latest is not None and latest.completed_at is None and latest.ended_at is None,
        "may_ask": membership.standing in {Standing.ACTIVE, Standing.GRACE},
    }
    return render(request, "members/membership/transfer.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def transfer_cancel(request: UserRequest, transfer_id: int) -> HttpResponse:
    """Take a wish to move back."""
    row = get_object_or_404(Transfer, membership__user=request.user, pk=transfer_id)
    try:
        transfers.cancel_transfer(row, actor=request.user, at=timezone.now())
    except MembershipRefused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, _("You stay in your chapter."))
    return redirect("membership:transfer")
