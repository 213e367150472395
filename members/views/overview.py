"""Everything that an applicant answered, on one page: before the submission to check it, after it to look it up."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from members.choices import ApplicationKind, PracticeArea, WorkLanguage
from members.models import Application, ApplicationDocument
from members.rules.admission import MOTIVES
from members.views.progress import step_labels


@dataclass(frozen=True)
class Section:
    """The answers of one step."""

    name: str
    label: str
    rows: list[tuple[str, str]]
    documents: list[ApplicationDocument] = field(default_factory=list)


def sections_of(application: Application) -> list[Section]:
    """Return the answers of every step, those not given as an empty text."""
    labels = step_labels(application)
    person, practice = application.answers.get("person", {}), application.answers.get("practice", {})
    chapter = application.chapter
    rows = {
        "person": [
            (_("Name"), application.user.name_native),
            (_("Name in Latin letters"), application.user.name_latin),
            (_("Year of birth"), str(person.get("birth_year", ""))),
            (_("Phone"), person.get("phone", "")),
            (_("Chapter"), str(chapter) if chapter is not None else ""),
            (_("City"), person.get("city", "")),
        ],
        "licence": _licence_rows(application),
        "practice": [
            (_("Kind of membership"), str(application.tier) if application.tier is not None else ""),
            (_("Areas of practice"), _labels(PracticeArea.choices, practice.get("areas", []))),
            (_("Languages in which you work"), _labels(WorkLanguage.choices, practice.get("languages", []))),
            (str(MOTIVES[ApplicationKind(application.kind)].question), application.motivation),
            (_("Hardship"), application.hardship),
        ],
        "documents": [],
        "referees": [
            (reference.name, reference.email)
            for reference in application.references.exclude(status="replaced").order_by("pk")
        ],
    }
    documents = list(application.documents.filter(purged_at=None).order_by("pk"))
    return [
        Section(name, label, rows[name], documents if name == "documents" else [])
        for name, label in labels.items()
        if name in rows
    ]


def _licence_rows(application: Application) -> list[tuple[str, str]]:
    given = application.answers.get("licence", {})
    if given.get("no_licence"):
        return [(_("Licence"), _("none"))]
    licence = application.licence
    if licence is None:
        return [(_("Number"), given.get("number", "")), (_("Date of issue"), _day(given.get("issued_on")))]
    rows = [(_("Number"), licence.number), (_("Date of issue"), date_format(licence.issued_on))]
    if licence.territory:
        rows.append((_("Regional bar"), licence.territory))
    if licence.valid_until is not None:
        rows.append((_("Valid until"), date_format(licence.valid_until)))
    return rows


def _day(text: str | None) -> str:
    return date_format(dt.date.fromisoformat(text)) if text else ""


def _labels(choices: Sequence[tuple[str, StrOrPromise]], chosen: list[str]) -> str:
    return ", ".join(str(label) for value, label in choices if value in chosen)
