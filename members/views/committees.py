from allauth.decorators import rate_limit
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
from members.choices import CommitteeRole
from members.forms.committees import JoinForm, SeatForm, not_addable
from members.models import Committee, CommitteeMember, league_day
from members.permissions.committees import can_change_members, names_shown
from members.services import committees as services

PAGE = 30
JOINS = {"committee_join": "30/h/user"}


@login_required
@require_safe
def committee_list(request: UserRequest) -> HttpResponse:
    """List the committees and working groups that exist today."""
    committees = Committee.objects.visible_to(request.user).current(league_day()).for_list()
    page = Paginator(committees, PAGE).get_page(request.GET.get("page"))
    own = set(Committee.objects.with_member(request.user, league_day()).values_list("pk", flat=True))
    return render(request, "members/committees/committee_list.html", {"page_obj": page, "own": own})


@login_required
@require_safe
def committee_detail(request: UserRequest, committee_id: int) -> HttpResponse:
    """Show who sits in a committee: roles, and names as the directory shows them; never how to reach people."""
    return _detail(request, _committee(request, committee_id), form=None)


@login_required
@rate_limit(action="committee_join", config=JOINS)
@require_POST
def member_add(request: UserRequest, committee_id: int) -> HttpResponse:
    """Add somebody by the number of the card, for the chair and the office."""
    committee = _committee(request, committee_id)
    if not can_change_members(request.user, committee):
        raise PermissionDenied
    form = JoinForm(request.POST, committee=committee, actor=request.user)
    if form.is_valid():
        problem = join(request, committee, form)
        if problem is None:
            return redirect(committee.get_absolute_url())
        form.add_error("number", problem)
        committee.refresh_from_db()
    return _detail(request, committee, form=form)


@login_required
@require_POST
def member_remove(request: UserRequest, committee_id: int, seat_id: int) -> HttpResponse:
    """End a seat, for the chair and the office."""
    committee = _committee(request, committee_id)
    if not can_change_members(request.user, committee):
        raise PermissionDenied
    remove(request, committee, seat_id)
    return redirect(committee.get_absolute_url())


def join(request: UserRequest, committee: Committee, form: JoinForm) -> str | None:
    """Add whom a valid form names; return what is in the way, or None."""
    try:
        services.add_member(
            committee,
            form.membership.user,
            role=CommitteeRole(form.cleaned_data["role"]),
            version=form.cleaned_data["version"],
            actor=request.user,
            at=timezone.now(),
            on=league_day(),
        )
    except services.StaleCommittee:
        return _("The committee changed while this page was open. Look at it again, then add the person.")
    except services.CommitteeOver:
        return _("This committee was dissolved. Nobody can be added.")
    except services.NotEligible:
        return not_addable()
    except services.AlreadyMember:
        return _("This person sits in the committee already.")
    messages.success(request, _("The person is added and told about it."))
    return None


def remove(request: UserRequest, committee: Committee, seat_id: int) -> None:
    """End a seat of a committee and say what happened."""
    form = SeatForm(request.POST)
    seat = get_object_or_404(CommitteeMember.objects.select_related("committee"), pk=seat_id, committee=committee)
    version = form.cleaned_data["version"] if form.is_valid() else -1
    try:
        services.end_membership(seat, version=version, actor=request.user, at=timezone.now(), on=league_day())
    except services.StaleCommittee:
        messages.error(request, stale_sentence())
    except (services.NotInCommittee, services.CommitteeOver):
        messages.error(request, _("This seat has ended already."))
    else:
        messages.success(request, _("The seat is ended."))


def stale_sentence() -> str:
    """Say that somebody else was quicker."""
    return _("The committee changed while this page was open. Look at it again, then decide.")


def _committee(request: UserRequest, committee_id: int) -> Committee:
    return get_object_or_404(Committee.objects.visible_to(request.user).select_related("chapter"), pk=committee_id)


def _detail(request: UserRequest, committee: Committee, *, form: JoinForm | None) -> HttpResponse:
    today = league_day()
    may_change = can_change_members(request.user, committee)
    seats = list(committee.members.current(today).select_related("user").order_by("starts_on", "pk"))
    named = names_shown(request.user, committee, [seat.user_id for seat in seats])
    order = [CommitteeRole.CHAIR, CommitteeRole.SECRETARY, CommitteeRole.MEMBER]
    status = 200
    if form is None and may_change:
        form = JoinForm(initial={"version": committee.version}, committee=committee, actor=request.user)
    elif form is not None:
        form.renew(committee.version)
        status = 422
    context = {
        "committee": committee,
        "seats": [
            (seat, seat.user.name_native if seat.user_id in named else _("a member whose name is not shown"))
            for seat in sorted(seats, key=lambda seat: order.index(CommitteeRole(seat.role)))
        ],
        "is_over": committee.is_over(today),
        "may_change": may_change,
        "form": form,
    }
    return render(request, "members/committees/committee_detail.html", context, status=status)
