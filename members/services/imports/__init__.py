"""Bulk import of members: upload, trial run, confirmation, import in chunks, undoing."""

from members.services.imports.applying import import_rows
from members.services.imports.batches import (
    BatchChanged,
    BatchNotReady,
    RowRefused,
    RowsUndecided,
    advance_import,
    confirm_import,
    decide_all,
    decide_row,
    forget_rows,
    pick_up_imports,
    purge_imports,
    start_undo,
    upload_import,
)
from members.services.imports.reading import FileRefused, Table, open_table, refuse_size
from members.services.imports.resource import COLUMNS, template_file

__all__ = [
    "COLUMNS",
    "BatchChanged",
    "BatchNotReady",
    "FileRefused",
    "RowRefused",
    "RowsUndecided",
    "Table",
    "advance_import",
    "confirm_import",
    "decide_all",
    "decide_row",
    "forget_rows",
    "import_rows",
    "open_table",
    "pick_up_imports",
    "purge_imports",
    "refuse_size",
    "start_undo",
    "template_file",
    "upload_import",
]
