from allauth.decorators import rate_limit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import UserRequest, unlisted
from members.forms.cpd import ClaimForm, TranscriptForm
from members.models import CpdClaim, CpdEntry, Membership, Transcript, league_day
from members.rules.cpd import year_period
from members.services import cpd as services
from members.services.documents import FileRefused
from members.services.transcript_pdf import render_transcript
from members.services.typesetting import TextNotPrintable
from pages.services import active_language

PAGE = 30
CHECKS = {"transcript_check": "60/m/ip"}


@login_required
@require_safe
def ledger(request: UserRequest) -> HttpResponse:
    """Show a person's own ledger of a year with its totals, and what is known of the country's rule."""
    today = league_day()
    years = services.years_of(request.user, until=today.year)
    chosen = request.GET.get("year", "")
    year = int(chosen) if chosen.isascii() and chosen.isdecimal() and int(chosen) in years else today.year
    period = year_period(year)
    rule = services.rule_for(request.user, min(today, period.ends_on))
    rule_period = services.period_of_rule(rule, min(today, period.ends_on))
    entries = CpdEntry.objects.filter(user=request.user).between(period.starts_on, period.ends_on).for_ledger()
    context = {
        "year": year,
        "years": years,
        "page_obj": Paginator(entries, PAGE).get_page(request.GET.get("page")),
        "summary": services.summarise(request.user, period, rule=rule),
        "rule": rule,
        "in_rule": (
            services.summarise(request.user, rule_period, rule=rule)
            if rule_period is not None and rule_period != period
            else None
        ),
    }
    return render(request, "members/cpd/ledger.html", context)


@login_required
@require_safe
def claim_list(request: UserRequest) -> HttpResponse:
    """List a person's own claims with what became of them, the latest first."""
    claims = CpdClaim.objects.filter(user=request.user).order_by("-claimed_at", "-pk")
    page = Paginator(claims, PAGE).get_page(request.GET.get("page"))
    return render(request, "members/cpd/claim_list.html", {"page_obj": page})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def claim_create(request: UserRequest) -> HttpResponse:
    """Claim hours that were done elsewhere."""
    if not Membership.objects.filter(user=request.user).exists():
        return render(request, "members/cpd/claim_form.html", {"form": None})
    form = ClaimForm(request.POST or None, request.FILES or None, today=league_day())
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            services.claim_hours(
                request.user,
                activity=data["activity"],
                provider=data["provider"],
                title=data["title"],
                done_on=data["done_on"],
                minutes=form.minutes,
                topics=data["topics"],
                is_self_study=data["is_self_study"],
                evidence=data["evidence"],
                at=timezone.now(),
            )
        except FileRefused as refused:
            form.add_error("evidence", refused.sentence)
        else:
            messages.success(request, _("Your claim is with your chapter. You are told when it is decided."))
            return redirect("cpd:claim_list")
    status = 422 if form.is_bound else 200
    return render(request, "members/cpd/claim_form.html", {"form": form}, status=status)


@login_required
@require_safe
def claim_evidence(request: UserRequest, claim_id: int) -> FileResponse:
    """Hand out the evidence of an own claim."""
    claims = CpdClaim.objects.filter(user=request.user).exclude(evidence="")
    return evidence_response(get_object_or_404(claims, pk=claim_id))


def evidence_response(claim: CpdClaim) -> FileResponse:
    """Return a file as a download that no browser runs, under the name that it was given."""
    response = FileResponse(
        claim.evidence.open("rb"),
        as_attachment=True,
        filename=claim.evidence_name,
        content_type=claim.evidence_type,
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def transcript_list(request: UserRequest) -> HttpResponse:
    """List a person's own transcripts and make a new one."""
    year = year_period(league_day().year)
    initial = {"starts_on": year.starts_on, "ends_on": min(year.ends_on, league_day())}
    form = TranscriptForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        services.issue_transcript(
            request.user,
            form.period,
            shows_entries=form.cleaned_data["shows_entries"],
            language=active_language(),
            at=timezone.now(),
        )
        messages.success(request, _("The transcript is ready. It states the ledger as it is now."))
        return redirect("cpd:transcript_list")
    transcripts = Transcript.objects.visible_to(request.user).order_by("-issued_at", "-pk")
    page = Paginator(transcripts, PAGE).get_page(request.GET.get("page"))
    status = 422 if form.is_bound else 200
    return render(request, "members/cpd/transcript_list.html", {"form": form, "page_obj": page}, status=status)


@login_required
@require_safe
def transcript_pdf(request: UserRequest, public_id: str) -> HttpResponse:
    """Hand out the file of an own transcript that stands."""
    transcript = get_object_or_404(Transcript.objects.visible_to(request.user), public_id=public_id)
    if transcript.revoked_at is not None:
        messages.error(request, _("You withdrew this transcript. Make a new one."))
        return redirect("cpd:transcript_list")
    try:
        content = render_transcript(transcript)
    except TextNotPrintable:
        messages.error(
            request,
            _("The file cannot be made: a name has a letter that cannot be printed. Write to the League’s office."),
        )
        return redirect("cpd:transcript_list")
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{transcript.public_id}.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response


@login_required
@require_POST
def transcript_revoke(request: UserRequest, public_id: str) -> HttpResponse:
    """Withdraw an own transcript."""
    transcript = get_object_or_404(Transcript.objects.visible_to(request.user), public_id=public_id)
    try:
        services.revoke_transcript(transcript, at=timezone.now())
    except services.TranscriptNotCurrent:
        messages.error(request, _("This transcript was withdrawn already."))
    else:
        messages.success(request, _("The transcript is withdrawn. Whoever verifies it reads that."))
    return redirect("cpd:transcript_list")


@unlisted
@rate_limit(action="transcript_check", config=CHECKS, limit_get=True)
@require_safe
def transcript_verify(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show whoever holds the code of a transcript that it is genuine, with as much as its owner lets others see."""
    transcript = Transcript.objects.filter(public_id=public_id.lower()).first()
    if transcript is None:
        response = render(request, "members/cpd/transcript_unknown.html", status=404)
    else:
        context = {"transcript": transcript, "is_genuine": services.is_genuine(transcript)}
        response = render(request, "members/cpd/transcript_verify.html", context)
    response["Cache-Control"] = "private, no-store"
    return response
