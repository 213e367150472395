"""Charts of the office, drawn on the server: bars in SVG, whose numbers the table beneath repeats."""

from dataclasses import dataclass, field

from django import template
from django.utils.formats import number_format

from members.services.reports import Chart

register = template.Library()

LABELS, BARS, NUMBERS = 260, 490, 70  # widths, in units of the drawing
BAR, GAP = 14, 12


@dataclass
class Bar:
    """One bar of a drawing, or one part of a bar."""

    x: float
    y: float
    width: float
    color: int
    title: str


@dataclass
class Group:
    """A label with its bars."""

    label: str
    y: float
    bars: list[Bar] = field(default_factory=list)
    value: str = ""
    value_x: float = 0


def _shown(value: float) -> str:
    """Write a number with one decimal at most: people are counted in whole ones."""
    rounded = round(value, 1)
    return number_format(int(rounded) if rounded == int(rounded) else rounded, use_l10n=True)


@register.inclusion_tag("members/admin/_chart.html")
def report_chart(chart: Chart, *, title: str) -> dict[str, object]:
    """Draw the bars of a report."""
    per_group = 1 if chart.is_stacked else len(chart.series)
    height = per_group * BAR + GAP
    top = _largest(chart)
    groups = []
    for number, label in enumerate(chart.labels):
        y = GAP + number * height
        group = Group(label, y + (height - GAP) / 2)
        x = float(LABELS)
        for color, (name, values) in enumerate(chart.series):
            width = BARS * values[number] / top if top else 0
            bar_y = y if chart.is_stacked else y + color * BAR
            shown = _shown(values[number])
            group.bars.append(Bar(round(x, 1), bar_y, round(width, 1), color, f"{label}, {name}: {shown}"))
            if chart.is_stacked:
                x += width
        if len(chart.series) == 1:
            group.value = _shown(chart.series[0][1][number])
            group.value_x = round(LABELS + group.bars[0].width + 8, 1)
        groups.append(group)
    return {
        "title": title,
        "groups": groups,
        "legend": [(color, name) for color, (name, _values) in enumerate(chart.series)]
        if len(chart.series) > 1
        else [],
        "width": LABELS + BARS + NUMBERS,
        "height": GAP + len(chart.labels) * height,
        "thickness": BAR - 2,
        "label_x": LABELS - 10,
        "axis_x": LABELS,
    }


def _largest(chart: Chart) -> float:
    if chart.is_stacked:
        return max((sum(values[n] for _name, values in chart.series) for n in range(len(chart.labels))), default=0)
    return max((value for _name, values in chart.series for value in values), default=0)
