from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import User


@receiver(authenticator_added)
def remember_proof(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """Count the proof given while setting a factor up as a second step of this session.

    Otherwise staff would be asked at once for another code, and the app shows a new one in half a minute.
    """
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)
