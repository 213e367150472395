"""What a referee fills in."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class ReferenceForm(forms.Form):
    """What a referee confirms."""

    known_years = forms.IntegerField(
        label=_("For how many years do you know the applicant’s work?"),
        min_value=0,
        max_value=70,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "size": 2, "maxlength": 2, "autocomplete": "off"}),
        error_messages={"required": _("Enter a number of years."), "invalid": _("Enter a number of years.")},
    )
    statement = forms.CharField(
        label=_("What can you say about this work?"),
        max_length=2000,
        help_text=_("Two or three sentences, up to 2,000 characters. The applicant never reads them."),
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _("Write two or three sentences.")},
    )
    has_conflict = forms.ChoiceField(
        label=_("Is there anything between you that could make you partial?"),
        help_text=_("For example: you are relatives, work in one office, stand against each other in a case."),
        choices=[("no", _("No, nothing")), ("yes", _("Yes, there is"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose an answer.")},
    )
    conflict = forms.CharField(
        label=_("If yes, what is it?"),
        required=False,
        max_length=1000,
        help_text=_("Then your answer cannot count as a reference. The office learns why, the applicant does not."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("has_conflict") == "yes" and not data.get("conflict") and "conflict" not in self.errors:
            self.add_error("conflict", _("Say in a sentence what it is."))
        if data.get("has_conflict") == "no":
            data["conflict"] = ""
        return data


class DeclineForm(forms.Form):
    """Why a person does not want to be a referee."""

    reason = forms.CharField(
        label=_("Why you do not want to confirm"),
        max_length=1000,
        help_text=_("Only the office reads it."),
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Give a reason, one sentence is enough.")},
    )
