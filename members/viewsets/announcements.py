"""Announcements in the League's office: drafts, a preview with the number of recipients, publication, recall."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe
from wagtail.admin.ui.menus import MenuItem
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet

from accounts.http import UserRequest
from members.forms.announcements import AnnouncementForm
from members.models import Announcement
from members.permissions.announcements import can_publish, can_see_announcements, can_write_announcements
from members.services import announcements as services


def preview_url(announcement: Announcement) -> str:
    """Return the office's page about an announcement."""
    return reverse("announcement:preview", args=[announcement.pk])


class AnnouncementIndexView(generic.IndexView):
    """The list of announcements; each leads to its preview, where everything else is done."""

    def get_base_queryset(self) -> QuerySet[Announcement]:
        announcements: QuerySet[Announcement] = super().get_base_queryset()
        return announcements.select_related("created_by")

    def get_edit_url(self, instance: Announcement) -> str:
        return preview_url(instance)

    def get_list_more_buttons(self, instance: Announcement) -> list[MenuItem]:
        return [MenuItem(_("Open"), url=preview_url(instance), icon_name="view", priority=10)]


class AnnouncementCreateView(generic.CreateView):
    """Write a draft."""

    def get_form(self, form_class: Any = None) -> forms.ModelForm:
        form: forms.ModelForm = super().get_form(form_class)
        form.instance.created_by = self.request.user
        return form

    def get_success_url(self) -> str:
        return preview_url(self.object)


class AnnouncementEditView(generic.EditView):
    """Change a draft. What people have read is not changed under their eyes: it can be recalled."""

    def get_queryset(self) -> QuerySet[Announcement]:
        return Announcement.objects.filter(published_at=None)

    @transaction.atomic
    def save_instance(self) -> Announcement:
        """Save a draft that is one still: somebody may have published it since the form was opened."""
        get_object_or_404(self.get_queryset().select_for_update(), pk=self.object.pk)
        announcement: Announcement = super().save_instance()
        return announcement

    def get_success_url(self) -> str:
        return preview_url(self.object)


@require_safe
def announcement_preview(request: UserRequest, pk: int) -> HttpResponse:
    """Show an announcement in both languages, how many people get it, and what may be done with it."""
    if not can_see_announcements(request.user):
        raise PermissionDenied
    announcement = get_object_or_404(Announcement.objects.select_related("created_by", "published_by"), pk=pk)
    renderings = [
        (code, label, announcement.title_in(code), announcement.paragraphs_in(code))
        for code, label in (("ru", _("Russian")), ("en", _("English")))
    ]
    context = {
        **_page(announcement, announcement.title_ru),
        "announcement": announcement,
        "renderings": renderings,
        "recipients": services.count_recipients(announcement),
        "may_write": can_write_announcements(request.user),
        "may_publish": can_publish(request.user),
    }
    return TemplateResponse(request, "members/admin/announcement_preview.html", context)


@require_POST
def announcement_test(request: UserRequest, pk: int) -> HttpResponse:
    """Send an announcement to the person who asks."""
    if not can_write_announcements(request.user):
        raise PermissionDenied
    announcement = get_object_or_404(Announcement, pk=pk)
    services.send_test(announcement, to=request.user, at=timezone.now())
    messages.success(request, _("A test is on its way to you. In your quiet hours the letter comes after them."))
    return redirect(preview_url(announcement))


def announcement_publish(request: UserRequest, pk: int) -> HttpResponse:
    """Say how many people will get an announcement, and publish it."""
    if not can_publish(request.user):
        raise PermissionDenied
    announcement = get_object_or_404(Announcement, pk=pk)
    if request.method == "POST":
        try:
            services.publish_announcement(announcement, actor=request.user, at=timezone.now())
        except services.AnnouncementRecalled:
            messages.error(request, _("This announcement was recalled. Write a new one."))
        else:
            messages.success(request, _("The announcement is published."))
        return redirect(preview_url(announcement))
    if not announcement.is_draft:
        return redirect(preview_url(announcement))
    title = _("Publish an announcement")
    context = {
        **_page(announcement, title),
        "announcement": announcement,
        "recipients": services.count_recipients(announcement),
        "action": _("Publish"),
    }
    return TemplateResponse(request, "members/admin/announcement_confirm.html", context)


def announcement_recall(request: UserRequest, pk: int) -> HttpResponse:
    """Ask once more, and recall an announcement."""
    if not can_publish(request.user):
        raise PermissionDenied
    announcement = get_object_or_404(Announcement, pk=pk)
    if request.method == "POST":
        withdrawn = services.recall_announcement(announcement, actor=request.user, at=timezone.now())
        messages.success(
            request,
            ngettext(
                "The announcement is recalled; %(count)s letter did not go.",
                "The announcement is recalled; %(count)s letters did not go.",
                withdrawn,
            )
            % {"count": withdrawn},
        )
        return redirect(preview_url(announcement))
    if not announcement.is_current:
        return redirect(preview_url(announcement))
    context = {
        **_page(announcement, _("Recall an announcement")),
        "announcement": announcement,
        "is_recall": True,
        "action": _("Recall"),
    }
    return TemplateResponse(request, "members/admin/announcement_confirm.html", context)


def _page(announcement: Announcement, title: str) -> dict[str, object]:
    return {
        "page_title": title,
        "header_title": title,
        "header_icon": "info-circle",
        "breadcrumbs_items": [
            {"url": reverse("announcement:index"), "label": _("Announcements")},
            {"url": "", "label": title, "sublabel": announcement.title_ru if title != announcement.title_ru else ""},
        ],
    }


class AnnouncementViewSet(ModelViewSet):
    model = Announcement
    icon = "info-circle"
    menu_label = gettext_lazy("Announcements")
    list_display = ["title_ru", "published_at", "recalled_at", "with_letter", "created_by"]
    list_filter = ["with_letter"]
    index_view_class = AnnouncementIndexView
    add_view_class = AnnouncementCreateView
    edit_view_class = AnnouncementEditView
    copy_view_enabled = False
    ordering = ["-pk"]

    def get_form_class(self, for_update: bool = False) -> type[AnnouncementForm]:
        return AnnouncementForm

    def get_urlpatterns(self) -> list[URLPattern]:
        patterns: list[URLPattern] = super().get_urlpatterns()
        return [
            *patterns,
            path("<int:pk>/", announcement_preview, name="preview"),
            path("<int:pk>/test/", announcement_test, name="test"),
            path("<int:pk>/publish/", announcement_publish, name="publish"),
            path("<int:pk>/recall/", announcement_recall, name="recall"),
        ]
