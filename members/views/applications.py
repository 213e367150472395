"""An application from its beginning to the decision, as the applicant sees it."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import UserRequest
from members.choices import ApplicationStatus
from members.forms.applications import AnswersForm, AppealForm, ConsentsForm, VersionForm
from members.models import Application, league_day
from members.permissions.offices import application_transitions
from members.rules.admission import CHAPTER_TIME, references_needed
from members.rules.transitions import BEFORE_DECISION
from members.services import applications as services
from members.services.references import REPLACEABLE
from members.views.documents import OPEN_FOR_FILES
from members.views.joining import NOTHING_TO_APPLY_FOR, optional_url, situation_of
from members.views.overview import sections_of
from members.views.progress import own_application, step_context, title_of
from members.views.story import (
    appeal_until,
    decision_shown,
    may_appeal,
    may_revive,
    stages_of,
    status_sentence,
    story_of,
)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def application_start(request: UserRequest) -> HttpResponse:
    """Say what an application needs, and begin the draft, or go on with the one that is open."""
    now = timezone.now()
    situation = situation_of(request.user, on=league_day(), at=now)
    if situation.application is not None and situation.application.is_open:
        return redirect(situation.application)
    if situation.code in NOTHING_TO_APPLY_FOR:
        return redirect("application:home")
    if request.method == "POST":
        try:
            application = services.start_application(request.user, kind=situation.kind, at=now)
        except services.TransitionRefused as refused:
            messages.error(request, refused.sentence)
            return redirect("application:home")
        return redirect("application:person", application.pk)
    context = {"situation": situation, "title": title_of(situation.kind), "review_days": CHAPTER_TIME.days}
    return render(request, "members/application/start.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def application_check(request: UserRequest, application_id: int) -> HttpResponse:
    """Show all answers on one page with what is missing, take the consents, and send the application."""
    application = own_application(request.user, application_id)
    if application.status != ApplicationStatus.DRAFT:
        return redirect(application)
    now = timezone.now()
    texts = services.current_consent_texts(league_day())
    form = ConsentsForm(request.POST or None, texts=texts, initial={"version": application.version})
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                # Agreeing counts only with the submission: both or nothing.
                with transaction.atomic():
                    services.give_consents(application, actor=request.user, texts=texts, at=now)
                    # Agreeing is a change of its own and counts one.
                    services.submit_application(
                        application, actor=request.user, version=form.cleaned_data["version"] + 1, at=now
                    )
            except (services.TransitionRefused, services.StaleApplication) as refused:
                application = own_application(request.user, application_id)
                if application.status != ApplicationStatus.DRAFT:
                    return redirect("application:submitted", application.pk)  # the button was pressed twice
                _refuse(form, refused.sentence, application)
            else:
                return redirect("application:submitted", application.pk)
        status = 422
    context = {
        **step_context(application, "check"),
        "form": form,
        "sections": sections_of(application),
        "language": get_language(),
    }
    return render(request, "members/application/check.html", context, status=status)


@never_cache
@login_required
@require_safe
def application_submitted(request: UserRequest, application_id: int) -> HttpResponse:
    """Confirm that the application was sent: its number, and what happens next."""
    application = own_application(request.user, application_id)
    if application.submitted_at is None:
        return redirect(application)
    context = {
        "application": application,
        "review_days": CHAPTER_TIME.days,
        "needs_referees": references_needed(application.kind) > 0,
    }
    return render(request, "members/application/submitted.html", context)


@never_cache
@login_required
@require_safe
def application_detail(request: UserRequest, application_id: int) -> HttpResponse:
    """Show how an application goes, and what the applicant can do about it."""
    application = own_application(request.user, application_id)
    if application.status == ApplicationStatus.DRAFT:
        return redirect("application:check", application.pk)
    return _detail(request, application)


def _detail(
    request: UserRequest, application: Application, *, answers: AnswersForm | None = None, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    may = {arrow.name for arrow in application_transitions(request.user, application)}
    questions = list(application.information_requests.order_by("pk"))
    open_questions = [question for question in questions if question.answered_at is None]
    if answers is None and "answer" in may and open_questions:
        answers = AnswersForm(questions=open_questions, initial={"version": application.version})
    invoice = None
    if application.status == ApplicationStatus.AWAITING_DUES:
        invoice = application.invoices.open().order_by("-pk").first()
    decisions = list(application.decisions.order_by("decided_at", "pk"))
    context = {
        "application": application,
        "title": title_of(application.kind),
        "stages": stages_of(application),
        "story": story_of(application, questions, decisions),
        "decision": decision_shown(application, decisions),
        "references": application.references.exclude(status="replaced").order_by("pk"),
        "can_replace": application.status in BEFORE_DECISION,
        "replaceable": REPLACEABLE,
        "can_add_files": application.status in OPEN_FOR_FILES,
        "status_sentence": status_sentence(application),
        "questions": questions,
        "answers": answers,
        "can_withdraw": "withdraw" in may,
        "appeal_until": appeal_until(application) if may_appeal(application, at=now) else None,
        "can_revive": may_revive(application, at=now),
        "invoice": invoice,
        "invoice_url": optional_url("dues:invoice_detail", invoice.pk) if invoice else "",
        "sections": sections_of(application),
    }
    return render(request, "members/application/detail.html", context, status=status)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def application_answer(request: UserRequest, application_id: int) -> HttpResponse:
    """Take the answers to the chapter's questions."""
    application = own_application(request.user, application_id)
    if request.method != "POST" or application.status != ApplicationStatus.INFO_REQUESTED:
        return redirect(application)
    questions = application.information_requests.filter(answered_at=None).order_by("pk")
    form = AnswersForm(request.POST, questions=questions)
    if not form.is_valid():
        return _detail(request, application, answers=form, status=422)
    try:
        services.answer_information(
            application,
            actor=request.user,
            version=form.cleaned_data["version"],
            answers=form.answers(),
            at=timezone.now(),
        )
    except (services.TransitionRefused, services.StaleApplication) as refused:
        application = own_application(request.user, application_id)
        _refuse(form, refused.sentence, application)
        return _detail(request, application, answers=form, status=422)
    messages.success(request, _("Your answers have gone to the chapter."))
    return redirect(application)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def application_withdraw(request: UserRequest, application_id: int) -> HttpResponse:
    """Ask once more, then take the application back."""
    application = own_application(request.user, application_id)
    if not _may(request, application, "withdraw"):
        messages.info(request, _("This application cannot be withdrawn any more."))
        return redirect("application:detail", application.pk)
    form = VersionForm(request.POST or None, initial={"version": application.version})
    if request.method == "POST" and form.is_valid():
        at, version = timezone.now(), form.cleaned_data["version"]
        done = _try(
            request,
            lambda: services.withdraw_application(application, actor=request.user, version=version, at=at),
        )
        if done:
            messages.success(request, _("Your application has been withdrawn. You can apply again at any time."))
        return redirect("application:home" if done else application)
    context = {"application": application, "form": form, "needs_referees": references_needed(application.kind) > 0}
    return render(request, "members/application/withdraw.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def application_appeal(request: UserRequest, application_id: int) -> HttpResponse:
    """Take the appeal against a rejection."""
    application = own_application(request.user, application_id)
    now = timezone.now()
    if not may_appeal(application, at=now):
        messages.info(request, _("There is nothing to appeal against here, or the time for an appeal is over."))
        return redirect("application:detail", application.pk)
    form = AppealForm(request.POST or None)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                services.appeal_rejection(application, actor=request.user, text=form.cleaned_data["text"], at=now)
            except services.TransitionRefused as refused:
                form.add_error(None, refused.sentence)
            else:
                messages.success(request, _("Your appeal has gone to the board."))
                return redirect("application:detail", application.pk)
        status = 422
    decisions = list(application.decisions.order_by("decided_at", "pk"))
    context = {
        "application": application,
        "form": form,
        "until": appeal_until(application),
        "decision": decision_shown(application, decisions),
    }
    return render(request, "members/application/appeal.html", context, status=status)


@login_required
@require_POST
def application_revive(request: UserRequest, application_id: int) -> HttpResponse:
    """Ask for a new invoice where the first one was not paid in time and the approval still stands."""
    application = own_application(request.user, application_id)
    at = timezone.now()
    # The service would name the status, and the applicant does not learn what the chapter advised.
    if not may_revive(application, at=at):
        messages.info(request, _("There is no approval that could be revived."))
    elif _try(request, lambda: services.revive_application(application, actor=request.user, at=at)):
        messages.success(request, _("There is a new invoice. Once it is paid, your application is complete."))
    return redirect("application:detail", application.pk)


def _refuse(form: VersionForm | ConsentsForm, sentence: str, application: Application) -> None:
    """Say above a form what was in the way; sent again, it counts for the application as it stands now."""
    form.add_error(None, sentence)
    form.data = {**form.data, "version": application.version}


def _may(request: UserRequest, application: Application, name: str) -> bool:
    return any(arrow.name == name for arrow in application_transitions(request.user, application))


def _try(request: UserRequest, act: Callable[[], object]) -> bool:
    """Do it and return True; else say what was in the way."""
    try:
        act()
    except (services.TransitionRefused, services.StaleApplication) as refused:
        messages.error(request, refused.sentence)
        return False
    return True
