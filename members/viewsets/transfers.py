"""Wishes to move to another chapter, on which officers of the two chapters decide, in Wagtail's admin."""

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
from django.views.decorators.http import require_POST, require_safe

from accounts.http import UserRequest
from members.forms.office import RefuseTransferForm, VersionForm
from members.models import Membership, Transfer
from members.permissions.transfers import can_agree, can_refuse, can_see_transfers
from members.services import history
from members.services import transfers as services
from members.services.memberships import MembershipRefused
from members.viewsets.office import PAGE, OfficeViewSet, only_for, page


@only_for(can_see_transfers)
@require_safe
def transfer_list(request: UserRequest) -> HttpResponse:
    """List who asks to move into or out of one's chapters, the longest waiting first; those that ended by a link."""
    shows_ended = "ended" in request.GET
    rows = Transfer.objects.in_office(request.user).select_related("membership__user", "from_chapter", "to_chapter")
    found = rows.ended().order_by("-asked_at", "-pk") if shows_ended else rows.open().order_by("asked_at", "pk")
    page_obj = Paginator(found, PAGE).get_page(request.GET.get("p"))
    context = {
        **page(_("Transfers"), "redirect"),
        "page_obj": page_obj,
        "elided_page_range": page_obj.paginator.get_elided_page_range(page_obj.number),
        "shows_ended": shows_ended,
    }
    return TemplateResponse(request, "members/admin/transfer_list.html", context)


@only_for(can_see_transfers)
@require_safe
def transfer_detail(request: UserRequest, pk: int) -> HttpResponse:
    """Show a wish to move with what the two chapters said, and record that it was opened."""
    transfer = _load(request, pk)
    services.view_transfer(transfer, actor=request.user, at=timezone.now())
    return _detail(request, transfer)


@only_for(can_see_transfers)
@require_POST
def transfer_agree(request: UserRequest, pk: int) -> HttpResponse:
    """Agree for the chapters for which one speaks."""
    transfer = _load(request, pk)
    form = VersionForm(request.POST)
    if not form.is_valid():
        return _detail(request, transfer, refused=_("Look at the transfer as it stands now and decide again."))
    try:
        after = services.agree_to_transfer(transfer, actor=request.user, at=timezone.now(), **form.arguments())
    except MembershipRefused as refused:
        return _detail(request, _load(request, pk), refused=refused.sentence)
    moved = after.completed_at is not None
    messages.success(
        request,
        _("Both chapters have agreed: the member has moved and is told.")
        if moved
        else _("Your agreement is on record."),
    )
    return redirect("transfers:detail", pk)


@only_for(can_see_transfers)
@require_POST
def transfer_refuse(request: UserRequest, pk: int) -> HttpResponse:
    """End the wish to move with a reason."""
    transfer = _load(request, pk)
    form = RefuseTransferForm(request.POST)
    if not form.is_valid():
        return _detail(request, transfer, form=form)
    try:
        services.refuse_transfer(transfer, actor=request.user, at=timezone.now(), **form.arguments())
    except MembershipRefused as refused:
        return _detail(request, _load(request, pk), refused=refused.sentence, form=form)
    messages.success(request, _("The transfer is refused, and the member is told."))
    return redirect("transfers:detail", pk)


def _load(request: UserRequest, pk: int) -> Transfer:
    rows = Transfer.objects.in_office(request.user)
    return get_object_or_404(rows.select_related("membership__user", "from_chapter", "to_chapter"), pk=pk)


def _detail(
    request: UserRequest, transfer: Transfer, *, refused: str = "", form: RefuseTransferForm | None = None
) -> HttpResponse:
    user, membership = request.user, transfer.membership
    if refused and form is not None:
        data = request.POST.copy()
        data["version"] = str(transfer.version)
        form = RefuseTransferForm(data)
    is_reached = Membership.objects.in_office(user).filter(pk=membership.pk).exists()
    context = {
        **page(
            str(membership.user), "redirect", (reverse("transfers:index"), _("Transfers")), sublabel=membership.number
        ),
        "transfer": transfer,
        "membership_url": reverse("memberships:detail", args=[membership.pk]) if is_reached else "",
        "refused": refused,
        "may_agree": can_agree(user, transfer),
        "refusal": (form or RefuseTransferForm(initial={"version": transfer.version}))
        if can_refuse(user, transfer)
        else None,
        "history": history.history_of(transfer),
    }
    if (refused or form is not None) and not (context["may_agree"] or context["refusal"]) and transfer.is_open:
        raise PermissionDenied
    status = 422 if refused or form is not None else 200
    return TemplateResponse(request, "members/admin/transfer_detail.html", context, status=status)


class TransferViewSet(OfficeViewSet):
    name = "transfers"
    icon = "redirect"
    menu_label = gettext_lazy("Transfers")
    may_open = staticmethod(can_see_transfers)

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", transfer_list, name="index"),
            path("<int:pk>/", transfer_detail, name="detail"),
            path("<int:pk>/agree/", transfer_agree, name="agree"),
            path("<int:pk>/refuse/", transfer_refuse, name="refuse"),
        ]
