"""How what an applicant owes is asked for and settled, and what comes of it."""

from decimal import Decimal

from accounts.models import User
from demo.loader.steps.base import StoryBase
from demo.sources import Entry, choice
from members.choices import (
    ApplicationKind,
    ApplicationStatus,
    InvoicePurpose,
    OfficeRole,
    PaymentMethod,
    PeriodSource,
    WaiverKind,
)
from members.models import (
    Invoice,
)
from members.services.invoices import PriceMissing


class DuesSteps(StoryBase):
    """Steps of the treasurer, and of time."""

    def _ask_for_dues(self) -> None:
        """Ask for the dues; an application rests approved while the chapter has no price for what it asks for."""
        purpose = InvoicePurpose.TIER if self.kind == ApplicationKind.TIER else InvoicePurpose.ADMISSION
        try:
            self.invoice = self.world.dues.issue(
                self.user,
                chapter=self.chapter,
                tier=self.tier,
                purpose=purpose,
                actor=None,
                at=self.at,
                application=self.application,
            )
        except PriceMissing:
            return
        self.remains = self.invoice.amount
        self._enter(ApplicationStatus.AWAITING_DUES, "await_dues", actor=None)

    def _asked(self, step: Entry) -> Invoice:
        if self.invoice is None:
            raise step.where.error("nothing is asked for yet.")
        return self.invoice

    def _pay(self, step: Entry) -> None:
        invoice, amount = self._asked(step), Decimal(step.get("amount", self.remains))
        method = PaymentMethod(choice(step, "method", PaymentMethod))
        self.world.dues.pay(invoice, amount=amount, method=method, reference=step["reference"], at=self.at)
        self._reduce(amount, actor=self.world.dues.treasurer)

    def _waive(self, step: Entry) -> None:
        actor, kind = self._actor(step, OfficeRole.REGISTRAR), WaiverKind(choice(step, "kind", WaiverKind))
        amount, text = self.remains, step["text"]
        self.world.dues.waive(self._asked(step), kind=kind, amount=amount, text=text, actor=actor, at=self.at)
        self._reduce(amount, actor=actor)

    def _reduce(self, amount: Decimal, *, actor: User) -> None:
        self.remains -= amount
        if self.remains == 0 and self.invoice is not None:
            self.world.dues.settle(self.invoice, actor=actor, at=self.at)
            self._enter(ApplicationStatus.COMPLETED, "complete", actor=actor)
            self._admit(actor)

    def _admit(self, actor: User) -> None:
        """Make a member of the applicant, or give what a member asked for."""
        completed_on = self.at.date()
        if self.plan is None:
            self.plan = self.world.plans[self.user.email] = self.world.admit(self)
        periods = self.plan.periods
        if self.kind == ApplicationKind.TIER:
            if periods[-1].starts_on <= completed_on or len(periods) < 2:
                raise self.entry.where.error("the last period of this member must begin after the last step.")
            before = self.world.tiers[choice(self.entry, "from_tier", self.world.tiers)]
            for period in periods[:-1]:
                period.tier = before
        elif periods[-1].starts_on != completed_on:
            raise self.entry.where.error("the last period of this member must begin on the day of the last step.")
        if self.kind == ApplicationKind.REINSTATE:
            # The years between were spent outside of the League.
            del periods[1:-1]
        periods[-1].source = {
            ApplicationKind.JOIN: PeriodSource.ADMISSION,
            ApplicationKind.TIER: PeriodSource.TIER,
            ApplicationKind.REINSTATE: PeriodSource.REINSTATEMENT,
        }[self.kind]
        self.world.dues.give_period(periods[-1], actor=actor, at=self.at)
        self.book.note(
            "members.admit",
            actor=actor,
            subject=self.plan.membership,
            at=self.at,
            person=self.user,
            chapter=self.chapter,
            tier=self.tier.code,
            on=completed_on,
        )

    def _remind(self, _step: Entry) -> None:
        self.application.reminders += 1
        self.application.reminded_at = self.at

    def _expire_draft(self, _step: Entry) -> None:
        self._expire("expire_draft")

    def _expire_unanswered(self, _step: Entry) -> None:
        self._expire("expire_unanswered")

    def _expire_unpaid(self, step: Entry) -> None:
        self.world.dues.void(self._asked(step), actor=None, at=self.at)
        self._expire("expire_unpaid")

    def _expire(self, name: str) -> None:
        self._stop_clock()
        self._enter(ApplicationStatus.EXPIRED, name, actor=None)
