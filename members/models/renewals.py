"""What dues are asked by: the plan of reminders and what was sent, how to pay, how much may be waived, hardship."""

from decimal import Decimal
from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Viewer
from members.choices import Currency, ReminderText
from members.models.chapters import Chapter
from members.models.dues import Invoice
from members.models.memberships import Membership, MembershipPeriod, Tier

WAIVED_BY_CHAPTER = Decimal(50)  # per cent of an invoice, unless the chapter has a limit of its own


class ReminderStep(models.Model):
    """A step of the plan of reminders of a kind of membership: when, counted from the last day of a period."""

    tier = models.ForeignKey(
        Tier, on_delete=models.PROTECT, related_name="reminder_steps", verbose_name=_("kind of membership")
    )
    offset_days = models.SmallIntegerField(
        _("days after the last day"), help_text=_("Negative before the period ends, 0 on its last day.")
    )
    text = models.CharField(_("what it says"), max_length=8, choices=ReminderText.choices)

    class Meta:
        verbose_name = _("step of the plan of reminders")
        verbose_name_plural = _("plan of reminders")
        constraints = [
            models.UniqueConstraint(
                fields=["tier", "offset_days"],
                name="members_reminderstep_one_per_day",
                violation_error_message=_("The plan has a reminder on that day already."),
            ),
            models.CheckConstraint(
                condition=Q(offset_days__gte=-365, offset_days__lte=365),
                name="members_reminderstep_within_a_year",
                violation_error_message=_("A reminder is sent within a year of the end of a period."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tier}: {self.offset_days:+d}"


class RenewalReminder(models.Model):
    """A step that was taken for a period of a membership: each once, however often the job runs."""

    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="reminders")
    period = models.ForeignKey(MembershipPeriod, on_delete=models.PROTECT, related_name="reminders")
    # A plan changes, what was sent stays: the step goes, its text and offset are kept here.
    step = models.ForeignKey(ReminderStep, on_delete=models.SET_NULL, null=True, related_name="reminders")
    offset_days = models.SmallIntegerField(_("days after the last day"))
    text = models.CharField(_("what it says"), max_length=8, choices=ReminderText.choices)
    sent_at = models.DateTimeField(_("sent"))

    class Meta:
        verbose_name = _("reminder of dues")
        verbose_name_plural = _("reminders of dues")
        constraints = [
            models.UniqueConstraint(fields=["membership", "period", "offset_days"], name="members_renewalreminder_once")
        ]

    def __str__(self) -> str:
        return f"{self.membership_id}: {self.offset_days:+d}"


class PaymentDetails(models.Model):
    """How to pay a chapter in a currency: account, bank, purpose of the payment. No secret, no card data."""

    chapter = models.ForeignKey(
        Chapter, on_delete=models.PROTECT, related_name="payment_details", verbose_name=_("chapter")
    )
    currency = models.CharField(_("currency"), max_length=3, choices=Currency.choices)
    text_ru = models.TextField(_("how to pay, in Russian"), max_length=1500)
    text_en = models.TextField(_("how to pay, in English"), max_length=1500)

    class Meta:
        verbose_name = _("payment details")
        verbose_name_plural = _("payment details")
        constraints = [
            models.UniqueConstraint(
                fields=["chapter", "currency"],
                name="members_paymentdetails_one_per_currency",
                violation_error_message=_("The chapter has payment details for that currency already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.chapter}: {self.currency}"

    def text_in(self, language: str | None) -> str:
        """Return the details in English for English, else in Russian."""
        return self.text_en if language == "en" else self.text_ru


def payment_details_for(invoice: Invoice) -> PaymentDetails | None:
    """Return how an invoice is paid: by the details of its chapter, else of the chapter of its country."""
    owners = [owner for owner in (invoice.chapter_id, invoice.chapter.parent_id) if owner]
    found = {
        row.chapter_id: row
        for row in PaymentDetails.objects.filter(chapter__in=owners, currency=invoice.currency).order_by("pk")
    }
    return next((found[owner] for owner in owners if owner in found), None)


class WaiverLimit(models.Model):
    """How much of an invoice the officers of a chapter may waive by themselves; above it the League decides."""

    chapter = models.OneToOneField(
        Chapter, on_delete=models.PROTECT, related_name="waiver_limit", verbose_name=_("chapter")
    )
    percent = models.PositiveSmallIntegerField(
        _("per cent of the dues"), default=50, validators=[MaxValueValidator(100)]
    )

    class Meta:
        verbose_name = _("limit of waivers")
        verbose_name_plural = _("limits of waivers")
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__lte=100),
                name="members_waiverlimit_percent",
                violation_error_message=_("Not more than 100 per cent."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.chapter}: {self.percent} %"


class HardshipRequestQuerySet(models.QuerySet["HardshipRequest"]):
    def open(self) -> Self:
        """Keep what nobody has decided yet."""
        return self.filter(decided_at__isnull=True)

    def in_office(self, user: Viewer) -> Self:
        """Keep the requests about the invoices that a person handles by office."""
        return self.filter(invoice__in=Invoice.objects.in_office(user).values("pk"))


class HardshipRequest(models.Model):
    """A member asks to pay less, and what the office answered."""

    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="hardship_requests", verbose_name=_("invoice")
    )
    reason = models.TextField(_("why"), max_length=1000)
    created_at = models.DateTimeField(_("asked"))
    decided_at = models.DateTimeField(_("decided"), null=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    is_granted = models.BooleanField(_("granted"), null=True, editable=False)
    answer = models.CharField(_("answer to the member"), max_length=500, blank=True)

    objects = HardshipRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("request for lower dues")
        verbose_name_plural = _("requests for lower dues")
        constraints = [
            models.UniqueConstraint(
                fields=["invoice"],
                condition=Q(decided_at__isnull=True),
                name="members_hardshiprequest_one_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id}: {self.created_at:%Y-%m-%d}"
