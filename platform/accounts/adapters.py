"""What allauth asks the project: how to store a new person, where to lead people.

How to write to them is in `notifications.adapters`, which stands above.
"""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.forms import BaseForm
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import translation

from accounts.models import User

PROFILE_FIELDS = ("name_native", "name_latin", "language", "time_zone")


class AccountAdapter(DefaultAccountAdapter):
    def save_user(self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True) -> User:
        """Store a new person with the profile fields in the one write that creates the row."""
        for field in PROFILE_FIELDS:
            setattr(user, field, form.cleaned_data[field])
        return super().save_user(request, user, form, commit)

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
