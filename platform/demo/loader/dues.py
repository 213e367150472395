"""Invoices, payments, receipts and waivers: what `members.services.invoices` and `payments` would have written."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from itertools import cycle
from typing import Any

from moneyed import Money

from accounts.models import User
from demo.loader.book import DAY, Book, Plan, TierChange
from demo.sources import Entry, check_keys, choice
from members.choices import InvoicePurpose, PaymentMethod, PeriodSource, WaiverKind
from members.models import (
    Application,
    Chapter,
    HardshipRequest,
    Invoice,
    Membership,
    MembershipPeriod,
    Payment,
    PaymentDetails,
    Receipt,
    Tier,
    Waiver,
)
from members.services.invoices import DAYS_TO_PAY, PriceMissing

KEYS = {
    "pay": ("amount", "method", "reference"),
    "reverse": ("text",),
    "waive": ("kind", "amount", "text", "by"),
    "ask": ("text",),
    "decline": ("text", "by"),
    "void": ("text",),
}


class Dues:
    """Writes what is asked and paid into the book."""

    def __init__(self, book: Book, prices: dict[str, Any], treasurer: User) -> None:
        self.book, self.prices, self.treasurer = book, prices, treasurer

    def price(self, chapter: Chapter, tier: Tier) -> Money:
        """Return the dues for one period. Raises PriceMissing where the chapter has no price for the kind."""
        if tier.code not in self.prices[chapter.country]:
            raise PriceMissing
        return Money(Decimal(self.prices[chapter.country][tier.code][0]), chapter.currency)

    def issue(
        self,
        user: User,
        *,
        chapter: Chapter,
        tier: Tier,
        purpose: InvoicePurpose,
        actor: User | None,
        at: dt.datetime,
        application: Application | None = None,
        membership: Membership | None = None,
        price: Money | None = None,
    ) -> Invoice:
        """Ask for the dues of a period, or for `price` where it is not a whole one. Raises PriceMissing."""
        on = at.date()
        if price is None:
            price = self.price(chapter, tier)
        invoice = Invoice(
            user=user,
            chapter=chapter,
            tier=tier,
            purpose=purpose,
            application=application,
            membership=membership,
            currency=price.currency.code,
            amount=price.amount,
            issued_on=on,
            due_on=on + DAYS_TO_PAY * DAY,
            payer_name=user.name_native,
        )
        self.book.add(invoice)
        self._note("issued", invoice, actor=actor, at=at, amount=f"{invoice.amount:.2f}", purpose=purpose)
        return invoice

    def pay(
        self,
        invoice: Invoice,
        *,
        amount: Decimal,
        method: PaymentMethod,
        reference: str,
        at: dt.datetime,
        reverses: Payment | None = None,
        reason: str = "",
    ) -> Payment:
        """Book money with its receipt, or, with a minus, back again."""
        payment = Payment(
            invoice=invoice,
            amount=amount,
            method=method,
            received_on=at.date(),
            reference=reference,
            reverses=reverses,
            reason=reason,
            recorded_by=self.treasurer,
            recorded_at=at,
        )
        receipt = Receipt(payment=payment, language=invoice.user.interface_language, issued_on=at.date())
        self.book.add(payment, receipt)
        invoice.version += 1
        self.book.note(
            "members.payment_reversed" if reverses is not None else "members.payment_recorded",
            actor=self.treasurer,
            subject=invoice,
            at=at,
            person=invoice.user,
            chapter=invoice.chapter,
            currency=invoice.currency,
            amount=f"{amount:.2f}",
            receipt=lambda: receipt.number,
        )
        return payment

    def waive(
        self, invoice: Invoice, *, kind: WaiverKind, amount: Decimal, text: str, actor: User, at: dt.datetime
    ) -> None:
        """Ask less than the invoice says."""
        waiver = Waiver(invoice=invoice, kind=kind, amount=amount, reason=text, decided_by=actor, decided_at=at)
        self.book.add(waiver)
        invoice.version += 1
        self.book.note(
            "members.dues_waived",
            actor=actor,
            subject=invoice,
            at=at,
            person=invoice.user,
            chapter=invoice.chapter,
            reason_code=kind,
            currency=invoice.currency,
            amount=f"{amount:.2f}",
            reason=text,
        )

    def settle(self, invoice: Invoice, *, actor: User, at: dt.datetime) -> None:
        """Note that nothing remains and that what was paid for was given."""
        invoice.settled_at = at
        invoice.fulfilled_at = invoice.fulfilled_at or at
        self.book.note(
            "members.invoice_settled",
            actor=actor,
            subject=invoice,
            at=at,
            person=invoice.user,
            chapter=invoice.chapter,
            currency=invoice.currency,
        )

    def void(
        self, invoice: Invoice, *, actor: User | None, at: dt.datetime, reason: str | Callable[[], str] = ""
    ) -> None:
        """Take an unpaid invoice back."""
        invoice.voided_at = at
        invoice.version += 1
        self._note("voided", invoice, actor=actor, at=at, reason=reason)

    def give_period(self, period: MembershipPeriod, *, actor: User | None, at: dt.datetime) -> None:
        """Say that a period, which is in the book of memberships, was added now."""
        membership = period.membership
        period.created_at = at
        detail: dict[str, Any] = {"from": period.starts_on, "until": period.ends_on, "source": period.source}
        self.book.note(
            "members.period_added",
            actor=actor,
            subject=membership,
            at=at,
            person=membership.user,
            chapter=membership.chapter,
            **detail,
        )

    def _note(self, what: str, invoice: Invoice, *, actor: User | None, at: dt.datetime, **detail: Any) -> None:
        if what == "issued":
            detail["currency"] = invoice.currency
        self.book.note(
            f"members.invoice_{what}",
            actor=actor,
            subject=invoice,
            at=at,
            person=invoice.user,
            chapter=invoice.chapter,
            **detail,
        )


class Renewals:
    """The dues of members: particular ones from the file, everybody else's last renewal paid."""

    def __init__(self, dues: Dues, plans: dict[str, Plan], people: dict[str, User]) -> None:
        self.dues, self.book, self.plans, self.people = dues, dues.book, plans, people

    def load(self, files: dict[str, Any], chapters: dict[str, Chapter], *, since: dt.date) -> None:
        """Write the particular dues, then those of all who renewed since the prices began."""
        particular = set()
        for row in files["particular"]:
            check_keys(row, "email", "issued_days_ago", "steps")
            particular.add(self._particular(row))
        methods = cycle(files["payments"])
        for number, (email, plan) in enumerate(self.plans.items()):
            last = plan.periods[-1]
            asked = (self.book.today - last.starts_on).days + 6 + number % 20
            if (
                email in particular
                or last.source != PeriodSource.RENEWAL
                or self.book.day(asked) < since
                or asked - 5 - number % 3 <= 0
            ):
                continue
            invoice = self._issue(plan, asked)
            how = next(methods)
            paid_at = self.book.moment(asked - 3 - number % 3, number % 20)
            self.dues.pay(
                invoice,
                amount=invoice.amount,
                method=PaymentMethod(choice(how, "method", PaymentMethod)),
                reference=how["reference"].format(number=1000 + number * 37 % 9000),
                at=paid_at,
            )
            self._settle(invoice, actor=self.dues.treasurer, at=paid_at)
        PaymentDetails.objects.bulk_create(
            PaymentDetails(chapter=chapter, currency=chapter.currency, text_ru=row["text_ru"], text_en=row["text_en"])
            for country, row in files["how_to_pay"].items()
            for chapter in [chapters[country]]
        )

    def _issue(self, plan: Plan, days_ago: int) -> Invoice:
        membership, at = plan.membership, self.book.moment(days_ago)
        return self.dues.issue(
            membership.user,
            chapter=membership.chapter,
            tier=plan.tier_at(at),
            purpose=InvoicePurpose.RENEWAL,
            membership=membership,
            actor=membership.user,
            at=at,
        )

    def _settle(self, invoice: Invoice, *, actor: User, at: dt.datetime) -> None:
        self.dues.settle(invoice, actor=actor, at=at)
        self.dues.give_period(self.plans[invoice.user.email].periods[-1], actor=actor, at=at)

    def _particular(self, row: Entry) -> str:
        if row["email"] not in self.plans:
            raise row.where.error(f"“{row['email']}” is no member.")
        plan = self.plans[row["email"]]
        membership, invoice = plan.membership, self._issue(plan, row["issued_days_ago"])
        remains, payments, request = invoice.amount, [], None
        for number, step in enumerate(row["steps"], 1):
            do = choice(step, "do", KEYS)
            check_keys(step, "days_ago", "do", *KEYS[do])
            at = self.book.moment(step["days_ago"], number)
            actor = self._decider(step)
            if do == "pay":
                amount = Decimal(step.get("amount", remains))
                remains -= amount
                method = PaymentMethod(choice(step, "method", PaymentMethod))
                payments.append(
                    self.dues.pay(invoice, amount=amount, method=method, reference=step["reference"], at=at)
                )
                actor = self.dues.treasurer
            elif do == "reverse":
                paid = payments.pop()
                remains += paid.amount
                self.dues.pay(
                    invoice,
                    amount=-paid.amount,
                    method=PaymentMethod(paid.method),
                    reference=paid.reference,
                    at=at,
                    reverses=paid,
                    reason=step["text"],
                )
                invoice.settled_at = None
            elif do == "waive":
                amount = Decimal(step.get("amount", remains))
                remains -= amount
                kind = WaiverKind(choice(step, "kind", WaiverKind))
                self.dues.waive(invoice, kind=kind, amount=amount, text=step["text"], actor=actor, at=at)
                if request is not None:
                    request.is_granted, request.decided_at, request.decided_by = True, at, actor
            elif do == "ask":
                request = HardshipRequest(invoice=invoice, reason=step["text"], created_at=at)
                self.book.add(request)
                self._note("members.hardship_requested", invoice, actor=membership.user, at=at)
            elif do == "decline" and request is not None:
                request.is_granted, request.decided_at, request.decided_by = False, at, actor
                request.answer = step["text"]
                self._note("members.hardship_declined", invoice, actor=actor, at=at, reason=step["text"])
            elif do == "void":
                self.dues.void(invoice, actor=self.dues.treasurer, at=at, reason=step["text"])
            if do in {"pay", "waive"} and remains == 0:
                self._settle(invoice, actor=actor, at=at)
        if plan.change is not None and invoice.tier == plan.change.before and not payments:
            self._take_back(invoice, plan.change)
        return membership.user.email

    def _take_back(self, invoice: Invoice, change: TierChange) -> None:
        """Void what was asked for the next period of another kind of membership, unless it was paid or voided."""
        if invoice.is_open and invoice.fulfilled_at is None:
            self.dues.void(invoice, actor=change.actor, at=change.at, reason=lambda: change.application.number)

    def _decider(self, step: Entry) -> User:
        by = step.get("by", "registrar@example.org")
        if by not in self.people:
            raise step.where.error(f"“{by}” is nobody of the demo world.")
        return self.people[by]

    def _note(self, action: str, invoice: Invoice, *, actor: User, at: dt.datetime, **detail: Any) -> None:
        self.book.note(
            action, actor=actor, subject=invoice, at=at, person=invoice.user, chapter=invoice.chapter, **detail
        )
