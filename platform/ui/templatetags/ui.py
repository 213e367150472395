"""The components of the design system: one tag and one template each, all of them shown on `/ui/`.

Arguments after the first are keyword-only, so a wrong or missing one is a `TemplateSyntaxError` when the
template is compiled. Two components, `icon` and `gul`, are printed dozens of times on a page and therefore
have no template.

Directly inside `{% for %}` the word `{% empty %}` belongs to the loop: use the component `empty` outside it,
in an `{% if %}`, or after the loop's own `{% empty %}`.
"""

import datetime
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BaseForm, BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.template import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

register = template.Library()

NO_BREAK_SPACE = "\u00a0"
NOTICE_ICONS = {
    "": "info",
    "brand": "info",
    "accent": "triangle-alert",
    "ok": "circle-check",
    "bad": "circle-x",
}
MESSAGE_TONES = {"success": "ok", "warning": "accent", "error": "bad"}
# Django's own catalogue has these in every language; they are looked up there, not gathered into ours.
FILE_SIZES = ((1_000_000_000, "%s GB"), (1_000_000, "%s MB"), (1_000, "%s KB"))


# Marks


@lru_cache(maxsize=1)
def _sprite() -> str:
    """Look the address of the sprite up once: a page draws some thirty icons."""
    return static("ui/icons.svg")


@lru_cache(maxsize=1024)
def _symbol(sprite: str, name: str, label: str, size: str) -> SafeString:
    meaning = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    scale = format_html(' data-size="{}"', size) if size else ""
    return format_html('<svg class="icon" {}{}><use href="{}#i-{}"/></svg>', meaning, scale, sprite, name)


@register.simple_tag
def icon(name: str, *, label: str = "", size: str = "") -> SafeString:
    """Draw a symbol of the sprite; give a label only if the meaning is in the icon alone."""
    return _symbol(_sprite(), name, str(label), size)


@register.simple_tag
def gul() -> SafeString:
    """Draw the ornament: masthead, empty states, video poster and certificate only."""
    return format_html('<svg class="gul" aria-hidden="true"><use href="{}#o-gul"/></svg>', static("ui/icons.svg"))


@register.inclusion_tag("ui/avatar.html")
def avatar(*, name: str, size: str = "") -> dict[str, Any]:
    """Show a person's initials beside the name, which must stand in the text itself."""
    words = name.split()
    initials = "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()
    return {"initials": initials, "size": size}


@register.inclusion_tag("ui/tag.html")
def tag(text: str, *, tone: str = "", icon_name: str = "") -> dict[str, Any]:
    """Mark a thing with its state or kind in one or two words."""
    return {"text": text, "tone": tone, "icon_name": icon_name}


@register.inclusion_tag("ui/count.html")
def count(number: int, *, label: str = "") -> dict[str, Any]:
    """Show how many things are new; the label says of what to those who cannot see."""
    return {"number": number, "label": label}


@register.inclusion_tag("ui/date_block.html")
def date_block(value: datetime.date, *, tone: str = "") -> dict[str, Any]:
    """Show a day and its month as a block at the head of a row."""
    return {"value": value, "tone": tone, "month": date_format(value, "b")}


# Progress


@register.inclusion_tag("ui/progress.html")
def progress(*, value: int, maximum: int, label: str) -> dict[str, Any]:
    """Draw a progress bar, named for those who cannot see it."""
    return {"value": value, "maximum": max(maximum, 1), "label": label}


@register.inclusion_tag("ui/gauge.html")
def gauge(*, value: int, maximum: int, label: str) -> dict[str, Any]:
    """Draw a progress bar with its percentage, which only reads 100 when everything is done."""
    return {"value": value, "maximum": maximum, "label": label, "percent": value * 100 // max(maximum, 1)}


# Navigation


@register.inclusion_tag("ui/crumbs.html")
def crumbs(items: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Lead back through the ancestors of a page, given as pairs of title and address."""
    return {"items": items}


@register.inclusion_tag("ui/pager.html", takes_context=True)
def pager(context: Context, page_obj: Page) -> dict[str, Any]:
    """Link the pages of a long list and keep the rest of the query string; a short list gets nothing."""
    request = context.get("request")
    query = request.GET.copy() if request else None

    def address(number: int) -> str:
        if query is None:
            return f"?page={number}"
        query["page"] = str(number)
        return f"?{query.urlencode()}"

    pages = [
        {"number": number, "url": address(number) if isinstance(number, int) else ""}
        for number in page_obj.paginator.get_elided_page_range(page_obj.number, on_each_side=1, on_ends=1)
    ]
    return {
        "page_obj": page_obj,
        "pages": pages if page_obj.has_other_pages() else [],
        "next_url": address(page_obj.next_page_number()) if page_obj.has_next() else "",
    }


# Boxes around content


@register.simple_block_tag
def notice(content: SafeString, *, tone: str = "", icon_name: str = "") -> SafeString:
    """Say something that the reader should know now; the icon follows the tone unless one is named."""
    return render_to_string(
        "ui/notice.html",
        {"content": content, "tone": tone, "icon_name": icon_name or NOTICE_ICONS.get(tone, "info")},
    )


@register.simple_block_tag
def panel(
    content: SafeString,
    *,
    heading: str = "",
    level: int = 2,
    tone: str = "",
    id: str = "",  # noqa: A002 -- the attribute's own name
    stack: bool = False,
) -> SafeString:
    """Put a border around one group of facts or one task."""
    return render_to_string(
        "ui/panel.html",
        {"content": content, "heading": heading, "level": level, "tone": tone, "id": id, "stack": stack},
    )


@register.simple_block_tag
def sec_head(
    content: SafeString,
    *,
    heading: str,
    level: int = 2,
    size: str = "",
    id: str = "",  # noqa: A002 -- the attribute's own name
) -> SafeString:
    """Rule off a section and name it; the content stands at the right-hand end."""
    return render_to_string(
        "ui/sec_head.html",
        {"content": SafeString(content.strip()), "heading": heading, "level": level, "size": size, "id": id},
    )


@register.simple_block_tag
def empty(content: SafeString, *, heading: str, level: int = 2) -> SafeString:
    """Say why a place is empty and what the one next step is."""
    return render_to_string("ui/empty.html", {"content": content, "heading": heading, "level": level})


@register.simple_block_tag
def fold(content: SafeString, *, summary: str, icon_name: str = "", open: bool = False) -> SafeString:  # noqa: A002 -- the attribute's own name
    """Fold away what most readers can do without."""
    return render_to_string(
        "ui/fold.html", {"content": content, "summary": summary, "icon_name": icon_name, "open": open}
    )


@register.simple_block_tag
def callout(content: SafeString, *, heading: str, kicker: str = "", level: int = 3) -> SafeString:
    """Set a worked example or a case apart from the running text."""
    return render_to_string(
        "ui/callout.html", {"content": content, "heading": heading, "kicker": kicker, "level": level}
    )


# Buttons and forms


@register.simple_block_tag
def btn(
    content: SafeString,
    *,
    href: str = "",
    kind: str = "",
    size: str = "",
    wide: bool = False,
    icon_name: str = "",
    type: str = "submit",  # noqa: A002 -- the attribute's own name
    name: str = "",
    value: str = "",
    form: str = "",
    id: str = "",  # noqa: A002 -- the attribute's own name
    disabled: bool = False,
) -> SafeString:
    """Offer an action: a link that looks like a button with `href`, else a button that submits its form."""
    return render_to_string(
        "ui/btn.html",
        {
            "content": SafeString(content.strip()),
            "href": href,
            "kind": kind,
            "size": size,
            "wide": wide,
            "icon_name": icon_name,
            "type": type,
            "name": name,
            "value": value,
            "form": form,
            "id": id,
            "disabled": disabled,
        },
    )


@register.simple_tag
def field(bound_field: BoundField, *, kind: str = "choice") -> SafeString:
    """Lay out a form field: label, hint, error and input; choices as rows, or as boxes with kind "option"."""
    widget = bound_field.field.widget
    if bound_field.is_hidden:
        return bound_field.as_widget()
    context = {"field": bound_field, "kind": kind}
    if isinstance(widget, CheckboxInput):
        return render_to_string("ui/field_checkbox.html", context)
    if isinstance(widget, RadioSelect | CheckboxSelectMultiple):
        return render_to_string("ui/field_choices.html", context)
    classes = f"input {widget.attrs.get('class', '')}".strip()
    context["control"] = bound_field.as_widget(attrs={"class": classes})
    return render_to_string("ui/field.html", context)


@register.inclusion_tag("ui/error_summary.html")
def error_summary(form: BaseForm) -> dict[str, Any]:
    """List what is wrong with a form above it, each line leading to its field."""
    problems: list[dict[str, Any]] = [{"message": error} for error in form.non_field_errors()]
    for bound_field in form:
        target = bound_field.id_for_label or f"{bound_field.auto_id}_0"
        label = "" if bound_field.is_hidden else bound_field.label
        problems += [
            {"message": error, "label": label, "target": target if label else ""} for error in bound_field.errors
        ]
    return {"problems": problems}


@register.inclusion_tag("ui/form_fields.html")
def form_fields(form: BaseForm) -> dict[str, Any]:
    """Lay out all fields of a form in their order; the form element, token and button are the caller's."""
    return {"form": form}


@register.inclusion_tag("ui/toasts.html")
def toasts(messages: Iterable[Any]) -> dict[str, Any]:
    """Show Django's messages: what was done as a toast, what needs attention as a notice."""
    shown = []
    for message in messages:
        tone = MESSAGE_TONES.get(message.level_tag, "")
        is_toast = tone not in {"accent", "bad"}
        shown.append({"text": message, "tone": tone, "icon_name": NOTICE_ICONS[tone], "is_toast": is_toast})
    return {"shown": shown}


# Words


@register.simple_tag
def minutes(total: int) -> str:
    """Say how long something takes in the reader's language, in hours from sixty minutes on."""
    hours, rest = divmod(int(total or 0), 60)
    if not hours:
        text = gettext("%(minutes)s min") % {"minutes": rest}
    elif not rest:
        text = gettext("%(hours)s h") % {"hours": hours}
    else:
        text = gettext("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": rest}
    return text.replace(" ", NO_BREAK_SPACE)


@register.simple_tag
def file_size(size: int) -> str:
    """Say how large a download is, in decimal units as phones and operators count them."""
    size = int(size or 0)
    for unit, pattern in FILE_SIZES:
        if size >= unit or unit == FILE_SIZES[-1][0]:
            amount = size / unit
            places = 1 if amount < 10 else 0
            number = number_format(round(amount, places) if round(amount, places) % 1 else round(amount))
            return (gettext(pattern) % number).replace(" ", NO_BREAK_SPACE)
    return ""
