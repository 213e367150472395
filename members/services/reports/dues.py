"""Reports about dues: what was asked, received and waived, and what is owed for how long."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as _

from members.choices import Currency
from members.models import Invoice, Payment, Waiver
from members.services.reports.tables import Cell, Chart, Scope, Table

BUCKETS = (0, 30, 60, 90)  # the last day of each, counted from the day on which an invoice was due


def dues_by_currency(scope: Scope) -> Table:
    """Say for each currency what was invoiced, received and waived in twelve months: three queries."""
    begins, day = scope.year_before, scope.on
    standing = Q(voided_at__isnull=True) | Q(voided_at__gte=scope.end)
    invoiced = Invoice.objects.filter(standing, chapter__in=scope.ids, issued_on__gte=begins, issued_on__lte=day)
    received = Payment.objects.filter(invoice__chapter__in=scope.ids, received_on__gte=begins, received_on__lte=day)
    waived = Waiver.objects.filter(
        invoice__chapter__in=scope.ids, decided_at__gte=scope.year_began, decided_at__lt=scope.end
    )
    sums = [
        dict(invoiced.order_by().values_list("currency").annotate(sum=Sum("amount"))),
        dict(received.order_by().values_list("invoice__currency").annotate(sum=Sum("amount"))),
        dict(waived.order_by().values_list("invoice__currency").annotate(sum=Sum("amount"))),
    ]
    rows: list[list[Cell]] = [
        [currency.value, *[_money(one.get(currency.value)) for one in sums]]
        for currency in Currency
        if any(currency.value in one for one in sums)
    ]
    return Table(
        [_("Currency"), _("Invoiced"), _("Received"), _("Waived")],
        rows,
        notes=[
            _("Received is what came in these twelve months, for whatever invoice; refunds are taken off."),
            _("Amounts of different currencies are never added up."),
        ],
    )


def aged_debts(scope: Scope) -> Table:
    """Say for each currency what was owed on the day, by how long it had been due: three queries."""
    unvoided = Q(voided_at__isnull=True) | Q(voided_at__gte=scope.end)
    invoices = Invoice.objects.filter(unvoided, chapter__in=scope.ids, issued_on__lte=scope.on).order_by()
    paid = _sums(Payment.objects.filter(invoice__in=invoices.values("pk"), received_on__lte=scope.on))
    waived = _sums(Waiver.objects.filter(invoice__in=invoices.values("pk"), decided_at__lt=scope.end))
    owed: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * (len(BUCKETS) + 1))
    for pk, currency, amount, due_on in invoices.values_list("pk", "currency", "amount", "due_on"):
        rest = amount - paid.get(pk, Decimal(0)) - waived.get(pk, Decimal(0))
        if rest > 0:
            late = (scope.on - due_on).days
            owed[currency][sum(late > bucket for bucket in BUCKETS)] += rest
    rows: list[list[Cell]] = [
        [currency.value, *[_money(one) for one in owed[currency.value]], _money(sum(owed[currency.value], Decimal(0)))]
        for currency in Currency
        if currency.value in owed
    ]
    labels = [_("Not late yet"), _("1 to 30 days"), _("31 to 60 days"), _("61 to 90 days"), _("Over 90 days")]
    # Shares, because amounts of two currencies cannot stand on one scale.
    shares = [
        (label, [float(100 * owed[str(row[0])][number] / sum(owed[str(row[0])])) for row in rows])
        for number, label in enumerate(labels)
    ]
    return Table(
        [_("Currency"), *labels, _("Total")],
        rows,
        Chart([str(row[0]) for row in rows], shares, is_stacked=True),
        notes=[
            _("Days after the day on which an invoice was due. The bars show shares of each currency, in per cent.")
        ],
    )


def _sums(rows: QuerySet[Any]) -> dict[int, Decimal]:
    return dict(rows.order_by().values_list("invoice_id").annotate(sum=Sum("amount")))


def _money(amount: Decimal | None) -> Decimal:
    return (amount or Decimal(0)).quantize(Decimal("0.01"))
