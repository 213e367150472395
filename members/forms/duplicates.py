from django import forms
from django.utils.translation import gettext_lazy as _

from members.models import DuplicateCase


class ReasonForm(forms.Form):
    """Why two accounts are two people."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class ProposalForm(ReasonForm):
    """Which of two accounts stays, and why they are one person's."""

    survivor = forms.TypedChoiceField(label=_("Account that stays"), coerce=int, widget=forms.RadioSelect)

    field_order = ("survivor", "reason", "version")

    def __init__(self, *args: object, case: DuplicateCase, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # what a form takes
        self.fields["survivor"].choices = [(user.pk, str(user)) for user in (case.first, case.second)]  # type: ignore[attr-defined]  # a choice field
