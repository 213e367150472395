"""The reports of the League's office: each a table over some chapters as it stood on a day, with a chart."""

from members.services.reports.dues import aged_debts, dues_by_currency
from members.services.reports.members import joins_and_leaves, members_by_place, members_by_standing, renewals_by_cohort
from members.services.reports.reviews import decision_times, licence_checks, rejection_reasons
from members.services.reports.suppressed import directory_choices, hours_of_development
from members.services.reports.tables import Chart, Scope, Table, export_report, safe_cell, to_csv

__all__ = [
    "Chart",
    "Scope",
    "Table",
    "aged_debts",
    "decision_times",
    "directory_choices",
    "dues_by_currency",
    "export_report",
    "hours_of_development",
    "joins_and_leaves",
    "licence_checks",
    "members_by_place",
    "members_by_standing",
    "rejection_reasons",
    "renewals_by_cohort",
    "safe_cell",
    "to_csv",
]
