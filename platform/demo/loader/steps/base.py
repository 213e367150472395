"""One application in the making, and what all its steps share."""

from decimal import Decimal
from typing import Any

from accounts.models import User
from demo.loader.world import World
from demo.sources import Entry, choice
from members.choices import (
    ApplicationKind,
    ApplicationStatus,
    OfficeRole,
)
from members.models import (
    AppealVote,
    Application,
    InformationRequest,
    Invoice,
    Licence,
    Reference,
)


class StoryBase:
    """One application: what is known of it so far, and its transitions."""

    def __init__(self, entry: Entry, world: World) -> None:
        self.entry, self.world, self.book = entry, world, world.book
        self.user = world.person(entry, "email")
        self.kind = ApplicationKind(choice(entry, "kind", ApplicationKind))
        self.chapter = world.chapters[choice(entry, "chapter", world.chapters)]
        self.tier = world.tiers[choice(entry, "tier", world.tiers)]
        self.plan = world.plans.get(self.user.email)
        if (self.plan is None) != (self.kind == ApplicationKind.JOIN):
            raise entry.where.error("who joins is no member yet, and who asks for anything else is one.")
        self.application = Application(user=self.user, kind=self.kind)
        self.licence: Licence | None = None
        self.references: list[Reference] = []
        self.questions: list[InformationRequest] = []
        self.invoice: Invoice | None = None
        self.remains = Decimal(0)
        self.votes: list[AppealVote] = []
        self.at = self.book.at

    def _actor(self, step: Entry, role: OfficeRole) -> User:
        if "by" in step:
            return self.world.person(step, "by")
        league = role == OfficeRole.REGISTRAR
        return self.world.officer(role, None if league else self.chapter)

    def _stop_clock(self) -> None:
        application = self.application
        application.clock_spent = application.time_on_clock(self.at)
        application.clock_started_at = None

    def _enter(
        self, target: ApplicationStatus, name: str, *, actor: User | None, reason_code: str = "", **detail: Any
    ) -> None:
        application = self.application
        source, application.status = application.status, target
        if source != target:
            application.status_at = self.at
            application.reminders, application.reminded_at = 0, None
        application.version += 1
        application.closed_at = None if application.is_open else self.at
        self._event(name, actor=actor, reason_code=reason_code, **{"from": source, "to": target, **detail})

    def _event(self, name: str, *, actor: User | None, reason_code: str = "", **detail: Any) -> None:
        self.book.note(
            f"members.application_{name}",
            actor=actor,
            subject=self.application,
            at=self.at,
            person=self.user,
            chapter=self.application.chapter,
            reason_code=reason_code,
            **detail,
        )
