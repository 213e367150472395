"""Drafts: what somebody has written and not sent, listed, deleted, and kept by the page itself."""

import json
from collections.abc import Iterable
from typing import TypedDict

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import UserRequest, signed_in
from accounts.models import User
from forum import services
from forum.forms import DraftForm
from forum.models import Draft, Post, Room
from forum.permissions import can_edit_post, can_reply, can_start_thread
from forum.rules.text import excerpt
from forum.views.places import open_threads

PAGE = 20
EXCERPT = 200


class Place(TypedDict):
    """Where a draft belongs, as far as its author may know; without an address nothing can be sent there now."""

    label: str
    url: str


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def draft_list(request: UserRequest) -> HttpResponse:
    """List what somebody has written and not sent; a draft can be deleted here."""
    if request.method == "POST":
        return _delete_draft(request)
    drafts = Draft.objects.filter(user=request.user).order_by("-saved_at", "-pk")
    page = Paginator(drafts, PAGE).get_page(request.GET.get("page"))
    places = _places(request.user, page.object_list)
    rows = [(draft, places[draft.scope], excerpt(draft.source, EXCERPT) or draft.source[:EXCERPT]) for draft in page]
    return render(request, "forum/draft_list.html", {"page_obj": page, "rows": rows})


def _delete_draft(request: UserRequest) -> HttpResponse:
    form = DraftForm({**request.POST.dict(), "text": "", "title": ""})
    if not form.is_valid():
        raise BadRequest
    scope, revision = form.cleaned_data["scope"], form.cleaned_data["revision"]
    try:
        services.save_draft(author=request.user, scope=scope, text="", revision=revision, at=timezone.now())
    except services.DraftStale:
        messages.error(request, _("This draft was changed in another window meanwhile. Look at it, then decide."))
    else:
        messages.success(request, _("The draft is deleted."))
    return redirect("forum:draft_list")


@require_POST
def draft_save(request: HttpRequest) -> HttpResponse:
    """Keep what a window saves by itself. Who is signed out learns it by the status, not by another page."""
    user = signed_in(request)
    if user is None:
        return JsonResponse({"error": _("You are signed out.")}, status=401)
    try:
        data = json.loads(request.body)
    except (ValueError, RecursionError):
        data = None
    form = DraftForm(data if isinstance(data, dict) else {})
    if not form.is_valid():
        return JsonResponse({"error": _("This draft cannot be kept.")}, status=400)
    answers = form.cleaned_data
    try:
        draft = services.save_draft(
            author=user,
            scope=answers["scope"],
            title=answers["title"],
            text=answers["text"],
            revision=answers["revision"],
            at=timezone.now(),
        )
    except services.DraftStale as stale:
        kept = stale.current
        return JsonResponse({"title": kept.title, "text": kept.source, "revision": kept.revision}, status=409)
    at = timezone.localtime(draft.saved_at if draft is not None else None)
    return JsonResponse({"revision": draft.revision if draft is not None else 0, "saved_at": date_format(at, "H:i")})


def _places(user: User, drafts: Iterable[Draft]) -> dict[str, Place]:
    """Say where drafts belong: three queries for a page of them."""
    scopes = {draft.scope for draft in drafts}
    ids: dict[str, list[int]] = {"room": [], "thread": [], "post": []}
    for scope in scopes:
        kind, _colon, number = scope.partition(":")
        ids[kind].append(int(number))
    places = {scope: Place(label=_("a place that is not open to you any more"), url="") for scope in scopes}
    for room in Room.objects.visible_to(user).with_right(user).filter(pk__in=ids["room"]):
        url = reverse("forum:thread_create", args=[room.slug]) if can_start_thread(room) else ""
        places[f"room:{room.pk}"] = Place(label=_("a new thread in “%(room)s”") % {"room": room}, url=url)
    posts = list(Post.objects.visible_to(user).filter(pk__in=ids["post"]))
    threads = open_threads(user).in_bulk([*ids["thread"], *(post.thread_id for post in posts)])
    for pk in ids["thread"]:
        if (thread := threads.get(pk)) is not None:
            url = reverse("forum:post_create", args=[pk]) if can_reply(thread) else ""
            places[f"thread:{pk}"] = Place(label=_("a reply in “%(thread)s”") % {"thread": thread}, url=url)
    for post in posts:
        if (thread := threads.get(post.thread_id)) is not None:
            url = reverse("forum:post_edit", args=[post.pk]) if can_edit_post(user, thread, post) else ""
            places[f"post:{post.pk}"] = Place(
                label=_("a change of a post in “%(thread)s”") % {"thread": thread}, url=url
            )
    return places
