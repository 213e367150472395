"""A member's own profile, and messages between members."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import UserRequest
from members.choices import ProfileField
from members.forms.profiles import MessageForm, PhotoForm, ProfileForm, ReportForm
from members.models import ContactBlock, ContactMessage, Profile, SafetyProfile, sight_of
from members.permissions.privacy import is_listed, shown
from members.registry.certificates import achievements_of
from members.services import contact, photos, profiles

PAGE = 20


def own_profile(request: UserRequest) -> Profile:
    """Return the profile of the person who asks; who never was a member has none: a 404."""
    own = Profile.objects.visible_to(request.user).select_related("user", "chapter")
    return get_object_or_404(own, user=request.user)


@login_required
@require_safe
def home(request: UserRequest) -> HttpResponse:
    """Show the own profile with all that is in it, and where each part is changed."""
    profile = own_profile(request)
    chosen = profile.certificates
    context = {
        "profile": profile,
        "member": shown(profile, frozenset(ProfileField)),
        "achievements": [one for one in achievements_of(profile.user_id) if one.public_id in chosen] if chosen else [],
        "is_listed": is_listed(profile),
        "photo_allowed": profile.chapter.country in sight_of(request.user).safety.photo,
        "unread_messages": ContactMessage.objects.exchanged_by(request.user)
        .filter(recipient=request.user, read_at__isnull=True)
        .count(),
    }
    return render(request, "members/profile/home.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: UserRequest) -> HttpResponse:
    """Change what the own profile says."""
    profile = own_profile(request)
    achievements = achievements_of(profile.user_id)
    country = SafetyProfile.objects.filter(country=profile.chapter.country).first()
    form = ProfileForm(
        request.POST or None,
        instance=profile,
        achievements=achievements,
        pseudonym_allowed=country is None or country.pseudonym_allowed,
    )
    if form.is_bound and form.is_valid():
        try:
            profiles.save_profile(profile, actor=request.user, values=form.cleaned_data, at=timezone.now())
        except profiles.PseudonymTaken:
            form.add_error("pseudonym", _("This pseudonym, or one that reads alike, is taken. Choose another one."))
        else:
            messages.success(request, _("Your profile is saved."))
            return redirect("profiles:home")
    return render(request, "members/profile/edit.html", {"form": form}, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def photo(request: UserRequest) -> HttpResponse:
    """Put a photograph into the own profile."""
    profile = own_profile(request)
    form = PhotoForm(request.POST or None, request.FILES or None)
    if form.is_bound and form.is_valid():
        file = form.cleaned_data["photo"]
        try:
            photos.save_photo(profile, file=file, size=file.size, actor=request.user, at=timezone.now())
        except photos.PhotoTooLarge:
            form.add_error("photo", _("This picture is too large. Choose one of up to 5 MB and 50 megapixels."))
        except photos.PhotoTooSmall:
            form.add_error("photo", _("This picture is too small. Choose one of at least 200 by 200 pixels."))
        except photos.PhotoUnreadable:
            form.add_error(
                "photo", _("This file is not a JPEG, PNG or WebP picture, whatever its name says. Choose another one.")
            )
        except photos.PhotoNotAllowed:
            form.add_error(None, _("Photographs are not shown in your country and therefore not kept."))
        else:
            messages.success(request, _("Your photograph is saved. Choose who sees it."))
            return redirect("profiles:audiences")
    context = {
        "form": form,
        "profile": profile,
        "photo_allowed": profile.chapter.country in sight_of(request.user).safety.photo,
    }
    return render(request, "members/profile/photo.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def photo_remove(request: UserRequest) -> HttpResponse:
    """Delete the photograph of the own profile."""
    photos.remove_photo(own_profile(request), actor=request.user, at=timezone.now())
    messages.success(request, _("Your photograph is deleted."))
    return redirect("profiles:photo")


# Messages


@login_required
@require_safe
def message_list(request: UserRequest) -> HttpResponse:
    """List what the person received and wrote, the latest first."""
    rows = (
        ContactMessage.objects.exchanged_by(request.user)
        .select_related("sender", "recipient")
        .order_by("-sent_at", "-pk")
    )
    context = {
        "page_obj": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "blocks": ContactBlock.objects.filter(owner=request.user).select_related("blocked").order_by("-at")[:100],
    }
    return render(request, "members/profile/message_list.html", context)


def _message(request: UserRequest, message_id: int) -> ContactMessage:
    visible = ContactMessage.objects.visible_to(request.user).select_related("sender", "recipient")
    return get_object_or_404(visible, pk=message_id)


def _received(request: UserRequest, message_id: int) -> ContactMessage:
    message = _message(request, message_id)
    if message.recipient_id != request.user.pk:
        raise Http404
    return message


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def message_detail(request: UserRequest, message_id: int) -> HttpResponse:
    """Show a message to its two sides and, once reported, to the registrar; the recipient may answer."""
    message = _message(request, message_id)
    is_recipient = message.recipient_id == request.user.pk
    is_sender = message.sender_id == request.user.pk
    if request.method == "POST" and not is_recipient:
        raise Http404
    if is_recipient:
        contact.mark_message_read(message, at=timezone.now())
    elif not is_sender:
        contact.record_look(message, actor=request.user, at=timezone.now())
    form = MessageForm(request.POST or None) if is_recipient else None
    if form is not None and form.is_bound and form.is_valid():
        try:
            contact.send_message(
                message.sender,
                actor=request.user,
                text=form.cleaned_data["text"],
                at=timezone.now(),
                in_reply_to=message,
            )
        except contact.TooManyMessages:
            form.add_error(None, _("You have written enough for a day. Try again tomorrow."))
        except contact.ContactRefused:
            form.add_error(None, _("This member takes no messages."))
        except contact.SenderNotMember:
            form.add_error(None, _("Only active members write to each other. Renew your membership first."))
        else:
            messages.success(request, _("Your answer is sent."))
            return redirect("profiles:message_list")
    context = {"message": message, "form": form, "is_recipient": is_recipient, "is_sender": is_sender}
    context["is_blocked"] = ContactBlock.objects.filter(owner=request.user, blocked=message.sender_id).exists()
    status = 422 if form is not None and form.is_bound else 200
    return render(request, "members/profile/message_detail.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def message_report(request: UserRequest, message_id: int) -> HttpResponse:
    """Show a received message to the registrar."""
    message = _received(request, message_id)
    form = ReportForm(request.POST or None)
    if form.is_bound and form.is_valid():
        try:
            contact.report_message(message, actor=request.user, reason=form.cleaned_data["reason"], at=timezone.now())
        except contact.AlreadyReported:
            messages.warning(request, _("This message is reported already."))
        else:
            messages.success(request, _("The League’s registrar will look at this message."))
        return redirect(message)
    context = {"form": form, "message": message}
    return render(request, "members/profile/message_report.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def message_block(request: UserRequest, message_id: int) -> HttpResponse:
    """Take no more messages from the sender of a received one."""
    message = _received(request, message_id)
    contact.block_sender(message.sender, actor=request.user, at=timezone.now())
    messages.success(request, _("You get no more messages from this member, who is not told."))
    return redirect("profiles:message_list")


@login_required
@require_POST
def block_remove(request: UserRequest, block_id: int) -> HttpResponse:
    """Take messages from a blocked member again."""
    block = get_object_or_404(ContactBlock, pk=block_id, owner=request.user)
    contact.unblock_sender(block, actor=request.user, at=timezone.now())
    messages.success(request, _("This member may write to you again."))
    return redirect("profiles:message_list")
