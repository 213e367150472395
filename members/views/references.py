"""The referee's page, opened by the link in a letter, and the applicant's page to name another referee."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts.http import UserRequest, signed_in, unlisted
from members.forms.applications import RefereeForm
from members.forms.references import DeclineForm, ReferenceForm
from members.models import Reference
from members.rules.transitions import BEFORE_DECISION
from members.services import applications as services
from members.services import references
from members.views.progress import own_application


@unlisted
@never_cache
@sensitive_post_parameters()
@sensitive_variables("token")
@require_http_methods(["GET", "HEAD", "POST"])
def reference_detail(request: HttpRequest, token: str) -> HttpResponse:
    """Tell a referee who asks and what an answer means, and take the answer, once."""
    try:
        reference = references.find_reference(token, at=timezone.now())
    except (references.ReferenceUnknown, references.ReferenceUsed, references.ReferenceExpired) as closed:
        return _closed(request, closed)
    confirm = ReferenceForm(request.POST if "confirm" in request.POST else None)
    decline = DeclineForm(request.POST if "decline" in request.POST else None)
    status = 200
    if request.method == "POST":
        try:
            if "decline" in request.POST and decline.is_valid():
                return _declined(request, reference, decline)
            if "confirm" in request.POST and confirm.is_valid():
                return _confirmed(request, reference, confirm)
        except references.ReferenceRefused as refused:
            (decline if "decline" in request.POST else confirm).add_error(None, refused.sentence)
        except (references.ReferenceUsed, references.ReferenceExpired) as closed:
            return _closed(request, closed)
        status = 422
    context = {
        "reference": reference,
        "application": reference.application,
        "confirm": confirm,
        "decline": decline,
        "form": decline if decline.is_bound else confirm,
        "person": signed_in(request),
        "path": request.path,
    }
    response = render(request, "members/application/reference.html", context, status=status)
    # Only the site's name goes to another page, never the link. "no-referrer" would make the browser send the form
    # without an origin, which the protection against forged requests refuses.
    response["Referrer-Policy"] = "strict-origin"
    return response


def _confirmed(request: HttpRequest, reference: Reference, form: ReferenceForm) -> HttpResponse:
    data = form.cleaned_data
    answered = references.confirm_reference(
        reference,
        referee_user=signed_in(request),
        known_years=data["known_years"],
        statement=data["statement"],
        conflict=data["conflict"],
        at=timezone.now(),
    )
    return _thanks(request, answered)


def _declined(request: HttpRequest, reference: Reference, form: DeclineForm) -> HttpResponse:
    answered = references.decline_reference(
        reference, reason=form.cleaned_data["reason"], referee_user=signed_in(request), at=timezone.now()
    )
    return _thanks(request, answered)


def _thanks(request: HttpRequest, reference: Reference) -> HttpResponse:
    """Thank at the same address: from now on the link says that it was used."""
    context = {"reference": reference, "is_confirmed": reference.status == "confirmed"}
    return render(request, "members/application/reference_thanks.html", context)


def _closed(request: HttpRequest, closed: Exception) -> HttpResponse:
    status = 404 if isinstance(closed, references.ReferenceUnknown) else 410
    heading = {
        references.ReferenceUnknown: _("This link is not known"),
        references.ReferenceUsed: _("This link has been used"),
        references.ReferenceExpired: _("This link is no longer valid"),
    }[type(closed)]
    context = {"heading": heading, "sentence": str(closed)}
    return render(request, "members/application/reference_closed.html", context, status=status)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def reference_replace(request: UserRequest, application_id: int, reference_id: int) -> HttpResponse:
    """Name somebody else in the place of a referee who declined or has not answered."""
    application = own_application(request.user, application_id)
    reference = get_object_or_404(application.references.select_related("application"), pk=reference_id)
    if reference.status not in references.REPLACEABLE or application.status not in BEFORE_DECISION:
        messages.info(request, _("This referee cannot be replaced any more."))
        return redirect("application:detail", application.pk)
    form = RefereeForm(request.POST or None, applicant=request.user)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            data = form.cleaned_data
            try:
                references.replace_reference(
                    reference,
                    actor=request.user,
                    name=data["name"],
                    email=data["email"],
                    language=data["language"],
                    at=timezone.now(),
                )
            except services.TransitionRefused as refused:
                form.add_error(None, refused.sentence)
            else:
                messages.success(request, _("%(name)s gets a letter now.") % {"name": data["name"]})
                return redirect("application:detail", application.pk)
        status = 422
    context = {"application": application, "reference": reference, "form": form}
    return render(request, "members/application/reference_replace.html", context, status=status)
