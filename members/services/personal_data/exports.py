"""A copy of everything that the platform holds about a person: asked for, made by a worker, kept for a week."""

import datetime as dt
import logging
import tempfile
from typing import IO
from zoneinfo import ZoneInfo

from django.core.files import File
from django.db import transaction
from django.db.models import F
from django.utils import timezone, translation

from accounts.models import User
from audit.services import record
from members import tasks
from members.choices import RequestKind, RequestState, RetentionKind
from members.models import DataRequest, DataRequestQuerySet, RetentionRule, accounts_of
from members.notifications.personal_data import EXPORT_READY
from members.registry.personal_data import all_exports, join_tables
from members.services.personal_data.archive import write_archive
from notifications.services import notify

logger = logging.getLogger(__name__)

LEASE = dt.timedelta(minutes=5)  # a worker that takes longer was killed
MOST_TRIES = 3
COUNT_EVERY = 50  # rows between two notes of how far it is
BATCH = 20


@transaction.atomic
def ask_for_export(user: User, *, language: str, at: dt.datetime) -> DataRequest:
    """Have a copy of a person's data made; asked while one is being made, it returns that one."""
    User.objects.select_for_update().get(pk=user.pk)
    waiting = DataRequest.objects.exports().filter(user=user, state__in=[RequestState.WAITING, RequestState.BUILDING])
    if (existing := waiting.first()) is not None:
        return existing
    request = DataRequest.objects.create(user=user, kind=RequestKind.EXPORT, language=language, asked_at=at)
    record("members.data_export_asked", actor=user, subject=request, at=at, person=user)
    tasks.build_export.delay_on_commit(request.pk)
    return request


def build_export(request: DataRequest, *, at: dt.datetime) -> bool:
    """Make the archive of a request that waits, or that a killed worker left; return whether it is ready now.

    After three tries that failed the request has failed, and the person may ask again.
    """
    claimed = _claim(request, at=at)
    if claimed is None:
        return False
    try:
        with tempfile.TemporaryFile() as target:
            _write(claimed, target)
            return _finish(claimed, target, at=at)
    except Exception as error:
        # Without the text of the error: it may hold what it was about.
        logger.warning("The copy for request %s could not be made: %s", claimed.pk, type(error).__name__)
        state = RequestState.FAILED if claimed.tries >= MOST_TRIES else RequestState.WAITING
        _mine(claimed).update(state=state, lease_until=None)
        return False


def build_waiting_exports(*, at: dt.datetime) -> int:
    """Make the copies that lost messages left unmade; return how many are ready now."""
    return sum(build_export(request, at=at) for request in DataRequest.objects.to_build(at)[:BATCH])


@transaction.atomic
def note_download(request: DataRequest, *, actor: User, at: dt.datetime) -> None:
    """Write that a copy was handed out."""
    record("members.data_export_downloaded", actor=actor, subject=request, at=at, person=request.user_id)


@transaction.atomic
def _claim(request: DataRequest, *, at: dt.datetime) -> DataRequest | None:
    row = DataRequest.objects.to_build(at).select_for_update().filter(pk=request.pk).first()
    if row is None:
        return None
    if row.tries >= MOST_TRIES:  # the workers were killed, and nobody could say so
        DataRequest.objects.filter(pk=row.pk).update(state=RequestState.FAILED, lease_until=None)
        return None
    row.state, row.lease_until, row.tries, row.done = RequestState.BUILDING, at + LEASE, row.tries + 1, 0
    row.save(update_fields=["state", "lease_until", "tries", "done"])
    return row


def _mine(request: DataRequest) -> DataRequestQuerySet:
    """Find the request only while this try is the one that builds it."""
    return DataRequest.objects.filter(pk=request.pk, state=RequestState.BUILDING, tries=request.tries)


def _write(request: DataRequest, target: IO[bytes]) -> None:
    user = request.user
    with translation.override(request.language), timezone.override(ZoneInfo(user.time_zone)):
        accounts = accounts_of(user)
        parts = [(export, join_tables([export.collect(one) for one in accounts])) for export in all_exports()]
        _mine(request).update(total=sum(table.total for _export, table in parts))
        written = 0

        def count() -> None:
            nonlocal written
            written += 1
            if written % COUNT_EVERY == 0:
                _mine(request).update(done=written)

        write_archive(target, user, parts, count)


def _finish(request: DataRequest, target: IO[bytes], *, at: dt.datetime) -> bool:
    size = target.tell()
    target.seek(0)
    request.file.save("copy.zip", File(target), save=False)
    try:
        with transaction.atomic():
            changed = _mine(request).update(
                state=RequestState.READY,
                file=request.file.name,
                size=size,
                done=F("total"),
                finished_at=at,
                expires_at=at + dt.timedelta(days=RetentionRule.objects.days_for(RetentionKind.EXPORTS)),
                lease_until=None,
            )
            if changed:
                key = f"{EXPORT_READY.name}:{request.pk}"
                notify(EXPORT_READY, subject_id=request.pk, key=key, recipients=[request.user_id], at=at)
    except Exception:
        request.file.storage.delete(str(request.file.name))
        raise
    if not changed:  # the person was erased meanwhile, or another worker was quicker
        request.file.storage.delete(str(request.file.name))
    return bool(changed)
