"""Members with their standing on any day, one member on one screen, and what the office may do, in Wagtail's admin."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe
from django_stubs_ext import StrOrPromise

from accounts.http import UserRequest
from accounts.models import User
from members.choices import OfficeRole, SanctionKind, Standing
from members.filters.office import MemberFilter
from members.forms import office as forms
from members.models import Invoice, Licence, Membership, Sanction, Transfer
from members.permissions.offices import can_open_office, membership_parties, membership_transitions
from members.permissions.records import (
    may_dismiss_proposal,
    may_propose_expulsion,
    reached_chapters,
    sees_discipline,
    sees_licences,
)
from members.rules.standing import standing_on
from members.rules.transitions import MEMBERSHIP, find
from members.services import history, office, sanctions
from members.services.memberships import MembershipRefused
from members.viewsets.office import PAGE, OfficeViewSet, only_for, page

MOST_INVOICES = 50


@dataclass(frozen=True)
class Act:
    """Something that the office does to a member: how it is called, its form, its service, who may do it now."""

    name: str
    label: StrOrPromise
    form: type[forms.VersionForm]
    service: Callable[..., Any]
    done: StrOrPromise
    may: Callable[[User, Membership], bool]
    fits: Callable[[Sanction], bool] | None = None  # None: it is done to the membership and not to a sanction
    is_serious: bool = True


def _by_table(name: str) -> Callable[[User, Membership], bool]:
    def may(user: User, membership: Membership) -> bool:
        return any(arrow.name == name for arrow in membership_transitions(user, membership))

    return may


def _by_office(name: str) -> Callable[[User, Membership], bool]:
    def may(user: User, membership: Membership) -> bool:
        return not find(MEMBERSHIP, name).parties.isdisjoint(membership_parties(user, membership))

    return may


def _is_open(sanction: Sanction) -> bool:
    return sanction.confirmed_at is None and sanction.dismissed_at is None


def _is_proposed_suspension(sanction: Sanction) -> bool:
    return _is_open(sanction) and sanction.kind == SanctionKind.LICENCE


def _is_proposed_expulsion(sanction: Sanction) -> bool:
    return _is_open(sanction) and sanction.kind == SanctionKind.EXPULSION


def _can_be_lifted(sanction: Sanction) -> bool:
    return (
        sanction.confirmed_at is not None
        and sanction.lifted_on is None
        and sanction.kind != SanctionKind.EXPULSION
        and (sanction.ends_on is None or sanction.ends_on >= sanction.membership.chapter.today())
    )


ON_MEMBERSHIP = (
    Act(
        "suspend",
        gettext_lazy("Suspend"),
        forms.SuspendForm,
        sanctions.suspend_member,
        gettext_lazy("The suspension is on record, and the member is told."),
        _by_table("suspend"),
    ),
    Act(
        "propose-expulsion",
        gettext_lazy("Propose an expulsion"),
        forms.ProposeExpulsionForm,
        sanctions.propose_expulsion,
        gettext_lazy("The expulsion is before the board."),
        may_propose_expulsion,
    ),
    Act(
        "record-death",
        gettext_lazy("Record a death"),
        forms.DeathForm,
        sanctions.record_death,
        gettext_lazy("The death is on record. No letter goes to this address any more."),
        _by_table("record_death"),
    ),
)
ON_SANCTION = (
    Act(
        "confirm",
        gettext_lazy("Confirm the suspension"),
        forms.VersionForm,
        sanctions.confirm_proposal,
        gettext_lazy("The member is suspended and is told."),
        _by_table("confirm_licence"),
        _is_proposed_suspension,
    ),
    Act(
        "dismiss",
        gettext_lazy("Dismiss the proposal"),
        forms.DismissForm,
        sanctions.dismiss_proposal,
        gettext_lazy("The proposal is dismissed; nothing changes for the member."),
        may_dismiss_proposal,
        _is_proposed_suspension,
        is_serious=False,
    ),
    Act(
        "lift",
        gettext_lazy("Lift the suspension"),
        forms.LiftForm,
        sanctions.lift_sanction,
        gettext_lazy("The suspension is lifted, and the member is told."),
        _by_office("lift"),
        _can_be_lifted,
        is_serious=False,
    ),
    Act(
        "vote",
        gettext_lazy("Vote"),
        forms.ExpulsionVoteForm,
        sanctions.vote_on_expulsion,
        gettext_lazy("Your vote is counted."),
        _by_table("expel"),
        _is_proposed_expulsion,
    ),
)


def membership_url(membership: Membership) -> str:
    return reverse("memberships:detail", args=[membership.pk])


def _load(user: User, pk: int) -> Membership:
    """Return a membership that one's office reaches; nobody sees his own in the office."""
    rows = Membership.objects.in_office(user).exclude(user=user.pk)
    return get_object_or_404(rows.select_related("user", "chapter", "tier"), pk=pk)


@only_for(can_open_office)
@require_safe
def membership_list(request: UserRequest) -> HttpResponse:
    """List the members of one's chapters with the standing of today, or of the day that is asked for."""
    memberships = (
        Membership.objects.in_office(request.user).select_related("user", "chapter", "tier").order_by("number")
    )
    chapters = reached_chapters(request.user, *OfficeRole)
    filters = MemberFilter(request.GET, memberships, chapters=chapters, user=request.user)
    on = filters.day
    found = filters.qs.prefetch_related("periods__tier", "sanctions") if on is not None else filters.qs
    rows = Paginator(found, PAGE).get_page(request.GET.get("p"))
    context = {
        **page(_("Members"), "group"),
        "filters": filters,
        "page_obj": rows,
        "elided_page_range": rows.paginator.get_elided_page_range(rows.number),
        "on": on,
        "rows": [
            (one, Standing(standing_on(one.facts(), on) if on is not None else one.standing).label) for one in rows
        ],
    }
    return TemplateResponse(request, "members/admin/membership_list.html", context)


@only_for(can_open_office)
@require_safe
def membership_detail(request: UserRequest, pk: int) -> HttpResponse:
    """Show one member as far as one's office reads the record, and record that it was opened."""
    user = request.user
    membership = _load(user, pk)
    office.view_membership(membership, actor=user, at=timezone.now())
    reads_discipline = sees_discipline(user, membership)
    context = {
        **page(str(membership.user), "user", (reverse("memberships:index"), _("Members")), sublabel=membership.number),
        "membership": membership,
        "periods": membership.periods.select_related("tier").order_by("-starts_on"),
        "terms": membership.user.office_terms.select_related("chapter").order_by("-starts_on", "pk"),
        "invoices": Invoice.objects.in_office(user)
        .filter(user=membership.user)
        .with_balance()
        .order_by("-issued_on", "-pk")[:MOST_INVOICES],
        "reads_discipline": reads_discipline,
        "sanctions": _sanctions(user, membership) if reads_discipline else [],
        "history": history.history_of(membership) if reads_discipline else [],
        "reads_licences": sees_licences(user, membership),
        "licences": Licence.objects.in_office(user).filter(user=membership.user).order_by("pk"),
        "transfer": Transfer.objects.in_office(user)
        .open()
        .filter(membership=membership)
        .select_related("to_chapter")
        .first(),
        "acts": [act for act in ON_MEMBERSHIP if act.may(user, membership)],
    }
    return TemplateResponse(request, "members/admin/membership_detail.html", context)


def _sanctions(user: User, membership: Membership) -> list[tuple[Sanction, list[Act], list[Any]]]:
    """Return the sanctions of a member, the latest first, each with what the person may do and the votes."""
    rows = (
        membership.sanctions.select_related("membership__chapter", "confirmed_by", "dismissed_by")
        .prefetch_related("votes__voter")
        .order_by("-pk")
    )
    allowed = [act for act in ON_SANCTION if act.may(user, membership)]
    return [
        (row, [act for act in allowed if act.fits is not None and act.fits(row)], list(row.votes.all())) for row in rows
    ]


@only_for(can_open_office)
@require_http_methods(["GET", "HEAD", "POST"])
def membership_act(request: UserRequest, pk: int, name: str) -> HttpResponse:
    """Ask for what a step needs, and take it on the membership."""
    membership = _load(request.user, pk)
    act = _find(ON_MEMBERSHIP, name)
    return _act(request, membership, act, membership, is_allowed=act.may(request.user, membership))


@only_for(can_open_office)
@require_http_methods(["GET", "HEAD", "POST"])
def sanction_act(request: UserRequest, pk: int, sanction_id: int, name: str) -> HttpResponse:
    """Ask for what a step needs, and take it on a sanction."""
    membership = _load(request.user, pk)
    act = _find(ON_SANCTION, name)
    rows = membership.sanctions.select_related("membership__chapter")
    sanction = get_object_or_404(rows, pk=sanction_id)
    is_allowed = act.may(request.user, membership)
    is_fitting = act.fits is not None and act.fits(sanction)
    if request.method != "POST" and is_allowed and not is_fitting:
        messages.error(request, _("Somebody has decided this already. The page shows what."))
        return redirect(membership_url(membership))
    return _act(request, membership, act, sanction, is_allowed=is_allowed)


def _find(acts: tuple[Act, ...], name: str) -> Act:
    for act in acts:
        if act.name == name:
            return act
    raise Http404


def _act(
    request: UserRequest, membership: Membership, act: Act, subject: Membership | Sanction, *, is_allowed: bool
) -> HttpResponse:
    if request.method != "POST":
        if not is_allowed:
            raise PermissionDenied
        initial = {"version": membership.version, "on": membership.chapter.today()}
        if act.name == "record-death":
            del initial["on"]
        return _ask(request, membership, act, act.form(initial=initial))
    form = act.form(request.POST)
    if not form.is_valid():
        return _ask(request, membership, act, form, status=422)
    arguments = form.arguments()
    if arguments.pop("version") != membership.version:
        sentence = _("Somebody changed this membership while the page was open, so nothing was done. Decide again.")
        return _ask_again(request, membership, act, sentence)
    try:
        act.service(subject, actor=request.user, at=timezone.now(), **arguments)
    except MembershipRefused as refused:
        return _ask_again(request, membership, act, refused.sentence)
    messages.success(request, str(act.done))
    return redirect(membership_url(membership))


def _ask_again(request: UserRequest, membership: Membership, act: Act, sentence: str) -> HttpResponse:
    """Show the membership as it stands now, with what the person typed."""
    fresh = _load(request.user, membership.pk)
    data = request.POST.copy()
    data["version"] = str(fresh.version)
    return _ask(request, fresh, act, act.form(data), refused=sentence, status=422)


def _ask(
    request: UserRequest,
    membership: Membership,
    act: Act,
    form: forms.VersionForm,
    *,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    above = [(reverse("memberships:index"), _("Members")), (membership_url(membership), str(membership.user))]
    reads_discipline = sees_discipline(request.user, membership)
    context = {
        **page(str(act.label), "user", *above),
        "membership": membership,
        "act": act,
        "form": form,
        "refused": refused,
        "latest": history.history_of(membership)[:3] if refused and reads_discipline else [],
        "back": membership_url(membership),
    }
    return TemplateResponse(request, "members/admin/membership_act.html", context, status=status)


class MembershipViewSet(OfficeViewSet):
    name = "memberships"
    icon = "group"
    menu_label = gettext_lazy("Members")
    may_open = staticmethod(can_open_office)

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", membership_list, name="index"),
            path("<int:pk>/", membership_detail, name="detail"),
            path("<int:pk>/<slug:name>/", membership_act, name="act"),
            path("<int:pk>/sanctions/<int:sanction_id>/<slug:name>/", sanction_act, name="sanction_act"),
        ]
