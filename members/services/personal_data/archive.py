"""The archive of a copy: `data.json` for machines, `index.html` for people, and the person's own files."""

import json
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from django.core.serializers.json import DjangoJSONEncoder
from django.template.loader import render_to_string
from django.utils.text import get_valid_filename

from accounts.models import User
from members.registry.personal_data import Cell, Export, Table

STYLE = (Path(__file__).parent / "archive.css").read_text()


def write_archive(target: IO[bytes], user: User, parts: list[tuple[Export, Table]], count: Callable[[], None]) -> None:
    """Write everything that the parts hold about a person into a ZIP, a row at a time; `count` is called after each."""
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as machine,
        tempfile.TemporaryFile("w+", encoding="utf-8") as human,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        human.write(render_to_string("members/personal_data/archive_head.html", {"person": user}))
        machine.write("{")
        for index, (export, table) in enumerate(parts):
            machine.write(f"{',' if index else ''}\n{json.dumps(export.name)}: [")
            shown = _write_rows(archive, machine, export, table, count)
            context = {"export": export, "columns": table.columns, "rows": shown}
            human.write(render_to_string("members/personal_data/archive_part.html", context))
            machine.write("]")
        machine.write("\n}\n")
        human.write(render_to_string("members/personal_data/archive_foot.html"))
        archive.writestr("style.css", STYLE)
        for name, text in (("data.json", machine), ("index.html", human)):
            text.seek(0)
            with archive.open(name, "w") as out:
                while chunk := text.read(65_536):
                    out.write(chunk.encode())


def _write_rows(
    archive: zipfile.ZipFile, machine: IO[str], export: Export, table: Table, count: Callable[[], None]
) -> list[list[tuple[str, str]]]:
    """Write the rows for machines, copy their files, and return what people see of them."""
    shown: list[list[tuple[str, str]]] = []
    for number, row in enumerate(table.rows()):
        paths = {key: _copy_file(archive, export, number, row, cell) for key, cell in row.items() if cell.file}
        values = {key: paths.get(key, cell.value) for key, cell in row.items()}
        machine.write(f"{',' if number else ''}\n  {json.dumps(values, cls=DjangoJSONEncoder, ensure_ascii=False)}")
        shown.append([(cell.shown, paths.get(key) or "") for key, cell in row.items()])
        count()
    return shown


def _copy_file(archive: zipfile.ZipFile, export: Export, number: int, row: dict[str, Cell], cell: Cell) -> str | None:
    """Copy a file under the name that the person gave it; return where it lies, None where it is gone."""
    assert cell.file is not None  # noqa: S101 -- the caller asks for cells with a file only
    own_name = str(row["name"].value) if "name" in row else str(cell.file.name).rsplit("/", 1)[-1]
    path = f"files/{export.name}-{number + 1}-{get_valid_filename(own_name or 'file')}"
    try:
        source = cell.file.open("rb")
    except FileNotFoundError:
        return None
    with source, archive.open(path, "w") as out:
        for chunk in source.chunks():
            out.write(chunk)
    return path
