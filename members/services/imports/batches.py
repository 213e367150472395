"""A batch from the upload to the undoing. The work is done by a task in chunks; a lost one is picked up again."""

import datetime as dt
import hashlib
import logging
import time
from collections.abc import Iterator
from functools import partial

from django.core.files.base import File
from django.db import transaction
from django.db.models import Q

from accounts.models import User
from audit.services import record
from members import tasks
from members.choices import BatchStatus, RowDecision, RowState, RowVerdict
from members.models import Chapter, ImportBatch, ImportRow
from members.models.imports import KEPT
from members.services.imports.applying import import_chunks
from members.services.imports.checking import OWN_RECORD, Problem, Structure, check_chunks, find_obstacles
from members.services.imports.reading import FileRefused, is_workbook, open_table, refuse_size
from members.services.imports.records import read_records
from members.services.imports.resource import MemberResource, read_heading
from members.services.imports.undoing import undo_chunks

logger = logging.getLogger(__name__)

A_DAY = 20  # files that one person uploads within a day: nobody feels out by trial who is on record
BUDGET = 30  # seconds of one task; then the next one goes on
LEASE = dt.timedelta(minutes=2)  # longer than a task may live
CLAIMABLE = Q(lease_until__isnull=True)


class BatchChanged(Exception):
    """Raised when somebody else has moved a batch on since the page was opened."""


class BatchNotReady(Exception):
    """Raised when a step is asked of a batch that its status does not allow."""


class RowRefused(Exception):
    """Raised when a decision about a row cannot stand; carries a code of `members.rules.import_problems`."""

    def __init__(self, code: str, params: dict[str, object]) -> None:
        super().__init__(code)
        self.code, self.params = code, params


class RowsUndecided(Exception):
    """Raised when possible duplicates wait for a decision."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


@transaction.atomic
def upload_import(file: File, *, name: str, chapter: Chapter | None, actor: User, at: dt.datetime) -> ImportBatch:
    """Keep an uploaded file and start its trial run. Raises FileRefused for what cannot be read, or is too much."""
    User.objects.select_for_update().get(pk=actor.pk)  # two uploads at once are counted one after the other
    recent = ImportBatch.objects.filter(uploaded_by=actor, created_at__gt=at - dt.timedelta(days=1))
    if recent.count() >= A_DAY:
        raise FileRefused("too_many_today", files=A_DAY)
    refuse_size(file.size)
    if not is_workbook(file):  # what unpacking a workbook takes is the task's to spend
        heading = next(iter(open_table(file)), None)
        if heading is None:
            raise FileRefused("empty")
        read_heading(heading[1])
    file.seek(0)
    digest = hashlib.sha256()
    for block in file.chunks():
        digest.update(block)
    file.seek(0)
    batch = ImportBatch(chapter=chapter, uploaded_by=actor, name=name[:200], sha256=digest.hexdigest(), created_at=at)
    batch.file.save(name, file, save=False)
    batch.save()
    _record("members.import_uploaded", batch, actor=actor, at=at, detail={"sha256": batch.sha256})
    tasks.advance_import.delay_on_commit(batch.pk)
    return batch


def advance_import(batch_id: int, *, at: dt.datetime, budget: float = BUDGET) -> bool:
    """Work on a batch for a while and start the next task where some is left. Returns whether it is finished.

    One task at a time: it holds a lease, which ends by itself if the worker dies.
    """
    claimed = (
        ImportBatch.objects.running()
        .filter(CLAIMABLE | Q(lease_until__lt=at), pk=batch_id)
        .update(lease_until=at + LEASE)
    )
    if not claimed:
        return False
    batch = ImportBatch.objects.select_related("uploaded_by", "chapter", "confirmed_by", "undone_by").get(pk=batch_id)
    started = time.monotonic()
    try:
        for _done in _chunks(batch, at=at):
            if time.monotonic() - started > budget:
                with transaction.atomic():
                    ImportBatch.objects.filter(pk=batch_id).update(lease_until=None)
                    tasks.advance_import.delay_on_commit(batch_id)
                return False
        _finish(batch, at=at)
    except FileRefused as refusal:
        _fail(batch, refusal.code, refusal.params, at=at)
    except Exception:
        # The lease stays: the sweeper tries again when it has run out, so a fault does not spin.
        logger.exception("Import %s stopped at row %s.", batch_id, batch.rows_done)
        if batch.status == BatchStatus.CHECKING:
            _fail(batch, "failed", {}, at=at)
        raise
    return True


def _chunks(batch: ImportBatch, *, at: dt.datetime) -> Iterator[int]:
    if batch.status == BatchStatus.CHECKING:
        return check_chunks(batch, on=at.date())
    if batch.status == BatchStatus.IMPORTING:
        return import_chunks(batch, at=at)
    return undo_chunks(batch, at=at)


@transaction.atomic
def _finish(batch: ImportBatch, *, at: dt.datetime) -> None:
    actor = {BatchStatus.IMPORTING: batch.confirmed_by, BatchStatus.UNDOING: batch.undone_by}.get(
        BatchStatus(batch.status), batch.uploaded_by
    )
    detail: dict[str, object] = {"rows": batch.rows_total}
    if batch.status == BatchStatus.CHECKING:
        batch.status, action = BatchStatus.CHECKED, "members.import_checked"
        batch.rows_done = batch.rows_total
    else:
        is_undo = batch.status == BatchStatus.UNDOING
        batch.status = BatchStatus.UNDONE if is_undo else BatchStatus.DONE
        action = "members.import_undone" if is_undo else "members.import_done"
        states = batch.rows.order_by().values_list("state", flat=True)
        detail |= {state: states.filter(state=state).count() for state in RowState.values}
        if is_undo:
            _purge(batch, at=at)
        else:
            batch.finished_at = at
    batch.lease_until = None
    batch.save()
    _record(action, batch, actor=actor, at=at, detail=detail)


@transaction.atomic
def _fail(batch: ImportBatch, code: str, params: dict[str, object], *, at: dt.datetime) -> None:
    batch.status, batch.problem, batch.problem_params, batch.lease_until = BatchStatus.FAILED, code, params, None
    batch.rows.all().delete()
    _purge(batch, at=at)
    batch.save()
    _record("members.import_refused", batch, actor=batch.uploaded_by, at=at, detail={"problem": code})


@transaction.atomic
def decide_row(row: ImportRow, *, decision: RowDecision, actor: User, at: dt.datetime) -> ImportRow:
    """Say what happens to a possible duplicate. Raises BatchNotReady and RowRefused."""
    batch = _lock(row.batch, statuses=(BatchStatus.CHECKED,))
    if row.verdict != RowVerdict.DUPLICATE or (decision == RowDecision.UPDATE and row.candidate_id is None):
        raise BatchNotReady
    for code, params in _obstacles(batch, row, decision=decision, actor=actor):
        raise RowRefused(code, params)
    row.decision = decision
    row.save(update_fields=["decision"])
    record(
        "members.import_row_decided",
        actor=actor,
        subject=row,
        at=at,
        person=row.candidate_id,
        chapter=row.batch.chapter_id,
        detail={"decision": decision},
    )
    return row


def _obstacles(batch: ImportBatch, row: ImportRow, *, decision: RowDecision, actor: User) -> list[Problem]:
    """Return what forbids a decision now: nobody decides about himself, nor updates what an import may not."""
    if decision == RowDecision.SKIP or row.candidate_id is None:
        return []
    if row.candidate_id == actor.pk:
        return [OWN_RECORD]
    if decision == RowDecision.CREATE:
        return []
    record_now = read_records([row.candidate_id])[row.candidate_id]
    return find_obstacles(MemberResource().from_data(row.data), record_now, Structure.load(batch))


@transaction.atomic
def decide_all(batch: ImportBatch, *, actor: User, at: dt.datetime) -> int:
    """Leave out every possible duplicate that nobody has decided. Returns how many. Raises BatchNotReady."""
    _lock(batch, statuses=(BatchStatus.CHECKED,))
    count = batch.rows.filter(verdict=RowVerdict.DUPLICATE, decision="").update(decision=RowDecision.SKIP)
    _record("members.import_rows_left_out", batch, actor=actor, at=at, detail={"rows": count})
    return count


@transaction.atomic
def confirm_import(batch: ImportBatch, *, version: int, actor: User, at: dt.datetime) -> ImportBatch:
    """Start writing what the trial run found. Raises BatchChanged, BatchNotReady and RowsUndecided."""
    row = _lock(batch, version=version, statuses=(BatchStatus.CHECKED,))
    undecided = row.rows.filter(verdict=RowVerdict.DUPLICATE, decision="").count()
    if undecided:
        raise RowsUndecided(undecided)
    row.rows.filter(
        Q(verdict__in=(RowVerdict.ERROR, RowVerdict.SKIP)) | Q(verdict=RowVerdict.DUPLICATE, decision=RowDecision.SKIP)
    ).update(state=RowState.LEFT_OUT)
    row.rows_done = row.rows.exclude(state=RowState.WAITING).count()
    row.status, row.confirmed_at, row.confirmed_by = BatchStatus.IMPORTING, at, actor
    row.version += 1
    row.save()
    _record("members.import_confirmed", row, actor=actor, at=at, detail={"rows": row.rows_total})
    tasks.advance_import.delay_on_commit(row.pk)
    return row


@transaction.atomic
def start_undo(batch: ImportBatch, *, version: int, actor: User, at: dt.datetime) -> ImportBatch:
    """Start taking back what a batch did and nobody touched since. Raises BatchChanged and BatchNotReady."""
    row = _lock(batch, version=version, statuses=(BatchStatus.DONE,))
    if row.purged_at is not None:
        raise BatchNotReady
    row.status, row.undone_at, row.undone_by = BatchStatus.UNDOING, at, actor
    row.rows_done = row.rows.exclude(state=RowState.DONE).count()
    row.version += 1
    row.save()
    _record("members.import_undo_started", row, actor=actor, at=at, detail={})
    tasks.advance_import.delay_on_commit(row.pk)
    return row


def pick_up_imports(*, at: dt.datetime) -> int:
    """Start a task for every batch that should have one and has none. Returns how many."""
    waiting = ImportBatch.objects.running().filter(CLAIMABLE | Q(lease_until__lt=at))
    ids = list(waiting.order_by("pk").values_list("pk", flat=True)[:20])
    with transaction.atomic():
        for batch_id in ids:
            tasks.advance_import.delay_on_commit(batch_id)
    return len(ids)


def purge_imports(*, at: dt.datetime) -> int:
    """Delete the files and the rows' contents of batches whose time is over. Returns how many."""
    due = ImportBatch.objects.filter(purged_at__isnull=True, created_at__lt=at - KEPT).exclude(
        status__in=(BatchStatus.IMPORTING, BatchStatus.UNDOING)
    )
    purged = 0
    for batch_id in due.order_by("pk").values_list("pk", flat=True)[:100]:
        with transaction.atomic():
            batch = ImportBatch.objects.select_for_update().get(pk=batch_id)
            if batch.status in (BatchStatus.CHECKED, BatchStatus.CHECKING):
                batch.status, batch.problem = BatchStatus.FAILED, "gone"
            _purge(batch, at=at)
            batch.save()
            _record("members.import_purged", batch, actor=None, at=at, detail={})
            purged += 1
    return purged


@transaction.atomic
def forget_rows(condition: Q) -> None:
    """Empty the rows about a person and delete the files they came in; what waits to be written is left out."""
    ids = list(ImportRow.objects.filter(condition).values_list("pk", flat=True))
    batches = ImportBatch.objects.filter(rows__in=ids).exclude(file="").distinct()
    for batch in batches:
        transaction.on_commit(partial(batch.file.storage.delete, str(batch.file.name)), robust=True)
    ImportBatch.objects.filter(pk__in=[batch.pk for batch in batches]).update(file="")
    rows = ImportRow.objects.filter(pk__in=ids)
    rows.filter(state=RowState.WAITING).update(verdict=RowVerdict.SKIP, decision="")
    rows.update(data={}, problems=[], changes=[], trace={})


def _purge(batch: ImportBatch, *, at: dt.datetime) -> None:
    """Empty a batch of people's data; the file goes once that is committed."""
    name, storage = batch.file.name, batch.file.storage
    if name:
        transaction.on_commit(lambda: storage.delete(name))
    batch.file, batch.purged_at = "", at
    batch.rows.update(data={}, changes=[], trace={})


def _lock(batch: ImportBatch, *, statuses: tuple[BatchStatus, ...], version: int | None = None) -> ImportBatch:
    row = ImportBatch.objects.select_for_update().get(pk=batch.pk)
    if version is not None and row.version != version:
        raise BatchChanged
    if row.status not in statuses:
        raise BatchNotReady
    return row


def _record(action: str, batch: ImportBatch, *, actor: User | None, at: dt.datetime, detail: dict[str, object]) -> None:
    record(action, actor=actor, subject=batch, at=at, chapter=batch.chapter_id, detail=detail)
