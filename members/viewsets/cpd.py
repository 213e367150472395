"""Professional development in the League's office: claims that wait, ledgers and corrections, rules of countries."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, HttpResponse
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
from members.choices import CpdClaimStatus, CpdRefusal
from members.forms.cpd import AcceptanceForm, CorrectionForm, RefusalForm, RuleForm
from members.models import CpdClaim, CpdEntry, CpdRule, Membership, people_in_office
from members.permissions.cpd import can_decide_claims, can_edit_rules
from members.services import cpd as services
from members.services import office
from members.views.cpd import evidence_response
from members.viewsets.pages import menu_item_for, page_context

PAGE = 50
CLAIMS = ("cpd_office:index", gettext_lazy("Claims of hours"))
RULES = ("cpd_rules:index", gettext_lazy("Rules on hours"))


@require_safe
def claim_index(request: UserRequest) -> HttpResponse:
    """List the claims that wait for the office, the oldest first, or those of another status."""
    if not can_decide_claims(request.user):
        raise PermissionDenied
    status = request.GET.get("status", "")
    if status not in CpdClaimStatus.values:
        status = CpdClaimStatus.CLAIMED
    claims = CpdClaim.objects.in_office(request.user).filter(status=status)
    claims = claims.select_related("user__membership__chapter").order_by("claimed_at", "pk")
    now = timezone.now()
    page = Paginator(claims, PAGE).get_page(request.GET.get("page"))
    context = {
        **page_context(_("Claims of hours"), icon="time", above=[]),
        "page_obj": page,
        "rows": [(claim, (now - claim.claimed_at).days) for claim in page],
        "status": status,
        "statuses": CpdClaimStatus.choices,
    }
    return TemplateResponse(request, "members/admin/cpd_claim_index.html", context)


@require_safe
def claim_detail(request: UserRequest, pk: int) -> HttpResponse:
    """Show one claim with its evidence and the two decisions, and record that it was opened."""
    claim = _claim(request, pk)
    office.view_claim(claim, actor=request.user, at=timezone.now())
    return _claim_page(request, claim, refusal=None)


@require_POST
def claim_accept(request: UserRequest, pk: int) -> HttpResponse:
    """Accept a claim: its hours are recorded."""
    claim = _claim(request, pk)
    form = AcceptanceForm(request.POST)
    version = form.cleaned_data["version"] if form.is_valid() else -1
    try:
        services.accept_claim(claim, version=version, actor=request.user, at=timezone.now())
    except services.ClaimDecided:
        messages.error(request, _decided_meanwhile())
        return redirect("cpd_office:claim", claim.pk)
    messages.success(request, _("The hours are recorded and the member is told."))
    return redirect("cpd_office:index")


@require_POST
def claim_refuse(request: UserRequest, pk: int) -> HttpResponse:
    """Refuse a claim with a reason that the member reads."""
    claim = _claim(request, pk)
    form = RefusalForm(request.POST)
    if not form.is_valid():
        return _claim_page(request, claim, refusal=form)
    try:
        services.refuse_claim(
            claim,
            version=form.cleaned_data["version"],
            reason=CpdRefusal(form.cleaned_data["reason"]),
            text=form.cleaned_data["text"],
            actor=request.user,
            at=timezone.now(),
        )
    except services.ClaimDecided:
        messages.error(request, _decided_meanwhile())
        return redirect("cpd_office:claim", claim.pk)
    messages.success(request, _("The claim is refused and the member is told."))
    return redirect("cpd_office:index")


@require_safe
def claim_evidence(request: UserRequest, pk: int) -> FileResponse:
    """Hand out the evidence of a claim and note who looked at it."""
    claim = _claim(request, pk)
    if not claim.evidence:
        raise PermissionDenied
    services.view_evidence(claim, actor=request.user, at=timezone.now())
    return evidence_response(claim)


@require_safe
def person_ledger(request: UserRequest, membership_id: int) -> HttpResponse:
    """Show the ledger of a member of the office's chapters, and record that it was opened."""
    membership = _membership(request, membership_id)
    office.view_ledger(membership, actor=request.user, at=timezone.now())
    return _ledger_page(request, membership, form=CorrectionForm(), entry_id=None)


@require_POST
def entry_reverse(request: UserRequest, membership_id: int, entry_id: int) -> HttpResponse:
    """Correct a ledger: write a row that takes an entry back."""
    membership = _membership(request, membership_id)
    entry = get_object_or_404(CpdEntry, pk=entry_id, user=membership.user_id)
    form = CorrectionForm(request.POST)
    if not form.is_valid():
        return _ledger_page(request, membership, form=form, entry_id=entry.pk)
    try:
        services.reverse_entry(entry, reason=form.cleaned_data["reason"], actor=request.user, at=timezone.now())
    except services.EntryNotReversible:
        messages.error(request, _("This entry was corrected already, or is a correction itself."))
    else:
        messages.success(request, _("The correction is written and the member is told."))
    return redirect("cpd_office:ledger", membership.pk)


@require_safe
def rule_index(request: UserRequest) -> HttpResponse:
    """List what is known about the rules of countries, old ones too."""
    if not can_decide_claims(request.user):
        raise PermissionDenied
    context = {
        **page_context(_("Rules on hours"), icon="list-ul", above=[]),
        "rules": CpdRule.objects.order_by("country", "-starts_on"),
        "may_edit": can_edit_rules(request.user),
    }
    return TemplateResponse(request, "members/admin/cpd_rule_index.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def rule_edit(request: UserRequest, pk: int | None = None) -> HttpResponse:
    """Write down what is known about the rule of a country, or change it."""
    if not can_edit_rules(request.user):
        raise PermissionDenied
    rule = get_object_or_404(CpdRule, pk=pk) if pk is not None else CpdRule()
    form = RuleForm(request.POST or None, instance=rule)
    if request.method == "POST" and form.is_valid():
        services.save_rule(form.instance, actor=request.user, at=timezone.now())
        messages.success(request, _("The rule is saved."))
        return redirect("cpd_rules:index")
    title = _("Change a rule") if pk is not None else _("New rule")
    context = {**page_context(title, icon="list-ul", above=[RULES]), "form": form, "action": _("Save")}
    status = 422 if form.is_bound else 200
    return TemplateResponse(request, "members/admin/office_form.html", context, status=status)


def _claim(request: UserRequest, pk: int) -> CpdClaim:
    if not can_decide_claims(request.user):
        raise PermissionDenied
    claims = CpdClaim.objects.in_office(request.user).select_related("user__membership__chapter", "decided_by")
    return get_object_or_404(claims, pk=pk)


def _membership(request: UserRequest, membership_id: int) -> Membership:
    if not can_decide_claims(request.user):
        raise PermissionDenied
    return get_object_or_404(people_in_office(request.user).select_related("user", "chapter"), pk=membership_id)


def _decided_meanwhile() -> str:
    return _("This claim was decided meanwhile. Nothing was changed; here is the decision.")


def _claim_page(request: UserRequest, claim: CpdClaim, *, refusal: RefusalForm | None) -> HttpResponse:
    initial = {"version": claim.version}
    context = {
        **page_context(_("Claim of hours"), icon="time", above=[CLAIMS]),
        "claim": claim,
        "membership": claim.user.membership,
        "is_open": claim.status == CpdClaimStatus.CLAIMED,
        "acceptance": AcceptanceForm(initial=initial, auto_id="id_accept_%s"),
        "refusal": refusal or RefusalForm(initial=initial),
    }
    status = 422 if refusal is not None else 200
    return TemplateResponse(request, "members/admin/cpd_claim.html", context, status=status)


def _ledger_page(
    request: UserRequest, membership: Membership, *, form: CorrectionForm, entry_id: int | None
) -> HttpResponse:
    entries = CpdEntry.objects.filter(user=membership.user_id).for_ledger()
    title = _("Ledger of %(number)s") % {"number": membership.number}
    context = {
        **page_context(title, icon="time", above=[CLAIMS]),
        "membership": membership,
        "page_obj": Paginator(entries, PAGE).get_page(request.GET.get("page")),
        "form": form,
        "entry_id": entry_id,
    }
    status = 422 if entry_id is not None else 200
    return TemplateResponse(request, "members/admin/cpd_ledger.html", context, status=status)


class CpdViewSet(ViewSet):
    name = "cpd_office"
    url_prefix = "cpd"
    icon = "time"
    menu_label = gettext_lazy("Claims of hours")

    @property
    def menu_item_class(self) -> type[MenuItem]:
        return menu_item_for(can_decide_claims)

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", claim_index, name="index"),
            path("<int:pk>/", claim_detail, name="claim"),
            path("<int:pk>/accept/", claim_accept, name="accept"),
            path("<int:pk>/refuse/", claim_refuse, name="refuse"),
            path("<int:pk>/evidence/", claim_evidence, name="evidence"),
            path("ledgers/<int:membership_id>/", person_ledger, name="ledger"),
            path("ledgers/<int:membership_id>/<int:entry_id>/reverse/", entry_reverse, name="reverse"),
        ]


class CpdRuleViewSet(ViewSet):
    name = "cpd_rules"
    url_prefix = "cpd-rules"
    icon = "list-ul"
    menu_label = gettext_lazy("Rules on hours")

    @property
    def menu_item_class(self) -> type[MenuItem]:
        return menu_item_for(can_decide_claims)

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", rule_index, name="index"),
            path("new/", rule_edit, name="add"),
            path("<int:pk>/", rule_edit, name="edit"),
        ]
