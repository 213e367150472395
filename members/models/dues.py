"""Dues: prices, invoices, payments, receipts, waivers. No card data anywhere; amounts are exact decimals."""

import datetime as dt
from decimal import Decimal
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import DecimalField, F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise
from moneyed import Money

from accounts.models import Viewer
from members.choices import CHAPTER_ROLES, Currency, InvoicePurpose, OfficeRole, PaymentMethod, WaiverKind
from members.models.applications import Application
from members.models.chapters import Chapter
from members.models.memberships import Membership, Tier
from members.models.offices import offices_of
from pages.models import private_storage


def amount_field(label: StrOrPromise, **options: Any) -> models.DecimalField:
    """Return the field of an exact amount; the model says in which currency."""
    return models.DecimalField(label, max_digits=14, decimal_places=2, **options)


_AMOUNT = DecimalField(max_digits=14, decimal_places=2)


class TierPriceQuerySet(models.QuerySet["TierPrice"]):
    def in_force(self, tier: Tier, chapter: Chapter, on: dt.date) -> "TierPrice | None":
        """Return the price on a day: the chapter's own, else its country's."""
        prices = self.filter(tier=tier, starts_on__lte=on)
        for owner in (chapter.pk, chapter.parent_id):
            price = prices.filter(chapter=owner).order_by("-starts_on", "-pk").first() if owner else None
            if price is not None:
                return price
        return None


class TierPrice(models.Model):
    """What one period of a kind of membership costs in a chapter, from a day on. It is never edited."""

    tier = models.ForeignKey(
        Tier, on_delete=models.PROTECT, related_name="prices", verbose_name=_("kind of membership")
    )
    chapter = models.ForeignKey(Chapter, on_delete=models.PROTECT, related_name="prices", verbose_name=_("chapter"))
    currency = models.CharField(_("currency"), max_length=3, choices=Currency.choices)
    amount = amount_field(_("dues for a period"))
    hardship_amount = amount_field(_("dues at the hardship rate"), null=True, blank=True)
    starts_on = models.DateField(_("from"))

    objects = TierPriceQuerySet.as_manager()

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        constraints = [
            models.UniqueConstraint(
                fields=["tier", "chapter", "starts_on"],
                name="members_tierprice_one_per_start",
                violation_error_message=_("There is a price from that day already."),
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=0),
                name="members_tierprice_not_negative",
                violation_error_message=_("A price cannot be negative."),
            ),
            models.CheckConstraint(
                condition=Q(hardship_amount__isnull=True) | Q(hardship_amount__gte=0, hardship_amount__lte=F("amount")),
                name="members_tierprice_hardship_is_lower",
                violation_error_message=_("The hardship rate is not more than the dues."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tier}, {self.chapter}: {self.money}"

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def hardship_money(self) -> Money | None:
        return Money(self.hardship_amount, self.currency) if self.hardship_amount is not None else None


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def visible_to(self, user: Viewer) -> Self:
        """Keep a person's own invoices and, for treasurers and officers, those of the chapters that they reach."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(Q(user=user.pk) | Q(pk__in=self.model.objects.in_office(user).values("pk")))

    def in_office(self, user: Viewer) -> Self:
        """Keep the invoices that a treasurer, a registrar, the board or a chapter's officer handles."""
        if not user.is_authenticated:
            return self.none()
        chapters = offices_of(user).chapters_with(
            *CHAPTER_ROLES[1:], OfficeRole.TREASURER, OfficeRole.REGISTRAR, OfficeRole.BOARD
        )
        if None in chapters:
            return self
        return self.filter(Q(chapter__in=chapters) | Q(chapter__parent__in=chapters))

    def open(self) -> Self:
        """Keep what is neither settled nor voided."""
        return self.filter(settled_at__isnull=True, voided_at__isnull=True)

    def unfulfilled(self) -> Self:
        """Keep what still buys something: not an invoice that a reversal opened again."""
        return self.filter(fulfilled_at__isnull=True)

    def with_balance(self) -> Self:
        """Annotate `paid` and `waived`: sums in the currency of the invoice."""
        payments = Payment.objects.filter(invoice=OuterRef("pk")).order_by().values("invoice")
        waivers = Waiver.objects.filter(invoice=OuterRef("pk")).order_by().values("invoice")
        zero = Value(Decimal(0), output_field=_AMOUNT)
        return self.annotate(
            paid=Coalesce(Subquery(payments.annotate(sum=Sum("amount")).values("sum")), zero, output_field=_AMOUNT),
            waived=Coalesce(Subquery(waivers.annotate(sum=Sum("amount")).values("sum")), zero, output_field=_AMOUNT),
        )


class Invoice(models.Model):
    """Dues asked of a person: for an admission, a renewal or another kind of membership."""

    number = models.CharField(_("number"), max_length=24, unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="invoices", verbose_name=_("person")
    )
    chapter = models.ForeignKey(Chapter, on_delete=models.PROTECT, related_name="invoices", verbose_name=_("chapter"))
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="+", verbose_name=_("kind of membership"))
    purpose = models.CharField(_("for"), max_length=10, choices=InvoicePurpose.choices)
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, null=True, blank=True, related_name="invoices"
    )
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, null=True, blank=True, related_name="invoices")
    currency = models.CharField(_("currency"), max_length=3, choices=Currency.choices)
    amount = amount_field(_("amount"))
    issued_on = models.DateField(_("issued"))
    due_on = models.DateField(_("due"))
    payer_name = models.CharField(_("payer"), max_length=150)  # as printed; anonymised when its time is over
    settled_at = models.DateTimeField(_("settled"), null=True, editable=False)
    voided_at = models.DateTimeField(_("voided"), null=True, editable=False)
    # When its membership or period was given: a reversal opens the invoice again, paying once more gives nothing new.
    fulfilled_at = models.DateTimeField(null=True, editable=False)
    version = models.PositiveIntegerField(default=0, editable=False)  # rises with all that is recorded on it

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        constraints = [
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(voided_at__isnull=True),
                name="members_invoice_one_per_application",
            ),
            models.UniqueConstraint(
                fields=["membership"],
                condition=Q(settled_at__isnull=True, voided_at__isnull=True, fulfilled_at__isnull=True),
                name="members_invoice_one_open_per_membership",
            ),
            models.CheckConstraint(condition=Q(due_on__gte=F("issued_on")), name="members_invoice_due_after_issue"),
        ]
        indexes = [
            models.Index(fields=["chapter", "due_on"], name="members_invoice_open", condition=Q(settled_at=None))
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("dues:invoice_detail", args=[self.pk])

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def is_open(self) -> bool:
        return self.settled_at is None and self.voided_at is None

    def balance(self) -> Money:
        """Return what is still to be paid: two queries, unless payments and waivers are fetched."""
        paid = sum((payment.amount for payment in self.payments.all()), Decimal(0))
        waived = sum((waiver.amount for waiver in self.waivers.all()), Decimal(0))
        return Money(self.amount - paid - waived, self.currency)


class Payment(models.Model):
    """Money that was received, or a reversal of it. It is never edited or deleted."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="payments", verbose_name=_("invoice"))
    amount = amount_field(_("amount"))  # negative for a reversal
    method = models.CharField(_("how"), max_length=8, choices=PaymentMethod.choices)
    received_on = models.DateField(_("received"))
    reference = models.CharField(_("reference"), max_length=120, blank=True)  # of the bank or the cash book
    provider_reference = models.CharField(max_length=120, blank=True, editable=False)
    reverses = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversal", verbose_name=_("reverses")
    )
    reason = models.CharField(_("reason of the reversal"), max_length=300, blank=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )
    recorded_at = models.DateTimeField(_("recorded"))

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.CheckConstraint(
                condition=Q(reverses__isnull=True, amount__gt=0) | Q(reverses__isnull=False, amount__lt=0),
                name="members_payment_sign",
                violation_error_message=_("A payment is more than nothing."),
            ),
            models.UniqueConstraint(
                fields=["provider_reference"],
                condition=~Q(provider_reference=""),
                name="members_payment_provider_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice}: {self.amount}"

    @property
    def is_reversal(self) -> bool:
        return self.reverses_id is not None


class ReceiptQuerySet(models.QuerySet["Receipt"]):
    def visible_to(self, user: Viewer) -> Self:
        """Keep the receipts of the invoices that a person may see."""
        return self.filter(payment__invoice__in=Invoice.objects.visible_to(user).values("pk"))

    def without_file(self) -> Self:
        """Keep those whose file has not been made yet."""
        return self.filter(pdf="")


class Receipt(models.Model):
    """The numbered receipt of a payment, or of its reversal."""

    number = models.CharField(_("number"), max_length=24, unique=True)
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="receipt")
    language = models.CharField(_("language"), max_length=2)
    issued_on = models.DateField(_("issued"))
    pdf = models.FileField(upload_to="receipts/%Y", storage=private_storage, blank=True)

    objects = ReceiptQuerySet.as_manager()

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")

    def __str__(self) -> str:
        return self.number


class Waiver(models.Model):
    """Dues that are not asked of a person, in full or in part, by whose decision and why."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="waivers", verbose_name=_("invoice"))
    kind = models.CharField(_("kind"), max_length=10, choices=WaiverKind.choices)
    amount = amount_field(_("amount"))
    reason = models.CharField(_("reason"), max_length=500)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"))

    class Meta:
        verbose_name = _("waiver")
        verbose_name_plural = _("waivers")

    def __str__(self) -> str:
        return f"{self.invoice}: {self.amount}"
