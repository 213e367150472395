"""What members say about themselves, to whom, and to each other."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.models import validate_name
from members.choices import Audience, PracticeArea, ProfileField, WorkLanguage
from members.models import Profile
from members.registry.certificates import Achievement
from members.rules.folding import fold
from members.rules.privacy import DEFAULT_AUDIENCES, Safety

LINES = {"rows": 4}


class ProfileForm(forms.ModelForm[Profile]):
    """The own profile; the names are on the page of the account."""

    areas = forms.MultipleChoiceField(
        label=_("Practice areas"),
        choices=PracticeArea.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    languages = forms.MultipleChoiceField(
        label=_("Working languages"),
        choices=WorkLanguage.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    certificates = forms.MultipleChoiceField(
        label=_("Completed courses to show"), required=False, widget=forms.CheckboxSelectMultiple
    )

    field_order = ("region", "city", "bio", "areas", "languages", "courts", "publications", "certificates")

    class Meta:
        model = Profile
        fields = (
            "region",
            "city",
            "bio",
            "areas",
            "languages",
            "courts",
            "publications",
            "admitted_year",
            "has_jury_experience",
            "does_pro_bono",
            "accepts_referrals",
            "is_trainer",
            "is_mentor",
            "phone",
            "telegram",
            "accepts_messages",
            "pseudonym",
        )
        widgets = {
            "courts": forms.Textarea(attrs=LINES),
            "publications": forms.Textarea(attrs=LINES),
            "phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
        }

    def __init__(self, *args: Any, achievements: list[Achievement], pseudonym_allowed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if achievements:
            self.initial["certificates"] = self.instance.certificates
            self.fields["certificates"].choices = [(one.public_id, one.title) for one in achievements]  # type: ignore[attr-defined]  # a field of choices
        else:
            del self.fields["certificates"]
        if not pseudonym_allowed:
            del self.fields["pseudonym"]

    def clean_telegram(self) -> str:
        return str(self.cleaned_data["telegram"]).removeprefix("@")

    def clean_pseudonym(self) -> str:
        pseudonym = " ".join(str(self.cleaned_data["pseudonym"]).split())
        if not pseudonym:
            return ""
        validate_name(pseudonym)
        user = self.instance.user
        if fold(pseudonym) in {fold(user.name_native), fold(user.name_latin)}:
            raise ValidationError(_("A pseudonym is not your name."))
        return pseudonym


class AudienceForm(forms.Form):
    """Who may see each field, in the order of the profile."""

    def __init__(self, *args: Any, profile: Profile, safety: Safety, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        country = profile.chapter.country
        chosen = profile.chosen
        for name in ProfileField:
            if name == ProfileField.PHOTO and country not in safety.photo:
                continue
            initial = chosen.get(name, DEFAULT_AUDIENCES[name])
            if country not in safety.public:
                initial = min(initial, Audience.MEMBERS)
            self.fields[name.value] = forms.TypedChoiceField(
                label=capfirst(str(name.label)),
                choices=[
                    choice for choice in Audience.choices if choice[0] < Audience.PUBLIC or country in safety.public
                ],
                coerce=int,
                initial=initial,
                help_text=_("Who does not see the name sees nothing of the profile.")
                if name == ProfileField.NAME
                else "",
            )

    def audiences(self) -> dict[ProfileField, Audience]:
        """Return what was chosen."""
        return {ProfileField(name): Audience(value) for name, value in self.cleaned_data.items()}


class PhotoForm(forms.Form):
    photo = forms.FileField(
        label=_("Photograph"),
        help_text=_("JPEG, PNG or WebP, up to 5 MB, at least 200 by 200 pixels. A square from its middle is shown."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )


class MessageForm(forms.Form):
    text = forms.CharField(label=_("Message"), max_length=3000, widget=forms.Textarea(attrs={"rows": 8}), strip=True)


class ReportForm(forms.Form):
    reason = forms.CharField(
        label=_("What is wrong with this message?"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The League’s registrar will read the message and your words."),
    )
