from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.models import EmailAddress
from allauth.decorators import rate_limit
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import services
from accounts.forms import ProfileForm, VerificationForm
from accounts.http import UserRequest


def _render_overview(request: UserRequest, form: ProfileForm) -> HttpResponse:
    user = request.user
    kinds = list(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    context = {
        "form": form,
        "addresses": EmailAddress.objects.filter(user=user).order_by("-primary", "pk"),
        "has_app": Authenticator.Type.TOTP in kinds,
        "has_recovery_codes": Authenticator.Type.RECOVERY_CODES in kinds,
        "key_count": kinds.count(Authenticator.Type.WEBAUTHN),
        "session_count": UserSession.objects.filter(user=user).count(),
    }
    return render(request, "accounts/overview.html", context)


@require_safe
@login_required
def overview(request: UserRequest) -> HttpResponse:
    user = request.user
    initial = {
        "name_native": user.name_native,
        "name_latin": user.name_latin,
        "language": user.language,
        "time_zone": user.time_zone,
    }
    return _render_overview(request, ProfileForm(initial=initial))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def profile(request: UserRequest) -> HttpResponse:
    """Save what a person says about themselves and answer in the language they have now chosen."""
    if request.method != "POST":
        return redirect("accounts:overview")
    form = ProfileForm(request.POST)
    if not form.is_valid():
        return _render_overview(request, form)
    user = services.update_profile(request.user, **form.cleaned_data)
    with translation.override(user.interface_language):
        messages.success(request, _("Your details are saved."))
        return redirect("accounts:overview")


@require_http_methods(["GET", "HEAD", "POST"])
@rate_limit(action="signup")
def verification(request: HttpRequest) -> HttpResponse:
    """Send a confirmation letter once more.

    The answer and the work are the same for every address, so the page tells nobody who has an account: a
    known, confirmed address receives a letter saying that it has an account, an unknown one that it has none.
    """
    form = VerificationForm(request.POST or None, initial={"email": request.GET.get("email", "")})
    if request.method != "POST" or not form.is_valid():
        return render(request, "accounts/verification.html", {"form": form})
    address = services.find_address(form.cleaned_data["email"])
    has_confirmed = address.user_id is not None and address.verified
    recipient = EmailAddress(user=None, email=address.email) if has_confirmed else address
    send_verification_email_to_address(request, recipient, signup=address.user_id is not None)
    return redirect("account_email_verification_sent")
