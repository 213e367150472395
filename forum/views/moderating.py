"""Moderating: small pages that ask for what an act needs, and acts that are POSTs alone."""

import datetime as dt

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import UserRequest
from forum import services
from forum.choices import PostState, ThreadState
from forum.forms import MergeForm, MoveForm, PinForm, ReasonForm, SlowForm, SplitForm
from forum.models import Post
from forum.permissions import can_moderate
from forum.views.places import ask, get_post, moderated_rooms, moderated_thread, sent, whole_number
from members.models import league_day

PAGE = 20
MOST_LISTED = 300  # posts of a thread on the page that splits it
PINNED = dt.timedelta(days=14)


# Threads


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def thread_close(request: UserRequest, thread_id: int) -> HttpResponse:
    """Take no more replies in a thread."""
    thread = moderated_thread(request.user, thread_id)
    form = ReasonForm(sent(request), readers=_("Everybody who reads the thread reads it."))
    if form.is_valid():
        services.close_thread(thread, actor=request.user, reason=form.cleaned_data["reason"], at=timezone.now())
        messages.success(request, _("The thread is closed."))
        return redirect(thread.get_absolute_url())
    words = {
        "heading": _("Close the thread"),
        "lead": _("Nobody can reply any more. You can open the thread again at any time."),
        "act": _("Close the thread"),
    }
    return ask(request, thread, form, words)


@login_required
@require_POST
def thread_reopen(request: UserRequest, thread_id: int) -> HttpResponse:
    """Take replies in a thread again."""
    thread = moderated_thread(request.user, thread_id)
    services.reopen_thread(thread, actor=request.user, at=timezone.now())
    messages.success(request, _("The thread is open again."))
    return redirect(thread.get_absolute_url())


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def thread_pin(request: UserRequest, thread_id: int) -> HttpResponse:
    """Keep a thread at the top of its room through a day, or take the pin away."""
    thread = moderated_thread(request.user, thread_id)
    today = league_day()
    if "unpin" in request.POST:
        services.pin_thread(thread, actor=request.user, until=None, at=timezone.now())
        messages.success(request, _("The thread is not pinned any more."))
        return redirect(thread.get_absolute_url())
    until = thread.pinned_until if thread.is_pinned(today) else today + PINNED
    form = PinForm(sent(request), initial={"until": until})
    if form.is_valid():
        until = form.cleaned_data["until"]
        services.pin_thread(thread, actor=request.user, until=until, at=timezone.now())
        messages.success(request, _("The thread is pinned through %(day)s.") % {"day": date_format(until)})
        return redirect(thread.get_absolute_url())
    words = {
        "heading": _("Pin the thread"),
        "lead": _("It stays at the top of its room through that day. A reader can take it away for himself."),
        "act": _("Pin the thread"),
    }
    if thread.is_pinned(today):
        words["second_name"], words["second_act"] = "unpin", _("Take the pin away")
    return ask(request, thread, form, words)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def thread_slow(request: UserRequest, thread_id: int) -> HttpResponse:
    """Let each member reply in a thread once in so many minutes."""
    thread = moderated_thread(request.user, thread_id)
    form = SlowForm(sent(request), initial={"minutes": thread.slow_minutes})
    if form.is_valid():
        minutes = form.cleaned_data["minutes"]
        services.slow_thread(thread, minutes=minutes, actor=request.user, at=timezone.now())
        messages.success(
            request, _("The thread is slowed down.") if minutes else _("Everybody replies in the thread at will again.")
        )
        return redirect(thread.get_absolute_url())
    words = {
        "heading": _("Slow the thread down"),
        "lead": _("Each member replies once in that time. Moderators of the room reply at will."),
        "act": _("Save"),
    }
    return ask(request, thread, form, words)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def thread_move(request: UserRequest, thread_id: int) -> HttpResponse:
    """Move a thread to another room that the moderator answers for."""
    thread = moderated_thread(request.user, thread_id)
    form = MoveForm(sent(request), user=request.user, thread=thread)
    if form.is_valid():
        room = form.cleaned_data["room"]
        services.move_thread(thread, room=room, actor=request.user, at=timezone.now())
        messages.success(request, _("The thread stands in “%(room)s” now.") % {"room": room})
        return redirect(thread.get_absolute_url())
    words = {
        "heading": _("Move the thread"),
        "lead": _(
            "Whoever reads the other room reads the whole thread there, and whoever does not, loses it. "
            "The address of the thread stays."
        ),
        "act": _("Move the thread"),
    }
    return ask(request, thread, form, words)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def thread_merge(request: UserRequest, thread_id: int) -> HttpResponse:
    """Put the posts of a thread at the end of another one: which one is asked first, then shown to be confirmed."""
    thread = moderated_thread(request.user, thread_id)
    form = MergeForm(sent(request), user=request.user, thread=thread)
    words = {
        "heading": _("Merge the thread into another one"),
        "lead": _(
            "Its posts are put at the end of the other thread under new numbers. Old addresses lead there. "
            "This cannot be undone."
        ),
        "act": _("Go on"),
    }
    if not form.is_valid():
        return ask(request, thread, form, words)
    target = form.cleaned_data["target"]
    if "confirm" not in request.POST:
        context = {**words, "thread": thread, "target": target, "form": form}
        return render(request, "forum/thread_merge.html", context)
    try:
        services.merge_threads(thread, target=target, actor=request.user, at=timezone.now())
    except services.PostRefused as refused:
        form.add_error(None, refused.sentence)
        return ask(request, thread, form, words)
    messages.success(request, _("The threads are merged."))
    return redirect(target.get_absolute_url())


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def thread_split(request: UserRequest, thread_id: int) -> HttpResponse:
    """Begin a thread with some replies of another one."""
    thread = moderated_thread(request.user, thread_id)
    start = whole_number(request.GET.get("from"), digits=7)
    first = 2 if start is None else start
    replies = Post.objects.visible_to(request.user).public().filter(thread=thread, no__gte=max(first, 2))
    replies = replies.order_by("no").select_related("author")
    posts = list(replies[: MOST_LISTED + 1])
    following = posts.pop().no if len(posts) > MOST_LISTED else None
    form = SplitForm(sent(request), posts=posts)
    if form.is_valid():
        answers = form.cleaned_data
        try:
            made = services.split_thread(
                thread, post_ids=answers["posts"], title=answers["title"], actor=request.user, at=timezone.now()
            )
        except services.PostRefused as refused:
            form.add_error(None, refused.sentence)
        else:
            messages.success(request, _("The chosen posts are a thread of their own now."))
            return redirect(made.get_absolute_url())
    chosen = {str(pk) for pk in form["posts"].value() or []}
    context = {
        "thread": thread,
        "form": form,
        "posts": [(post, str(post.pk) in chosen) for post in posts],
        "following": following,
        "is_later": first > 2,
    }
    return render(request, "forum/thread_split.html", context, status=422 if form.is_bound else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def thread_hide(request: UserRequest, thread_id: int) -> HttpResponse:
    """Hide a whole thread from all but the moderators of its room."""
    thread = moderated_thread(request.user, thread_id)
    form = ReasonForm(sent(request), readers=_("It is kept in the log of the League’s office."))
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        thread = services.hide_thread(thread, actor=request.user, reason=reason, at=timezone.now())
        if thread.state == ThreadState.HIDDEN:
            messages.success(request, _("The thread is hidden: only moderators of the room see it."))
        else:
            messages.error(request, _("This thread cannot be hidden: decide about its first post."))
        return redirect(thread.get_absolute_url())
    words = {
        "heading": _("Hide the thread"),
        "lead": _("Only moderators of the room see it then. You can show it again at any time."),
        "act": _("Hide the thread"),
    }
    return ask(request, thread, form, words)


@login_required
@require_POST
def thread_restore(request: UserRequest, thread_id: int) -> HttpResponse:
    """Show a hidden thread again."""
    thread = moderated_thread(request.user, thread_id)
    services.restore_thread(thread, actor=request.user, at=timezone.now())
    messages.success(request, _("The thread is shown again."))
    return redirect(thread.get_absolute_url())


# Posts


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def post_hide(request: UserRequest, post_id: int) -> HttpResponse:
    """Hide a post for a reason that its author reads."""
    post = _post(request, post_id)
    form = ReasonForm(sent(request), readers=_("The author of the post reads it."))
    if form.is_valid():
        services.hide_post(post, actor=request.user, reason=form.cleaned_data["reason"], at=timezone.now())
        messages.success(request, _("The post is hidden, and its author is told why."))
        return redirect(_after(request, post))
    words = {
        "heading": _("Hide the post"),
        "lead": _("Its number stays, its words are shown to its author and to moderators. You can show it again."),
        "act": _("Hide the post"),
    }
    return ask(request, post.thread, form, words, post=post)


@login_required
@require_POST
def post_restore(request: UserRequest, post_id: int) -> HttpResponse:
    """Show a hidden post again."""
    post = _post(request, post_id)
    services.restore_post(post, actor=request.user, at=timezone.now())
    messages.success(request, _("The post is shown again."))
    return redirect(_after(request, post))


@login_required
@require_POST
def post_approve(request: UserRequest, post_id: int) -> HttpResponse:
    """Publish a post that waits."""
    post = services.approve_post(_post(request, post_id), actor=request.user, at=timezone.now())
    if post.state == PostState.PUBLIC:
        messages.success(request, _("The post is published."))
    else:
        messages.info(request, _("Somebody has decided about this post meanwhile."))
    return redirect(_after(request, post))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def post_refuse(request: UserRequest, post_id: int) -> HttpResponse:
    """Keep a post that waits from publication, for a reason that its author reads."""
    post = _post(request, post_id)
    if post.state != PostState.HELD:
        messages.info(request, _("Somebody has decided about this post meanwhile."))
        return redirect("forum:held_list")
    form = ReasonForm(sent(request), readers=_("The author of the post reads it."))
    if form.is_valid():
        services.refuse_post(post, actor=request.user, reason=form.cleaned_data["reason"], at=timezone.now())
        messages.success(request, _("The post is not published, and its author is told why."))
        return redirect("forum:held_list")
    words = {
        "heading": _("Do not publish the post"),
        "lead": _("Only its author and moderators of the room can read it then. This cannot be undone."),
        "act": _("Do not publish"),
    }
    return ask(request, post.thread, form, words, post=post)


@login_required
@require_safe
def held_list(request: UserRequest) -> HttpResponse:
    """List what waits in the rooms that somebody moderates, the oldest first."""
    rooms = moderated_rooms(request.user)
    posts = Post.objects.visible_to(request.user).held().filter(thread__room__in=rooms)
    posts = posts.select_related("author", "thread__room").order_by("written_at", "pk")
    page = Paginator(posts, PAGE).get_page(request.GET.get("page"))
    return render(request, "forum/held_list.html", {"page_obj": page})


# What they share


def _post(request: UserRequest, post_id: int) -> Post:
    """Return a post in a thread that the person moderates."""
    post = get_post(request.user, post_id)
    if not can_moderate(post.thread):
        raise PermissionDenied
    return post


def _after(request: UserRequest, post: Post) -> str:
    """Return where to go on after an act: to the list in which it was begun, else to the post."""
    if "held" in request.POST:
        return "forum:held_list"
    if request.GET.get("from") == "reports":
        return "forum:report_list"
    thread = post.thread
    return thread.address_of(post) if post.no else thread.get_absolute_url()
