"""Numbers of members, applications, invoices and receipts: dense in their series and never given twice."""

from django.db.models import F

from members.models import NumberCounter


def next_number(series: str) -> int:
    """Return the next number of a series. Called within the transaction that uses it: a rollback gives it back."""
    NumberCounter.objects.get_or_create(series=series)
    NumberCounter.objects.filter(series=series).update(last=F("last") + 1)
    return NumberCounter.objects.values_list("last", flat=True).get(series=series)
