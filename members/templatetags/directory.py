"""What the directory prints dozens of times on a page, and which therefore has no template."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()

CHECKED = SafeString(" checked")


@register.simple_tag
def facet_options(name: str, options: Iterable[dict[str, Any]], *, form: str) -> SafeString:
    """Draw the boxes of one filter, each with its number, as parts of a form elsewhere on the page."""
    return format_html_join(
        "",
        '<label><input type="checkbox" form="{}" name="{}" value="{}"{}><span>{}</span><span>{}</span></label>',
        (
            (form, name, one["value"], CHECKED if one["is_chosen"] else "", one["label"], one["count"])
            for one in options
        ),
    )
