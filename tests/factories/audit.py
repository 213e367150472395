"""Events of the audit log: written by the service, as there is no other way."""

import datetime as dt

from django.utils import timezone

from accounts.models import User
from audit.models import AuditEvent
from audit.services import record
from tests.factories.accounts import UserFactory


def write_event(
    action: str = "members.noted",
    *,
    actor: User | None = None,
    person: User | None = None,
    at: dt.datetime | None = None,
    detail: dict[str, object] | None = None,
    subject: User | None = None,
) -> AuditEvent:
    """An event about a person, written now, with a detail in words."""
    thing = subject or person or actor or UserFactory()
    return record(
        action,
        actor=actor,
        subject=thing,
        at=at or timezone.now(),
        person=person,
        chapter=7,
        reason_code="other",
        detail={"text": "because"} if detail is None else detail,
    )
