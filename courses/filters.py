from typing import Any

import django_filters
from django import forms
from django.db.models import Count, QuerySet
from django.utils.translation import gettext_lazy as _

from courses.choices import Subject
from courses.models import CoursePage
from members.choices import Country


class CourseFilter(django_filters.FilterSet):
    """Filters of the catalogue; each is a list of boxes, and the address of the page holds them."""

    subject = django_filters.MultipleChoiceFilter(
        label=_("Subject"), choices=Subject.choices, widget=forms.CheckboxSelectMultiple
    )
    country = django_filters.MultipleChoiceFilter(
        label=_("Law of the country"),
        field_name="scope__country",
        choices=Country.choices,
        widget=forms.CheckboxSelectMultiple,
        distinct=True,
    )

    class Meta:
        model = CoursePage
        fields: list[str] = []

    def counts(self, base: QuerySet[CoursePage]) -> dict[str, dict[str, int]]:
        """Count the courses behind each box among all that the reader may see: two queries."""
        subjects = base.order_by().values("subject").annotate(n=Count("pk", distinct=True))
        countries = base.order_by().values("scope__country").annotate(n=Count("pk", distinct=True))
        return {
            "subject": {row["subject"]: row["n"] for row in subjects},
            "country": {row["scope__country"]: row["n"] for row in countries},
        }

    def facets(self, base: QuerySet[CoursePage]) -> list[dict[str, Any]]:
        """Describe the boxes for the template; those without a course behind them are left out unless ticked."""
        counts = self.counts(base)
        facets = []
        for name, filter_ in self.filters.items():
            chosen = self.form.data.getlist(name) if self.is_bound else []
            options = [
                {
                    "value": value,
                    "label": label,
                    "count": counts[name].get(value, 0),
                    "is_chosen": value in chosen,
                }
                for value, label in filter_.extra["choices"]
                if counts[name].get(value) or value in chosen
            ]
            facets.append({"name": name, "label": filter_.label, "options": options})
        return facets
