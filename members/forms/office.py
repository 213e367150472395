"""What the office fills in: a decision, a check of a licence, a suspension, the purpose of an export."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from members.choices import CheckMethod, DecisionReason, LicenceState, SanctionGround
from members.models import Chapter, LicenceRule

QUESTION_LENGTH = 500


def date_input() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def text_area(rows: int = 4) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class VersionForm(forms.Form):
    """What was on the page when somebody pressed a button: a number that rises with every change."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def arguments(self) -> dict[str, Any]:
        """Return what the service is asked with."""
        return dict(self.cleaned_data)


class QuestionsForm(VersionForm):
    questions = forms.CharField(
        label=_("Questions to the applicant"),
        help_text=_("One question on each line. The applicant answers each of them."),
        max_length=5000,
        widget=text_area(6),
    )

    def clean_questions(self) -> list[str]:
        questions = [line.strip() for line in self.cleaned_data["questions"].splitlines() if line.strip()]
        if any(len(question) > QUESTION_LENGTH for question in questions):
            raise ValidationError(
                _("A question has %(most)d characters at most. Split the long one."), params={"most": QUESTION_LENGTH}
            )
        return questions


def note_field(*, is_required: bool) -> forms.CharField:
    return forms.CharField(
        label=_("Internal note"),
        help_text=_("Only the office reads it, never the applicant."),
        required=is_required,
        max_length=3000,
        widget=text_area(),
    )


def applicant_text_field(*, is_required: bool) -> forms.CharField:
    return forms.CharField(
        label=_("Text for the applicant"),
        help_text=_("The applicant reads it with the decision."),
        required=is_required,
        max_length=3000,
        widget=text_area(),
    )


def reason_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Reason"),
        choices=[("", _("Choose a reason")), *DecisionReason.choices],
        error_messages={"required": _("Choose the reason: reports count it.")},
    )


class RecommendForm(VersionForm):
    internal_note = note_field(is_required=False)


class AdviseAgainstForm(VersionForm):
    reason_code = reason_field()
    internal_note = note_field(is_required=True)


class ApproveForm(VersionForm):
    text_for_applicant = applicant_text_field(is_required=False)
    internal_note = note_field(is_required=False)


class ReturnForm(VersionForm):
    internal_note = note_field(is_required=True)


class RejectForm(VersionForm):
    reason_code = reason_field()
    text_for_applicant = applicant_text_field(is_required=True)
    internal_note = note_field(is_required=False)


class YesNoField(forms.TypedChoiceField):
    """A choice that nobody makes by leaving it as it is."""

    def __init__(self, *, yes: Any, no: Any, **options: Any) -> None:
        super().__init__(
            choices=[("yes", yes), ("no", no)], coerce=lambda value: value == "yes", widget=forms.RadioSelect, **options
        )


class AppealVoteForm(VersionForm):
    is_for = YesNoField(
        label=_("Your vote"),
        yes=_("For the applicant: the application is approved"),
        no=_("Against: the rejection stands"),
        error_messages={"required": _("Choose how you vote.")},
    )
    text_for_applicant = applicant_text_field(is_required=True)
    note = forms.CharField(
        label=_("Internal note"),
        help_text=_("Only the office reads it, never the applicant."),
        required=False,
        max_length=2000,
        widget=text_area(),
    )


class NoteForm(forms.Form):
    text = forms.CharField(
        label=_("Note"),
        help_text=_("Only the office reads it, never the applicant."),
        max_length=2000,
        widget=text_area(3),
    )


class ConflictForm(forms.Form):
    text = forms.CharField(
        label=_("What connects you with the applicant"),
        help_text=_("The office reads it. Another officer handles the application from now on."),
        max_length=1000,
        widget=text_area(3),
    )


class CheckForm(forms.Form):
    """What was found when a licence was checked, and how, in the ways that the country's rule allows."""

    state = forms.ChoiceField(
        label=_("Result"),
        choices=[
            ("", _("Choose a result")),
            *[one for one in LicenceState.choices if one[0] != LicenceState.UNCHECKED],
        ],
    )
    method = forms.ChoiceField(label=_("How it was checked"))
    evidence = forms.CharField(
        label=_("What was seen, and where"),
        help_text=_("For example the name of the register and the day."),
        max_length=500,
        widget=text_area(2),
    )
    board_note = forms.CharField(
        label=_("Note of the board"),
        help_text=_("Needed for a licence that cannot be verified: why the League accepts it all the same."),
        required=False,
        max_length=500,
        widget=text_area(2),
    )

    def __init__(self, *args: Any, rule: LicenceRule | None, **options: Any) -> None:
        super().__init__(*args, **options)
        allowed = set(rule.methods) if rule is not None and rule.methods else set(CheckMethod.values)
        if rule is not None and not rule.may_contact_authority:
            allowed.discard(CheckMethod.BODY)
        choices = [one for one in CheckMethod.choices if one[0] in allowed or one[0] == CheckMethod.OTHER]
        self.fields["method"].choices = [("", _("Choose a way")), *choices]  # type: ignore[attr-defined]


class SuspendForm(VersionForm):
    ground = forms.ChoiceField(label=_("Ground"), choices=[("", _("Choose a ground")), *SanctionGround.choices])
    decision_reference = forms.CharField(label=_("Number and date of the decision"), max_length=120)
    starts_on = forms.DateField(label=_("From"), widget=date_input())
    ends_on = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=date_input(),
        help_text=_("Empty: until it is decided. A registrar suspends for 30 days at most."),
    )
    text_for_member = forms.CharField(label=_("What the member reads"), max_length=2000, widget=text_area())
    internal_note = forms.CharField(label=_("Internal note"), required=False, max_length=2000, widget=text_area())


class ProposeExpulsionForm(VersionForm):
    ground = SuspendForm.base_fields["ground"]
    decision_reference = SuspendForm.base_fields["decision_reference"]
    hearing_on = forms.DateField(
        label=_("Day of the hearing"),
        widget=date_input(),
        help_text=_("The day on which the member could be heard. The board votes after it."),
    )
    text_for_member = SuspendForm.base_fields["text_for_member"]
    internal_note = SuspendForm.base_fields["internal_note"]


class DeathForm(VersionForm):
    on = forms.DateField(label=_("Day of death"), widget=date_input())
    note = forms.CharField(
        label=_("How it became known"), help_text=_("Only the office reads it."), max_length=500, widget=text_area(2)
    )


class LiftForm(VersionForm):
    on = forms.DateField(label=_("First day without it"), widget=date_input())
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=text_area(2))


class DismissForm(VersionForm):
    reason = forms.CharField(
        label=_("Why the member stays"), help_text=_("Only the office reads it."), max_length=2000, widget=text_area(3)
    )


class ExpulsionVoteForm(VersionForm):
    is_for = YesNoField(
        label=_("Your vote"),
        yes=_("For the expulsion"),
        no=_("Against the expulsion"),
        error_messages={"required": _("Choose how you vote.")},
    )


class ReportForm(forms.Form):
    """The day of a report and the chapter that it is about; by default today, and all chapters reached."""

    on = forms.DateField(label=_("On the day"), required=False, widget=date_input())
    chapter = forms.TypedChoiceField(label=_("Chapter"), required=False, coerce=int, empty_value=None)

    def __init__(
        self, data: Mapping[str, Any] | None, *, chapters: Sequence[Chapter], today: dt.date, **options: Any
    ) -> None:
        super().__init__(data, **options)
        self.chapters, self.today = chapters, today
        choices = [("", _("all that you reach")), *[(str(chapter.pk), str(chapter)) for chapter in chapters]]
        self.fields["chapter"].choices = choices  # type: ignore[attr-defined]

    def clean_on(self) -> dt.date:
        on: dt.date = self.cleaned_data["on"] or self.today
        if on > self.today:
            raise ValidationError(_("This day has not come yet. Choose today or a day before."))
        if on.year < FIRST_YEAR:
            raise ValidationError(_("Choose a day since the year %(year)d."), params={"year": FIRST_YEAR})
        return on

    def chosen(self) -> tuple[dt.date, Sequence[Chapter]]:
        """Return the day and the chapters, with city chapters below the one that was chosen."""
        pk = self.cleaned_data.get("chapter")
        on = self.cleaned_data.get("on") or self.today
        if pk is None:
            return on, self.chapters
        return on, [one for one in self.chapters if pk in (one.pk, one.parent_id)]


FIRST_YEAR = 1990


class ExportForm(forms.Form):
    purpose = forms.CharField(
        label=_("What the file is for"),
        help_text=_("The audit log keeps it with your name."),
        min_length=5,
        max_length=300,
        error_messages={"min_length": _("Say in a few words what the file is for.")},
    )


class RefuseTransferForm(VersionForm):
    reason = forms.CharField(
        label=_("Why not"),
        help_text=_("The member reads it."),
        max_length=500,
        widget=text_area(3),
        error_messages={"required": _("Write why: the member reads it.")},
    )
