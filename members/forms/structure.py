"""Terms of office as the office gives them."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import User
from members.models import OfficeTerm
from members.services.structure import AppointmentRefused, refuse_unless_appointing


class OfficeTermForm(forms.ModelForm):
    """A term that the actor may give or change: not his own, and the League's only as the board."""

    class Meta:
        model = OfficeTerm
        fields = ["user", "role", "chapter", "starts_on", "ends_on"]

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        people = self.fields["user"]
        people.queryset = User.objects.exclude(pk=actor.pk).order_by("email")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        person, chapter = self.cleaned_data.get("user"), self.cleaned_data.get("chapter")
        try:
            refuse_unless_appointing(
                self.actor,
                person_id=person.pk if person is not None else None,
                chapter_id=chapter.pk if chapter is not None else None,
            )
        except AppointmentRefused as refused:
            raise ValidationError(refused.sentence) from refused
        return cleaned
