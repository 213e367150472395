"""Duplicates in the League's office: the list, two people side by side, dismissal, and merging by two officers."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.http import UserRequest
from accounts.models import User
from members.choices import CaseStatus
from members.forms.duplicates import ProposalForm, ReasonForm
from members.models import DuplicateCase, MergeRecord
from members.permissions.bulk import can_approve_merge, can_propose_merge, can_see_duplicates, can_undo_merge
from members.services import duplicates, merging
from members.viewsets.records import OfficeViewSet, page_context, paginate

CHANGED = gettext_lazy("Somebody has handled this case in the meantime. This is how it stands now.")
PLAN_CHANGED = gettext_lazy("The records have changed since you looked at them. Read the preview again.")
BLOCKERS = {
    "merged_already": gettext_lazy("One of the accounts has been merged already. Undo that merge first."),
    "survivor_inactive": gettext_lazy("The account that would stay is closed. Choose the other one."),
    "survivor_unverified": gettext_lazy(
        "The address of the account that would stay was never confirmed. Choose the other one, or have it confirmed."
    ),
    "holds_office": gettext_lazy("The account that would go holds an office. End the office first."),
    "two_applications": gettext_lazy("Both have an open application. Have one of them withdrawn or decided first."),
    "two_invoices": gettext_lazy("Both have an open invoice for a renewal. Settle or void one of them first."),
    "one_deceased": gettext_lazy("One of the two is recorded as deceased. Correct that record first."),
    "survivor_resigned": gettext_lazy("The account that would stay has resigned, the other has not. Choose the other."),
}
REASONS = {
    "kept": gettext_lazy("belongs to the account, not to the person"),
    "has_one": gettext_lazy("the account that stays has its own"),
    "same_there": gettext_lazy("the account that stays has the same"),
    "overlaps": gettext_lazy("overlaps a period of the account that stays"),
}


def _case(request: UserRequest, pk: int) -> DuplicateCase:
    if not can_see_duplicates(request.user):
        raise PermissionDenied
    cases = DuplicateCase.objects.visible_to(request.user).for_list().select_related("survivor", "proposed_by")
    return get_object_or_404(cases, pk=pk)


def _back(case: DuplicateCase) -> HttpResponse:
    return redirect("duplicate:detail", case.pk)


@require_safe
def duplicate_list(request: UserRequest) -> HttpResponse:
    """List the pairs that one's office compares, those that wait first."""
    if not can_see_duplicates(request.user):
        raise PermissionDenied
    status = request.GET.get("status", "")
    cases = DuplicateCase.objects.visible_to(request.user).for_list()
    cases = cases.filter(status=status) if status in CaseStatus.values else cases.open()
    context = {
        **page_context(_("Duplicates"), icon="copy", trail=[]),
        **paginate(request, cases),
        "status": status,
        "statuses": CaseStatus.choices,
    }
    return TemplateResponse(request, "members/admin/duplicate_list.html", context)


@require_safe
def duplicate_detail(request: UserRequest, pk: int) -> HttpResponse:
    """Show two people side by side, what a merge would do, and what may be done."""
    return _render(request, _case(request, pk))


def _render(
    request: UserRequest,
    case: DuplicateCase,
    *,
    dismissal: ReasonForm | None = None,
    proposal: ProposalForm | None = None,
) -> HttpResponse:
    now = timezone.now()
    duplicates.record_view(case, actor=request.user, at=now)
    merge = case.merges.select_related("survivor", "merged", "approved_by", "proposed_by").order_by("-pk").first()
    is_open, is_proposed = case.status == CaseStatus.OPEN, case.status == CaseStatus.PROPOSED
    context: dict[str, Any] = {
        **page_context(
            f"{case.first} · {case.second}", icon="copy", trail=[(reverse("duplicate:index"), _("Duplicates"))]
        ),
        "case": case,
        "people": [_person(user) for user in (case.first, case.second)],
        "dismissal": dismissal or ReasonForm(initial={"version": case.version}) if is_open or is_proposed else None,
        "merge": merge,
        "may_approve": is_proposed and can_approve_merge(request.user, case),
        "may_decline": is_proposed and (can_propose_merge(request.user, case) or can_approve_merge(request.user, case)),
        "may_undo": merge is not None and merge.can_be_undone(now) and can_undo_merge(request.user, merge),
        "previews": [],
    }
    if can_propose_merge(request.user, case) or can_approve_merge(request.user, case):
        if is_open:
            context["proposal"] = proposal or ProposalForm(case=case, initial={"version": case.version})
            context["previews"] = [_preview(case.first, case.second), _preview(case.second, case.first)]
        elif is_proposed and case.survivor is not None:
            other = case.second if case.survivor_id == case.first_id else case.first
            context["previews"] = [_preview(case.survivor, other)]
    if merge is not None:
        context["merge_changes"] = merging.describe_plan(merge.changes)
        context["merge_stays"] = _stays(merge.stays)
    is_refused = dismissal is not None or proposal is not None
    return TemplateResponse(request, "members/admin/duplicate_detail.html", context, status=422 if is_refused else 200)


def _person(user: User) -> dict[str, Any]:
    licences = user.licences.order_by("pk")
    return {
        "user": user,
        "profile": getattr(user, "profile", None),
        "membership": getattr(user, "membership", None),
        "licences": [f"{licence.get_country_display()}: {licence.number}" for licence in licences[:10]],
    }


def _preview(survivor: User, merged: User) -> dict[str, Any]:
    plan = merging.plan_merge(survivor, merged)
    return {
        "plan": plan,
        "changes": merging.describe_plan(plan.changes),
        "stays": _stays(plan.stays),
        "blockers": [BLOCKERS[code] for code in plan.blockers],
    }


def _stays(rows: list[list[Any]]) -> list[tuple[str, int, str]]:
    """Return what stays, how many of each, and why."""
    return [
        (label, number, str(REASONS[code]))
        for code in REASONS
        for label, number in merging.describe_plan([row for row in rows if row[2] == code])
    ]


@require_POST
def duplicate_dismiss(request: UserRequest, pk: int) -> HttpResponse:
    """Say that the two are two people."""
    case = _case(request, pk)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _render(request, case, dismissal=form)
    try:
        duplicates.dismiss_case(case, **form.cleaned_data, actor=request.user, at=timezone.now())
    except duplicates.CaseChanged:
        messages.error(request, CHANGED)
        return _back(case)
    messages.success(request, _("They are kept as two people."))
    return redirect("duplicate:index")


@require_POST
def merge_propose(request: UserRequest, pk: int) -> HttpResponse:
    """Propose to merge two accounts; a second person decides."""
    case = _case(request, pk)
    if not can_propose_merge(request.user, case):
        raise PermissionDenied
    form = ProposalForm(request.POST, case=case)
    if not form.is_valid():
        return _render(request, case, proposal=form)
    survivor = case.first if form.cleaned_data["survivor"] == case.first_id else case.second
    try:
        merging.propose_merge(
            case,
            survivor=survivor,
            version=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
            actor=request.user,
            at=timezone.now(),
        )
    except duplicates.CaseChanged:
        messages.error(request, CHANGED)
    except merging.MergeBlocked as blocked:
        for code in blocked.codes:
            messages.error(request, BLOCKERS[code])
    else:
        messages.success(request, _("The merge is proposed. Another registrar or a board member has to approve it."))
    return _back(case)


@require_POST
def merge_approve(request: UserRequest, pk: int) -> HttpResponse:
    """Merge two accounts as the preview says."""
    case = _case(request, pk)
    if not can_approve_merge(request.user, case):
        raise PermissionDenied
    try:
        merging.approve_merge(
            case,
            version=_number(request.POST.get("version", "")),
            digest=request.POST.get("digest", ""),
            actor=request.user,
            at=timezone.now(),
        )
    except duplicates.CaseChanged:
        messages.error(request, CHANGED)
    except merging.PlanChanged:
        messages.error(request, PLAN_CHANGED)
    except merging.MergeBlocked as blocked:
        for code in blocked.codes:
            messages.error(request, BLOCKERS[code])
    else:
        messages.success(request, _("The accounts are merged. This can be undone for 30 days."))
    return _back(case)


@require_POST
def merge_decline(request: UserRequest, pk: int) -> HttpResponse:
    """Take a proposal back or decline it."""
    case = _case(request, pk)
    if not (can_propose_merge(request.user, case) or can_approve_merge(request.user, case)):
        raise PermissionDenied
    version = _number(request.POST.get("version", ""))
    try:
        merging.decline_merge(case, version=version, actor=request.user, at=timezone.now())
    except duplicates.CaseChanged:
        messages.error(request, CHANGED)
    else:
        messages.success(request, _("The proposal is off the table; the case is open again."))
    return _back(case)


@require_POST
def merge_undo(request: UserRequest, pk: int) -> HttpResponse:
    """Take the latest merge of a case back."""
    case = _case(request, pk)
    merge = get_object_or_404(MergeRecord.objects.filter(case=case), undone_at=None)
    if not can_undo_merge(request.user, merge):
        raise PermissionDenied
    try:
        merging.undo_merge(merge, actor=request.user, at=timezone.now())
    except merging.UndoRefused as refused:
        if refused.rows:
            text = _("The merge cannot be undone: these rows have changed since: %(rows)s. Put them back first.")
            messages.error(request, text % {"rows": ", ".join(refused.rows[:10])})
        else:
            messages.error(request, _("The merge cannot be undone any more: that was possible for 30 days."))
    else:
        messages.success(request, _("The merge is undone; both accounts are as they were."))
    return _back(case)


def _number(value: str) -> int:
    return int(value) if value.isdecimal() else -1


class DuplicateViewSet(OfficeViewSet):
    name = "duplicate"
    icon = "copy"
    menu_label = gettext_lazy("Duplicates")
    permission = staticmethod(can_see_duplicates)

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", duplicate_list, name="index"),
            path("<int:pk>/", duplicate_detail, name="detail"),
            path("<int:pk>/dismiss/", duplicate_dismiss, name="dismiss"),
            path("<int:pk>/propose/", merge_propose, name="propose"),
            path("<int:pk>/approve/", merge_approve, name="approve"),
            path("<int:pk>/decline/", merge_decline, name="decline"),
            path("<int:pk>/undo/", merge_undo, name="undo"),
        ]
