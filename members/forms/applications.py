"""What an applicant and a referee fill in. Forms check what can be seen; the services check what is true."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.forms.boundfield import BoundField
from django.utils.translation import get_language
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import User, validate_name
from members.choices import ApplicationKind, DocumentKind, PracticeArea, WorkLanguage
from members.forms.dates import DateField
from members.models import Chapter, ConsentText, InformationRequest, LicenceRule, Reference, Tier
from members.rules.admission import MOTIVES

OLDEST = 100  # years: the oldest who may apply
YOUNGEST = 18
PHONE = r"^\+?[\d\s()-]{7,24}$"
EARLIEST_LICENCE = dt.date(1950, 1, 1)


class StepForm(forms.Form):
    """A step of an application: it can be kept unfinished, and then gives what is right so far."""

    def so_far(self) -> dict[str, Any]:
        """Return the fields that were filled in and are right, however wrong the others are."""
        self.full_clean()
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "", [])}


class ChapterChoiceField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Chapter) -> str:
        country = str(obj.get_country_display())
        return country if obj.parent_id is None else f"{country}: {obj}"


class PersonStepForm(StepForm):
    """Who applies, and to which chapter."""

    birth_year = forms.IntegerField(
        label=_("Year of birth"),
        help_text=_("It tells apart people of the same name. Only the office sees it."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "bday-year", "size": 4, "maxlength": 4}),
        error_messages={
            "required": _("Enter the year in which you were born."),
            "invalid": _("Enter four digits, for example 1985."),
        },
    )
    phone = forms.CharField(
        label=_("Phone"),
        required=False,
        max_length=24,
        help_text=_("Only if the chapter may call you about this application. For example, +7 701 123 45 67."),
        validators=[RegexValidator(PHONE, _("Write the phone number in digits, with the code of the country."))],
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )
    chapter = ChapterChoiceField(
        queryset=Chapter.objects.none(),
        label=_("Country in which you practise"),
        help_text=_("The chapter of this country, or of the city, looks at your application."),
        empty_label=_("Choose"),
        error_messages={"required": _("Choose the country: its chapter looks at your application.")},
    )
    city = forms.CharField(
        label=_("City"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "address-level2"}),
        error_messages={"required": _("Enter the city in which you work.")},
    )

    def __init__(self, *args: Any, today: dt.date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        self.fields["chapter"].queryset = Chapter.objects.order_by("country", "parent", "pk")  # type: ignore[attr-defined]

    def clean_birth_year(self) -> int:
        year: int = self.cleaned_data["birth_year"]
        if not self.today.year - OLDEST <= year <= self.today.year - YOUNGEST:
            raise ValidationError(
                _now("Enter a year between %(first)d and %(last)d.")
                % {"first": self.today.year - OLDEST, "last": self.today.year - YOUNGEST}
            )
        return year


class LicenceStepForm(StepForm):
    """The national licence, as the rule of the applicant's country asks for it."""

    no_licence = forms.BooleanField(
        label=_("I have no licence of an advocate"),
        required=False,
        help_text=_("For trainees, students and lawyers who are not advocates. Leave the rest empty then."),
    )
    number = forms.CharField(label=_("Number"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    territory = forms.CharField(
        label=_("Regional bar"),
        max_length=120,
        help_text=_("The one that you belong to, as its documents name it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    issued_on = DateField(label=_("Date of issue"), help_text=_("For example, 12 3 2015."))
    valid_until = DateField(label=_("Valid until"), help_text=_("The last day, as the document says."))

    def __init__(self, *args: Any, rule: LicenceRule | None, today: dt.date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.rule, self.today = rule, today
        number = self.fields["number"]
        number.help_text = rule.hint if rule is not None else ""
        number.error_messages["required"] = _("Enter the number of the licence.")
        self.fields["issued_on"].error_messages["required"] = _("Enter the date of issue.")
        for name, is_asked, sentence in (
            ("territory", rule is not None and rule.needs_territory, _("Name the regional bar.")),
            ("valid_until", rule is not None and rule.needs_valid_until, _("Enter the last day of its validity.")),
        ):
            if is_asked:
                self.fields[name].error_messages["required"] = sentence
            else:
                del self.fields[name]
        if self.is_bound and self.data.get(self.add_prefix("no_licence")):
            for field in self.fields.values():
                field.required = False

    def clean_number(self) -> str:
        number = str(self.cleaned_data["number"])
        if number and self.rule is not None and not _fits(self.rule.number_pattern, number):
            raise ValidationError(
                _("This does not look like a number of this document. Copy it as it is printed there.")
            )
        return number

    def clean_issued_on(self) -> dt.date | None:
        issued_on: dt.date | None = self.cleaned_data["issued_on"]
        if issued_on is not None and issued_on > self.today:
            raise ValidationError(_("The date of issue cannot be in the future."))
        if issued_on is not None and issued_on < EARLIEST_LICENCE:
            raise ValidationError(_("Check the year of issue."))
        return issued_on

    def clean_valid_until(self) -> dt.date | None:
        valid_until: dt.date | None = self.cleaned_data["valid_until"]
        if valid_until is not None and valid_until < self.today:
            raise ValidationError(_("This day has passed. Enter the term of the licence that you hold now."))
        return valid_until

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        has_licence = any(data.get(name) for name in ("number", "territory", "issued_on", "valid_until"))
        if data.get("no_licence") and has_licence:
            self.add_error("no_licence", _("Either tick this, or fill in the licence."))
        return data


def _fits(pattern: str, number: str) -> bool:
    """Whether a number has the form that the rule knows; a rule that knows none, or a broken one, takes any."""
    try:
        return not pattern or re.fullmatch(pattern, number) is not None
    except re.error:
        return True


class TierChoiceField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Tier) -> str:
        text = obj.description_en if get_language() == "en" else obj.description_ru
        return f"{obj}: {text}" if text else str(obj)


class PracticeStepForm(StepForm):
    """What the applicant does, and as what the applicant wants to belong to the League."""

    tier = TierChoiceField(
        queryset=Tier.objects.none(),
        label=_("Kind of membership"),
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the kind of membership.")},
    )
    areas = forms.MultipleChoiceField(
        label=_("Areas of practice"),
        choices=PracticeArea.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Choose all that apply. Your profile begins with them, and there you say who sees them."),
        error_messages={"required": _("Choose at least one area.")},
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages in which you work"),
        choices=WorkLanguage.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Choose all that apply. Your profile begins with them, and there you say who sees them."),
        error_messages={"required": _("Choose at least one language.")},
    )
    motivation = forms.CharField(
        max_length=1000,
        help_text=_("A few sentences, up to 1,000 characters."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    hardship = forms.CharField(
        label=_("If the dues are a hardship for you, say why"),
        required=False,
        max_length=1000,
        help_text=_("The chapter may then lower or waive them. It has no influence on the decision."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, tiers: Any, kind: str, **options: Any) -> None:
        super().__init__(*args, **options)
        motive, asked = self.fields["motivation"], MOTIVES[ApplicationKind(kind)]
        motive.label, motive.error_messages["required"] = asked.question, asked.missing
        self.fields["tier"].queryset = tiers  # type: ignore[attr-defined]


def _referee_fields() -> dict[str, forms.Field]:
    return {
        "name": forms.CharField(
            label=_("Name"),
            max_length=150,
            validators=[validate_name],
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
            error_messages={"required": _("Enter the name of the referee.")},
        ),
        "email": forms.EmailField(
            label=_("E-mail"),
            help_text=_("The address with which the referee is a member here."),
            widget=forms.EmailInput(attrs={"autocomplete": "off", "inputmode": "email"}),
            error_messages={
                "required": _("Enter the e-mail of the referee."),
                "invalid": _("Enter the whole address, for example name@example.org."),
            },
        ),
        "language": forms.ChoiceField(label=_("Language of the letter"), choices=settings.LANGUAGES),
    }


def _own_address(user: User, email: str) -> bool:
    return User.objects.normalize_email(email) == user.email


class RefereesStepForm(StepForm):
    """Two colleagues who know the applicant's work."""

    NUMBERS = (1, 2)

    def __init__(self, *args: Any, applicant: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.applicant = applicant
        for number in self.NUMBERS:
            for name, field in _referee_fields().items():
                self.fields[f"{name}_{number}"] = field

    def groups(self) -> list[tuple[int, list[BoundField]]]:
        """Return the fields of each referee."""
        return [
            (number, [self[f"{name}_{number}"] for name in ("name", "email", "language")]) for number in self.NUMBERS
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        seen: set[str] = set()
        for number in self.NUMBERS:
            name = f"email_{number}"
            email = User.objects.normalize_email(data.get(name))
            if not email:
                continue
            data[name] = email
            if _own_address(self.applicant, email):
                self.add_error(name, _("You cannot be your own referee. Name a colleague."))
            elif email in seen:
                self.add_error(name, _("The two referees need two different addresses."))
            seen.add(email)
        return data

    @staticmethod
    def rows(data: Mapping[str, Any]) -> list[dict[str, str]]:
        """Return the referees of cleaned data as rows, without those of whom nothing is known but a language."""
        rows = [
            {name: data.get(f"{name}_{number}", "") for name in ("name", "email", "language")}
            for number in RefereesStepForm.NUMBERS
        ]
        return [row for row in rows if row["name"] or row["email"]]

    @staticmethod
    def initial_of(references: Iterable[Reference]) -> dict[str, str]:
        """Return the initial values for the referees named so far."""
        return {
            f"{name}_{number}": getattr(reference, name)
            for number, reference in zip(RefereesStepForm.NUMBERS, references, strict=False)
            for name in ("name", "email", "language")
        }


class RefereeForm(forms.Form):
    """Another colleague in the place of one who declined or did not answer."""

    def __init__(self, *args: Any, applicant: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.applicant = applicant
        self.fields.update(_referee_fields())

    def clean_email(self) -> str:
        email = User.objects.normalize_email(self.cleaned_data["email"])
        if _own_address(self.applicant, email):
            raise ValidationError(_("You cannot be your own referee. Name a colleague."))
        return email


class DocumentForm(forms.Form):
    """One file, and what it is."""

    kind = forms.ChoiceField(label=_("What it is"), choices=DocumentKind.choices)
    file = forms.FileField(
        label=_("File"),
        max_length=200,
        help_text=_("PDF, JPEG or PNG, 5 MB at most. A photograph of the page is enough if every line can be read."),
        widget=forms.FileInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png,application/pdf,image/jpeg,image/png"}),
        error_messages={
            "required": _("Choose a file on your device."),
            "empty": _("This file is empty. Choose another one."),
            "max_length": _("The name of the file is too long. Shorten it and try again."),
        },
    )


class ConsentsForm(forms.Form):
    """A tick for each text in force. A new version of a text is a new field: an old tick does not count for it."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, texts: Iterable[ConsentText], **options: Any) -> None:
        super().__init__(*args, **options)
        self.texts = list(texts)
        unticked = _("Tick the box if you agree. Without it the application cannot be submitted.")
        for text in self.texts:
            self.fields[f"text_{text.pk}"] = forms.BooleanField(
                label=_("I have read this and agree"),
                error_messages={"required": unticked},
            )

    def rows(self) -> list[tuple[ConsentText, BoundField]]:
        """Return each text with its box."""
        return [(text, self[f"text_{text.pk}"]) for text in self.texts]


class VersionForm(forms.Form):
    """A button that decides: with the version of what the person saw."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class AnswersForm(VersionForm):
    """The answers to what the chapter asked."""

    def __init__(self, *args: Any, questions: Iterable[InformationRequest], **options: Any) -> None:
        super().__init__(*args, **options)
        self.questions = list(questions)
        for question in self.questions:
            self.fields[f"answer_{question.pk}"] = forms.CharField(
                label=question.question,
                max_length=2000,
                widget=forms.Textarea(attrs={"rows": 4}),
                error_messages={"required": _("Answer this question.")},
            )

    def answers(self) -> dict[int, str]:
        """Return the text for each question."""
        return {question.pk: self.cleaned_data[f"answer_{question.pk}"] for question in self.questions}


class AppealForm(forms.Form):
    """Why the board should decide otherwise."""

    text = forms.CharField(
        label=_("Why the decision should be another one"),
        max_length=3000,
        help_text=_("Up to 3,000 characters. Members of the board who had no part in the decision read it."),
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": _("Write why you appeal.")},
    )
