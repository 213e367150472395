"""What pages of the forum print many times over, and the comparison of two versions of a text."""

import datetime as dt
import difflib
import re

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import override

from forum.choices import Level
from forum.models import Room, Thread

register = template.Library()

WORDS = re.compile(r"\s+|\w+|[^\w\s]")
MOST_COMPARED = 20_000  # words and signs of two texts; beyond that the comparison would keep the reader waiting


@register.filter
def is_unread(thread: Thread) -> bool:
    """Whether a thread of `with_reading` has something new for its reader: `ThreadQuerySet.unread` for a row."""
    marks: dict[str, int] = vars(thread)
    return (
        thread.last_public_no > marks["my_read_no"]
        and thread.last_seq > marks["my_mark"]
        and marks["my_level"] > Level.MUTED
    )


@register.filter
def level_label(row: Thread | Room) -> str:
    """Name the level at which a reader follows a thread or a room."""
    mine: int = vars(row)["my_level"]
    return str(Level(mine).label)


@register.simple_tag
def moment(at: dt.datetime) -> SafeString:
    """Say when something was as briefly as a list can: the hour of today and yesterday, else the day."""
    local = timezone.localtime(at)
    today = timezone.localdate()
    hour = {"time": date_format(local, "H:i")}
    if local.date() == today:
        words = _("today, %(time)s") % hour
    elif local.date() == today - dt.timedelta(days=1):
        words = _("yesterday, %(time)s") % hour
    else:
        words = date_format(local, "j E" if local.year == today.year else "j E Y")
    whole = date_format(local, "j E Y, H:i")
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(), whole, words)


@register.filter
def in_language(html: str) -> SafeString:
    """Return the HTML of a post, which `forum.rules.text` escaped, with its links to posts in the reader's language."""
    here = reverse("forum:room_index")
    with override(settings.LANGUAGE_CODE):
        kept = reverse("forum:room_index")
    return mark_safe(html.replace(f'href="{kept}', f'href="{here}'))


@register.simple_tag
def word_diff(before: str, after: str) -> SafeString:
    """Show how a text became another: words taken out and words put in, marked for the eye and for a screen reader."""
    old, new = WORDS.findall(before), WORDS.findall(after)
    if len(old) + len(new) > MOST_COMPARED:
        return format_html("<del>{}</del>\n\n<ins>{}</ins>", before, after)
    steps = difflib.SequenceMatcher(None, old, new).get_opcodes()
    return format_html_join(
        "",
        "{}",
        ((_step(name, "".join(old[a:b]), "".join(new[c:d])),) for name, a, b, c, d in steps),
    )


def _step(name: str, out: str, put_in: str) -> SafeString:
    if name == "equal":
        return format_html("{}", out)
    parts = [("del", out), ("ins", put_in)]
    return format_html_join("", "<{0}>{1}</{0}>", ((tag, words) for tag, words in parts if words))
