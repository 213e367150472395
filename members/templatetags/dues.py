from decimal import Decimal

from django import template
from django.utils.translation import get_language
from moneyed import Money

from members.rules.amounts import money_text

register = template.Library()


@register.filter
def money(value: Money | Decimal | None, currency: str = "") -> str:
    """Write an amount with its currency in the language of the page; a bare number needs the currency's code."""
    if value is None:
        return ""
    amount = value if isinstance(value, Money) else Money(value, currency)
    return money_text(amount, get_language())
