"""The directory of members: for members, and for visitors as far as members and their countries let it be public."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import UserRequest
from members.choices import ProfileField
from members.filters.directory import DirectoryFilter
from members.forms.profiles import MessageForm
from members.models import Profile, ProfileQuerySet, sight_of
from members.permissions.privacy import ROW, can_contact, is_listed, shown, visible_fields
from members.registry.certificates import achievements_of
from members.rules.privacy import Sight
from members.services import contact

PAGE = 20
PHOTO_LASTS = 300  # seconds in the viewer's own browser


def _behind(profiles: ProfileQuerySet, sight: Sight, after: str) -> tuple[ProfileQuerySet, bool]:
    """Begin behind a member whom the viewer sees, else at the beginning."""
    try:
        place = (
            Profile.objects.listed_for(sight).filter(public_id=uuid.UUID(after)).values_list("sort_name", "pk").first()
        )
    except ValueError:
        place = None
    return (profiles, False) if place is None else (profiles.after(*place), True)


@require_safe
def member_list(request: HttpRequest) -> HttpResponse:
    """List the members whom the viewer sees, by filters, a page at a time."""
    sight = sight_of(request.user)
    filters = DirectoryFilter(request.GET, Profile.objects.listed_for(sight), sight=sight)
    profiles, is_later = filters.qs, False
    if "after" in request.GET:
        profiles, is_later = _behind(profiles, sight, request.GET["after"])
    found = list(profiles.for_directory()[: PAGE + 1])
    page = found[:PAGE]
    context = {
        "members": [shown(profile, visible_fields(sight, profile, listed=True) & ROW) for profile in page],
        "next_url": filters.address(after=str(page[-1].public_id)) if len(found) > PAGE else "",
        "first_url": filters.address() if is_later else "",
        "total": filters.total(),
        "facets": filters.facets(),
        "chips": filters.chips(),
        "chosen": filters.chosen,
        "sight": sight,
    }
    return render(request, "members/directory/member_list.html", context)


def _load(request: HttpRequest, public_id: uuid.UUID) -> Profile:
    profiles = Profile.objects.visible_to(request.user).select_related("user", "chapter")
    return get_object_or_404(profiles, public_id=public_id)


@require_safe
def member_detail(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show what the viewer sees of a member."""
    profile = _load(request, public_id)
    listed = is_listed(profile)
    member = shown(profile, visible_fields(request.user, profile, listed=listed))
    chosen = member.get("certificate_ids") or []
    achievements = [one for one in achievements_of(profile.user_id) if one.public_id in chosen] if chosen else []
    context = {
        "member": member,
        "achievements": achievements,
        "is_own": profile.user_id == request.user.pk,
        "can_contact": can_contact(request.user, profile, listed=listed),
    }
    return render(request, "members/directory/member_detail.html", context)


@require_safe
def member_photo(request: HttpRequest, public_id: uuid.UUID, size: str) -> FileResponse:
    """Hand a photograph out to whoever sees it."""
    profile = _load(request, public_id)
    file = profile.photo_small if size == "small" else profile.photo
    if not file or ProfileField.PHOTO not in visible_fields(request.user, profile):
        raise Http404
    response = FileResponse(file.open("rb"), content_type="image/jpeg")
    response["Cache-Control"] = f"private, max-age={PHOTO_LASTS}"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def member_contact(request: UserRequest, public_id: uuid.UUID) -> HttpResponse:
    """Write to a member."""
    profile = _load(request, public_id)
    if not can_contact(request.user, profile):
        messages.warning(request, _("This member takes no messages."))
        return redirect(profile)
    form = MessageForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["text"]
        try:
            contact.send_message(profile.user, actor=request.user, text=text, at=timezone.now())
        except contact.TooManyMessages:
            form.add_error(None, _("You have written enough for a day. Try again tomorrow."))
        except (contact.ContactRefused, contact.SenderNotMember):
            messages.warning(request, _("This member takes no messages."))
            return redirect(profile)
        else:
            messages.success(request, _("Your message is sent. The answer comes to your messages on this site."))
            return redirect(profile)
    context = {"form": form, "member": shown(profile, visible_fields(request.user, profile))}
    status = 422 if form.is_bound else 200
    return render(request, "members/directory/member_contact.html", context, status=status)
