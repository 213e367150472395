"""The form of the page of settings: a table of kinds and channels, the digest, quiet hours, what letters may say."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.choices import Channel, DigestFrequency, Floor, Mode, Weekday
from notifications.models import Reader
from notifications.registry import Kind
from notifications.services import allowed_modes, sentences

Span = list[int] | None  # minutes of the day; none where nothing is quiet
WEEKEND = (Weekday.SATURDAY, Weekday.SUNDAY)
EVENING, MORNING = dt.time(22), dt.time(8)

SAME, NEVER, WHOLE, OWN = "same", "never", "whole", "own"
DAY_CHOICES = [
    (SAME, gettext_lazy("as above")),
    (NEVER, gettext_lazy("no quiet hours")),
    (WHOLE, gettext_lazy("the whole day")),
    (OWN, gettext_lazy("other hours:")),
]


@dataclass(frozen=True)
class Cell:
    """A place in the table: a choice, something that is always on, or nothing."""

    channel: Channel
    field: forms.BoundField | None = None
    is_locked: bool = False


@dataclass(frozen=True)
class Row:
    kind: Kind
    cells: list[Cell]

    @property
    def is_locked(self) -> bool:
        return any(cell.is_locked for cell in self.cells)


@dataclass(frozen=True)
class Group:
    label: str
    rows: list[Row]


@dataclass(frozen=True)
class Day:
    label: str
    choice: forms.BoundField
    start: forms.BoundField
    end: forms.BoundField


def minutes(time: dt.time) -> int:
    return time.hour * 60 + time.minute


def time_of(minute: int) -> dt.time:
    return dt.time(minute // 60, minute % 60)


def whole_day(span: Span) -> list[int]:
    """Return a whole quiet day as a span: it lasts until the end of an ordinary night, so that nothing is told
    between it and the morning."""
    end = span[1] if span is not None else 0
    return [end, end]


@dataclass(frozen=True)
class Week:
    """Quiet hours as the form asks for them: what holds on most days, and what is different."""

    usual: Span
    is_weekend_whole: bool
    days: list[tuple[str, Span]]  # a choice, and the hours of one's own

    @classmethod
    def read(cls, quiet_hours: list[Span]) -> "Week":
        """Take stored quiet hours apart; `join` puts them together again."""
        ordinary = Counter(tuple(span) if span is not None else None for span in quiet_hours if not _is_whole(span))
        most = ordinary.most_common(1)[0][0] if ordinary else None
        usual = list(most) if most is not None else None
        is_weekend_whole = all(_is_whole(quiet_hours[day]) for day in WEEKEND)
        days = []
        for day, span in enumerate(quiet_hours):
            expected = whole_day(usual) if is_weekend_whole and day in WEEKEND else usual
            days.append((SAME if span == expected else _choice(span), span))
        return cls(usual, is_weekend_whole, days)

    def join(self) -> list[Span]:
        whole = whole_day(self.usual)
        joined: list[Span] = []
        for day, (choice, span) in enumerate(self.days):
            same = whole if self.is_weekend_whole and day in WEEKEND else self.usual
            joined.append({SAME: same, NEVER: None, WHOLE: whole, OWN: span}[choice])
        return joined


def _is_whole(span: Span) -> bool:
    return span is not None and span[0] == span[1]


def _choice(span: Span) -> str:
    if span is None:
        return NEVER
    return WHOLE if _is_whole(span) else OWN


def time_field(label: Any, **attrs: str) -> forms.TimeField:
    """Make a field for a time of day; the browser's own control needs hours and minutes whatever the language."""
    widget = forms.TimeInput(format="%H:%M", attrs={"type": "time", **attrs})
    return forms.TimeField(label=label, required=False, input_formats=["%H:%M", "%H:%M:%S"], widget=widget)


class SettingsForm(forms.Form):
    """Validates how a person wants to be told. Its fields for kinds and days are made when it is."""

    kind = forms.Field(required=False, widget=forms.MultipleHiddenInput)  # the names of the kinds on the page
    digest = forms.ChoiceField(
        label=gettext_lazy("How often a digest is sent"), choices=DigestFrequency.choices, widget=forms.RadioSelect
    )
    digest_hour = forms.TypedChoiceField(
        label=gettext_lazy("At"), coerce=int, choices=[(hour, f"{hour:02}:00") for hour in range(24)]
    )
    digest_weekday = forms.TypedChoiceField(
        label=gettext_lazy("Once a week: on which day"), coerce=int, choices=Weekday.choices
    )
    mail_floor = forms.TypedChoiceField(
        label=gettext_lazy("What letters may say"), coerce=int, choices=Floor.choices, widget=forms.RadioSelect
    )
    is_quiet = forms.BooleanField(label=gettext_lazy("Wait while it is quiet"), required=False)
    quiet_from = time_field(gettext_lazy("From"), **{"class": "input"})
    quiet_to = time_field(gettext_lazy("To"), **{"class": "input"})
    is_weekend_whole = forms.BooleanField(label=gettext_lazy("And all day on Saturday and Sunday"), required=False)

    def __init__(
        self, data: Any = None, *, reader: Reader, modes: Mapping[tuple[str, str], str], has_push: bool
    ) -> None:
        week = Week.read(reader.quiet_hours)
        start, end = week.usual or (minutes(EVENING), minutes(MORNING))
        initial = {
            "digest": reader.digest,
            "digest_hour": reader.digest_hour,
            "digest_weekday": reader.digest_weekday,
            "mail_floor": reader.mail_floor,
            "is_quiet": week.usual is not None,
            "quiet_from": time_of(start),
            "quiet_to": time_of(end),
            "is_weekend_whole": week.is_weekend_whole,
        }
        super().__init__(data, initial=initial)
        self.channels = [channel for channel in Channel if channel != Channel.PUSH or has_push]
        self._kinds = [kind for kinds in sentences.grouped_kinds().values() for kind in kinds if kind.is_listed]
        for kind in self._kinds:
            self._add_modes(kind, modes)
        for day, (choice, span) in zip(Weekday, week.days, strict=True):
            self._add_day(day, choice, span)

    def _add_modes(self, kind: Kind, modes: Mapping[tuple[str, str], str]) -> None:
        for channel in self.channels:
            if channel not in kind.modes or channel in kind.locked:
                continue
            mode = modes[kind.name, channel.value]
            name = _("%(kind)s: %(channel)s") % {"kind": kind.label, "channel": channel.label}
            attrs = {"aria-label": name}
            field: forms.Field
            if channel == Channel.MAIL:
                choices = [(option.value, option.label) for option in allowed_modes(kind, channel)]
                select = forms.Select(attrs={**attrs, "class": "input", "data-size": "s"})
                field = forms.ChoiceField(label=name, choices=choices, initial=mode, widget=select)
            else:
                box = forms.CheckboxInput(attrs=attrs)
                field = forms.BooleanField(label=name, required=False, initial=mode != Mode.OFF, widget=box)
            self.fields[_field_name(kind, channel)] = field

    def _add_day(self, day: Weekday, choice: str, span: Span) -> None:
        look = {"class": "input"}
        select = forms.Select(attrs={"aria-label": day.label, **look})
        self.fields[f"day_{day}"] = forms.ChoiceField(
            label=day.label, choices=DAY_CHOICES, initial=choice, required=False, widget=select
        )
        hours = span if choice == OWN else None
        for end, label in enumerate((_("%(day)s, from"), _("%(day)s, to"))):
            name = label % {"day": day.label}
            field = time_field(name, **{"aria-label": name, **look})
            field.initial = time_of(hours[end]) if hours is not None else None
            self.fields[f"day_{day}_{'to' if end else 'from'}"] = field

    def clean(self) -> None:
        super().clean()
        if self.cleaned_data.get("is_quiet"):
            self._require_hours("quiet_from", "quiet_to")
        for day in Weekday:
            if self.cleaned_data.get(f"day_{day}") == OWN:
                self._require_hours(f"day_{day}_from", f"day_{day}_to")

    def _require_hours(self, *names: str) -> None:
        for name in names:
            if self.cleaned_data.get(name) is None and name not in self.errors:
                self.add_error(name, _("Write when it begins and when it ends, such as 22:00."))

    # What the page shows

    @property
    def groups(self) -> list[Group]:
        """Return the table, by headings."""
        groups = []
        for label, kinds in sentences.grouped_kinds().items():
            rows = [
                Row(kind, [self._cell(kind, channel) for channel in self.channels]) for kind in kinds if kind.is_listed
            ]
            if any(cell.field or cell.is_locked for row in rows for cell in row.cells):
                groups.append(Group(label, rows))
        return groups

    def _cell(self, kind: Kind, channel: Channel) -> Cell:
        name = _field_name(kind, channel)
        return Cell(channel, self[name] if name in self.fields else None, is_locked=channel in kind.locked)

    @property
    def days(self) -> list[Day]:
        return [
            Day(day.label, self[f"day_{day}"], self[f"day_{day}_from"], self[f"day_{day}_to"])  # type: ignore[arg-type]  # a lazy text
            for day in Weekday
        ]

    @property
    def has_different_days(self) -> bool:
        """Whether the days of the week are worth being unfolded: one of them differs, or is wrong."""
        return any((day.choice.value() or SAME) != SAME or day.start.errors or day.end.errors for day in self.days)

    # What was chosen

    @property
    def modes_chosen(self) -> dict[tuple[str, str], str]:
        """Return the modes by kind and channel, of those kinds only that were on the page when it was made.

        A box that is off sends nothing, so for a kind that came later nothing would look like off.
        """
        shown = set(self.cleaned_data["kind"])
        chosen = {}
        for kind in self._kinds:
            for channel in self.channels:
                value = self.cleaned_data.get(_field_name(kind, channel))
                if kind.name in shown and value is not None:
                    is_box = isinstance(value, bool)
                    chosen[kind.name, channel.value] = (Mode.INSTANT if value else Mode.OFF).value if is_box else value
        return chosen

    @property
    def reader_fields(self) -> dict[str, Any]:
        """Return digest, quiet hours and floor as a Reader keeps them."""
        names = ("digest", "digest_hour", "digest_weekday", "mail_floor")
        return {name: self.cleaned_data[name] for name in names} | {"quiet_hours": self._week().join()}

    def _week(self) -> Week:
        usual = self._span("quiet_from", "quiet_to") if self.cleaned_data["is_quiet"] else None
        days = [
            (self.cleaned_data[f"day_{day}"] or SAME, self._span(f"day_{day}_from", f"day_{day}_to")) for day in Weekday
        ]
        return Week(usual, self.cleaned_data["is_weekend_whole"], days)

    def _span(self, start: str, end: str) -> Span:
        hours = [hour for name in (start, end) if (hour := self.cleaned_data.get(name)) is not None]
        return [minutes(hour) for hour in hours] if len(hours) == 2 else None


def _field_name(kind: Kind, channel: Channel) -> str:
    return f"{kind.name}-{channel.value}"
