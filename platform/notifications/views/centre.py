"""The notification centre, and the bell that leads to it."""

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.http import quote_etag, url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from accounts.http import UserRequest
from accounts.models import User
from notifications import services
from notifications.choices import Channel, DigestFrequency, Mode, Weekday
from notifications.models import Item, Mute, Reader
from notifications.registry import Kind, all_kinds
from notifications.services import bounces, sentences
from notifications.services.sentences import Sentence
from notifications.views.paging import Cursor, read_cursor

ROWS = 30
NEW, SEEN = "new", "seen"  # which of the two lists a page begins in


@dataclass(frozen=True)
class Row:
    """One line of the list: an item, or what is pulled and has none."""

    sentence: Sentence
    url: str
    moment: dt.datetime
    is_unread: bool
    item: Item | None = None
    is_muted: bool = False

    @property
    def can_mute(self) -> bool:
        return self.item is not None and self.sentence.kind is not None and can_be_muted(self.sentence.kind)


@dataclass(frozen=True)
class Day:
    label: str
    rows: list[Row]


@dataclass(frozen=True)
class Tab:
    name: str
    label: str
    is_current: bool


def can_be_muted(kind: Kind) -> bool:
    """Return whether anything would change: what is locked on the site is told in any case."""
    return Channel.SITE not in kind.locked


@login_required
@require_safe
def centre(request: UserRequest) -> HttpResponse:
    """List what a person was told, unread first, the latest first, by days."""
    user = request.user
    tabs, kinds = _tabs(user, request.GET.get("group", ""))
    cursor = read_cursor(request.GET.get("after", ""), kinds=(NEW, SEEN))
    pulled = [] if cursor else _pulled_rows(user, kinds)
    items, next_cursor = _items(user, kinds, cursor, ROWS - len(pulled))
    rows = sorted([*pulled, *_item_rows(user, items)], key=lambda row: (row.is_unread, row.moment), reverse=True)
    unread = [row for row in rows if row.is_unread]
    group = next((tab.name for tab in tabs if tab.is_current), "")
    context = {
        "tabs": tabs,
        "group": group,
        "unread_days": list(_days(unread)),
        "read_days": list(_days(row for row in rows if not row.is_unread)),
        # What a slower worker commits later may be older than this page; it is never newer than the newest line.
        "up_to": unread[0].moment.isoformat() if unread and cursor is None else "",
        "here": request.get_full_path(),
        "is_first": cursor is None,
        "earlier": _earlier(group, next_cursor),
        "cooling": bounces.cooling_of(user, timezone.now()),
        "ways": ways_of_telling(user),
    }
    return render(request, "notifications/centre.html", context)


def _earlier(group: str, cursor: str) -> str:
    """Return the address of the next page; empty after the last one."""
    parts = {"group": group, "after": cursor}
    return f"?{urlencode({name: value for name, value in parts.items() if value})}" if cursor else ""


def _tabs(user: User, wanted: str) -> tuple[list[Tab], list[Kind] | None]:
    """Return a tab for each group that has something, and the kinds of the one that is open; None for all."""
    present = set(Item.objects.visible_to(user).order_by().values_list("kind", flat=True).distinct())
    present |= {kind.name for kind, _pulled in services.pulled_for(user)}
    chosen: list[Kind] | None = None
    tabs = []
    for label, kinds in sentences.grouped_kinds().items():
        name = kinds[0].name
        if present.isdisjoint(kind.name for kind in kinds):
            continue
        if name == wanted:
            chosen = kinds
        tabs.append(Tab(name, label, is_current=name == wanted))
    return tabs, chosen


def _pulled_rows(user: User, kinds: list[Kind] | None) -> list[Row]:
    found = [(kind, pulled) for kind, pulled in services.pulled_for(user) if kinds is None or kind in kinds]
    told = sentences.sentences_for(user, [sentences.fact_of_pulled(kind, pulled) for kind, pulled in found])
    return [
        Row(sentence, sentence.url, pulled.at, is_unread=True)
        for sentence, (_kind, pulled) in zip(told, found, strict=True)
        if sentence.kind is not None  # recalled within the last minute
    ]


def _items(user: User, kinds: list[Kind] | None, cursor: Cursor | None, size: int) -> tuple[list[Item], str]:
    """Return a page of items and the cursor of the next one: unread first, then read ones from the top."""
    items = Item.objects.visible_to(user).for_list()
    if kinds is not None:
        items = items.filter(kind__in=[kind.name for kind in kinds])
    unread, read = items.unread(), items.read()
    found: list[Item] = []
    if cursor is None or cursor.kind == NEW:
        found += (unread if cursor is None else unread.before(cursor.moment, cursor.pk))[: size + 1]
    if len(found) <= size:
        after_read = cursor is not None and cursor.kind == SEEN
        found += (read.before(cursor.moment, cursor.pk) if cursor and after_read else read)[: size + 1 - len(found)]
    if len(found) <= size:
        return found, ""
    last = found[size - 1]
    return found[:size], str(Cursor(NEW if last.read_at is None else SEEN, last.updated_at, last.pk))


def _item_rows(user: User, items: list[Item]) -> list[Row]:
    told = sentences.sentences_for(user, [sentences.fact_of_item(item) for item in items])
    scopes = {item.scope for item in items}
    muted = set(Mute.objects.filter(user=user, scope__in=scopes).values_list("scope", flat=True))
    return [
        Row(
            sentence,
            reverse("notifications:open_item", args=[item.pk]) if sentence.kind is not None else "",
            item.updated_at,
            is_unread=item.read_at is None,
            item=item,
            is_muted=item.scope in muted,
        )
        for item, sentence in zip(items, told, strict=True)
    ]


def _days(rows: Iterable[Row]) -> Iterator[Day]:
    today = timezone.localdate()
    for day, group in groupby(rows, key=lambda row: timezone.localtime(row.moment).date()):
        yield Day(day_label(day, today), list(group))


def day_label(day: dt.date, today: dt.date) -> str:
    """Name a day as people do: today, yesterday, a date, and the year only where it is another one."""
    if day == today:
        return _("Today")
    if day == today - dt.timedelta(days=1):
        return _("Yesterday")
    return date_format(day, "j E" if day.year == today.year else "j E Y")


def ways_of_telling(user: User) -> list[tuple[str, str]]:
    """Say in a few words how a person is told, as they chose: pairs of a name and a sentence."""
    reader = services.reader_of(user)
    modes = services.matrix(user)
    locked = {(kind.name, channel.value) for kind in all_kinds() for channel in kind.locked}
    free = {channel: {modes[key] for key in modes.keys() - locked if key[1] == channel} for channel in Channel}
    site = _("everything") if Mode.OFF not in free[Channel.SITE] else _("what you did not turn off")
    return [
        (_("On the site"), site),
        (_("E-mail"), _mail_words(free[Channel.MAIL])),
        (_("Digest"), _digest_words(reader)),
        (_("Browser push"), _("what you turned on") if Mode.INSTANT in free[Channel.PUSH] else _("off")),
        (_("Quiet hours"), _quiet_words(reader)),
    ]


def _mail_words(modes: set[str]) -> str:
    if {Mode.INSTANT, Mode.DIGEST} <= modes:
        return _("some at once, the rest in the digest")
    if Mode.INSTANT in modes:
        return _("at once")
    if Mode.DIGEST in modes:
        return _("in the digest")
    return _("only about the safety of your account")


def _digest_words(reader: Reader) -> str:
    values = {"day": Weekday(reader.digest_weekday).label, "hour": f"{reader.digest_hour:02}:00"}
    if reader.digest == DigestFrequency.DAILY:
        return _("every day at %(hour)s") % values
    if reader.digest == DigestFrequency.WEEKLY:
        return _("once a week: %(day)s, %(hour)s") % values
    return _("none")


def _quiet_words(reader: Reader) -> str:
    spans = {tuple(span) if span is not None else None for span in reader.quiet_hours}
    if spans == {None}:
        return _("none")
    if len(spans) > 1:
        return _("different by day")
    start, end = next(span for span in spans if span is not None)
    return f"{clock(start)}–{clock(end)}"


def clock(minute: int) -> str:
    """Write a minute of the day as on a clock."""
    return f"{minute // 60:02}:{minute % 60:02}"


@login_required
@require_safe
def open_item(request: UserRequest, item_id: int) -> HttpResponse:
    """Mark a line as read and lead to what it is about, or back to the list if that can no longer be seen."""
    item = get_object_or_404(Item.objects.visible_to(request.user), pk=item_id)
    if request.method == "GET":
        services.mark_read(request.user, item.pk, at=timezone.now())
    subject = sentences.subjects_of(request.user, [(item.kind, item.subject_id)]).get((item.kind, item.subject_id))
    if subject is None:
        messages.warning(request, _("What this notification was about can no longer be seen."))
        return redirect("notifications:centre")
    return redirect(subject.url)


@login_required
@require_POST
def read_item(request: UserRequest, item_id: int) -> HttpResponse:
    """Mark one line as read."""
    item = get_object_or_404(Item.objects.visible_to(request.user), pk=item_id)
    services.mark_read(request.user, item.pk, at=timezone.now())
    return _back(request, fragment=f"n{item.pk}")


@login_required
@require_POST
def mute_item(request: UserRequest, item_id: int) -> HttpResponse:
    """Tell a person no more about the thing behind a line, or, with `undo`, tell them again."""
    item = get_object_or_404(Item.objects.visible_to(request.user), pk=item_id)
    kind = sentences.kind_or_none(item.kind)
    if "undo" in request.POST:
        services.unmute(request.user, item.scope)
        messages.success(request, _("You are told about this again."))
    elif kind is None or not can_be_muted(kind):
        raise Http404
    else:
        services.mute(request.user, item.scope, at=timezone.now())
        messages.success(request, _("You are told no more about this. You can undo it beside the notification."))
    return _back(request, fragment=f"n{item.pk}")


@login_required
@require_POST
def read_all(request: UserRequest) -> HttpResponse:
    """Mark as read what was shown: all of it, or the group that was open; what came later stays unread."""
    wanted = request.POST.get("group", "")
    kinds = next((found for found in sentences.grouped_kinds().values() if found[0].name == wanted), None)
    services.mark_all_read(request.user, up_to=_moment(request, "up_to"), at=timezone.now(), kinds=kinds)
    return _back(request)


@login_required
@require_POST
def read_pulled(request: UserRequest) -> HttpResponse:
    """Mark as read what has no lines of its own, up to the one beside which the button stands."""
    services.mark_pulled_seen(request.user, _moment(request, "pulled"))
    return _back(request)


def _moment(request: UserRequest, name: str) -> dt.datetime:
    """Return a moment that one of our own pages sent, never a later one than now. Raises BadRequest."""
    try:
        moment = parse_datetime(request.POST.get(name, ""))
    except ValueError:
        moment = None
    if moment is None or timezone.is_naive(moment):
        raise BadRequest(name)
    return min(moment, timezone.now())


def _back(request: UserRequest, fragment: str = "") -> HttpResponse:
    """Return to the page of the list on which a button was pressed."""
    here = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(here, allowed_hosts=None) and here.startswith("/")
    target = here if is_ours else reverse("notifications:centre")
    return redirect(f"{target}#{fragment}" if fragment else target)


@login_required
@require_safe
@cache_control(private=True, no_cache=True)
def pulse(request: UserRequest) -> HttpResponseBase:
    """Answer how much is unread, for the bell; with 304 if that is what the browser shows already."""
    unread = services.count_unread(request.user)
    etag = quote_etag(f"{request.user.pk}-{unread}")
    response = JsonResponse({"unread": unread})
    response["ETag"] = etag
    return get_conditional_response(request, etag=etag, response=response) or response
