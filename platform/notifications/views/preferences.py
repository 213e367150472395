from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import UserRequest
from notifications import services
from notifications.choices import Floor
from notifications.forms import SettingsForm
from notifications.models import Mute
from notifications.services import bounces, pushing, sentences

MOST_MUTES = 100  # on the page; the others follow as these are removed


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: UserRequest) -> HttpResponse:
    """Show and save how a person wants to be told of what."""
    user = request.user
    now = timezone.now()
    if request.method == "POST" and "reset" in request.POST:
        services.reset_preferences(user, at=now)
        messages.success(request, _("The recommended settings are back."))
        return redirect("notifications:settings")
    push = pushing.push_settings(user)
    form = SettingsForm(
        request.POST if request.method == "POST" else None,
        reader=services.reader_of(user),
        modes=services.matrix(user),
        has_push=bool(push.key),
    )
    if form.is_valid():
        services.save_settings(user, form.modes_chosen, at=now, **form.reader_fields)
        messages.success(request, _("Your settings are saved."))
        return redirect("notifications:settings")
    mutes = list(Mute.objects.visible_to(user).order_by("-created_at", "-pk")[: MOST_MUTES + 1])
    titles = sentences.muted_titles(user, mutes[:MOST_MUTES])
    context = {
        "form": form,
        "push": push,
        "cooling": bounces.cooling_of(user, now),
        "mutes": [(mute, titles.get(mute.pk, "")) for mute in mutes[:MOST_MUTES]],
        "has_more_mutes": len(mutes) > MOST_MUTES,
        "most_mutes": MOST_MUTES,
        "site_floor": services.site_floor() if services.site_floor() != Floor.FULL else None,
    }
    return render(request, "notifications/settings.html", context)


@login_required
@require_POST
def unmute(request: UserRequest, mute_id: int) -> HttpResponse:
    """Tell a person about a muted thing again."""
    mute = get_object_or_404(Mute.objects.visible_to(request.user), pk=mute_id)
    services.unmute(request.user, mute.scope)
    messages.success(request, _("You are told about this again."))
    return redirect("notifications:settings")
