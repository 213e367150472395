from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse

from pages.models import SiteDocument


def can_download(user: AbstractBaseUser | AnonymousUser, document: SiteDocument) -> bool:
    """Whether this person may have the file: public ones anybody, the rest whoever is signed in."""
    return document.is_public or user.is_authenticated


def refuse_download(request: HttpRequest) -> HttpResponse:
    """Lead a visitor to the sign-in page; tell the others that there is no such file."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    raise Http404
