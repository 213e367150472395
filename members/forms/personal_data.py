from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from members.choices import Country, RetentionKind
from members.rules.retention import BY_COUNTRY


class ErasureForm(forms.Form):
    """The person's own address, typed once more: nobody is forgotten by a slip of the hand."""

    email = forms.CharField(
        label=_("Your e-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text=_("Type it to confirm that you mean it."),
        error_messages={"required": _("Type the e-mail address of your account.")},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_email(self) -> str:
        email = User.objects.normalize_email(self.cleaned_data["email"])
        if email != self.user.email:
            raise forms.ValidationError(
                _("This is not the address of your account. Compare it with the one on the page “Your account”."),
                code="other",
            )
        return email


class RetentionForm(forms.Form):
    """For how long a kind of data is kept, and by which law."""

    country = forms.ChoiceField(
        label=_("Country"), required=False, help_text=_("Leave it open for the rule that holds wherever no other does.")
    )
    days = forms.IntegerField(
        label=_("Days"),
        min_value=1,
        max_value=36_525,
        error_messages={
            "required": _("Type a number of days."),
            "invalid": _("Type a number of days."),
            "min_value": _("Data are kept for a day at least."),
            "max_value": _("Data are kept for a hundred years at most."),
        },
    )
    note = forms.CharField(label=_("Reason or law"), max_length=300, required=False)

    def __init__(self, *args: Any, kind: RetentionKind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind in BY_COUNTRY:
            country = self.fields["country"]
            assert isinstance(country, forms.ChoiceField)  # noqa: S101 -- for the type checker
            country.choices = [("", _("everywhere")), *Country.choices]
        else:
            del self.fields["country"]
