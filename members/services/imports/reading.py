"""Reading a table somebody uploaded: which kind of file, which letters, which delimiter; row by row, memory flat.

Whatever cannot be read for certain is refused with a code that says what to do. Nothing is guessed that could put
wrong letters into somebody's name.
"""

import codecs
import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from typing import IO, Any
from xml.parsers import expat

from openpyxl.cell.read_only import EmptyCell
from openpyxl.reader.excel import ExcelReader
from openpyxl.xml.constants import SHARED_STRINGS

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 20_000
MAX_COLUMNS = 100
MAX_UNPACKED = 80 * 1024 * 1024
MAX_BESIDE_SHEETS = 20 * 1024 * 1024  # strings, styles: openpyxl reads them whole
MAX_RATIO = 100
MAX_PARTS = 500
MAX_ELEMENTS = 500_000  # of the table of strings, where a plain string takes two
BLOCK = 64 * 1024
FORMULA = "\x00formula"  # what a cell holds that is one: no file can bring this value, NUL is refused in CSV

_CYRILLIC = frozenset("абвгдежзийклмнопрстуфхцчшщъыьэюяёАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЁ")
_SIGNS = frozenset("№«»–—“”„’‘…\u00a0іІїЇєЄґҐўЎ")


class FileRefused(Exception):
    """Raised when a file cannot be read as a table; carries a code of `members.rules.import_problems`."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class _Reader(ExcelReader):
    """Reads a workbook, its strings only after they were counted: openpyxl takes half a minute for a million."""

    def read_strings(self) -> None:
        part = self.package.find(SHARED_STRINGS)
        if part is not None:
            with self.archive.open(part.PartName[1:]) as source:
                _refuse_elements(source)
        super().read_strings()


class Table:
    """A table of text: iterating gives the number of each line and its cells, the heading first."""

    def __init__(self, file: IO[bytes], *, encoding: str = "", delimiter: str = "") -> None:
        self.file = file
        self.encoding = encoding  # empty for XLSX
        self.delimiter = delimiter

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        self.file.seek(0)
        rows = self._csv() if self.encoding else self._xlsx()
        kept = 0
        for number, cells in rows:
            if not any(cells):
                continue
            kept += 1
            while not cells[-1]:
                cells.pop()
            if kept > MAX_ROWS + 1:
                raise FileRefused("too_many_rows", rows=MAX_ROWS)
            yield number, cells

    def _csv(self) -> Iterator[tuple[int, list[str]]]:
        text = io.TextIOWrapper(self.file, encoding=self.encoding, newline="")
        reader = csv.reader(text, delimiter=self.delimiter, strict=True)
        try:
            while True:
                first = reader.line_num + 1
                cells = next(reader, None)
                if cells is None:
                    return
                if any("\x00" in cell for cell in cells):
                    raise FileRefused("encoding")
                cells = [cell.strip() for cell in cells[:MAX_COLUMNS]]
                yield first, [FORMULA if cell.startswith("=") else cell for cell in cells]
        except (csv.Error, UnicodeError) as error:
            raise FileRefused("csv_broken", line=reader.line_num) from error
        finally:
            if not text.closed:  # as it is for a reader who stopped halfway and closed the file
                text.detach()

    def _xlsx(self) -> Iterator[tuple[int, list[str]]]:
        try:
            reader = _Reader(self.file, read_only=True, data_only=False, keep_links=False)
            reader.read()
            book = reader.wb
        except FileRefused:
            raise
        except Exception as error:  # openpyxl raises whatever the broken part makes it stumble over
            raise FileRefused("xlsx_broken") from error
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # what a file says of its own size is not to be trusted
            for number, row in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS), start=1):
                if number > 10 * MAX_ROWS:
                    raise FileRefused("too_many_rows", rows=MAX_ROWS)
                yield number, [_cell(cell) for cell in row]
        except FileRefused:
            raise
        except Exception as error:  # the same
            raise FileRefused("xlsx_broken") from error
        finally:
            book.close()


def refuse_size(size: int) -> None:
    """Raise FileRefused for an empty file and for one that is too large."""
    if size == 0:
        raise FileRefused("empty")
    if size > MAX_BYTES:
        raise FileRefused("too_large", megabytes=MAX_BYTES // 1024 // 1024)


def open_table(file: IO[bytes]) -> Table:
    """Return the table of an uploaded file, by what it is and not by its name. Raises FileRefused."""
    if is_workbook(file):
        return Table(file)
    encoding = _encoding(file)
    return Table(file, encoding=encoding, delimiter=_delimiter(file, encoding))


def is_workbook(file: IO[bytes]) -> bool:
    """Whether a file is an XLSX, by its first bytes and the list of its parts: nothing is unpacked.

    Raises FileRefused for what is neither that nor text.
    """
    file.seek(0, io.SEEK_END)
    refuse_size(file.tell())
    file.seek(0)
    head = file.read(8)
    if head.startswith(b"PK"):
        _refuse_bomb(file)
        return True
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise FileRefused("xls")
    if head.startswith((b"%PDF", b"{\\rtf", b"\x89PNG", b"\xff\xd8\xff", b"<")):
        raise FileRefused("not_table")
    return False


def _refuse_bomb(file: IO[bytes]) -> None:
    """Refuse what would fill the memory: zipfile never unpacks more of a part than the part says it holds."""
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise FileRefused("xlsx_broken") from error
    beside = sum(part.file_size for part in parts if not part.filename.startswith("xl/worksheets/"))
    if (
        len(parts) > MAX_PARTS
        or sum(part.file_size for part in parts) > MAX_UNPACKED
        or beside > MAX_BESIDE_SHEETS
        or any(part.file_size > MAX_RATIO * part.compress_size for part in parts)
    ):
        raise FileRefused("xlsx_inflated")
    if not any(part.filename == "xl/workbook.xml" for part in parts):
        raise FileRefused("not_table")


def _refuse_elements(source: IO[bytes]) -> None:
    """Refuse a part with too many elements, in whatever way they are spelled, as soon as there are too many."""
    count = 0

    def start(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if count > MAX_ELEMENTS:
            raise FileRefused("xlsx_inflated")

    def declare(*_declaration: object) -> None:
        raise FileRefused("xlsx_broken")  # an entity: no program that writes tables makes any

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EntityDeclHandler = start, declare
    while block := source.read(BLOCK):
        parser.Parse(block)


def _encoding(file: IO[bytes]) -> str:
    file.seek(0)
    head = file.read(4096)
    if head.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    elif head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        candidates = ["utf-16"]
    elif head[1::2].count(0) > len(head) // 8 and head[::2].count(0) < len(head) // 64 + 1:
        candidates = ["utf-16-le"]
    elif head[::2].count(0) > len(head) // 8 and head[1::2].count(0) < len(head) // 64 + 1:
        candidates = ["utf-16-be"]
    elif b"\x00" in head:
        raise FileRefused("not_table")
    else:
        candidates = ["utf-8"]
    for encoding in candidates:
        if _decodes(file, encoding):
            return encoding
    if candidates == ["utf-8"] and _is_windows_1251(file):
        return "cp1251"
    raise FileRefused("encoding")


def _decodes(file: IO[bytes], encoding: str) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while block := file.read(BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _is_windows_1251(file: IO[bytes]) -> bool:
    """Whether a file reads as Russian in Windows-1251 and not in one of its relatives.

    CP866 and Mac Cyrillic give signs that no name holds; KOI8-R swaps small and capital letters.
    """
    file.seek(0)
    decoder = codecs.getincrementaldecoder("cp1251")()
    letters = others = swapped = pairs = 0
    before = ""
    try:
        while block := file.read(BLOCK):
            for sign in decoder.decode(block):
                if sign in _CYRILLIC:
                    letters += 1
                    if before in _CYRILLIC:
                        pairs += 1
                        swapped += before.islower() and sign.isupper()
                elif sign > "\x7f":
                    others += sign not in _SIGNS
                before = sign
    except UnicodeError:
        return False
    return letters > 0 and others * 20 <= letters and swapped * 20 <= pairs


def _delimiter(file: IO[bytes], encoding: str) -> str:
    """Return what divides the heading: the sign that stands in it most often outside quotation marks."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        heading = next((line for line in iter(lambda: text.readline(BLOCK), "") if line.strip()), "")
    finally:
        text.detach()
    if not heading:
        raise FileRefused("empty")
    bare = "".join(part for position, part in enumerate(heading.split('"')) if position % 2 == 0)
    return max(";,\t", key=bare.count)


def _cell(cell: Any) -> str:
    if isinstance(cell, EmptyCell) or cell.value is None:
        return ""
    if cell.data_type == "f":
        return FORMULA
    value = cell.value
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # Excel keeps every number as one with a fraction
    text = str(value).strip()
    return FORMULA if text.startswith("=") else text
