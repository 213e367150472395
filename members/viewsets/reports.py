"""The reports of the League's office in Wagtail's admin."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from django_stubs_ext import StrOrPromise

from accounts.http import UserRequest
from members.choices import OfficeRole
from members.forms.office import ExportForm, ReportForm
from members.models import league_day
from members.permissions.offices import can_open_office
from members.permissions.records import DUES_ROLES, REVIEW_ROLES, holds_any, reached_chapters
from members.services import reports
from members.services.reports import Scope, Table
from members.viewsets.office import OfficeViewSet, only_for, page


@dataclass(frozen=True)
class Report:
    """A report: how it is called, which offices read it, and what makes it."""

    code: str
    title: StrOrPromise
    text: StrOrPromise
    roles: tuple[OfficeRole, ...]
    build: Callable[[Scope], Table]


ALL_ROLES = tuple(OfficeRole)
REPORTS = (
    Report(
        "members",
        gettext_lazy("Members by standing"),
        gettext_lazy("How many members each chapter had on a day, by kind of membership and standing."),
        ALL_ROLES,
        reports.members_by_standing,
    ),
    Report(
        "movement",
        gettext_lazy("Joined and left"),
        gettext_lazy("Who came and who went in each of twelve months, and the balance."),
        ALL_ROLES,
        reports.joins_and_leaves,
    ),
    Report(
        "renewals",
        gettext_lazy("Renewal rate"),
        gettext_lazy("How many of the periods that ended in a month were followed by another one."),
        ALL_ROLES,
        reports.renewals_by_cohort,
    ),
    Report(
        "places",
        gettext_lazy("Members by place"),
        gettext_lazy("Members by country and city; small numbers are put together or hidden."),
        ALL_ROLES,
        reports.members_by_place,
    ),
    Report(
        "decisions",
        gettext_lazy("Time to a decision"),
        gettext_lazy("Median days from submission to decision, and how often the term was not kept."),
        REVIEW_ROLES,
        reports.decision_times,
    ),
    Report(
        "reasons",
        gettext_lazy("Reasons for rejection"),
        gettext_lazy("Why applications were not recommended or were rejected in twelve months."),
        REVIEW_ROLES,
        reports.rejection_reasons,
    ),
    Report(
        "dues",
        gettext_lazy("Dues by currency"),
        gettext_lazy("What was invoiced, received and waived in twelve months."),
        DUES_ROLES,
        reports.dues_by_currency,
    ),
    Report(
        "debts",
        gettext_lazy("Aged debts"),
        gettext_lazy("What is owed, by how long it has been due."),
        DUES_ROLES,
        reports.aged_debts,
    ),
    Report(
        "licences",
        gettext_lazy("Licence checks due"),
        gettext_lazy("How many licences wait for a check, or will within 90 days."),
        REVIEW_ROLES,
        reports.licence_checks,
    ),
    Report(
        "development",
        gettext_lazy("Professional development"),
        gettext_lazy("How many hours members recorded in twelve months, by chapter; small numbers are hidden."),
        REVIEW_ROLES,
        reports.hours_of_development,
    ),
    Report(
        "directory",
        gettext_lazy("Choices in the directory"),
        gettext_lazy("Who may find members in the directory by their choice, by chapter; small numbers are hidden."),
        REVIEW_ROLES,
        reports.directory_choices,
    ),
)


def _find(request: UserRequest, code: str) -> Report:
    for report in REPORTS:
        if report.code == code and holds_any(request.user, *report.roles):
            return report
    raise Http404


def _frame(report: Report) -> dict[str, object]:
    return page(str(report.title), "table", (reverse("membership_reports:index"), _("Reports")))


@only_for(can_open_office)
@require_safe
def report_list(request: UserRequest) -> HttpResponse:
    """List the reports that this person's offices read."""
    readable = [report for report in REPORTS if holds_any(request.user, *report.roles)]
    context = {**page(_("Reports"), "table"), "reports": readable}
    return TemplateResponse(request, "members/admin/report_list.html", context)


@only_for(can_open_office)
@require_safe
def report_detail(request: UserRequest, code: str) -> HttpResponse:
    """Show a report on a day, today unless another one is asked for."""
    report = _find(request, code)
    chapters = reached_chapters(request.user, *report.roles)
    form = ReportForm(request.GET, chapters=chapters, today=league_day())
    form.is_valid()
    on, chosen = form.chosen()
    scope = Scope(chosen, on)
    return _show(request, report, form, ExportForm(), scope, status=422 if form.errors else 200)


def _show(
    request: UserRequest, report: Report, form: ReportForm, export: ExportForm, scope: Scope, *, status: int
) -> HttpResponse:
    context = {
        **_frame(report),
        "report": report,
        "form": form,
        "export_form": export,
        "scope": scope,
        "table": report.build(scope),
        "chapter": form.cleaned_data.get("chapter") or "",
    }
    return TemplateResponse(request, "members/admin/report_detail.html", context, status=status)


@only_for(can_open_office)
@require_POST
def report_export(request: UserRequest, code: str) -> HttpResponse:
    """Hand a report out as CSV to who says what it is for."""
    report = _find(request, code)
    chapters = reached_chapters(request.user, *report.roles)
    form = ReportForm(request.POST, chapters=chapters, today=league_day())
    export = ExportForm(request.POST)
    is_whole = form.is_valid() and export.is_valid()
    on, chosen = form.chosen()
    scope = Scope(chosen, on)
    if not is_whole:
        return _show(request, report, form, export, scope, status=422)
    text = reports.export_report(
        report.code,
        report.build(scope),
        scope=scope,
        purpose=export.cleaned_data["purpose"],
        actor=request.user,
        at=timezone.now(),
    )
    # With the mark that makes a spreadsheet read UTF-8.
    response = HttpResponse(text.encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{report.code}-{on:%Y-%m-%d}.csv"'
    return response


class ReportViewSet(OfficeViewSet):
    name = "membership_reports"
    url_prefix = "membership-reports"
    icon = "table"
    menu_label = gettext_lazy("Reports")
    may_open = staticmethod(can_open_office)

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", report_list, name="index"),
            path("<slug:code>/", report_detail, name="detail"),
            path("<slug:code>/export/", report_export, name="export"),
        ]
