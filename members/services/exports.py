"""Exports of members: asked for with a purpose, written by a task, kept for a day, every step in the audit log.

No cell can be taken for a formula by a spreadsheet, and no row of a chapter that the person does not reach gets in:
the reach is asked when the file is asked for, again when it is written, and again when it is fetched.
"""

import csv
import datetime as dt
import io
import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import openpyxl
from django.core.files.base import File
from django.db import transaction
from django.db.models import Prefetch, Q
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from audit.services import record
from members import tasks
from members.choices import ExportFormat, ExportStatus
from members.models import Chapter, Licence, MemberExport, Membership, MembershipQuerySet, export_chapters
from members.models.exports import KEPT

logger = logging.getLogger(__name__)

CHUNK = 500
LEASE = dt.timedelta(minutes=2)


class ColumnsForbidden(Exception):
    """Raised when somebody asks for columns or chapters that the office does not reach."""


def _licences(membership: Membership, name: str) -> str:
    return ", ".join(str(getattr(licence, name)) for licence in membership.user.licences.all())


def _states(membership: Membership) -> str:
    return ", ".join(str(licence.get_state_display()) for licence in membership.user.licences.all())


def _paid_until(membership: Membership) -> str:
    return max((period.ends_on.isoformat() for period in membership.periods.all()), default="")


# Column, label, value, whether it is sensitive. Of a profile's fields only those that offices show whatever a member
# chose (`members.rules.privacy.OFFICE_FIELDS`): a file obeys no choice.
Reader = Callable[[Membership], object]
COLUMNS: dict[str, tuple[str, Reader, bool]] = {
    "number": (gettext_noop("Number of membership"), lambda m: m.number, False),
    "name": (gettext_noop("Name"), lambda m: m.user.name_native, False),
    "name_latin": (gettext_noop("Name in Latin letters"), lambda m: m.user.name_latin, False),
    "country": (gettext_noop("Country"), lambda m: m.chapter.country, False),
    "chapter": (gettext_noop("Chapter"), lambda m: m.chapter.name_in(translation.get_language()), False),
    "tier": (gettext_noop("Kind of membership"), lambda m: m.tier.name_in(translation.get_language()), False),
    "standing": (gettext_noop("Standing"), lambda m: m.get_standing_display(), False),
    "joined_on": (gettext_noop("Member since"), lambda m: m.joined_on.isoformat(), False),
    "paid_until": (gettext_noop("Paid until"), _paid_until, False),
    "language": (gettext_noop("Language"), lambda m: m.user.language, False),
    "city": (gettext_noop("City"), lambda m: m.user.profile.city if hasattr(m.user, "profile") else "", False),
    "email": (gettext_noop("E-mail"), lambda m: m.user.email, True),
    "licence_number": (gettext_noop("Licence"), lambda m: _licences(m, "number"), True),
    "licence_state": (gettext_noop("State of the licence"), lambda m: _states(m), True),
}
SENSITIVE = frozenset(name for name, (_label, _reader, is_sensitive) in COLUMNS.items() if is_sensitive)
# A spreadsheet takes a cell that begins so for a formula.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")


def reachable_chapters(user: User, columns: Sequence[str] = ()) -> list[Chapter]:
    """Return the chapters, those of cities included, from which a person may choose."""
    scope = export_chapters(user, sensitive=bool(SENSITIVE & set(columns)))
    chapters = Chapter.objects.order_by("country", "parent_id", "pk")
    if None not in scope:
        chapters = chapters.filter(Q(pk__in=scope) | Q(parent__in=scope))
    return list(chapters)


def members_for(export: MemberExport) -> MembershipQuerySet:
    """Return the members of an export as its person reaches them now: never more, whatever was asked."""
    reach = {chapter.pk for chapter in reachable_chapters(export.requested_by, export.columns)}
    asked = Q(chapter__in=export.chapters) | Q(chapter__parent__in=export.chapters)
    members = Membership.objects.filter(asked, chapter__in=reach)
    return members.filter(standing__in=export.standings) if export.standings else members


@transaction.atomic
def request_export(
    *,
    columns: Sequence[str],
    chapters: Sequence[Chapter],
    standings: Sequence[str],
    file_format: ExportFormat,
    purpose: str,
    actor: User,
    at: dt.datetime,
) -> MemberExport:
    """Ask for a file of members; it is recorded whether or not anybody ever fetches it. Raises ColumnsForbidden."""
    reach = {chapter.pk for chapter in reachable_chapters(actor, columns)}
    if not columns or not chapters or not set(columns) <= set(COLUMNS) or not {c.pk for c in chapters} <= reach:
        raise ColumnsForbidden
    export = MemberExport.objects.create(
        requested_by=actor,
        purpose=purpose,
        columns=[name for name in COLUMNS if name in columns],
        chapters=[chapter.pk for chapter in chapters],
        standings=list(standings),
        format=file_format,
        language=translation.get_language() or "ru",
        created_at=at,
        expires_at=at + KEPT,
    )
    export.rows_total = members_for(export).count()
    export.save(update_fields=["rows_total"])
    _record("members.export_requested", export, actor=actor, at=at, rows=export.rows_total)
    tasks.write_export.delay_on_commit(export.pk)
    return export


def write_export(export_id: int, *, at: dt.datetime) -> bool:
    """Write the file of an export; returns whether it is there. One worker at a time, and again after a crash."""
    claimed = (
        MemberExport.objects.waiting()
        .filter(Q(lease_until__isnull=True) | Q(lease_until__lt=at), pk=export_id)
        .update(lease_until=at + LEASE)
    )
    if not claimed:
        return False
    export = MemberExport.objects.select_related("requested_by").get(pk=export_id)
    if export.expires_at <= at:
        _end(export, ExportStatus.FAILED, at=at)
        return False
    with translation.override(export.language), tempfile.TemporaryFile() as file:
        rows = 0
        for count in _write(export, file):
            rows = count
            MemberExport.objects.filter(pk=export.pk).update(rows_done=count)
        file.seek(0)
        export.file.save("members", File(file), save=False)
    export.rows_total = export.rows_done = rows
    _end(export, ExportStatus.DONE, at=at)
    return True


@transaction.atomic
def record_download(export: MemberExport, *, actor: User, at: dt.datetime) -> None:
    """Note that somebody fetches the file: before the first byte goes, so that a broken download is noted as well."""
    _record("members.export_downloaded", export, actor=actor, at=at, rows=export.rows_total)


def may_fetch(export: MemberExport, user: User, *, at: dt.datetime) -> bool:
    """Whether the file is there and the person still reaches every chapter that was asked for."""
    reach = {chapter.pk for chapter in reachable_chapters(user, export.columns)}
    return export.status == ExportStatus.DONE and at < export.expires_at and set(export.chapters) <= reach


def pick_up_exports(*, at: dt.datetime) -> int:
    """Delete the files whose day is over and start the writing of those that a lost message left waiting."""
    for export in MemberExport.objects.filter(status=ExportStatus.DONE, expires_at__lte=at).order_by("pk")[:200]:
        name, storage = export.file.name, export.file.storage
        with transaction.atomic():
            export.file = ""
            _end(export, ExportStatus.EXPIRED, at=at)
        if name:
            storage.delete(name)
    waiting = MemberExport.objects.waiting().filter(Q(lease_until__isnull=True) | Q(lease_until__lt=at))
    ids = list(waiting.order_by("pk").values_list("pk", flat=True)[:20])
    with transaction.atomic():
        for export_id in ids:
            tasks.write_export.delay_on_commit(export_id)
    return len(ids)


def safe_cell(value: object) -> str:
    """Return a value as text that no spreadsheet takes for a formula."""
    text = str(value if value is not None else "")
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def _rows(export: MemberExport) -> Iterator[list[str]]:
    """Yield the heading and a row for each member: a constant number of queries for each chunk."""
    columns = [name for name in export.columns if name in COLUMNS]  # one may be gone since the file was asked for
    yield [safe_cell(_(COLUMNS[name][0])) for name in columns]
    members = (
        members_for(export)
        .select_related("user__profile", "chapter", "tier")
        .prefetch_related("periods", Prefetch("user__licences", Licence.objects.order_by("pk")))
        .order_by("pk")
    )
    for membership in members.iterator(chunk_size=CHUNK):
        yield [safe_cell(COLUMNS[name][1](membership)) for name in columns]


def _write(export: MemberExport, file: Any) -> Iterator[int]:
    """Write the rows into a file, yielding how many there are after every chunk."""
    is_csv = export.format == ExportFormat.CSV
    count = -1  # the heading is no row
    if is_csv:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
        add = csv.writer(text, delimiter=";").writerow
    else:
        book = openpyxl.Workbook(write_only=True)
        add = book.create_sheet("members").append
    for row in _rows(export):
        add(row)
        count += 1
        if count and count % CHUNK == 0:
            yield count
    if is_csv:
        text.detach()
    else:
        book.save(file)
    yield count


@transaction.atomic
def _end(export: MemberExport, status: ExportStatus, *, at: dt.datetime) -> None:
    export.status, export.lease_until = status, None
    if status != ExportStatus.EXPIRED:
        export.finished_at = at
    export.save()
    actor = export.requested_by if status == ExportStatus.DONE else None
    _record(f"members.export_{status}", export, actor=actor, at=at, rows=export.rows_total)


def _record(action: str, export: MemberExport, *, actor: User | None, at: dt.datetime, rows: int) -> None:
    record(
        action,
        actor=actor,
        subject=export,
        at=at,
        chapter=export.chapters[0] if len(export.chapters) == 1 else None,
        detail={"columns": export.columns, "chapters": export.chapters, "rows": rows, "purpose": export.purpose},
    )
