"""The review queue and one application on one screen, in Wagtail's admin."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.http.request import QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_stubs_ext import StrOrPromise

from accounts.http import UserRequest
from accounts.models import User
from members.choices import LicenceState, PracticeArea, ReferenceStatus, WorkLanguage
from members.filters.office import ACCEPTED, ApplicationFilter, for_queue
from members.forms import office as forms
from members.models import Application, ApplicationDocument, LicenceRule, league_day
from members.permissions.applications import has_conflict, transitions_with_reasons, why_not, why_not_check
from members.permissions.offices import application_parties
from members.permissions.records import (
    DECISIONS,
    REVIEW_ROLES,
    can_check_licence,
    can_review,
    reached_chapters,
)
from members.rules.admission import CHAPTER_TIME, references_needed
from members.rules.transitions import APPLICATION, Transition, find
from members.services import applications as services
from members.services import history, licences, office
from members.services.applications import StaleApplication, TransitionRefused
from members.services.applications.review import why_not_recommend
from members.viewsets.office import PAGE, OfficeViewSet, only_for, page


@dataclass(frozen=True)
class Decision:
    """A button of the office: its form, the service behind it, and what is said when it is done."""

    form: type[forms.VersionForm]
    service: Callable[..., Any]
    done: StrOrPromise


BUTTONS = {
    "take": Decision(
        forms.VersionForm, services.take_application, gettext_lazy("You review this application from now on.")
    ),
    "request_information": Decision(
        forms.QuestionsForm, services.request_information, gettext_lazy("The applicant is asked; the clock stands.")
    ),
    "recommend": Decision(
        forms.RecommendForm, services.recommend_application, gettext_lazy("The recommendation is with the League.")
    ),
    "advise_against": Decision(
        forms.AdviseAgainstForm, services.advise_against, gettext_lazy("Your advice is with the League.")
    ),
    "approve": Decision(forms.ApproveForm, services.approve_application, gettext_lazy("The application is approved.")),
    "return_to_chapter": Decision(
        forms.ReturnForm, services.return_to_chapter, gettext_lazy("The application is with the chapter again.")
    ),
    "reject": Decision(forms.RejectForm, services.reject_application, gettext_lazy("The application is rejected.")),
    "vote_on_appeal": Decision(forms.AppealVoteForm, services.vote_on_appeal, gettext_lazy("Your vote is counted.")),
}
NOTE_ID, CONFLICT_ID = "note_%s", "conflict_%s"  # two forms with a text on one page
assert set(BUTTONS) == set(DECISIONS)  # noqa: S101 -- a decision without a button would be hidden work


def application_url(application: Application) -> str:
    return reverse("applications:detail", args=[application.pk])


def _load(user: User, pk: int) -> Application:
    rows = Application.objects.in_office(user)
    return get_object_or_404(rows.select_related("user", "chapter", "tier", "licence", "reviewer"), pk=pk)


def _frame(application: Application, title: str = "") -> dict[str, object]:
    above = [(reverse("applications:index"), _("Applications"))]
    if title:
        above.append((application_url(application), str(application)))
    return page(title or str(application), "doc-full", *above, sublabel="" if title else str(application.user))


def _missing(application: Application) -> list[str]:
    """Say what a row of the queue still lacks, from what the query counted."""
    needed = references_needed(application.kind)
    confirmed = getattr(application, "confirmed", 0)
    lacks = []
    if confirmed < needed:
        lacks.append(_("references: %(confirmed)d of %(needed)d") % {"confirmed": confirmed, "needed": needed})
    if application.tier is not None and application.tier.needs_licence:
        licence = application.licence
        state = LicenceState(licence.state) if licence is not None else None
        if state is None:
            lacks.append(_("licence: not stated"))
        elif state not in ACCEPTED:
            lacks.append(_("licence: %(state)s") % {"state": state.label})
    if not getattr(application, "has_documents", True):
        lacks.append(_("documents"))
    return lacks


@only_for(can_review)
@require_safe
def application_list(request: UserRequest) -> HttpResponse:
    """Show the review queue, the oldest first: by default what waits for this person."""
    applications = for_queue(Application.objects.in_office(request.user)).order_by("submitted_at", "pk")
    chapters = reached_chapters(request.user, *REVIEW_ROLES)
    filters = ApplicationFilter(request.GET, applications, chapters=chapters, user=request.user)
    rows = Paginator(filters.qs, PAGE).get_page(request.GET.get("p"))
    now = timezone.now()
    context = {
        **page(_("Applications"), "doc-full"),
        "filters": filters,
        "page_obj": rows,
        "elided_page_range": rows.paginator.get_elided_page_range(rows.number),
        "rows": [
            {
                "application": application,
                "days": application.time_on_clock(now).days,
                "is_late": application.is_open and application.time_on_clock(now) > CHAPTER_TIME,
                "missing": _missing(application) if application.is_open else [],
            }
            for application in rows
        ],
    }
    return TemplateResponse(request, "members/admin/application_list.html", context)


@only_for(can_review)
@require_safe
def application_detail(request: UserRequest, pk: int) -> HttpResponse:
    """Show everything about one application on one screen, and record that it was opened."""
    application = _load(request.user, pk)
    office.view_application(application, actor=request.user, at=timezone.now())
    return _show(request, application)


def _show(
    request: UserRequest,
    application: Application,
    *,
    check_form: forms.CheckForm | None = None,
    note_form: forms.NoteForm | None = None,
    conflict_form: forms.ConflictForm | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    user, licence = request.user, application.licence
    is_in_conflict = has_conflict(user, application)
    rule = LicenceRule.objects.in_force(licence.country, league_day()) if licence is not None else None
    may_check = licence is not None and can_check_licence(user, licence)
    no_check = why_not_check(user, licence) if licence is not None and may_check else ""
    references = [
        {"reference": one, "is_confirmed": one.status == ReferenceStatus.CONFIRMED}
        for one in application.references.select_related("referee").order_by("pk")
    ]
    context = {
        **_frame(application),
        "application": application,
        **_answers(application),
        "days": application.time_on_clock(now).days,
        "is_late": application.is_open and application.time_on_clock(now) > CHAPTER_TIME,
        "is_clock_running": application.clock_started_at is not None,
        "buttons": _buttons(user, application),
        "licence": licence,
        "rule": rule,
        "checks": licence.checks.select_related("checked_by").order_by("-checked_at", "-pk") if licence else [],
        "check_form": (check_form or forms.CheckForm(rule=rule)) if may_check and not no_check else None,
        "why_not": no_check,
        "documents": application.documents.order_by("pk"),
        "is_in_conflict": is_in_conflict,
        "references": references,
        "references_needed": references_needed(application.kind),
        "questions": application.information_requests.select_related("asked_by").order_by("pk"),
        "notes": application.notes.select_related("author").order_by("pk"),
        "decisions": application.decisions.select_related("decided_by").order_by("pk"),
        "votes": application.appeal_votes.select_related("voter").order_by("pk"),
        "consents": application.consents.select_related("text").order_by("pk"),
        "look_alikes": office.look_alikes(application.user, viewer=user),
        "history": history.history_of(application),
        "note_form": note_form or forms.NoteForm(auto_id=NOTE_ID),
        "conflict_form": None if is_in_conflict else conflict_form or forms.ConflictForm(auto_id=CONFLICT_ID),
    }
    return TemplateResponse(request, "members/admin/application_detail.html", context, status=status)


def _answers(application: Application) -> dict[str, object]:
    """Return what the applicant wrote about himself."""
    answers: dict[str, Any] = application.answers
    practice = answers.get("practice", {})
    languages, areas = dict(WorkLanguage.choices), dict(PracticeArea.choices)
    return {
        "person": answers.get("person", {}),
        "areas": [areas.get(code, code) for code in practice.get("areas", [])],
        "languages": [languages.get(code, code) for code in practice.get("languages", [])],
    }


def _buttons(user: User, application: Application) -> list[tuple[Transition, str]]:
    """Return the decisions that table and office allow this person now, with what stands in the way of each."""
    return [
        (arrow, reason or _lacks(application, arrow.name))
        for arrow, reason in transitions_with_reasons(user, application)
        if arrow.name in BUTTONS
    ]


def _lacks(application: Application, name: str) -> str:
    return why_not_recommend(application) if name == "recommend" else ""


@only_for(can_review)
@require_http_methods(["GET", "HEAD", "POST"])
def application_decide(request: UserRequest, pk: int, name: str) -> HttpResponse:
    """Ask for what a decision needs, and take it. What was typed stays when somebody else was quicker."""
    application = _load(request.user, pk)
    if name not in BUTTONS:
        raise Http404
    arrow = find(APPLICATION, name)
    if arrow.parties.isdisjoint(application_parties(request.user, application)):
        raise PermissionDenied
    decision = BUTTONS[name]
    if request.method != "POST":
        refusal = _refusal(request.user, application, arrow)
        if refusal:
            messages.error(request, refusal)
            return redirect(application_url(application))
        return _ask(request, application, arrow, decision.form(initial={"version": application.version}))
    form = decision.form(request.POST)
    if not form.is_valid():
        return _ask(request, application, arrow, form, status=422)
    try:
        decision.service(application, actor=request.user, at=timezone.now(), **form.arguments())
    except (StaleApplication, TransitionRefused) as refused:
        return _ask_again(request, pk, arrow, refused.sentence)
    messages.success(request, str(decision.done))
    still_mine = Application.objects.in_office(request.user).filter(pk=pk).exists()
    return redirect(application_url(application) if still_mine else "applications:index")


def _refusal(user: User, application: Application, arrow: Transition) -> str:
    if application.status not in arrow.sources:
        return _("This cannot be done while the status of the application is “%(status)s”.") % {
            "status": application.get_status_display()
        }
    return why_not(user, application, arrow.name) or _lacks(application, arrow.name)


def _ask_again(request: UserRequest, pk: int, arrow: Transition, sentence: str) -> HttpResponse:
    """Show the application as it stands now, with what the person typed."""
    fresh = _load(request.user, pk)
    data: QueryDict = request.POST.copy()
    data["version"] = str(fresh.version)
    return _ask(request, fresh, arrow, BUTTONS[arrow.name].form(data), refused=sentence, status=422)


def _ask(
    request: UserRequest,
    application: Application,
    arrow: Transition,
    form: forms.VersionForm,
    *,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        **_frame(application, str(arrow.label)),
        "application": application,
        "arrow": arrow,
        "form": form,
        "refused": refused,
        "in_the_way": _refusal(request.user, application, arrow),
        "latest": history.history_of(application)[:3] if refused else [],
        "back": application_url(application),
    }
    return TemplateResponse(request, "members/admin/application_decide.html", context, status=status)


@only_for(can_review)
@require_POST
def application_note(request: UserRequest, pk: int) -> HttpResponse:
    """Keep a note for other officers."""
    application = _load(request.user, pk)
    form = forms.NoteForm(request.POST, auto_id=NOTE_ID)
    if not form.is_valid():
        return _show(request, application, note_form=form, status=422)
    try:
        services.add_note(application, actor=request.user, text=form.cleaned_data["text"], at=timezone.now())
    except TransitionRefused as refused:
        messages.error(request, refused.sentence)
    else:
        messages.success(request, _("The note is kept."))
    return redirect(application_url(application))


@only_for(can_review)
@require_POST
def application_conflict(request: UserRequest, pk: int) -> HttpResponse:
    """Leave an application to other officers because of a conflict of interest."""
    application = _load(request.user, pk)
    form = forms.ConflictForm(request.POST, auto_id=CONFLICT_ID)
    if not form.is_valid():
        return _show(request, application, conflict_form=form, status=422)
    try:
        services.declare_conflict(application, actor=request.user, text=form.cleaned_data["text"], at=timezone.now())
    except TransitionRefused as refused:
        messages.error(request, refused.sentence)
    else:
        messages.success(
            request, _("Your conflict of interest is on record. Another officer handles this application.")
        )
    return redirect(application_url(application))


@only_for(can_review)
@require_POST
def application_check(request: UserRequest, pk: int) -> HttpResponse:
    """Record a check of the licence of an application."""
    application = _load(request.user, pk)
    licence = application.licence
    if licence is None:
        raise Http404
    if not can_check_licence(request.user, licence):
        raise PermissionDenied
    rule = LicenceRule.objects.in_force(licence.country, league_day())
    form = forms.CheckForm(request.POST, rule=rule)
    if form.is_valid():
        try:
            licences.check_licence(licence, actor=request.user, at=timezone.now(), **form.cleaned_data)
        except licences.CheckRefused as refused:
            form.add_error(None, refused.sentence)
        else:
            messages.success(request, _("The check is on record."))
            return redirect(application_url(application))
    return _show(request, application, check_form=form, status=422)


@only_for(can_review)
@require_safe
def application_document(request: UserRequest, pk: int, document_id: int) -> HttpResponse:
    """Hand out a document as a file to who handles the application, and record it."""
    application = _load(request.user, pk)
    rows = ApplicationDocument.objects.select_related("application")
    document = get_object_or_404(rows, application=application, pk=document_id)
    try:
        content = office.view_document(document, actor=request.user, at=timezone.now())
    except office.LookRefused as refused:
        messages.error(request, refused.sentence)
        return redirect(application_url(application))
    if content is None:
        messages.error(
            request, _("This file was deleted when its time was over. That it was handed in stays on record.")
        )
        return redirect(application_url(application))
    response = HttpResponse(content, content_type=document.content_type)
    # Never shown inside the site, whatever it says it is.
    response["Content-Disposition"] = content_disposition_header(True, document.name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


class ApplicationViewSet(OfficeViewSet):
    name = "applications"
    icon = "doc-full"
    menu_label = gettext_lazy("Applications")
    may_open = staticmethod(can_review)

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", application_list, name="index"),
            path("<int:pk>/", application_detail, name="detail"),
            path("<int:pk>/note/", application_note, name="note"),
            path("<int:pk>/conflict/", application_conflict, name="conflict"),
            path("<int:pk>/check/", application_check, name="check"),
            path("<int:pk>/documents/<int:document_id>/", application_document, name="document"),
            path("<int:pk>/<slug:name>/", application_decide, name="decide"),
        ]
