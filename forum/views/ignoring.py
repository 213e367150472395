"""Whose posts a reader does not want to see."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.http import UserRequest
from forum import services
from forum.models import Ignored, Post

PAGE = 50


@login_required
@require_POST
def post_ignore(request: UserRequest, post_id: int) -> HttpResponse:
    """Fold all posts of the author of a post."""
    post = get_object_or_404(Post.objects.visible_to(request.user).select_related("author"), pk=post_id)
    try:
        services.ignore_person(post.author, reader=request.user, at=timezone.now())
    except services.PostRefused as refused:
        raise PermissionDenied(refused.sentence) from None
    messages.success(request, _("The posts of this member are folded for you. This list is the place to change it."))
    return redirect("forum:ignored_list")


@login_required
@require_safe
def ignored_list(request: UserRequest) -> HttpResponse:
    """List those whose posts are folded for a reader."""
    rows = Ignored.objects.filter(user=request.user).exclude(ignored=request.user).select_related("ignored")
    page = Paginator(rows.order_by("ignored__name_native", "pk"), PAGE).get_page(request.GET.get("page"))
    return render(request, "forum/ignored_list.html", {"page_obj": page})


@login_required
@require_POST
def ignored_remove(request: UserRequest, ignored_id: int) -> HttpResponse:
    """Show the posts of somebody on the reader's list again."""
    services.stop_ignoring(get_object_or_404(Ignored, user=request.user, pk=ignored_id))
    messages.success(request, _("You see the posts of this member again."))
    return redirect("forum:ignored_list")
