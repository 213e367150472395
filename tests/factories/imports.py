"""Files of members as people upload them, and batches that have been through the trial run."""

import csv
import datetime as dt
import io
from typing import Any

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.models import User
from members.choices import OfficeRole
from members.models import Chapter, ImportBatch
from members.services import imports
from tests.factories.members import OfficeTermFactory

HEADING = ["email", "name", "country", "tier", "joined_on", "paid_until"]


def registrar() -> User:
    """Return a registrar of the League."""
    user: User = OfficeTermFactory(role=OfficeRole.REGISTRAR, chapter=None).user
    return user


def member_row(number: int = 1, /, **values: str) -> dict[str, str]:
    """Return a row that is right: a new advocate of Kazakhstan, paid until far ahead."""
    return {
        "email": f"new{number}@example.org",
        "name": f"Алия Сериккызы {'абвгдежзик'[number % 10]}",
        "country": "KZ",
        "tier": "full",
        "joined_on": "12.03.2021",
        "paid_until": "11.03.2099",
        **values,
    }


def csv_bytes(rows: list[dict[str, str]], *, encoding: str = "utf-8", delimiter: str = ";") -> bytes:
    """Return rows as a CSV file; the columns are those of the first row."""
    text = io.StringIO()
    heading = list(rows[0])
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(heading)
    writer.writerows([row.get(key, "") for key in heading] for row in rows)
    return text.getvalue().encode(encoding)


def xlsx_bytes(rows: list[list[Any]]) -> bytes:
    """Return rows, the heading among them, as an XLSX file."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def upload(
    content: bytes,
    *,
    by: User,
    chapter: Chapter | None = None,
    name: str = "members.csv",
    at: dt.datetime | None = None,
) -> ImportBatch:
    """Upload a file as the office does; the trial run happens when the test runs what was put off to the commit."""
    file = SimpleUploadedFile(name, content)
    return imports.upload_import(file, name=name, chapter=chapter, actor=by, at=at or timezone.now())


def checked(rows: list[dict[str, str]], *, by: User, chapter: Chapter | None = None) -> ImportBatch:
    """Return a batch whose rows have their verdicts."""
    batch = upload(csv_bytes(rows), by=by, chapter=chapter)
    imports.advance_import(batch.pk, at=timezone.now())
    batch.refresh_from_db()
    return batch


def imported(rows: list[dict[str, str]], *, by: User, chapter: Chapter | None = None) -> ImportBatch:
    """Return a batch that was written."""
    batch = checked(rows, by=by, chapter=chapter)
    imports.confirm_import(batch, version=batch.version, actor=by, at=timezone.now())
    imports.advance_import(batch.pk, at=timezone.now())
    batch.refresh_from_db()
    return batch


def undone(batch: ImportBatch, *, by: User) -> ImportBatch:
    """Return the batch after its undoing."""
    imports.start_undo(batch, version=batch.version, actor=by, at=timezone.now())
    imports.advance_import(batch.pk, at=timezone.now())
    batch.refresh_from_db()
    return batch
