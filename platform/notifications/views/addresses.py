from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.http import UserRequest
from notifications.services import bounces


@require_POST
@login_required
def clear_cooling(request: UserRequest) -> HttpResponse:
    """Write again to a person who says that the address works."""
    if bounces.clear_cooling(request.user, at=timezone.now()):
        messages.success(request, _("We write to your address again."))
    return redirect("notifications:settings")
