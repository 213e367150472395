"""The columns of an import and how their cells are read: a resource of django-import-export without a model.

A row describes a person, a membership, a period and a licence at once; `MemberRow` is what it says, and the diff
between the row on record and the row of the file is what an update changes.
"""

import datetime as dt
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import tablib
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import translation
from django.utils.translation import gettext as _
from import_export import fields, resources, widgets

from accounts.choices import Language
from accounts.models import User, validate_latin_name, validate_name
from members.choices import Country
from members.rules.import_columns import COLUMNS, LABELS, REQUIRED
from members.services.imports.reading import FORMULA, FileRefused

# The last ones that were born a hundred years before are not advocates any more.
OLDEST, YOUNGEST = 100, 17


class CellProblem(Exception):
    """Raised when a cell does not hold what its column takes."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class TextWidget(widgets.CharWidget):
    """Text of a bounded length."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def clean(self, value: str, row: object = None, **kwargs: object) -> str:
        text = re.sub(r"\s+", " ", value)
        if len(text) > self.limit:
            raise CellProblem("too_long", limit=self.limit)
        return text


class DayWidget(widgets.DateWidget):
    """A day in one of the three forms in common use; Excel's own dates arrive in the first."""

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")

    def clean(self, value: str, row: object = None, **kwargs: object) -> dt.date | None:
        if not value:
            return None
        for form in ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y"):
            try:
                day = dt.datetime.strptime(value, form).date()  # noqa: DTZ007 -- a day has no zone
            except ValueError:
                continue
            if day.year >= 1900:
                return day
        raise CellProblem("date", value=value[:40])


class YearWidget(widgets.IntegerWidget):
    """A year in digits."""

    def clean(self, value: str, row: object = None, **kwargs: object) -> int | None:
        if not value:
            return None
        if not re.fullmatch(r"\d{4}", value):
            raise CellProblem("number", value=value[:40])
        return int(value)


class MemberRow:
    """What a row says of a person, or what is on record of one."""

    def __init__(self, **values: Any) -> None:
        self.email = self.name = self.name_latin = self.language = self.country = self.chapter = self.tier = ""
        self.number = self.city = self.licence_number = self.licence_body = self.licence_territory = ""
        self.joined_on: dt.date | None = None
        self.paid_from: dt.date | None = None
        self.paid_until: dt.date | None = None
        self.birth_year: int | None = None
        self.licence_issued_on: dt.date | None = None
        self.licence_valid_until: dt.date | None = None
        self.problems: list[tuple[str, dict[str, object]]] = []
        for name, value in values.items():
            setattr(self, name, value)


def _column(key: str, widget: widgets.Widget) -> fields.Field:
    return fields.Field(attribute=key, column_name=key, widget=widget)


class MemberResource(resources.Resource):
    """Reads one row of a file into a MemberRow, above what is on record where the person is."""

    email = _column("email", TextWidget(254))
    name = _column("name", TextWidget(150))
    name_latin = _column("name_latin", TextWidget(150))
    language = _column("language", TextWidget(40))
    country = _column("country", TextWidget(60))
    chapter = _column("chapter", TextWidget(120))
    tier = _column("tier", TextWidget(80))
    number = _column("number", TextWidget(20))
    joined_on = _column("joined_on", DayWidget())
    paid_from = _column("paid_from", DayWidget())
    paid_until = _column("paid_until", DayWidget())
    city = _column("city", TextWidget(80))
    birth_year = _column("birth_year", YearWidget())
    licence_number = _column("licence_number", TextWidget(40))
    licence_issued_on = _column("licence_issued_on", DayWidget())
    licence_body = _column("licence_body", TextWidget(160))
    licence_territory = _column("licence_territory", TextWidget(120))
    licence_valid_until = _column("licence_valid_until", DayWidget())

    class Meta:
        skip_html_diff = True
        store_instance = True

    def __init__(self, on_record: Mapping[str, MemberRow] | None = None) -> None:
        super().__init__()
        self.on_record = on_record or {}

    def get_instance(self, instance_loader: object, row: Mapping[str, str]) -> MemberRow | None:
        return self.on_record.get(User.objects.normalize_email(row.get("email", "")))

    def init_instance(self, row: Mapping[str, str] | None = None) -> MemberRow:
        return MemberRow()

    def import_instance(self, instance: MemberRow, row: Mapping[str, str], **kwargs: Any) -> None:
        """Put what the cells say over what is on record; an empty cell changes nothing."""
        instance.problems = []
        for field in self.get_import_fields():
            cell = row.get(field.column_name, "")
            try:
                if cell == FORMULA:
                    raise CellProblem("formula")
                value = field.clean({field.column_name: cell})
            except CellProblem as problem:
                instance.problems.append((problem.code, {"column": field.column_name, **problem.params}))
                continue
            if value not in ("", None):
                setattr(instance, field.attribute, value)
            elif field.column_name in REQUIRED:
                instance.problems.append(("required", {"column": field.column_name}))

    def skip_row(self, instance: MemberRow, original: MemberRow, row: object, errors: object = None) -> bool:
        return not instance.problems and not self.changes(original, instance)

    def validate_instance(self, instance: MemberRow, *args: Any, **kwargs: Any) -> None:
        """Leave the judgement to `checking`, which knows the League's structure."""

    def save_instance(self, instance: MemberRow, is_create: bool, row: object, **kwargs: Any) -> None:
        """Write nothing: a confirmed batch is written in chunks by `applying`."""

    def changes(self, before: MemberRow, after: MemberRow) -> list[tuple[str, str, str]]:
        """Return the columns in which two rows differ."""
        found = []
        for field in self.get_import_fields():
            old, new = str(field.export(before) or ""), str(field.export(after) or "")
            if old != new:
                found.append((field.column_name, old, new))
        return found

    def as_data(self, row: MemberRow) -> dict[str, str]:
        """Return a row as plain text in the spelling that `from_data` reads."""
        return {field.column_name: str(field.export(row) or "") for field in self.get_import_fields()}

    def from_data(self, data: Mapping[str, str]) -> MemberRow:
        """Return the row that was stored."""
        row = MemberRow()
        self.import_instance(row, data)
        return row


def read_heading(cells: list[str]) -> list[str]:
    """Return the column behind each cell of a heading, by its code or its label in a language of the site.

    Raises FileRefused for columns that are missing, unknown or repeated.
    """
    known = {key: key for key in LABELS}
    for language in Language.values:
        with translation.override(language):
            known |= {_(label).casefold(): key for key, label in LABELS.items()}
    while cells and not cells[-1]:
        cells = cells[:-1]
    found = [known.get(re.sub(r"\s+", " ", cell).casefold().removesuffix("*").strip(), "") for cell in cells]
    unknown = [cell[:40] or "—" for cell, key in zip(cells, found, strict=True) if not key]
    missing = [key for key in REQUIRED if key not in found]
    if len(missing) == len(REQUIRED):
        raise FileRefused("missing_columns", columns=missing)
    if unknown:
        raise FileRefused("unknown_columns", columns=unknown[:20])
    if missing:
        raise FileRefused("missing_columns", columns=missing)
    repeated = sorted({key for key in found if found.count(key) > 1})
    if repeated:
        raise FileRefused("repeated_columns", columns=repeated)
    return found


def check_cells(row: MemberRow, *, on: dt.date) -> None:
    """Add to a row's problems what can be seen without the database."""
    problem = row.problems.append
    row.email = User.objects.normalize_email(row.email)
    if row.email and not _passes(validate_email, row.email):
        problem(("email", {"value": row.email[:60]}))
    if row.name and not _passes(validate_name, row.name):
        problem(("name", {"column": "name"}))
    if row.name_latin and not _passes(validate_latin_name, row.name_latin):
        problem(("latin", {"column": "name_latin"}))
    row.language = row.language.lower()
    if row.language and row.language not in Language.values:
        problem(("language", {"value": row.language, "known": ", ".join(Language.values)}))
    country = _countries().get(row.country.casefold(), "")
    if row.country and not country:
        problem(("country", {"value": row.country, "known": ", ".join(Country.values)}))
    row.country = country or row.country
    if row.birth_year is not None and not on.year - OLDEST <= row.birth_year <= on.year - YOUNGEST:
        problem(("birth_year", {"value": row.birth_year}))
    for key in ("joined_on", "licence_issued_on"):
        day = getattr(row, key)
        if day is not None and day > on:
            problem(("in_future", {"column": key}))
    row.number = row.number.upper()
    if row.number and not re.fullmatch(rf"{country or '[A-Z]{2}'}-\d{{5,9}}", row.number):
        problem(("member_number", {"value": row.number}))
    if row.licence_number:
        if not re.fullmatch(r"[\w№/. -]+", row.licence_number):
            problem(("licence_number", {}))
        if row.licence_issued_on is None:
            problem(("licence_issued", {}))
        elif row.licence_valid_until is not None and row.licence_valid_until < row.licence_issued_on:
            problem(("licence_order", {}))


def template_file(kind: str) -> bytes:
    """Return an empty table with the heading and one example, as CSV that Excel opens or as XLSX."""
    table = tablib.Dataset(headers=[_(label) for _key, label, *_rest in COLUMNS], title="members")
    table.append([example for *_rest, example in COLUMNS])
    if kind == "xlsx":
        content: bytes = table.export("xlsx")
        return content
    text: str = table.export("csv", delimiter=";")
    return text.encode("utf-8-sig")


def _passes(validator: Any, value: str) -> bool:
    try:
        validator(value)
    except ValidationError:
        return False
    return True


@cache
def _countries() -> dict[str, str]:
    """Return the countries by code and by name in every language of the interface."""
    found = {country.value.casefold(): country.value for country in Country}
    for language in Language.values:
        with translation.override(language):
            found |= {str(country.label).casefold(): country.value for country in Country}
    return found
