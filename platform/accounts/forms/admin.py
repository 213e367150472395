"""Wagtail's forms of people without first and last name, which nobody has here."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.users.forms import UserCreationForm, UserEditForm

from accounts import services
from accounts.forms.person import TimeZoneField
from accounts.models import User

WIDGETS = {"groups": forms.CheckboxSelectMultiple}


class PersonCreationForm(UserCreationForm):
    first_name = None
    last_name = None
    email = forms.EmailField(
        label=_("E-mail"), help_text=_("The person confirms it by a link in a letter at the first sign-in.")
    )
    time_zone = TimeZoneField(label=_("Time zone"))

    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("email", "name_native", "name_latin", "language", "time_zone", "is_superuser", "groups")
        widgets = WIDGETS

    def clean_email(self) -> str:
        return User.objects.normalize_email(self.cleaned_data["email"])


class PersonEditForm(UserEditForm):
    first_name = None
    last_name = None
    email = forms.EmailField(
        label=_("E-mail"),
        help_text=_("A new address must be confirmed by its owner before the next sign-in."),
    )
    time_zone = TimeZoneField(label=_("Time zone"))

    class Meta(UserEditForm.Meta):
        model = User
        fields = (
            "email",
            "name_native",
            "name_latin",
            "language",
            "time_zone",
            "is_active",
            "is_superuser",
            "groups",
        )
        widgets = WIDGETS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._address = self.instance.email

    def clean_email(self) -> str:
        return User.objects.normalize_email(self.cleaned_data["email"])

    def save(self, commit: bool = True) -> User:
        """Store the person; Wagtail's views call it, a changed address goes through its service."""
        person = super().save(commit=commit)
        if commit and person.email != self._address:
            person.email, address = self._address, person.email
            services.replace_address(person, email=address)
        return person
