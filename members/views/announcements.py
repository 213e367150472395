from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.http import UserRequest
from members.models import Announcement
from pages.services import active_language

PAGE = 20


@login_required
@require_safe
def announcement_list(request: UserRequest) -> HttpResponse:
    """List what the League's office announced to this member, the latest first."""
    announcements = Announcement.objects.addressed_to(request.user).for_list()
    page = Paginator(announcements, PAGE).get_page(request.GET.get("page"))
    language = active_language()
    entries = [(announcement, announcement.title_in(language)) for announcement in page]
    return render(request, "members/announcement_list.html", {"page_obj": page, "entries": entries})


@login_required
@require_safe
def announcement_detail(request: UserRequest, announcement_id: int) -> HttpResponse:
    """Show one announcement in the language of the page."""
    announcement = get_object_or_404(Announcement.objects.visible_to(request.user), pk=announcement_id)
    language = active_language()
    context = {
        "announcement": announcement,
        "title": announcement.title_in(language),
        "paragraphs": announcement.paragraphs_in(language),
    }
    return render(request, "members/announcement_detail.html", context)
