from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.choices import Language, time_zone_choices
from accounts.models import User, validate_time_zone


class TimeZoneSelect(forms.Select):
    """A select that can also show a zone outside its list, such as an old spelling that a browser reports."""

    def optgroups(self, name: str, value: list[str], attrs: dict[str, Any] | None = None) -> list[Any]:
        choices = list(time_zone_choices())
        listed = {zone for _label, zones in choices for zone, _name in zones}
        strangers = [(zone, zone) for zone in value if zone and zone not in listed]
        self.choices = [*strangers, *choices]
        return super().optgroups(name, value, attrs)


class TimeZoneField(forms.CharField):
    """Any IANA time zone, offered as a list."""

    widget = TimeZoneSelect
    default_validators = [validate_time_zone]


class PersonForm(forms.Form):
    """The fields with which people describe themselves."""

    name_native = forms.CharField(
        label=_("Name"),
        max_length=150,
        help_text=_("As you write it in your own language. It is shown to colleagues."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    name_latin = forms.CharField(
        label=_("Name in Latin letters"),
        max_length=150,
        required=False,
        help_text=_("As in your passport. It is printed on certificates in English."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        choices=Language.choices,
        help_text=_("For letters and pages. Where a translation does not exist yet, you will see Russian instead."),
    )
    time_zone = TimeZoneField(label=_("Time zone"), help_text=_("Deadlines and meetings are shown in your time."))


class SignupForm(PersonForm):
    """What an advocate tells when signing up, beside the address and the password that allauth asks for."""

    field_order = ["email", "name_native", "name_latin", "language", "time_zone", "password1"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        initial = kwargs.setdefault("initial", {})
        initial.setdefault("language", (get_language() or settings.LANGUAGE_CODE)[:2])
        initial.setdefault("time_zone", settings.TIME_ZONE)
        super().__init__(*args, **kwargs)
        if not self.is_bound:
            # The browser knows its zone: accounts/js/zone.js chooses it, but never against a person's choice.
            self.fields["time_zone"].widget.attrs["data-guess-zone"] = ""

    def signup(self, request: HttpRequest, user: User) -> None:
        """Satisfy allauth's contract; AccountAdapter.save_user has already stored the fields."""


class ProfileForm(PersonForm):
    """The account page's form about oneself."""


class VerificationForm(forms.Form):
    """The address that a new confirmation letter goes to."""

    email = forms.EmailField(
        label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"})
    )

    def clean_email(self) -> str:
        return User.objects.normalize_email(self.cleaned_data["email"])
