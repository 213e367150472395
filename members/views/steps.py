"""The steps of an application. Each keeps a draft: what is right is stored, and the person goes on or leaves."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.http import UserRequest
from members.choices import ApplicationKind, ApplicationStatus
from members.forms.applications import (
    LicenceStepForm,
    PersonStepForm,
    PracticeStepForm,
    RefereesStepForm,
    StepForm,
)
from members.models import Application, LicenceRule, Tier, league_day
from members.services import applications as services
from members.views.progress import next_url, own_application, step_context, step_labels


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def step_person(request: UserRequest, application_id: int) -> HttpResponse:
    """Ask who applies and where: names come from the account."""
    application = own_application(request.user, application_id)
    initial = {**application.answers.get("person", {}), "chapter": application.chapter_id}
    form = PersonStepForm(request.POST or None, initial=initial, today=league_day())
    return _step(request, application, "person", form)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def step_licence(request: UserRequest, application_id: int) -> HttpResponse:
    """Ask for the national licence as the rule of the country in force asks for it."""
    application = own_application(request.user, application_id)
    if application.chapter is None:
        messages.info(request, _("Choose the country first: each has a licence of its own."))
        return redirect("application:person", application.pk)
    today = application.chapter.today()
    rule = LicenceRule.objects.in_force(application.chapter.country, today)
    form = LicenceStepForm(request.POST or None, initial=licence_initial(application), rule=rule, today=today)
    return _step(request, application, "licence", form, rule=rule)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def step_practice(request: UserRequest, application_id: int) -> HttpResponse:
    """Ask what the person does, and for which kind of membership."""
    application = own_application(request.user, application_id)
    tiers = Tier.objects.open_to_applicants()
    if application.kind == ApplicationKind.TIER:
        tiers = tiers.exclude(memberships__user=request.user)
    initial = {
        **application.answers.get("practice", {}),
        "tier": application.tier_id,
        "motivation": application.motivation,
        "hardship": application.hardship,
    }
    form = PracticeStepForm(request.POST or None, initial=initial, tiers=tiers, kind=application.kind)
    return _step(request, application, "practice", form)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def step_referees(request: UserRequest, application_id: int) -> HttpResponse:
    """Ask for two colleagues; they are written to after the submission."""
    application = own_application(request.user, application_id)
    initial = RefereesStepForm.initial_of(application.references.order_by("pk"))
    form = RefereesStepForm(request.POST or None, initial=initial, applicant=request.user)
    return _step(request, application, "referees", form)


def licence_initial(application: Application) -> dict[str, Any]:
    """Return the licence as it was answered, with dates as dates."""
    initial = dict(application.answers.get("licence", {}))
    for name in ("issued_on", "valid_until"):
        if initial.get(name):
            initial[name] = dt.date.fromisoformat(initial[name])
    return initial


def _step(request: UserRequest, application: Application, name: str, form: StepForm, **extra: object) -> HttpResponse:
    """Show a step, or store it: whole when the person goes on, what is right so far when the person leaves."""
    if name not in step_labels(application):
        raise Http404  # who changes the kind of membership needs no referees
    if application.status != ApplicationStatus.DRAFT:
        messages.info(request, _("This application has been sent, so its answers stand as they are."))
        return redirect("application:detail", application.pk)
    status = 200
    if request.method == "POST":
        leaves = "later" in request.POST
        if leaves or form.is_valid():
            data = form.so_far() if leaves else form.cleaned_data
            try:
                services.save_step(
                    application, actor=request.user, step=name, data=_answers(name, data), at=timezone.now()
                )
            except services.TransitionRefused as refused:
                form.add_error(None, refused.sentence)
            else:
                if leaves:
                    messages.success(request, _left(form))
                    return redirect("application:home")
                if "back" in request.GET:
                    return redirect("application:check", application.pk)
                return redirect(next_url(application, name))
        status = 422
    context = {**step_context(application, name), "form": form, **extra}
    return render(request, f"members/application/step_{name}.html", context, status=status)


def _left(form: StepForm) -> str:
    if form.errors:
        return _("Your draft is saved, without the answers that still need correcting. Come back when you like.")
    return _("Your draft is saved. Come back when you like.")


def _answers(name: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a step hands to the service."""
    return {"referees": RefereesStepForm.rows(data)} if name == "referees" else dict(data)
