"""Looking for members. Nothing here finds, counts or suggests what is hidden from the viewer."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar, cast

import django_filters
from django import forms
from django.core.cache import cache
from django.db.models import Count, Q, QuerySet
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from members.choices import Audience, Country, PracticeArea, TagKind, Trait, WorkLanguage
from members.models import Profile, ProfileQuerySet, ProfileTag
from members.rules.folding import fold
from members.rules.privacy import Sight
from members.services.profiles import counts_version

COUNTED_TO = 1000
MOST_WORDS = 6
SHORTEST_WORD = 2
COUNTS_LAST = 60  # seconds: standings change without the directory being told
BOXES = ("country", "language", "area", "trait")


Number = TypeVar("Number")


@dataclass(frozen=True)
class Total:
    """How many members were found, as far as it may be said."""

    number: int | None  # None where no country in question may be counted
    is_more: bool  # there are more than that
    uncounted: tuple[str, ...]  # countries whose members are listed but never counted


@dataclass(frozen=True)
class Chip:
    """One filter that is on, and the address without it."""

    label: str
    url: str


@lru_cache(maxsize=16)
def _options(language: str | None) -> dict[str, list[tuple[str, str]]]:
    """Return the boxes of each filter in the active language: they are on every page."""
    choices: tuple[list[tuple[str, Any]], ...] = (
        Country.choices,
        WorkLanguage.choices,
        PracticeArea.choices,
        Trait.choices,
    )
    return {
        name: [(value, str(label)) for value, label in options] for name, options in zip(BOXES, choices, strict=True)
    }


class DirectoryFilter(django_filters.FilterSet):
    """Filters of the directory; the address of the page holds them."""

    q = django_filters.CharFilter(label=gettext_lazy("Name, city or practice area"), method="by_words")
    country = django_filters.MultipleChoiceFilter(
        label=gettext_lazy("Country"),
        choices=Country.choices,
        field_name="chapter__country",
        widget=forms.CheckboxSelectMultiple,
        distinct=False,
    )
    city = django_filters.CharFilter(label=gettext_lazy("City"), method="by_city")
    region = django_filters.CharFilter(label=gettext_lazy("Region"), method="by_region")
    language = django_filters.MultipleChoiceFilter(
        label=gettext_lazy("Working language"),
        choices=WorkLanguage.choices,
        method="by_language",
        widget=forms.CheckboxSelectMultiple,
    )
    area = django_filters.MultipleChoiceFilter(
        label=gettext_lazy("Practice area"),
        choices=PracticeArea.choices,
        method="by_area",
        widget=forms.CheckboxSelectMultiple,
    )
    trait = django_filters.MultipleChoiceFilter(
        label=gettext_lazy("Experience and readiness"),
        choices=Trait.choices,
        method="by_trait",
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Profile
        fields: list[str] = []

    def __init__(self, data: QueryDict, queryset: ProfileQuerySet, *, sight: Sight) -> None:
        super().__init__(data, queryset)
        self.sight = sight
        self.base = queryset

    def by_words(self, profiles: ProfileQuerySet, name: str, value: str) -> ProfileQuerySet:
        words = [word for word in fold(value).split() if len(word) >= SHORTEST_WORD]
        if not words:
            return profiles.none()
        for word in words[:MOST_WORDS]:
            profiles = profiles.beginning_with(self.sight, word)
        return profiles

    def by_city(self, profiles: ProfileQuerySet, name: str, value: str) -> ProfileQuerySet:
        return profiles.tagged(self.sight, TagKind.CITY, [fold(value)])

    def by_region(self, profiles: ProfileQuerySet, name: str, value: str) -> ProfileQuerySet:
        return profiles.tagged(self.sight, TagKind.REGION, [fold(value)])

    def by_language(self, profiles: ProfileQuerySet, name: str, value: list[str]) -> ProfileQuerySet:
        return profiles.tagged(self.sight, TagKind.LANGUAGE, value) if value else profiles

    def by_area(self, profiles: ProfileQuerySet, name: str, value: list[str]) -> ProfileQuerySet:
        return profiles.tagged(self.sight, TagKind.AREA, value) if value else profiles

    def by_trait(self, profiles: ProfileQuerySet, name: str, value: list[str]) -> ProfileQuerySet:
        """Keep those who have every one of these; of languages and areas one is enough."""
        for trait in value:
            profiles = profiles.tagged(self.sight, TagKind.TRAIT, [trait])
        return profiles

    @cached_property
    def version(self) -> str:
        """Under which version all numbers of this page are kept."""
        return counts_version()

    @cached_property
    def chosen(self) -> dict[str, Any]:
        """What is filtered by: values that exist, by name of the filter."""
        self.form.is_valid()
        return {name: value for name, value in self.form.cleaned_data.items() if value}

    def countries(self) -> list[str]:
        """Return the countries whose members may be among the results, by the filter and by the viewer's sight."""
        chosen = self.chosen.get("country") or Country.values
        return [code for code in chosen if self.sight.is_member or code in self.sight.safety.public]

    def total(self) -> Total:
        """Count the results: only members of countries whose size may be shown.

        Members of other countries never change the number, so that no difference of two numbers tells theirs.
        """
        countries = self.countries()
        counted = [code for code in countries if code in self.sight.safety.counted]
        uncounted = tuple(str(Country(code).label) for code in countries if code not in counted)
        if not counted:
            return Total(None, is_more=False, uncounted=uncounted)

        def count() -> int:
            rows = self.qs.filter(chapter__country__in=counted).order_by().values("pk")
            return rows[: COUNTED_TO + 1].count()

        number = self._kept(self.address(), count)
        return Total(min(number, COUNTED_TO), is_more=number > COUNTED_TO, uncounted=uncounted)

    def counts(self) -> dict[str, dict[str, int]]:
        """Count the members behind each box among all whom the viewer sees: two queries."""
        return self._kept("boxes", self._count)

    def _kept(self, name: str, count: Callable[[], Number]) -> Number:
        """Keep a number for a minute for everybody of this sight, and no longer than until any profile changes."""
        sight = self.sight
        seen_by = sorted(sight.chapter_ids) if sight.is_member else "visitors"
        rules = f"{seen_by} {sorted(sight.safety.counted)} {sorted(sight.safety.public)}"
        digest = hashlib.sha256(f"{rules} {name}".encode()).hexdigest()
        return cast("Number", cache.get_or_set(f"directory:{self.version}:{digest}", count, COUNTS_LAST))

    def _count(self) -> dict[str, dict[str, int]]:
        base = self.base.filter(chapter__country__in=self.sight.safety.counted).order_by()
        counts: dict[str, dict[str, int]] = {name: {} for name in BOXES}
        for country in base.values("chapter__country").annotate(n=Count("pk")):
            counts["country"][country["chapter__country"]] = country["n"]
        level = Q(audience__gte=Audience.MEMBERS) | Q(profile__chapter__in=self.sight.chapter_ids)
        tags: QuerySet[ProfileTag] = ProfileTag.objects.filter(
            level if self.sight.is_member else Q(audience=Audience.PUBLIC),
            kind__in=(TagKind.LANGUAGE, TagKind.AREA, TagKind.TRAIT),
            profile__in=base.values("pk"),
        )
        for tag in tags.values("kind", "code").annotate(n=Count("pk")):
            counts[tag["kind"]][tag["code"]] = tag["n"]
        return counts

    def facets(self) -> list[dict[str, Any]]:
        """Describe the boxes for the template: all of them, whoever is behind them, with numbers where known."""
        counts = self.counts()
        chosen = self.chosen
        return [
            {
                "name": name,
                "label": self.filters[name].label,
                "options": [
                    {
                        "value": value,
                        "label": label,
                        "count": counts[name].get(value, ""),
                        "is_chosen": value in chosen.get(name, ()),
                    }
                    for value, label in options
                ],
            }
            for name, options in _options(get_language()).items()
        ]

    def chips(self) -> list[Chip]:
        """Return each filter that is on with the address that takes it away; the place in the list goes with it."""
        return [
            Chip(self._label(name, one), self.address(without=(name, str(one))))
            for name, value in self.chosen.items()
            for one in (value if isinstance(value, list) else [value])
        ]

    def _label(self, name: str, value: str) -> str:
        if name == "q":
            return _("“%(words)s”") % {"words": value}
        return dict(_options(get_language())[name])[value] if name in BOXES else value

    def address(self, *, without: tuple[str, str] = ("", ""), after: str = "") -> str:
        """Return the query string of these filters, without one of them or from a place in the list on."""
        query = QueryDict(mutable=True)
        for name, value in self.chosen.items():
            values = [str(one) for one in (value if isinstance(value, list) else [value])]
            kept = [one for one in values if (name, one) != without]
            if kept:
                query.setlist(name, kept)
        if after:
            query["after"] = after
        return f"?{query.urlencode()}" if query else "?"
