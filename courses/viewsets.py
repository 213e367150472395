"""The office of learning in Wagtail's admin: runs, enrolments and certificates."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.admin.ui.menus import MenuItem
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet, ModelViewSetGroup
from wagtail.permission_policies import ModelPermissionPolicy

from courses import services
from courses.models import Certificate, CourseRun, Enrolment
from courses.services.certificate_pdf import TextNotPrintable


class RecordPolicy(ModelPermissionPolicy):
    """Records come from what learners do: the office looks at them, and nobody adds, edits or deletes one by hand.

    Wagtail's generic edit pages therefore never open; what the office may do has pages and services of its own.
    """

    def user_has_permission(self, user: Any, action: str) -> bool:
        allowed: bool = action == "view" and super().user_has_permission(user, "view")
        return allowed


class CourseRunIndexView(generic.IndexView):
    """The list of runs, with the course in the same query."""

    def get_base_queryset(self) -> QuerySet[CourseRun]:
        runs: QuerySet[CourseRun] = super().get_base_queryset()
        return runs.select_related("course")


class CourseRunViewSet(ModelViewSet):
    model = CourseRun
    icon = "date"
    menu_label = gettext_lazy("Course runs")
    form_fields = [
        "course",
        "label",
        "pace",
        "enrolment_opens_at",
        "enrolment_closes_at",
        "starts_at",
        "ends_at",
        "capacity",
        "time_zone",
    ]
    list_display = ["course", "label", "pace", "starts_at", "ends_at", "capacity"]
    list_filter = ["course", "pace"]
    index_view_class = CourseRunIndexView
    inspect_view_enabled = True
    copy_view_enabled = True


class EnrolmentIndexView(generic.IndexView):
    """The list of enrolments, with person and course in one query."""

    def get_base_queryset(self) -> QuerySet[Enrolment]:
        enrolments: QuerySet[Enrolment] = super().get_base_queryset()
        return enrolments.select_related("user", "run__course")


class EnrolmentViewSet(ModelViewSet):
    model = Enrolment
    icon = "user"
    menu_label = gettext_lazy("Enrolments")
    form_fields = ["run"]  # never shown: RecordPolicy
    list_display = ["user", "run", "enrolled_at", "last_seen_at", "completed_at", "withdrawn_at"]
    list_filter = ["run__course", "withdrawn_at"]
    index_view_class = EnrolmentIndexView
    inspect_view_enabled = True
    copy_view_enabled = False
    ordering = ["-enrolled_at"]


class CertificateIndexView(generic.IndexView):
    """The list of certificates, with what the office may do to one that stands."""

    def get_list_more_buttons(self, instance: Certificate) -> list[MenuItem]:
        buttons: list[MenuItem] = super().get_list_more_buttons(instance)
        if can_change_certificates(self.request) and instance.status == "valid":
            buttons += [
                MenuItem(
                    _("Revoke"),
                    url=reverse("certificate:revoke", args=[instance.pk]),
                    icon_name="cross",
                    priority=40,
                ),
                MenuItem(
                    _("Issue again with the present name"),
                    url=reverse("certificate:reissue", args=[instance.pk]),
                    icon_name="repeat",
                    priority=50,
                ),
            ]
        return buttons


def can_change_certificates(request: HttpRequest) -> bool:
    """Whether this person may revoke and replace certificates."""
    return request.user.has_perm("courses.change_certificate")


class RevocationForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("Everybody who verifies the certificate reads it. Name nobody."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


def revoke_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the reason and revoke a certificate."""
    if not can_change_certificates(request):
        raise PermissionDenied
    certificate = get_object_or_404(Certificate, pk=pk)
    form = RevocationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.revoke_certificate(certificate, reason=form.cleaned_data["reason"], at=timezone.now())
        except services.CertificateNotCurrent:
            messages.error(request, _("This certificate was revoked or replaced meanwhile."))
        else:
            messages.success(request, _("Certificate %(serial)s is revoked.") % {"serial": certificate.serial})
        return redirect("certificate:index")
    return _confirm(request, certificate, title=_("Revoke a certificate"), action=_("Revoke"), form=form)


def reissue_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Replace a certificate by one with the holder's present name."""
    if not can_change_certificates(request):
        raise PermissionDenied
    certificate = get_object_or_404(Certificate.objects.select_related("enrolment__user"), pk=pk)
    if request.method == "POST":
        try:
            new = services.reissue_certificate(certificate, at=timezone.now())
        except services.CertificateNotCurrent:
            messages.error(request, _("This certificate was revoked or replaced meanwhile."))
        except TextNotPrintable as error:
            messages.error(request, str(error))
        else:
            messages.success(
                request,
                _("Certificate %(new)s replaces %(old)s.") % {"new": new.serial, "old": certificate.serial},
            )
        return redirect("certificate:index")
    return _confirm(request, certificate, title=_("Issue a certificate again"), action=_("Issue again"), form=None)


def _confirm(
    request: HttpRequest, certificate: Certificate, *, title: str, action: str, form: forms.Form | None
) -> HttpResponse:
    context = {
        "page_title": title,
        "header_icon": "doc-full-inverse",
        "certificate": certificate,
        "action": action,
        "form": form,
        "breadcrumbs_items": [
            {"url": reverse("certificate:index"), "label": _("Certificates")},
            {"url": "", "label": title, "sublabel": certificate.serial},
        ],
    }
    return TemplateResponse(request, "courses/admin/certificate_confirm.html", context)


class CertificateViewSet(ModelViewSet):
    model = Certificate
    icon = "doc-full-inverse"
    menu_label = gettext_lazy("Certificates")
    form_fields = ["revoked_reason"]  # never shown: RecordPolicy
    list_display = ["serial", "holder_name", "course_title", "issued_on", "status_text"]
    list_filter = ["issued_on"]
    index_view_class = CertificateIndexView
    inspect_view_enabled = True
    inspect_view_fields_exclude = ["pdf"]
    copy_view_enabled = False
    ordering = ["-issued_on", "-pk"]

    def get_urlpatterns(self) -> list[URLPattern]:
        patterns: list[URLPattern] = super().get_urlpatterns()
        return [
            *patterns,
            path("revoke/<int:pk>/", revoke_view, name="revoke"),
            path("reissue/<int:pk>/", reissue_view, name="reissue"),
        ]


class LearningViewSetGroup(ModelViewSetGroup):
    menu_label = gettext_lazy("Learning")
    menu_icon = "clipboard-list"
    menu_order = 250
    items = (CourseRunViewSet, EnrolmentViewSet, CertificateViewSet)
