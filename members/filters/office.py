"""Filters of the office's lists: applications, members, licences."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import django_filters
from django import forms
from django.db.models import (
    Count,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from wagtail.admin.filters import WagtailFilterSet

from accounts.http import UserRequest
from accounts.models import User
from members.choices import ApplicationKind, ApplicationStatus, LicenceState, ReferenceStatus, Standing
from members.models import (
    Application,
    ApplicationDocument,
    Chapter,
    Licence,
    Membership,
    OfficeTerm,
    Reference,
    Tier,
    terms_in_office,
)
from members.permissions.records import waits_for
from members.rules.admission import CHAPTER_TIME, REFERENCES_NEEDED
from members.services.standings import read_records, with_standing

ACCEPTED = (LicenceState.VERIFIED, LicenceState.UNVERIFIABLE)
SOON = dt.timedelta(days=20)


def chapters_of_terms(request: UserRequest) -> QuerySet[Chapter]:
    """Return the chapters whose terms of office the person reads."""
    return Chapter.objects.filter(pk__in=terms_in_office(request.user).values("chapter")).order_by("country", "pk")


class OfficeTermFilter(WagtailFilterSet):
    """Filters of terms of office: of chapters, only those that the person reads."""

    chapter = django_filters.ModelChoiceFilter(
        label=_("Chapter"), queryset=chapters_of_terms, widget=forms.RadioSelect, empty_label=_("all")
    )

    class Meta:
        model = OfficeTerm
        fields = ["role", "chapter"]


class OfficeFilter(django_filters.FilterSet):
    """A filter of a list that is about some chapters only: those that the person reaches."""

    chapter = django_filters.ChoiceFilter(label=_("Chapter"), method="in_chapter", empty_label=_("all"))
    chapter_path = "chapter"

    def __init__(
        self, data: Mapping[str, Any], queryset: QuerySet[Any], *, chapters: Sequence[Chapter], user: User
    ) -> None:
        super().__init__(data, queryset)
        self.user = user
        self.filters["chapter"].extra["choices"] = [(str(one.pk), str(one)) for one in chapters]

    def in_chapter(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """Keep a chapter and the city chapters below it."""
        path = self.chapter_path
        return rows.filter(Q(**{path: value}) | Q(**{f"{path}__parent": value}))


def for_queue(applications: QuerySet[Application]) -> QuerySet[Application]:
    """Fetch what a row of the queue shows, with counts of references and documents, in the same query."""
    confirmed = (
        Reference.objects.filter(application=OuterRef("pk"), status=ReferenceStatus.CONFIRMED)
        .order_by()
        .values("application")
        .annotate(number=Count("pk"))
        .values("number")
    )
    documents = ApplicationDocument.objects.filter(application=OuterRef("pk"))
    return applications.select_related("user", "chapter", "tier", "licence", "reviewer").annotate(
        confirmed=Coalesce(Subquery(confirmed), 0),
        has_documents=Exists(documents),
        clock_zero=ExpressionWrapper(F("clock_started_at") - F("clock_spent"), output_field=DateTimeField()),
    )


class ApplicationFilter(OfficeFilter):
    """Filters of the review queue; without a choice it shows what the person can act on now."""

    whose = django_filters.ChoiceFilter(
        label=_("Show"),
        method="of_whom",
        empty_label=None,
        choices=[
            ("act", _("what waits for me")),
            ("mine", _("what I review")),
            ("open", _("everything open")),
            ("all", _("closed ones too")),
        ],
    )
    status = django_filters.ChoiceFilter(
        label=_("Status"),
        empty_label=_("all"),
        choices=[one for one in ApplicationStatus.choices if one[0] != ApplicationStatus.DRAFT],
    )
    kind = django_filters.ChoiceFilter(label=_("Asks for"), empty_label=_("all"), choices=ApplicationKind.choices)
    age = django_filters.ChoiceFilter(
        label=_("Age"),
        method="of_age",
        empty_label=_("all"),
        choices=[("late", _("over 30 days")), ("soon", _("over 20 days")), ("new", _("20 days or less"))],
    )
    missing = django_filters.ChoiceFilter(
        label=_("Missing"),
        method="lacking",
        empty_label=_("all"),
        choices=[
            ("references", _("references")),
            ("licence", _("check of the licence")),
            ("documents", _("documents")),
            ("nothing", pgettext_lazy("missing", "nothing")),
        ],
    )

    class Meta:
        model = Application
        fields: list[str] = []

    def __init__(self, data: Mapping[str, Any], *args: Any, **options: Any) -> None:
        chosen = {name: data[name] for name in data}
        chosen.setdefault("whose", "act")
        super().__init__(chosen, *args, **options)

    def of_whom(self, rows: QuerySet[Application], _name: str, value: str) -> QuerySet[Application]:
        if value == "act":
            conflict = Q(notes__is_conflict=True, notes__author=self.user)
            conflicted = Application.objects.filter(conflict).values("pk")
            return rows.filter(waits_for(self.user)).exclude(pk__in=conflicted)
        if value == "mine":
            return rows.open().filter(reviewer=self.user)  # type: ignore[attr-defined]  # our queryset
        return rows.open() if value == "open" else rows  # type: ignore[attr-defined]  # our queryset

    def of_age(self, rows: QuerySet[Application], _name: str, value: str) -> QuerySet[Application]:
        term = CHAPTER_TIME if value == "late" else SOON
        over = Q(clock_zero__lt=timezone.now() - term) | Q(clock_started_at__isnull=True, clock_spent__gt=term)
        return rows.exclude(pk__in=rows.filter(over).values("pk")) if value == "new" else rows.filter(over)

    def lacking(self, rows: QuerySet[Application], _name: str, value: str) -> QuerySet[Application]:
        references = Q(confirmed__lt=REFERENCES_NEEDED) & ~Q(kind=ApplicationKind.TIER)
        licence = Q(tier__needs_licence=True) & (Q(licence__isnull=True) | ~Q(licence__state__in=ACCEPTED))
        documents = Q(has_documents=False)
        conditions = {"references": references, "licence": licence, "documents": documents}
        if value == "nothing":
            return rows.filter(~references, ~documents).exclude(licence)
        return rows.filter(conditions[value])


class MemberFilter(OfficeFilter):
    """Filters of the list of members; with a day, standings are those of that day."""

    q = django_filters.CharFilter(label=_("Name or number"), method="called")
    tier = django_filters.ModelChoiceFilter(
        label=_("Kind of membership"), queryset=Tier.objects.order_by("position", "pk"), empty_label=_("all")
    )
    on = django_filters.DateFilter(
        label=_("On the day"),
        method="as_it_is",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    # The last one: it looks at what the others left.
    standing = django_filters.ChoiceFilter(
        label=_("Standing"), method="of_standing", empty_label=_("all"), choices=Standing.choices
    )

    class Meta:
        model = Membership
        fields: list[str] = []

    @property
    def day(self) -> dt.date | None:
        """The day of which standings are shown, None for what lists keep."""
        day: dt.date | None = self.form.cleaned_data.get("on") if self.form.is_valid() else None
        return day

    def called(self, rows: QuerySet[Membership], _name: str, value: str) -> QuerySet[Membership]:
        name = Q(user__name_native__icontains=value) | Q(user__name_latin__icontains=value)
        return rows.filter(name | Q(number__iexact=value))

    def as_it_is(self, rows: QuerySet[Membership], _name: str, _value: dt.date) -> QuerySet[Membership]:
        return rows

    def of_standing(self, rows: QuerySet[Membership], _name: str, value: str) -> QuerySet[Membership]:
        on = self.day
        if on is None:
            return rows.filter(standing=value)
        return rows.filter(pk__in=with_standing(read_records(rows, on=on), value, on))


class LicenceFilter(OfficeFilter):
    """Filters of the licences; without a choice it shows those whose check is due."""

    due = django_filters.ChoiceFilter(
        label=_("Show"),
        method="when_due",
        empty_label=None,
        choices=[
            ("now", _("due now")),
            ("month", _("due within 30 days")),
            ("unchecked", _("never checked")),
            ("expired", pgettext_lazy("licence", "expired")),
            ("all", _("everything")),
        ],
    )
    state = django_filters.ChoiceFilter(label=_("State"), empty_label=_("all"), choices=LicenceState.choices)

    class Meta:
        model = Licence
        fields: list[str] = []

    def __init__(
        self, data: Mapping[str, Any], *args: Any, today: dt.date, due: QuerySet[Licence], **options: Any
    ) -> None:
        chosen = {name: data[name] for name in data}
        chosen.setdefault("due", "now")
        super().__init__(chosen, *args, **options)
        self.today, self.due_now = today, due

    def in_chapter(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """Keep the licences of who is, or applies, in a chapter or in a city chapter below it."""
        reached = Q(pk__in=[])
        for path in ("user__membership__chapter", "user__applications__chapter"):
            reached |= Q(**{path: value}) | Q(**{f"{path}__parent": value})
        return rows.filter(pk__in=Licence.objects.filter(reached).values("pk"))

    def when_due(self, rows: QuerySet[Licence], _name: str, value: str) -> QuerySet[Licence]:
        month = self.today + dt.timedelta(days=30)
        if value == "now":
            return rows.filter(pk__in=self.due_now.values("pk"))
        if value == "month":
            return rows.filter(Q(recheck_on__lte=month) | Q(valid_until__lte=month))
        if value == "unchecked":
            return rows.filter(state=LicenceState.UNCHECKED)
        return rows.filter(valid_until__lt=self.today) if value == "expired" else rows
