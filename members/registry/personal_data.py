"""What every app holds about a person: the tables of a copy of the data, and how each app forgets a person.

Apps above declare theirs in `receivers.py`, members its own in `members.services.personal_data`. A table never holds
secrets (passwords, keys, tokens) or what others wrote for each other.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models.fields.files import FieldFile
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django_stubs_ext import StrOrPromise

from accounts.models import User

CHUNK = 500


@dataclass(frozen=True)
class Cell:
    """A value as machines read it and as people do; a file is copied into the archive."""

    value: object
    shown: str
    file: FieldFile | None = None


@dataclass(frozen=True)
class Table:
    """Rows about a person, read in pieces; `total` says how many there will be."""

    columns: tuple[tuple[str, StrOrPromise], ...]
    total: int
    rows: Callable[[], Iterator[dict[str, Cell]]]
    model: str  # "members.Invoice"


@dataclass(frozen=True)
class Export:
    """A part of a copy of the data."""

    name: str  # "members.invoices"
    label: StrOrPromise
    collect: Callable[[User], Table]


Eraser = Callable[[User, dt.datetime], None]

_exports: dict[str, Export] = {}
_erasers: dict[str, Eraser] = {}


def register_export(name: str, label: StrOrPromise, collect: Callable[[User], Table]) -> None:
    """Add a part to every copy of a person's data. Raises ValueError for a name that is taken."""
    if name in _exports:
        raise ValueError(f"The export {name} is declared twice.")
    _exports[name] = Export(name, label, collect)


def register_eraser(name: str, erase: Eraser) -> None:
    """Have something done, within the same transaction, when a person is erased. Raises ValueError for a taken name."""
    if name in _erasers:
        raise ValueError(f"The eraser {name} is declared twice.")
    _erasers[name] = erase


def all_exports() -> list[Export]:
    """Return every part in the order of declaration."""
    return list(_exports.values())


def all_erasers() -> list[Eraser]:
    """Return what forgets a person, in the order of declaration."""
    return list(_erasers.values())


def table_of(queryset: models.QuerySet[Any], *paths: str) -> Table:
    """Return the rows of a queryset, reduced to these fields; `application__number` follows a relation.

    The queryset takes along what the paths follow (`select_related`).
    """
    fields = [_field(queryset.model, path) for path in paths]

    def rows() -> Iterator[dict[str, Cell]]:
        for instance in queryset.order_by("pk").iterator(chunk_size=CHUNK):
            yield {path: _cell(instance, path, field) for path, field in zip(paths, fields, strict=True)}

    columns = tuple((path, field.verbose_name) for path, field in zip(paths, fields, strict=True))
    return Table(columns, queryset.count(), rows, queryset.model._meta.label)


def join_tables(tables: list[Table]) -> Table:
    """Return the rows of the same table of several accounts, one after the other."""

    def rows() -> Iterator[dict[str, Cell]]:
        for table in tables:
            yield from table.rows()

    return Table(tables[0].columns, sum(table.total for table in tables), rows, tables[0].model)


def _field(model: type[models.Model], path: str) -> Any:
    field: Any = None
    for name in path.split("__"):
        field = model._meta.get_field(name)
        model = field.related_model or model
    return field


def _cell(instance: models.Model, path: str, field: Any) -> Cell:
    owner: Any = instance
    *way, last = path.split("__")
    for name in way:
        owner = getattr(owner, name) if owner is not None else None
    value = getattr(owner, last) if owner is not None else None
    if value is None:
        return Cell(None, "")
    if isinstance(value, FieldFile):
        return Cell(value.name or None, "", value if value else None)
    if isinstance(value, models.Model):
        return Cell(value.pk, str(value))
    if getattr(field, "choices", None):
        return Cell(value, str(getattr(owner, f"get_{last}_display")()))
    return Cell(value, _shown(value))


def _shown(value: object) -> str:
    """Return a value as people read it, in the active language and time zone."""
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, dt.datetime):
        return date_format(timezone.localtime(value), "DATETIME_FORMAT")
    if isinstance(value, dt.date):
        return date_format(value, "DATE_FORMAT")
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, indent=1) if value else ""
    return str(value)
