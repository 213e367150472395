"""What every transition of an application shares: lock, version, table, party, audit log."""

import datetime as dt
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from members.choices import ApplicationStatus
from members.models import Application
from members.permissions.applications import why_not
from members.permissions.offices import application_parties
from members.rules.transitions import APPLICATION, Party, find


class TransitionRefused(Exception):
    """Raised when a transition is not in the table for this status and party, or a guard of it fails.

    `sentence` says in the interface's language what is in the way.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class StaleApplication(Exception):
    """Raised when an application changed since the page was opened on which somebody decided.

    `sentence` says so in the interface's language.
    """

    def __init__(self) -> None:
        self.sentence = _(
            "Somebody changed this application while the page was open, so nothing was done. "
            "Look at it as it stands now and decide again."
        )
        super().__init__(self.sentence)


def lock_application(application: Application, *, version: int | None = None) -> Application:
    """Return the row as it stands, locked until the transaction ends. Raises StaleApplication."""
    locked = (
        Application.objects.select_for_update(of=("self",))
        .select_related("user", "chapter", "tier", "licence", "reviewer")
        .get(pk=application.pk)
    )
    if version is not None and locked.version != version:
        raise StaleApplication
    return locked


def refuse_unless_party(application: Application, name: str, *, actor: User | None) -> None:
    """Raise TransitionRefused unless the table gives this arrow to the actor, whatever the status."""
    parties = {Party.JOB} if actor is None else application_parties(actor, application)
    if find(APPLICATION, name).parties.isdisjoint(parties):
        raise TransitionRefused(_("This is not yours to do: another office or the applicant does it."))


def refuse_unless_permitted(application: Application, name: str, *, actor: User | None) -> None:
    """Raise TransitionRefused unless the table has this arrow for the status, and the actor may follow it."""
    refuse_unless_party(application, name, actor=actor)
    if application.status not in find(APPLICATION, name).sources:
        raise TransitionRefused(
            _("This cannot be done while the status of the application is “%(status)s”.")
            % {"status": application.get_status_display()}
        )
    if actor is not None:
        sentence = why_not(actor, application, name)
        if sentence:
            raise TransitionRefused(sentence)


def enter(
    application: Application,
    target: ApplicationStatus,
    name: str,
    *,
    actor: User | None,
    at: dt.datetime,
    reason_code: str = "",
    detail: Mapping[str, object] | None = None,
) -> None:
    """Put a locked application into its next status and say so in the audit log: one event, from where to where."""
    source, application.status = application.status, target
    if source != target:
        application.status_at = at
        application.reminders, application.reminded_at = 0, None
    application.version += 1
    if not application.is_open:
        application.closed_at = at
    elif source != target:
        application.closed_at = None
    application.save()
    record(
        f"members.application_{name}",
        actor=actor,
        subject=application,
        at=at,
        person=application.user_id,
        chapter=application.chapter_id,
        reason_code=reason_code,
        detail={"from": source, "to": target, **(detail or {})},
    )


def note_event(
    application: Application,
    name: str,
    *,
    actor: User | None,
    at: dt.datetime,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Say in the audit log what was done to an application beside its transitions."""
    record(
        f"members.application_{name}",
        actor=actor,
        subject=application,
        at=at,
        person=application.user_id,
        chapter=application.chapter_id,
        detail=detail,
    )


def day_of(application: Application, at: dt.datetime) -> dt.date:
    """Return the date that a moment has in the chapter of an application, else at the League's office."""
    zone = application.chapter.time_zone if application.chapter is not None else settings.TIME_ZONE
    return timezone.localtime(at, ZoneInfo(zone)).date()


def start_clock(application: Application, *, at: dt.datetime) -> None:
    """Let the chapter's time run; the caller saves the row."""
    application.clock_started_at = at


def stop_clock(application: Application, *, at: dt.datetime) -> None:
    """Let the chapter's time stand; the caller saves the row."""
    application.clock_spent = application.time_on_clock(at)
    application.clock_started_at = None
