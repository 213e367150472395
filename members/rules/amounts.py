"""Amounts as people type and read them: exact decimals, never a guess about a comma."""

import re
from decimal import ROUND_HALF_UP, Decimal

from moneyed import Money
from moneyed.l10n import format_money

SPACES = re.compile("[\\s\u00a0\u202f\u2009'’]")
# Letters and not signs: seven currencies stand beside each other, and two of them are a “som”.
PATTERNS = {"ru": "#,##0.00\u00a0¤¤", "en": "¤¤\u00a0#,##0.00"}
MOST_DIGITS = 12


class CurrenciesDiffer(ValueError):
    """Raised when two prices are compared that are asked in different currencies."""


class AmountNotUnderstood(ValueError):
    """Raised for a typed amount that is no number, or can be read in two ways."""


def parse_amount(text: str) -> Decimal:
    """Return a typed amount: “1 000,50”, “1,000.50” and “1000.5” are understood. Raises AmountNotUnderstood.

    A single separator with three digits after it (“1,000”) is refused: it is a thousand to one reader and one to
    another.
    """
    typed = text.strip()
    groups = [part for part in SPACES.split(typed) if part]
    if len(groups) > 1 and (len(groups[0]) > 3 or any(not re.match(r"[0-9]{3}(?![0-9])", part) for part in groups[1:])):
        raise AmountNotUnderstood(text)
    plain = "".join(groups)
    if not re.fullmatch(r"[0-9][0-9.,]*", plain):
        raise AmountNotUnderstood(text)
    whole, fraction = _split(plain, has_groups=len(groups) > 1)
    if not whole or len(whole) > MOST_DIGITS or len(fraction) > 2:
        raise AmountNotUnderstood(text)
    return Decimal(f"{whole}.{fraction or '0'}").quantize(Decimal("0.01"))


def _split(plain: str, *, has_groups: bool) -> tuple[str, str]:
    """Return the digits before and after the decimal separator."""
    signs = [letter for letter in plain if letter in ".,"]
    if not signs:
        return plain, ""
    if len(set(signs)) == 2 and not has_groups:  # the last one is the decimal separator, the other one groups
        decimal = signs[-1]
        grouping = "," if decimal == "." else "."
        whole, _sign, fraction = plain.rpartition(decimal)
        grouped = re.fullmatch(rf"[0-9]{{1,3}}({re.escape(grouping)}[0-9]{{3}})+", whole)
        if grouped and fraction and signs.count(decimal) == 1:
            return whole.replace(grouping, ""), fraction
    elif len(signs) == 1:
        whole, _sign, fraction = plain.partition(signs[0])
        if len(fraction) in (1, 2):
            return whole, fraction
    elif not has_groups and re.fullmatch(rf"[0-9]{{1,3}}({re.escape(signs[0])}[0-9]{{3}}){{2,}}", plain):
        return plain.replace(signs[0], ""), ""
    raise AmountNotUnderstood(plain)


def pro_rata_difference(*, old: Money, old_days: int, new: Money, new_days: int, days_left: int) -> Money:
    """Return what a dearer kind of membership costs more for the days that are left. Raises CurrenciesDiffer.

    Each price is spread over the days of a period of its kind; the difference of the two for the days left is rounded
    once, half up, to the smallest unit of the currency. It is never negative: nothing is paid back.
    """
    if old.currency != new.currency:
        raise CurrenciesDiffer
    # One fraction, so that only the result is rounded.
    difference = (new.amount * old_days - old.amount * new_days) * max(days_left, 0) / Decimal(old_days * new_days)
    unit = 1 / Decimal(new.currency.sub_unit)
    return Money(max(difference.quantize(unit, rounding=ROUND_HALF_UP), Decimal(0)), new.currency)


def money_text(money: Money, language: str | None) -> str:
    """Return an amount with the code of its currency, as it is written in English or Russian."""
    code = "en" if language == "en" else "ru"
    return str(format_money(money, locale=code, format=PATTERNS[code], currency_digits=False))
