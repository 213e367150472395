"""Who sees what of oneself: choosing it, and the table of what follows."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import UserRequest
from members.forms.profiles import AudienceForm
from members.models import sight_of
from members.permissions.privacy import is_listed, visibility_table
from members.services import profiles
from members.views.profiles import own_profile


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def audiences(request: UserRequest) -> HttpResponse:
    """Choose who sees each field."""
    profile = own_profile(request)
    safety = sight_of(request.user).safety
    form = AudienceForm(request.POST or None, profile=profile, safety=safety)
    if form.is_bound and form.is_valid():
        profiles.save_audiences(profile, actor=request.user, audiences=form.audiences(), at=timezone.now())
        messages.success(request, _("Saved. This is who sees your data now."))
        return redirect("profiles:visibility")
    context = {
        "form": form,
        "is_public_allowed": profile.chapter.country in safety.public,
        "is_photo_allowed": profile.chapter.country in safety.photo,
    }
    return render(request, "members/profile/audiences.html", context, status=422 if form.is_bound else 200)


@login_required
@require_safe
def visibility(request: UserRequest) -> HttpResponse:
    """Show who can see the person's data, by asking the code that decides it on every page."""
    profile = own_profile(request)
    viewers, rows = visibility_table(profile, sight_of(request.user).safety)
    context = {"profile": profile, "viewers": viewers, "rows": rows, "is_listed": is_listed(profile)}
    return render(request, "members/profile/visibility.html", context)
