"""What can be uploaded: kinds of files, letters, delimiters; and what is refused with a sentence."""

import datetime as dt
import io
import zipfile

import pytest

from members.rules.import_problems import FILE_PROBLEMS, ROW_PROBLEMS, sentence
from members.services.imports import FileRefused, open_table, reading
from members.services.imports.resource import CellProblem, DayWidget, read_heading, template_file
from tests.factories.imports import csv_bytes, member_row, xlsx_bytes


def read(content: bytes) -> list[tuple[int, list[str]]]:
    return list(open_table(io.BytesIO(content)))


def refusal(content: bytes) -> str:
    with pytest.raises(FileRefused) as refused:
        read(content)
    assert sentence(refused.value.code, refused.value.params)
    return refused.value.code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1251"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_csv_is_read_in_every_common_form(encoding: str, delimiter: str) -> None:
    rows = read(csv_bytes([member_row(city="Алматы, Казахстан")], encoding=encoding, delimiter=delimiter))

    assert rows[0] == (1, ["email", "name", "country", "tier", "joined_on", "paid_until", "city"])
    assert rows[1][1][1:3] == ["Алия Сериккызы б", "KZ"]
    assert rows[1][1][-1] == "Алматы, Казахстан"


@pytest.mark.parametrize("encoding", ["koi8-r", "cp866", "mac_cyrillic"])
def test_letters_that_cannot_be_told_are_refused(encoding: str) -> None:
    rows = [member_row(number, name="АЛИЯ Сериккызы Нурланова", city="Усть-Каменогорск") for number in range(5)]

    assert refusal(csv_bytes(rows, encoding=encoding)) == "encoding"


def test_bytes_that_are_no_text_are_refused() -> None:
    assert refusal(bytes(range(1, 255)) * 20) == "encoding"
    assert refusal(b"a\x00\x01\x00\x00b" * 100) == "not_table"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"%PDF-1.7 and so on", "not_table"),
        (b"<html></html>", "not_table"),
        (b"\xd0\xcf\x11\xe0 an old workbook", "xls"),
        (b"PK\x03\x04 no archive", "xlsx_broken"),
        (b'email;name\na@example.org;"no end', "csv_broken"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, code: str) -> None:
    assert refusal(content) == code


def test_too_large_and_too_long_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(b"a" * (reading.MAX_BYTES + 1)) == "too_large"

    monkeypatch.setattr(reading, "MAX_ROWS", 3)
    assert refusal(csv_bytes([member_row(number) for number in range(4)])) == "too_many_rows"
    assert len(read(csv_bytes([member_row(number) for number in range(3)]))) == 4


def test_empty_lines_count_for_nothing_but_their_number() -> None:
    assert read(b"email;name\n\n;\na@example.org;A\n") == [(1, ["email", "name"]), (4, ["a@example.org", "A"])]


def test_xlsx_is_read_with_its_dates_and_numbers() -> None:
    rows = read(xlsx_bytes([["email", "joined_on", "licence"], ["a@example.org", dt.datetime(2021, 3, 12), 12345.0]]))  # noqa: DTZ001 -- as in a workbook

    assert rows == [(1, ["email", "joined_on", "licence"]), (2, ["a@example.org", "2021-03-12", "12345"])]


def test_formulas_are_marked_in_both_formats() -> None:
    assert read(xlsx_bytes([["email"], ["=1+1"]]))[1] == (2, [reading.FORMULA])
    assert read(b"email;name\n=cmd|x;A\n")[1] == (2, [reading.FORMULA, "A"])


def test_xlsx_that_unpacks_to_too_much_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (reading.MAX_UNPACKED + 1))

    assert len(file.getvalue()) < 200_000
    assert refusal(file.getvalue()) == "xlsx_inflated"


def with_strings(strings: str) -> bytes:
    """Return a workbook with this table of strings, under a name of its own."""
    original = zipfile.ZipFile(io.BytesIO(xlsx_bytes([["email"], ["a@example.org"]])))
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in original.namelist():
            text = original.read(part).decode()
            if part == "[Content_Types].xml":
                text = text.replace("</Types>", f'<Override PartName="/xl/words.xml" ContentType="{kind}" /></Types>')
            archive.writestr(part, text)
        archive.writestr("xl/words.xml", strings)
    return file.getvalue()


NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def test_workbook_of_empty_strings_is_refused_by_its_list_of_parts() -> None:
    content = with_strings(f'<sst xmlns="{NAMESPACE}">{"<si/>" * 1_500_000}</sst>')

    assert len(content) < 30_000
    with pytest.raises(FileRefused) as refused:
        reading.is_workbook(io.BytesIO(content))
    assert refused.value.code == "xlsx_inflated"


@pytest.mark.parametrize("prefix", ["", "x:"])
def test_strings_are_counted_before_they_are_read(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_ELEMENTS", 1_000)
    name = f"xmlns:{prefix.rstrip(':')}" if prefix else "xmlns"
    table = '<{0}sst {1}="{2}">{3}</{0}sst>'

    def content(count: int) -> bytes:
        strings = "".join(f"<{prefix}si><{prefix}t>text{number}</{prefix}t></{prefix}si>" for number in range(count))
        return with_strings(table.format(prefix, name, NAMESPACE, strings))

    assert refusal(content(600)) == "xlsx_inflated"
    assert len(read(content(400))) == 2


def test_strings_beside_the_sheets_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_BESIDE_SHEETS", 10_000)

    assert refusal(xlsx_bytes([["email"], [str(list(range(9_000)))]])) == "xlsx_inflated"


def test_archive_that_is_no_workbook_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("word/document.xml", "text")
    assert refusal(file.getvalue()) == "not_table"

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "not even xml")
    assert refusal(file.getvalue()) == "xlsx_broken"


def test_workbook_whose_entities_multiply_is_refused() -> None:
    original = zipfile.ZipFile(io.BytesIO(xlsx_bytes([["email"], ["a@example.org"]])))
    file = io.BytesIO()
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
    with zipfile.ZipFile(file, "w") as archive:
        for part in original.namelist():
            text = original.read(part).decode()
            if part == "xl/worksheets/sheet1.xml":
                text = bomb + text.replace("a@example.org", "&b;")
            archive.writestr(part, text)

    assert refusal(file.getvalue()) == "xlsx_broken"


def test_heading_is_known_by_code_and_by_label() -> None:
    assert read_heading(["E-mail", "name", " Country ", "TIER", "Member since *", "paid_until", ""]) == [
        "email",
        "name",
        "country",
        "tier",
        "joined_on",
        "paid_until",
    ]


@pytest.mark.parametrize(
    ("heading", "code", "columns"),
    [
        (["a", "b"], "missing_columns", ["email", "name", "country", "tier", "joined_on", "paid_until"]),
        (["email", "name", "country", "tier", "joined_on"], "missing_columns", ["paid_until"]),
        (["email", "name", "country", "tier", "joined_on", "paid_until", "phon"], "unknown_columns", ["phon"]),
        (["email", "E-mail", "name", "country", "tier", "joined_on", "paid_until"], "repeated_columns", ["email"]),
    ],
)
def test_wrong_columns_are_named(heading: list[str], code: str, columns: list[str]) -> None:
    with pytest.raises(FileRefused) as refused:
        read_heading(heading)

    assert (refused.value.code, refused.value.params["columns"]) == (code, columns)


@pytest.mark.parametrize("value", ["2026-03-12", "12.03.2026", "12/03/2026"])
def test_dates_are_read_in_three_forms(value: str) -> None:
    assert DayWidget().clean(value) == dt.date(2026, 3, 12)


@pytest.mark.parametrize("value", ["12.03.26", "2026-13-01", "tomorrow", "01.01.1066", "3/12/2026 10:00"])
def test_other_dates_are_not_guessed(value: str) -> None:
    with pytest.raises(CellProblem):
        DayWidget().clean(value)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_template_can_be_uploaded_as_it_is(kind: str) -> None:
    rows = read(template_file(kind))

    assert read_heading(rows[0][1])[:3] == ["email", "name", "name_latin"]
    assert len(rows) == 2


def test_every_problem_has_a_sentence() -> None:
    params = dict.fromkeys(("line", "limit", "rows", "megabytes", "files"), 1) | {"value": "x", "known": "y"}
    params |= {"column": "email", "columns": ["email"], "what": ["licence"], "why": ["name"]}

    for code in FILE_PROBLEMS | ROW_PROBLEMS:
        assert "%" not in sentence(code, params)
