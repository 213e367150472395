"""How what an applicant owes is asked for and settled, and what comes of it."""

from decimal import Decimal
from typing import Any

from moneyed import Money

from accounts.models import User
from demo.loader.book import Plan, TierChange
from demo.loader.steps.base import StoryBase
from demo.sources import Entry, choice
from members.choices import (
    ApplicationKind,
    ApplicationStatus,
    InvoicePurpose,
    OfficeRole,
    PaymentMethod,
    WaiverKind,
)
from members.models import (
    Invoice,
)
from members.rules.amounts import pro_rata_difference
from members.services.applications.decisions import SOURCES
from members.services.invoices import PriceMissing
from members.services.memberships import period_end


class DuesSteps(StoryBase):
    """Steps of the treasurer, and of time."""

    def _ask_for_dues(self) -> None:
        """Ask for the dues, or complete at once where nothing is due; without a price the approval stands."""
        try:
            price = self._price()
        except PriceMissing:
            return
        if price.amount == 0:
            self._complete(None, waived="nothing due")
            return
        self.invoice = self.world.dues.issue(
            self.user,
            chapter=self.chapter,
            tier=self.tier,
            purpose=InvoicePurpose.TIER if self.kind == ApplicationKind.TIER else InvoicePurpose.ADMISSION,
            actor=None,
            at=self.at,
            application=self.application,
            price=price,
        )
        self.remains = self.invoice.amount
        self._enter(ApplicationStatus.AWAITING_DUES, "await_dues", actor=None)

    def _price(self) -> Money:
        """Return what is due: of another kind of membership the difference for the rest of the running period."""
        new = self.world.dues.price(self.chapter, self.tier)
        if self.kind != ApplicationKind.TIER or self.plan is None:
            return new
        before, on = self.plan.membership.tier, self.at.date()
        running = [period for period in self.plan.periods if period.starts_on <= on <= period.ends_on]
        starts_on = running[-1].starts_on if running else on
        return pro_rata_difference(
            old=self.world.dues.price(self.chapter, before),
            old_days=(period_end(starts_on, before) - starts_on).days + 1,
            new=new,
            new_days=(period_end(starts_on, self.tier) - starts_on).days + 1,
            days_left=(running[-1].ends_on - on).days + 1 if running else 0,
        )

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
            self._complete(actor)

    def _complete(self, actor: User | None, **detail: Any) -> None:
        self._enter(ApplicationStatus.COMPLETED, "complete", actor=actor, **detail)
        if self.kind == ApplicationKind.TIER and self.plan is not None:
            self._change_tier(self.plan, actor)
        else:
            self._admit(actor)

    def _change_tier(self, plan: Plan, actor: User | None) -> None:
        """Give a member another kind of membership; no period is added. `Renewals` voids what was asked before."""
        membership = plan.membership
        plan.change = TierChange(membership.tier, self.application, actor, self.at)
        membership.tier = self.tier
        membership.version += 1
        self.book.note(
            "members.membership_change_tier",
            actor=actor,
            subject=membership,
            at=self.at,
            person=self.user,
            chapter=membership.chapter,
            **{"from": plan.change.before.code, "to": self.tier.code},
        )

    def _admit(self, actor: User | None) -> None:
        """Make a member of the applicant, or a member again."""
        completed_on = self.at.date()
        if self.plan is None:
            self.plan = self.world.plans[self.user.email] = self.world.admit(self)
        periods = self.plan.periods
        if periods[-1].starts_on != completed_on:
            raise self.entry.where.error("the last period of this member must begin on the day of the last step.")
        if self.kind == ApplicationKind.REINSTATE:
            # The years between were spent outside of the League.
            del periods[1:-1]
        periods[-1].source = SOURCES[self.kind]
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
