"""Writing the audit log."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction

from accounts.models import User
from audit import tasks
from audit.models import AuditEvent, new_salt


def record(
    action: str,
    *,
    actor: User | None,
    subject: models.Model,
    at: dt.datetime,
    person: User | int | None = None,
    chapter: models.Model | int | None = None,
    reason_code: str = "",
    detail: Mapping[str, object] | None = None,
) -> AuditEvent:
    """Write one event of the audit log, in the transaction of the change that it reports.

    `actor` is None for a job; `person` is whom the change concerns; `detail` holds plain values, no secrets and no
    text of confidential threads.
    """
    salt = new_salt()
    # Fractions as they were spelled: a database may spell a number otherwise, and the hash would not match.
    plain = _without_nul(json.loads(json.dumps(dict(detail or {}), cls=DjangoJSONEncoder), parse_float=str))
    event = AuditEvent.objects.create(
        at=at,
        actor_id=actor.pk if actor is not None else None,
        action=action,
        subject_type=subject._meta.label_lower,
        subject_id=str(subject.pk),
        person_id=_number(person),
        chapter_id=_number(chapter),
        reason_code=reason_code,
        detail=plain,
        salt=salt,
        detail_hash=hash_detail(plain, salt),
    )
    _seal_after_commit()
    return event


def hash_detail(detail: Mapping[str, object], salt: str) -> str:
    """Return the SHA-256 of a detail, salted, in its one spelling."""
    spelled = json.dumps(detail, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{salt}\n{spelled}".encode()).hexdigest()


def _without_nul(value: Any) -> Any:
    """Return a value without the one character that PostgreSQL keeps in no text."""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(one) for key, one in value.items()}
    return [_without_nul(one) for one in value] if isinstance(value, list) else value


def _seal_after_commit() -> None:
    """Ask for the chain to be continued once this transaction is committed: once, however many events it writes."""
    connection = transaction.get_connection()
    if not any(tasks.nudge in entry for entry in connection.run_on_commit):
        transaction.on_commit(tasks.nudge, robust=True)


def _number(thing: models.Model | int | None) -> int | None:
    return thing.pk if isinstance(thing, models.Model) else thing
