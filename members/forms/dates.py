"""A date that people know by heart, typed as day, month and year."""

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class DateWidget(forms.MultiWidget):
    """A day, a month and a year as three small boxes: quicker than a calendar for a date that one knows."""

    template_name = "members/application/date_widget.html"
    is_date = True  # the templates draw it as a group

    def __init__(self) -> None:
        boxes: dict[str, forms.Widget | type[forms.Widget]] = {
            "day": forms.TextInput(attrs={"class": "input", "size": 2, "maxlength": 2, "inputmode": "numeric"}),
            "month": forms.TextInput(attrs={"class": "input", "size": 2, "maxlength": 2, "inputmode": "numeric"}),
            "year": forms.TextInput(attrs={"class": "input", "size": 4, "maxlength": 4, "inputmode": "numeric"}),
        }
        super().__init__(boxes)

    def decompress(self, value: dt.date | None) -> list[Any]:
        return [value.day, value.month, value.year] if value else ["", "", ""]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        labels = (pgettext_lazy("part of a date", "Day"), _("Month"), _("Year"))
        for box, label in zip(context["widget"]["subwidgets"], labels, strict=True):
            box["label"] = label
        return context


class DateField(forms.MultiValueField):
    """A date that is typed as day, month and year."""

    widget = DateWidget

    def __init__(self, **options: Any) -> None:
        number = forms.IntegerField
        parts = (number(min_value=1), number(min_value=1), number(min_value=1))
        super().__init__(fields=parts, require_all_fields=False, **options)

    def clean(self, value: Any) -> dt.date | None:
        written = [str(part or "").strip() for part in value or ["", "", ""]]
        if not any(written):
            if self.required:
                raise ValidationError(self.error_messages["required"], code="required")
            return None
        if not all(written):
            raise ValidationError(_("Enter the day, the month and the year."), code="incomplete")
        try:
            day, month, year = (int(part) for part in written)
            return dt.date(year, month, day)
        except (ValueError, OverflowError):
            raise ValidationError(
                _("There is no such date. Enter it in digits, for example 12 3 2015."), code="invalid"
            ) from None

    def compress(self, data_list: list[Any]) -> Any:
        raise NotImplementedError("clean() makes the date itself.")
