"""What referees do."""

from typing import Any

from accounts.models import User
from demo.loader.book import DAY
from demo.loader.steps.base import StoryBase
from demo.sources import Entry
from members.choices import (
    ReferenceStatus,
)
from members.models import (
    Reference,
)
from members.rules.admission import REFERENCE_DAYS


class RefereeSteps(StoryBase):
    """Steps of the referees of an application."""

    def _name_referee(self, email: str) -> Reference:
        referee = self.world.people.get(email)
        if referee is None or email not in self.world.plans:
            raise self.entry.where.error(f"the referee “{email}” is no member.")
        reference = Reference(application=self.application, name=referee.name_native, email=email, language="ru")
        self.references.append(reference)
        self.book.add(reference)
        return reference

    def _reference(self, step: Entry) -> Reference:
        """Return the referee of a step, counted from 1; one who came later counts on."""
        return self.references[step["referee"] - 1]

    def _reference_event(
        self, name: str, reference: Reference, source: str, *, actor: User | None, **detail: Any
    ) -> None:
        self.book.note(
            f"members.reference_{name}",
            actor=actor,
            subject=reference,
            at=self.at,
            person=self.user,
            chapter=self.application.chapter,
            **{"from": source, "to": reference.status, **detail},
        )

    def _invite(self, reference: Reference) -> None:
        reference.invited_at, reference.expires_at = self.at, self.at + REFERENCE_DAYS * DAY
        self._reference_event("invite", reference, reference.status, actor=None)

    def _confirm(self, step: Entry) -> None:
        reference = self._reference(step)
        reference.known_years, reference.conflict = step["years"], step.get("conflict", "")
        status = ReferenceStatus.DECLINED if reference.conflict else ReferenceStatus.CONFIRMED
        self._answer_reference(step, reference, status)

    def _decline(self, step: Entry) -> None:
        self._answer_reference(step, self._reference(step), ReferenceStatus.DECLINED)

    def _answer_reference(self, step: Entry, reference: Reference, status: ReferenceStatus) -> None:
        source, reference.status = reference.status, status
        reference.statement, reference.answered_at = step["text"].strip(), self.at
        reference.referee = self.world.people[reference.email]
        if status == ReferenceStatus.CONFIRMED:
            self._reference_event("confirm", reference, source, actor=reference.referee)
        else:
            has_conflict = bool(reference.conflict)
            self._reference_event("decline", reference, source, actor=reference.referee, has_conflict=has_conflict)

    def _replace(self, step: Entry) -> None:
        reference = self._reference(step)
        source, reference.status = reference.status, ReferenceStatus.REPLACED
        fresh = self._name_referee(step["with"])
        self._reference_event("replace", reference, source, actor=self.user, by=fresh)
        self._invite(fresh)

    def _expire_reference(self, step: Entry) -> None:
        reference = self._reference(step)
        if reference.expires_at is None or reference.expires_at > self.at:
            raise step.where.error(f"an invitation expires after {REFERENCE_DAYS} days.")
        reference.status = ReferenceStatus.EXPIRED
        self._reference_event("expire", reference, ReferenceStatus.INVITED, actor=None)
