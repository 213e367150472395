"""Bans from writing: laid on from a post, listed and lifted by moderators."""

import datetime as dt

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import UserRequest
from accounts.models import User
from forum import services
from forum.forms import BanForm
from forum.models import PostingBan, Room
from forum.views.places import ask, moderated_rooms, sent
from forum.views.reporting import moderated_post
from members.models import league_day

PAGE = 20
WEEK = dt.timedelta(days=7)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def post_ban(request: UserRequest, post_id: int) -> HttpResponse:
    """Bar the author of a post from writing for a time."""
    post = moderated_post(request, post_id)
    whole = services.may_ban(request.user, None)
    form = BanForm(sent(request), initial={"until": league_day() + WEEK}, whole=whole)
    if form.is_valid():
        answers = form.cleaned_data
        try:
            services.ban_author(
                post,
                everywhere=answers.get("scope") == BanForm.EVERYWHERE,
                until=answers["until"],
                reason=answers["reason"],
                text=answers["text"],
                actor=request.user,
                at=timezone.now(),
            )
        except services.PostRefused as refused:
            form.add_error(None, refused.sentence)
        else:
            messages.success(request, _("The author cannot write for that time, and is told why."))
            return redirect("forum:report_list" if request.GET.get("from") == "reports" else "forum:ban_list")
    words = {
        "heading": _("Bar the author from writing"),
        "lead": _("The author reads as before. The post stays as it is; open reports of it are closed."),
        "act": _("Bar from writing"),
    }
    return ask(request, post.thread, form, words, post=post)


@login_required
@require_safe
def ban_list(request: UserRequest) -> HttpResponse:
    """List who may not write now in the rooms that somebody moderates."""
    rooms = moderated_rooms(request.user)
    mine = Q(room__in=rooms) | _of_the_whole_forum(request.user)
    bans = PostingBan.objects.in_force(league_day()).filter(mine).exclude(user=request.user)
    bans = bans.select_related("user", "room", "by").order_by("until", "pk")
    page = Paginator(bans, PAGE).get_page(request.GET.get("page"))
    return render(request, "forum/ban_list.html", {"page_obj": page})


@login_required
@require_POST
def ban_lift(request: UserRequest, ban_id: int) -> HttpResponse:
    """Let somebody write again."""
    known = Q(room__in=Room.objects.visible_to(request.user)) | _of_the_whole_forum(request.user)
    bans = PostingBan.objects.in_force(league_day()).filter(known).exclude(user=request.user)
    ban = get_object_or_404(bans.select_related("room"), pk=ban_id)
    if not services.may_ban(request.user, ban.room):
        raise PermissionDenied
    services.lift_ban(ban, actor=request.user, at=timezone.now())
    messages.success(request, _("This member may write again."))
    return redirect("forum:ban_list")


def _of_the_whole_forum(user: User) -> Q:
    """Return the condition of bans that name no room, for who may lay them on."""
    return Q(room__isnull=True) if services.may_ban(user, None) else Q(pk__in=[])
