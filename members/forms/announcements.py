from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from accounts.choices import Language
from members.choices import OfficeRole
from members.models import Announcement


class AnnouncementForm(WagtailAdminModelForm):
    """The text in both languages and to whom it goes; what is left empty leaves nobody out."""

    roles = forms.MultipleChoiceField(
        label=_("offices"),
        choices=OfficeRole.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Only people who hold one of these offices now; none chosen: everybody."),
    )
    languages = forms.MultipleChoiceField(
        label=_("languages"),
        choices=Language.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Only people who chose one of these languages for themselves; none chosen: everybody."),
    )

    class Meta:
        model = Announcement
        fields = ["title_ru", "text_ru", "title_en", "text_en", "chapters", "roles", "languages", "with_letter"]
        widgets = {
            "text_ru": forms.Textarea(attrs={"rows": 8}),
            "text_en": forms.Textarea(attrs={"rows": 8}),
            "chapters": forms.CheckboxSelectMultiple,
        }
        help_texts = {
            "text_ru": _("Plain text; an empty line begins a new paragraph, addresses become links."),
            "chapters": _("Only members of these chapters; none chosen: everybody."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["chapters"].required = False
