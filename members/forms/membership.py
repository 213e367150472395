from django import forms
from django.utils.translation import gettext_lazy as _

from members.models import Chapter, Membership


class ResignationForm(forms.Form):
    """When a membership ends that its member gives up. No reason is asked."""

    when = forms.ChoiceField(
        label=_("When does your membership end?"),
        choices=[("period", _("With the period that is paid")), ("today", _("Today"))],
        initial="period",
        widget=forms.RadioSelect,
    )
    is_sure = forms.BooleanField(label=_("I want to leave the League"))


class TransferForm(forms.Form):
    """Where a member wants to move."""

    to_chapter = forms.ModelChoiceField(
        label=_("New chapter"), queryset=Chapter.objects.none(), empty_label=_("Choose")
    )
    reason = forms.CharField(
        label=_("Why"),
        required=False,
        max_length=500,
        help_text=_("Officers of both chapters read it."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: object, membership: Membership, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they are
        field = self.fields["to_chapter"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 -- for the type checker
        field.queryset = Chapter.objects.exclude(pk=membership.chapter_id).order_by("country", "parent_id", "pk")
