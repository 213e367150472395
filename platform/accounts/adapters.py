"""What allauth asks the project: how to store a new person, where to lead people, how to write to them."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.utils import build_absolute_uri
from django.conf import settings
from django.forms import BaseForm
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import reverse, translate_url
from django.utils import translation

from accounts.models import User

PROFILE_FIELDS = ("name_native", "name_latin", "language", "time_zone")


def _owner_of(email: str) -> User | None:
    """Return the person who holds an address, confirmed or not."""
    addresses = EmailAddress.objects.filter(email__iexact=email).select_related("user")
    address = addresses.order_by("-verified", "pk").first()
    return address.user if address else User.objects.filter(email__iexact=email).first()


class AccountAdapter(DefaultAccountAdapter):
    def save_user(self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True) -> User:
        """Store a new person with the profile fields in the one write that creates the row."""
        for field in PROFILE_FIELDS:
            setattr(user, field, form.cleaned_data[field])
        return super().save_user(request, user, form, commit)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write to people in their own language, with links to pages in that language.

        Without an account at the address the language of the page that was used decides.
        """
        person = context.get("user") or _owner_of(email)
        language = person.interface_language if person else translation.get_language()
        links = {name: translate_url(value, language) for name, value in context.items() if name.endswith("_url")}
        with translation.override(language):
            account_url = build_absolute_uri(self.request, reverse("accounts:overview"))
            extra = {"person": person, "account_url": account_url}
            super().send_mail(template_prefix, email, {**context, **links, **extra})

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Lead people to their home page in their own language, whatever language the sign-in page had."""
        user = request.user
        if not isinstance(user, User):
            return resolve_url(settings.LOGIN_REDIRECT_URL)
        with translation.override(user.interface_language):
            return resolve_url(settings.LOGIN_REDIRECT_URL)

    def get_signup_redirect_url(self, request: HttpRequest) -> str:
        return self.get_login_redirect_url(request)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:overview")

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        """Lead to the public home page in the language of the page that was left."""
        return reverse("wagtail_serve", args=[""])
