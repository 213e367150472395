"""Rows as the services of membership would leave them, collected in memory and written table by table.

Playing the services themselves would take a minute: here a step costs no query. `tests/demo/test_applications.py` holds
the rows against the machine of `members.rules.transitions`, the numbers against their counters and the audit log
against its own hashes.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import models, transaction

from accounts.models import User
from audit import tasks
from audit.models import AuditEvent, new_salt
from audit.services import hash_detail
from members.models import (
    AppealVote,
    Application,
    ApplicationDocument,
    Chapter,
    Committee,
    CommitteeMember,
    Consent,
    CpdClaim,
    CpdEntry,
    Decision,
    HardshipRequest,
    InformationRequest,
    Invoice,
    Licence,
    LicenceCheck,
    Membership,
    MembershipPeriod,
    NumberCounter,
    Payment,
    Receipt,
    Reference,
    ReviewNote,
    Sanction,
    Tier,
    Transfer,
    Waiver,
    hash_token,
)
from members.tokens import reference_token
from pages.models import private_storage

DAY = dt.timedelta(days=1)
OPENS = dt.time(10)  # when something happened on a day; the next thing of a story some minutes later
BETWEEN = dt.timedelta(minutes=7)

# What points at another row stands behind it.
ORDER: tuple[type[models.Model], ...] = (
    Licence,
    LicenceCheck,
    Application,
    ApplicationDocument,
    Reference,
    InformationRequest,
    ReviewNote,
    Decision,
    AppealVote,
    Consent,
    Invoice,
    Payment,
    Receipt,
    Waiver,
    HardshipRequest,
    CpdClaim,
    CpdEntry,
    Committee,
    CommitteeMember,
    Transfer,
)


@dataclass(frozen=True)
class TierChange:
    """That a member was given another kind of membership: what it was before, by which application, by whom, when."""

    before: Tier
    application: Application
    actor: User | None
    at: dt.datetime


@dataclass
class Plan:
    """A membership that is to be written, with what belongs to it."""

    membership: Membership
    periods: list[MembershipPeriod]
    licence: Licence | None = None
    sanction: Sanction | None = None
    change: TierChange | None = None

    def tier_at(self, at: dt.datetime) -> Tier:
        """Return the kind of membership that this was at a moment."""
        return self.change.before if self.change is not None and at < self.change.at else self.membership.tier


@dataclass
class Note:
    """An event of the audit log whose subject has no number yet."""

    at: dt.datetime
    action: str
    actor: User | None
    subject: models.Model
    person: User | None
    chapter: Chapter | None
    reason_code: str
    detail: Mapping[str, Any]

    def event(self) -> AuditEvent:
        detail = {name: _plain(value) for name, value in self.detail.items()}
        salt = new_salt()
        return AuditEvent(
            at=self.at,
            actor_id=self.actor.pk if self.actor is not None else None,
            action=self.action,
            subject_type=self.subject._meta.label_lower,
            subject_id=str(self.subject.pk),
            person_id=self.person.pk if self.person is not None else None,
            chapter_id=self.chapter.pk if self.chapter is not None else None,
            reason_code=self.reason_code,
            detail=detail,
            salt=salt,
            detail_hash=hash_detail(detail, salt),
        )


def _plain(value: Any) -> Any:
    """Return what JSON holds of a value: of a row its number, of what is known only now the answer."""
    if callable(value):
        value = value()
    if isinstance(value, models.Model):
        return value.pk
    return value if value is None or isinstance(value, bool | int) else str(value)


class Book:
    """Everything that is to be written, in the order in which it happened."""

    def __init__(self, *, at: dt.datetime) -> None:
        self.at, self.today = at, at.date()
        self.rows: dict[type[models.Model], list[Any]] = defaultdict(list)
        self.notes: list[Note] = []
        self.files: list[tuple[str, bytes]] = []

    def moment(self, days_ago: int, number: int = 0) -> dt.datetime:
        """Return when the n-th thing happened on a day; chapters of all countries count the same date then."""
        opened = dt.datetime.combine(self.day(days_ago), OPENS, tzinfo=ZoneInfo(settings.TIME_ZONE))
        return opened + number * BETWEEN

    def day(self, days_ago: int) -> dt.date:
        return self.today - days_ago * DAY

    def add(self, *rows: models.Model) -> None:
        for row in rows:
            self.rows[type(row)].append(row)

    def keep_file(self, name: str, content: bytes) -> None:
        """Put a file into the private storage once its row is committed: a load that fails leaves none behind."""
        self.files.append((name, content))

    def note(
        self,
        action: str,
        *,
        actor: User | None,
        subject: models.Model,
        at: dt.datetime,
        person: User | None,
        chapter: Chapter | None,
        reason_code: str = "",
        **detail: Any,
    ) -> None:
        """Write an event of the audit log; rows and functions in its details are asked once all have numbers."""
        self.notes.append(Note(at, action, actor, subject, person, chapter, reason_code, detail))

    def write(self) -> None:
        """Write everything: a query or two for each table."""
        self._give_numbers()
        for model in ORDER:
            # A reversal points at what it reverses.
            first = [row for row in self.rows[model] if getattr(row, "reverses", None) is None]
            for rows in (first, [row for row in self.rows[model] if getattr(row, "reverses", None) is not None]):
                if rows:
                    model._default_manager.bulk_create(rows)
        invited = [row for row in self.rows[Reference] if row.invited_at is not None]
        for reference in invited:
            reference.token_hash = hash_token(reference_token(reference))
        Reference.objects.bulk_update(invited, ["token_hash"])
        AuditEvent.objects.bulk_create(note.event() for note in sorted(self.notes, key=lambda note: note.at))
        transaction.on_commit(tasks.nudge, robust=True)
        transaction.on_commit(self._write_files)

    def _give_numbers(self) -> None:
        """Number applications, invoices and receipts in the order of their days, dense in each country's year."""
        last: dict[str, int] = defaultdict(int)

        def number(rows: list[Any], kind: str, form: str, key: Callable[[Any], tuple[dt.date, Chapter]]) -> None:
            for row in sorted(rows, key=lambda row: key(row)[0]):
                day, chapter = key(row)
                series = f"{day.year}-{chapter.country}"
                last[f"{kind}:{series}"] += 1
                row.number = form.format(series=series, number=last[f"{kind}:{series}"])

        submitted = [row for row in self.rows[Application] if row.submitted_at is not None]
        number(submitted, "application", "{series}-A{number:05d}", lambda row: (row.submitted_at.date(), row.chapter))
        number(self.rows[Invoice], "invoice", "{series}-{number:05d}", lambda row: (row.issued_on, row.chapter))
        number(
            self.rows[Receipt],
            "receipt",
            "R-{series}-{number:05d}",
            lambda row: (row.issued_on, row.payment.invoice.chapter),
        )
        NumberCounter.objects.bulk_create(NumberCounter(series=series, last=count) for series, count in last.items())

    def _write_files(self) -> None:
        storage = private_storage()
        for name, content in self.files:
            storage.save(name, ContentFile(content))
