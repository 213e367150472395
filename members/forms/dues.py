"""What people type about dues: payments, waivers, reversals, requests for lower dues."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from moneyed import Money

from members.choices import InvoicePurpose, PaymentMethod, WaiverKind
from members.models import Chapter, Invoice
from members.rules.amounts import AmountNotUnderstood, parse_amount

NOT_UNDERSTOOD = _(
    "This amount can be read in several ways or is no amount. Write it like 1000.50, with two digits after the point."
)


class AmountField(forms.CharField):
    """An amount as people write it, turned into an exact decimal; what can be read in two ways is refused."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=24, widget=forms.TextInput(attrs={"inputmode": "decimal"}), **options)

    def clean(self, value: Any) -> Decimal | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            amount = parse_amount(text)
        except AmountNotUnderstood:
            raise ValidationError(NOT_UNDERSTOOD) from None
        if not amount:
            raise ValidationError(_("Write an amount that is more than nothing."))
        return amount


class InvoiceForm(forms.Form):
    """A form about one invoice, as it stood when the page was opened."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, invoice: Invoice, **kwargs: Any) -> None:
        kwargs["initial"] = {"version": invoice.version, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.invoice = invoice
        if "amount" in self.fields:
            self.fields["amount"].help_text = _("In %(currency)s.") % {"currency": invoice.currency}

    @property
    def money(self) -> Money:
        """The amount in the invoice's currency."""
        return Money(self.cleaned_data["amount"], self.invoice.currency)


class PaymentForm(InvoiceForm):
    amount = AmountField(label=_("amount received"))
    method = forms.ChoiceField(
        label=_("how"),
        choices=[(method.value, method.label) for method in PaymentMethod if method != PaymentMethod.PROVIDER],
    )
    received_on = forms.DateField(
        label=_("received on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The day on which the money came: it decides from when the membership runs."),
    )
    reference = forms.CharField(
        label=_("number of the document"),
        max_length=120,
        required=False,
        help_text=_("Of the bank’s order, or of the entry in the cash book."),
    )


class WaiverForm(InvoiceForm):
    kind = forms.ChoiceField(label=_("ground"))
    amount = AmountField(label=_("amount waived"))
    reason = forms.CharField(label=_("reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, kinds: tuple[WaiverKind, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in kinds]  # type: ignore[attr-defined]  # a ChoiceField


class ReasonForm(InvoiceForm):
    """Why a payment is booked back or an invoice taken back."""

    reason = forms.CharField(label=_("reason"), max_length=300)


class AnswerForm(forms.Form):
    answer = forms.CharField(label=_("answer to the member"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class HardshipForm(forms.Form):
    reason = forms.CharField(
        label=_("Why you ask for lower dues"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Only those who decide read it. No documents are needed."),
    )


class InvoiceFilterForm(forms.Form):
    """What narrows the office's list of invoices; wrong values narrow nothing."""

    STATES = (
        ("", _("open")),
        ("overdue", _("overdue")),
        ("hardship", _("with a request for lower dues")),
        ("settled", _("settled")),
        ("voided", _("taken back")),
        ("all", _("all")),
    )

    q = forms.CharField(label=_("number or name"), max_length=80, required=False)
    state = forms.ChoiceField(label=_("state"), choices=STATES, required=False)
    chapter = forms.ModelChoiceField(
        label=_("chapter"), queryset=Chapter.objects.none(), required=False, empty_label=_("all chapters")
    )
    purpose = forms.ChoiceField(
        label=_("for"), choices=[("", _("everything")), *InvoicePurpose.choices], required=False
    )

    def __init__(self, *args: Any, chapters: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["chapter"].queryset = chapters  # type: ignore[attr-defined]  # a ModelChoiceField
