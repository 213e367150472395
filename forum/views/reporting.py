"""Reports: readers write them, moderators look at them and decide, and authors read the warnings."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import OuterRef, Prefetch, Subquery
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import UserRequest
from forum import services
from forum.forms import ReasonForm, ReportForm
from forum.models import Post, PostingBan, PostWarning, Report, Room
from forum.permissions import can_report, can_warn
from forum.views.places import ask, get_post, moderated_rooms, sent
from members.models import league_day

PAGE = 20


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def post_report(request: UserRequest, post_id: int) -> HttpResponse:
    """Ask the moderators of a room to look at a post."""
    post = get_post(request.user, post_id)
    if not can_report(request.user, post.thread, post):
        raise PermissionDenied
    form = ReportForm(sent(request))
    if form.is_valid():
        answers = form.cleaned_data
        try:
            services.report_post(
                post, reporter=request.user, reason=answers["reason"], text=answers["text"], at=timezone.now()
            )
        except services.PostRefused as refused:
            form.add_error(None, refused.sentence)
        else:
            messages.success(request, _("Moderators of the room are told. You learn when one has looked at the post."))
            return redirect(post.thread.address_of(post))
    words = {
        "heading": _("Report the post"),
        "lead": _("Moderators of the room see who reports. The author and other readers do not."),
        "act": _("Report"),
    }
    return ask(request, post.thread, form, words, post=post)


@login_required
@require_safe
def report_list(request: UserRequest) -> HttpResponse:
    """List the reported posts of the rooms that somebody moderates, the longest waiting first."""
    rooms = moderated_rooms(request.user)
    reports = Report.objects.open().order_by("at", "pk")
    first = Subquery(reports.filter(post=OuterRef("pk")).values("at")[:1])
    posts = Post.objects.visible_to(request.user).filter(thread__room__in=rooms).exclude(author=request.user)
    posts = posts.annotate(first_report=first).filter(first_report__isnull=False)
    posts = posts.select_related("author", "thread__room").order_by("first_report", "pk")
    posts = posts.prefetch_related(Prefetch("reports", reports.select_related("reporter"), to_attr="open_reports"))
    page = Paginator(posts, PAGE).get_page(request.GET.get("page"))
    return render(request, "forum/report_list.html", {"page_obj": page})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def report_dismiss(request: UserRequest, post_id: int) -> HttpResponse:
    """Leave a reported post as it is."""
    post = moderated_post(request, post_id)
    form = ReasonForm(sent(request), readers=_("Other moderators of the room read it."))
    if form.is_valid():
        note = form.cleaned_data["reason"]
        closed = services.dismiss_reports(post, actor=request.user, note=note, at=timezone.now())
        if closed:
            sentence = ngettext(
                "The post stays; %(count)d report is closed.", "The post stays; %(count)d reports are closed.", closed
            )
            messages.success(request, sentence % {"count": closed})
        else:
            messages.info(request, _("Somebody has decided about this post meanwhile."))
        return redirect("forum:report_list")
    words = {
        "heading": _("Leave the post as it is"),
        "lead": _("Its reports are closed, and those who wrote them learn that a moderator looked at the post."),
        "act": _("The post stays"),
    }
    return ask(request, post.thread, form, words, post=post)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def post_warn(request: UserRequest, post_id: int) -> HttpResponse:
    """Warn the author of a post."""
    post = moderated_post(request, post_id)
    form = ReasonForm(sent(request), readers=_("The author of the post reads it."))
    if form.is_valid():
        try:
            services.warn_author(post, actor=request.user, text=form.cleaned_data["reason"], at=timezone.now())
        except services.PostRefused as refused:
            form.add_error(None, refused.sentence)
        else:
            messages.success(request, _("The author is warned. Open reports of the post are closed."))
            if request.GET.get("from") == "reports":
                return redirect("forum:report_list")
            return redirect(post.thread.address_of(post))
    words = {
        "heading": _("Warn the author"),
        "lead": _("The post stays as it is. Only the author sees the warning; open reports of the post are closed."),
        "act": _("Warn the author"),
    }
    return ask(request, post.thread, form, words, post=post)


@login_required
@require_safe
def warning_list(request: UserRequest) -> HttpResponse:
    """List what bars somebody from writing now, and the warnings that he or she got, the latest first."""
    warnings = PostWarning.objects.filter(post__author=request.user).select_related("post__thread", "by")
    page = Paginator(warnings.order_by("-at", "-pk"), PAGE).get_page(request.GET.get("page"))
    bans = PostingBan.objects.in_force(league_day()).filter(user=request.user).select_related("room").order_by("until")
    rooms = Room.objects.visible_to(request.user).filter(pk__in=bans.values("room"))
    context = {"page_obj": page, "bans": bans, "known": {room.pk for room in rooms}}
    return render(request, "forum/warning_list.html", context)


def moderated_post(request: UserRequest, post_id: int) -> Post:
    """Return a post of somebody else in a room that the person moderates."""
    post = get_post(request.user, post_id)
    if not can_warn(request.user, post.thread, post):
        raise PermissionDenied
    return post
