from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from members.choices import CommitteeRole, OfficeRole
from members.forms.cpd import DateInput
from members.models import Chapter, Committee, Membership, offices_of
from members.permissions.committees import can_run_in
from members.services.committees import find_member


def not_addable() -> str:
    """Say that a number adds nobody, in the same words whether it is nobody's or somebody's."""
    return _(
        "This number adds nobody. Compare it with the card: only active members can be added, and a committee of a "
        "chapter takes members of that chapter."
    )


class JoinForm(forms.Form):
    """Who joins a committee, by the number on the member card: there is no list of people to look through."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    number = forms.CharField(
        label=gettext_lazy("Membership number"),
        max_length=20,
        help_text=gettext_lazy("As on the member card, for example KZ-00012. Ask the person for it."),
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=CommitteeRole.choices, initial=CommitteeRole.MEMBER)

    membership: Membership

    def __init__(self, *args: Any, committee: Committee, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.committee, self.actor = committee, actor
        if not can_run_in(actor, committee.chapter):
            self.fields["role"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
                choice for choice in CommitteeRole.choices if choice[0] != CommitteeRole.CHAIR
            ]

    def renew(self, version: int) -> None:
        """Go on from the committee as it is now, once the person has seen what changed."""
        self.data = {**{name: self.data.get(name, "") for name in ("number", "role")}, "version": str(version)}

    def clean_number(self) -> str:
        number: str = self.cleaned_data["number"].strip().upper()
        membership = find_member(self.committee, number, actor=self.actor)
        if membership is None:
            raise forms.ValidationError(not_addable())
        self.membership = membership
        return number


class SeatForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)


class CommitteeForm(forms.ModelForm):
    """A committee as the office describes it, within the chapters that the person's office reaches."""

    version = forms.IntegerField(widget=forms.HiddenInput, initial=0)

    class Meta:
        model = Committee
        fields = [
            "name_ru",
            "name_en",
            "kind",
            "description_ru",
            "description_en",
            "chapter",
            "starts_on",
            "is_listed",
        ]
        widgets = {
            "description_ru": forms.Textarea(attrs={"rows": 3}),
            "description_en": forms.Textarea(attrs={"rows": 3}),
            "starts_on": DateInput,
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chapters = Chapter.objects.all()
        reached = offices_of(user).chapters_with(OfficeRole.CHAPTER_OFFICER, OfficeRole.REGISTRAR, OfficeRole.BOARD)
        if None not in reached:
            chapters = chapters.within({pk for pk in reached if pk is not None})
        field = self.fields["chapter"]
        field.queryset = chapters.order_by("country", "pk")  # type: ignore[attr-defined]  # a ModelChoiceField
        field.required = not can_run_in(user, None)
