"""What a report is made of, and how it leaves the site as CSV."""

import csv
import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction

from accounts.models import User
from audit.services import record
from members.models import Chapter
from members.services.standings import day_begins

Cell = object  # text, a whole number, a Decimal or None

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would take such a text for a formula


@dataclass(frozen=True)
class Chart:
    """Bars: one group for each label, in it one bar for each series, or one bar of all where they add up."""

    labels: list[str]
    series: list[tuple[str, list[float]]]
    is_stacked: bool = False


@dataclass(frozen=True)
class Table:
    """The result of a report."""

    columns: list[str]
    rows: list[list[Cell]]
    chart: Chart | None = None
    totals: list[Cell] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Scope:
    """What a report is about: some chapters, and the day on which it would have been printed."""

    chapters: Sequence[Chapter]
    on: dt.date

    @property
    def ids(self) -> list[int]:
        return [chapter.pk for chapter in self.chapters]

    @property
    def end(self) -> dt.datetime:
        """The first moment after the day, as the League's office counts it."""
        return day_begins(self.on + dt.timedelta(days=1))

    @property
    def year_before(self) -> dt.date:
        """The first day of the twelve months that end with the month of the day."""
        return self.months[0]

    @property
    def year_began(self) -> dt.datetime:
        return day_begins(self.year_before)

    @property
    def months(self) -> list[dt.date]:
        """The first days of the twelve months that end with the month of the day."""
        last = self.on.year * 12 + self.on.month - 1
        return [dt.date(number // 12, number % 12 + 1, 1) for number in range(last - 11, last + 1)]

    def named(self) -> dict[int, str]:
        """Return the names of the chapters by their numbers, in their order."""
        return {chapter.pk: str(chapter) for chapter in self.chapters}


def safe_cell(value: Cell) -> Cell:
    """Return a cell of a CSV file that no spreadsheet takes for a formula. Numbers are numbers and stay."""
    if isinstance(value, str) and value.startswith(DANGEROUS):
        return f"'{value}"
    return "" if value is None else value


def to_csv(table: Table) -> str:
    """Write a table as CSV, headings first."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    rows: list[list[Cell]] = [[*table.columns], *table.rows, *([table.totals] if table.totals else [])]
    writer.writerows([[safe_cell(cell) for cell in row] for row in rows])
    return buffer.getvalue()


@transaction.atomic
def export_report(name: str, table: Table, *, scope: Scope, purpose: str, actor: User, at: dt.datetime) -> str:
    """Return a report as CSV and say in the audit log who took it out, and what for."""
    record(
        "members.report_exported",
        actor=actor,
        subject=actor,
        at=at,
        detail={
            "report": name,
            "on": scope.on,
            "chapters": scope.ids,
            "rows": len(table.rows),
            "purpose": purpose,
        },
    )
    return to_csv(table)
