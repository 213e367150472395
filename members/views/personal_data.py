"""A person's own data: a copy of all of it, and being forgotten."""

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from moneyed import Money

from accounts.http import UserRequest
from members.forms.personal_data import ErasureForm
from members.models import DataRequest, league_day
from members.services import personal_data as services
from pages.services import active_language

SHOWN = 10


@never_cache
@login_required
@require_safe
def overview(request: UserRequest) -> HttpResponse:
    """Show the copies that were asked for, how far the one in hand is, and what else can be asked."""
    now = timezone.now()
    rows = DataRequest.objects.visible_to(request.user).exports().order_by("-pk")[:SHOWN]
    entries = [(row, row.can_download(now)) for row in rows]
    current = next((row for row, _can in entries if row.is_open), None)
    return render(request, "members/personal_data/overview.html", {"entries": entries, "current": current})


@never_cache
@login_required
@reauthentication_required
@require_http_methods(["GET", "HEAD", "POST"])
def export(request: UserRequest) -> HttpResponse:
    """Say what a copy holds, and ask for one."""
    if request.method != "POST":
        return render(request, "members/personal_data/export.html")
    services.ask_for_export(request.user, language=active_language(), at=timezone.now())
    messages.success(request, _("The copy is being prepared. You are told when it is ready."))
    return redirect("personal_data:overview")


@never_cache
@login_required
@reauthentication_required
@require_safe
def export_file(request: UserRequest, request_id: int) -> HttpResponse | FileResponse:
    """Hand a copy out to the person whom it is about."""
    now = timezone.now()
    row = get_object_or_404(DataRequest.objects.visible_to(request.user).exports(), pk=request_id)
    if not row.can_download(now):
        messages.error(request, _("This copy is not kept any more. Ask for another one."))
        return redirect("personal_data:overview")
    try:
        file = row.file.open("rb")
    except FileNotFoundError:
        messages.error(request, _("The file of this copy is missing. Ask for another one."))
        return redirect("personal_data:overview")
    services.note_download(row, actor=request.user, at=now)
    name = f"my-data-{row.asked_at:%Y-%m-%d}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")


@never_cache
@login_required
@reauthentication_required
@require_http_methods(["GET", "HEAD", "POST"])
def erasure(request: UserRequest) -> HttpResponse:
    """Say what is deleted, what stays and why; forget the person whose address was typed."""
    form = ErasureForm(request.POST or None, user=request.user)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                services.erase_person(request.user, actor=request.user, at=timezone.now())
            except services.ErasureBlocked:
                pass  # the page says by itself what stands in the way
            else:
                logout(request)
                return redirect("personal_data:erased")
        status = 422
    found = services.blockers_of(request.user, on=league_day())
    blockers = [(blocker, ", ".join(map(_amount, blocker.amounts))) for blocker in found]
    context = {"form": form, "blockers": blockers}
    return render(request, "members/personal_data/erasure.html", context, status=status)


def _amount(money: Money) -> str:
    return f"{number_format(money.amount, 2, force_grouping=True)} {money.currency.code}"


@require_safe
def erased(request: HttpRequest) -> HttpResponse:
    """Say good-bye to whoever was forgotten a moment ago."""
    return render(request, "members/personal_data/erased.html")
