"""What a post said before: shown to its readers, and taken away where it names somebody."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.http import UserRequest
from forum import services
from forum.models import Post, PostVersion, Thread
from forum.permissions import can_edit_post
from forum.views.places import get_post
from forum.views.reading import crumbs_of, private_page

MOST_VERSIONS = 20


@private_page
def post_history(request: UserRequest, post_id: int) -> HttpResponse:
    """Show how a post was changed, the latest change first."""
    posts = Post.objects.visible_to(request.user).select_related("author")
    post = get_object_or_404(posts, pk=post_id)
    versions = list(post.versions.select_related("replaced_by").order_by("-version")[:MOST_VERSIONS])
    thread = Thread.objects.with_right(request.user).select_related("room__parent").get(pk=post.thread_id)
    context = {
        "post": post,
        "may_forget": bool(versions) and can_edit_post(request.user, thread, post),
        "thread": thread,
        "crumbs": [
            *crumbs_of(thread.room.parent, thread.room),
            (thread.title, thread.get_absolute_url()),
        ],
        "changes": list(_changes(post, versions)),
        "first": versions[-1] if versions and versions[-1].version == 1 else None,
    }
    return render(request, "forum/post_history.html", context)


@login_required
@require_POST
def post_forget(request: UserRequest, post_id: int) -> HttpResponse:
    """Take the earlier versions of a post away, for its author and the moderators of its room."""
    post = get_post(request.user, post_id)
    if not can_edit_post(request.user, post.thread, post):
        raise PermissionDenied
    if services.forget_versions(post, actor=request.user, at=timezone.now()):
        messages.success(request, _("The earlier versions are gone."))
    return redirect("forum:post_history", post.pk)


def _changes(post: Post, versions: list[PostVersion]) -> Iterable[dict[str, Any]]:
    """Return the changes of a post, each with the text before and after it."""
    after = post.source
    for version in versions:
        yield {"version": version, "before": version.source, "after": after}
        after = version.source
