"""Leaves: ids in, one service called, safe to run twice. Each has a sweeper in the beat schedule or is one."""

from members.tasks.applications import move_applications
from members.tasks.dues import make_missing_receipts, make_receipt, refresh_standings, remind_of_dues
from members.tasks.personal_data import apply_retention, build_export, build_waiting_exports, purge_files
from members.tasks.records import advance_import, find_duplicates, find_duplicates_of, sweep_files, write_export
from members.tasks.transfers import settle_silent_transfers

__all__ = [
    "advance_import",
    "apply_retention",
    "build_export",
    "build_waiting_exports",
    "find_duplicates",
    "find_duplicates_of",
    "make_missing_receipts",
    "make_receipt",
    "move_applications",
    "purge_files",
    "refresh_standings",
    "remind_of_dues",
    "settle_silent_transfers",
    "sweep_files",
    "write_export",
]
