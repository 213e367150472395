import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from members.choices import CpdActivity, CpdRefusal, CpdTopic
from members.models import CpdRule
from members.rules.cpd import QUARTER, Period

MOST_HOURS = 300
MOST_YEARS = 5  # of one transcript


class DateInput(forms.DateInput):
    """The browser's own chooser of a day."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class ClaimForm(forms.Form):
    """Hours done elsewhere, with what shows them."""

    activity = forms.ChoiceField(label=gettext_lazy("Activity"), choices=CpdActivity.choices)
    title = forms.CharField(label=gettext_lazy("Title"), max_length=255)
    provider = forms.CharField(
        label=gettext_lazy("Provider"),
        max_length=200,
        help_text=gettext_lazy("Who held the event or published the text; your own name for self-study."),
    )
    done_on = forms.DateField(
        label=gettext_lazy("Date"),
        widget=DateInput,
        help_text=gettext_lazy("The last day, if it took more than one."),
    )
    hours = forms.DecimalField(
        label=gettext_lazy("Hours"),
        min_value=Decimal("0.25"),
        max_value=Decimal(MOST_HOURS),
        max_digits=5,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "0.25", "inputmode": "decimal"}),
        help_text=gettext_lazy("In quarters of an hour, for example 1.5 or 0.25."),
    )
    topics = forms.MultipleChoiceField(
        label=gettext_lazy("Subjects"),
        choices=CpdTopic.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Hours in ethics are counted apart."),
    )
    is_self_study = forms.BooleanField(
        label=gettext_lazy("Self-study"),
        required=False,
        help_text=gettext_lazy("You did it alone, without a teacher or a group."),
    )
    evidence = forms.FileField(
        label=gettext_lazy("Evidence"),
        required=False,
        help_text=gettext_lazy(
            "A certificate, a programme or a letter: PDF, JPEG or PNG, 5 MB at most. Cover the names of clients."
        ),
    )

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_done_on(self) -> dt.date:
        day: dt.date = self.cleaned_data["done_on"]
        if day > self.today:
            raise forms.ValidationError(_("This day has not come yet. Claim the hours when they are done."))
        if day.year < self.today.year - 10:
            raise forms.ValidationError(_("Hours older than ten years are not recorded. Check the year."))
        return day

    def clean_hours(self) -> Decimal:
        hours: Decimal = self.cleaned_data["hours"]
        if hours * 60 % QUARTER:
            raise forms.ValidationError(_("Hours are counted in quarters: 0.25, 0.5, 0.75, 1 and so on."))
        return hours

    @property
    def minutes(self) -> int:
        return int(self.cleaned_data["hours"] * 60)


class TranscriptForm(forms.Form):
    """The period of a transcript and how much of it others see."""

    starts_on = forms.DateField(label=gettext_lazy("From"), widget=DateInput)
    ends_on = forms.DateField(label=gettext_lazy("Until"), widget=DateInput)
    shows_entries = forms.BooleanField(
        label=gettext_lazy("Whoever verifies it sees the single entries"),
        required=False,
        help_text=gettext_lazy("Otherwise the page shows your name, the period and the total only."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("starts_on"), cleaned.get("ends_on")
        if first and last:
            if first > last:
                self.add_error("ends_on", _("The period ends before it starts. Exchange the two days."))
            elif last.year - first.year > MOST_YEARS:
                self.add_error("ends_on", _("A transcript covers five years at most. Make one for each part."))
        return cleaned

    @property
    def period(self) -> Period:
        return Period(self.cleaned_data["starts_on"], self.cleaned_data["ends_on"])


class AcceptanceForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)


class RefusalForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), choices=CpdRefusal.choices)
    text = forms.CharField(
        label=gettext_lazy("What the member reads"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Say what is missing and what the member can do."),
    )


class CorrectionForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason of the correction"),
        max_length=300,
        help_text=gettext_lazy("The member reads it. It cannot be changed later."),
    )


class RuleForm(forms.ModelForm):
    """What is known about the duty of a country; what is left empty is unknown."""

    class Meta:
        model = CpdRule
        fields = [
            "country",
            "starts_on",
            "ends_on",
            "period_months",
            "minutes_required",
            "ethics_minutes",
            "self_study_minutes",
            "carry_over_minutes",
            "source_ru",
            "source_en",
        ]
        widgets = {
            "starts_on": DateInput,
            "ends_on": DateInput,
            "source_ru": forms.Textarea(attrs={"rows": 3}),
            "source_en": forms.Textarea(attrs={"rows": 3}),
        }
