"""Committees in the League's office: founding, describing, seating, appointing a chair, dissolving."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from wagtail.admin.menu import MenuItem
from wagtail.admin.viewsets.base import ViewSet

from accounts.http import UserRequest
from members.forms.committees import CommitteeForm, JoinForm, SeatForm
from members.models import Committee, CommitteeMember, league_day
from members.permissions.committees import can_run_committees
from members.services import committees as services
from members.views.committees import join, remove, stale_sentence
from members.viewsets.pages import menu_item_for, page_context

PAGE = 50
INDEX = ("committee_office:index", gettext_lazy("Committees"))


@require_safe
def committee_index(request: UserRequest) -> HttpResponse:
    """List the committees that the office runs, those that ended too."""
    if not can_run_committees(request.user):
        raise PermissionDenied
    committees = Committee.objects.in_office(request.user).for_list()
    context = {
        **page_context(_("Committees"), icon="group", above=[]),
        "page_obj": Paginator(committees, PAGE).get_page(request.GET.get("page")),
    }
    return TemplateResponse(request, "members/admin/committee_index.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def committee_edit(request: UserRequest, pk: int | None = None) -> HttpResponse:
    """Found a committee, or change how it is described."""
    if not can_run_committees(request.user):
        raise PermissionDenied
    committee = _committee(request, pk) if pk is not None else Committee(starts_on=league_day())
    form = CommitteeForm(
        request.POST or None, instance=committee, user=request.user, initial={"version": committee.version}
    )
    if request.method == "POST" and form.is_valid():
        try:
            saved = services.save_committee(
                form.instance, version=form.cleaned_data["version"], actor=request.user, at=timezone.now()
            )
        except services.StaleCommittee:
            messages.error(request, stale_sentence())
            return redirect("committee_office:detail", pk)
        except services.CommitteeOver:
            messages.error(request, _("This committee was dissolved and stays as it is."))
            return redirect("committee_office:detail", pk)
        messages.success(request, _("The committee is saved."))
        return redirect("committee_office:detail", saved.pk)
    title = _("Change a committee") if pk is not None else _("New committee")
    context = {**page_context(title, icon="group", above=[INDEX]), "form": form, "action": _("Save")}
    status = 422 if form.is_bound else 200
    return TemplateResponse(request, "members/admin/office_form.html", context, status=status)


@require_safe
def committee_detail(request: UserRequest, pk: int) -> HttpResponse:
    """Show a committee with everybody who sits or sat in it, and what the office can do."""
    return _detail(request, _committee(request, pk), form=None)


@require_POST
def committee_add(request: UserRequest, pk: int) -> HttpResponse:
    """Seat a member by the number of the card, as chair too."""
    committee = _committee(request, pk)
    form = JoinForm(request.POST, committee=committee, actor=request.user)
    if form.is_valid():
        problem = join(request, committee, form)
        if problem is None:
            return redirect("committee_office:detail", committee.pk)
        form.add_error("number", problem)
        committee.refresh_from_db()
    return _detail(request, committee, form=form)


@require_POST
def committee_remove(request: UserRequest, pk: int, seat_id: int) -> HttpResponse:
    """End a seat."""
    committee = _committee(request, pk)
    remove(request, committee, seat_id)
    return redirect("committee_office:detail", committee.pk)


@require_POST
def committee_chair(request: UserRequest, pk: int, seat_id: int) -> HttpResponse:
    """Make somebody who sits in a committee its chair."""
    committee = _committee(request, pk)
    seat = get_object_or_404(CommitteeMember.objects.select_related("committee"), pk=seat_id, committee=committee)
    try:
        services.appoint_chair(seat, version=_version(request), actor=request.user, at=timezone.now(), on=league_day())
    except services.StaleCommittee:
        messages.error(request, stale_sentence())
    except (services.CommitteeOver, services.NotInCommittee):
        messages.error(request, _("This seat has ended already."))
    except services.NotEligible:
        messages.error(request, _("Only an active member can be the chair."))
    else:
        messages.success(request, _("The chair is appointed; the one before stays as a member."))
    return redirect("committee_office:detail", committee.pk)


@require_POST
def committee_dissolve(request: UserRequest, pk: int) -> HttpResponse:
    """End a committee and every seat in it."""
    committee = _committee(request, pk)
    try:
        services.dissolve(committee, version=_version(request), actor=request.user, at=timezone.now(), on=league_day())
    except services.StaleCommittee:
        messages.error(request, stale_sentence())
    except services.CommitteeOver:
        messages.error(request, _("This committee was dissolved already."))
    else:
        messages.success(request, _("The committee is dissolved. Its page stays for those who may see it."))
    return redirect("committee_office:detail", committee.pk)


def _committee(request: UserRequest, pk: int) -> Committee:
    if not can_run_committees(request.user):
        raise PermissionDenied
    return get_object_or_404(Committee.objects.in_office(request.user).select_related("chapter"), pk=pk)


def _version(request: UserRequest) -> int:
    form = SeatForm(request.POST)
    return form.cleaned_data["version"] if form.is_valid() else -1


def _detail(request: UserRequest, committee: Committee, *, form: JoinForm | None) -> HttpResponse:
    if form is not None:
        form.renew(committee.version)
    context = {
        **page_context(str(committee), icon="group", above=[INDEX]),
        "committee": committee,
        "seats": committee.members.select_related("user").order_by("ends_on", "starts_on", "pk"),
        "is_open": committee.ends_on is None,
        "form": form or JoinForm(initial={"version": committee.version}, committee=committee, actor=request.user),
    }
    status = 422 if form is not None else 200
    return TemplateResponse(request, "members/admin/committee_detail.html", context, status=status)


class CommitteeViewSet(ViewSet):
    name = "committee_office"
    url_prefix = "committees"
    icon = "group"
    menu_label = gettext_lazy("Committees")

    @property
    def menu_item_class(self) -> type[MenuItem]:
        return menu_item_for(can_run_committees)

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", committee_index, name="index"),
            path("new/", committee_edit, name="add"),
            path("<int:pk>/", committee_detail, name="detail"),
            path("<int:pk>/edit/", committee_edit, name="edit"),
            path("<int:pk>/members/", committee_add, name="join"),
            path("<int:pk>/members/<int:seat_id>/remove/", committee_remove, name="remove"),
            path("<int:pk>/members/<int:seat_id>/chair/", committee_chair, name="chair"),
            path("<int:pk>/dissolve/", committee_dissolve, name="dissolve"),
        ]
