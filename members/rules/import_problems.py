"""What can be wrong with a file of members or with a row of it, and the sentence that says so and what to do.

Codes are stored, sentences are not: everybody reads them in their own language.
"""

from collections.abc import Mapping

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from members.choices import IdentitySign
from members.rules.import_columns import LABELS

FILE_PROBLEMS = {
    "empty": gettext_noop("The file is empty. Fill in the template and upload it again."),
    "no_rows": gettext_noop("The file has a heading and no rows. Fill in at least one row below it."),
    "too_large": gettext_noop("The file is larger than %(megabytes)s MB. Split it into several files."),
    "too_many_rows": gettext_noop("The file has more than %(rows)s rows. Split it into several files."),
    "encoding": gettext_noop(
        "The letters of this file cannot be read for certain. Save it as “CSV UTF-8” or as XLSX and upload it again."
    ),
    "xls": gettext_noop("This is a file of an old Excel (XLS). Save it as XLSX or “CSV UTF-8” and upload it again."),
    "not_table": gettext_noop("This is neither a CSV nor an XLSX file. Save your table as one of them and try again."),
    "xlsx_broken": gettext_noop(
        "This XLSX file is damaged or protected by a password. Open it, save it again without a password and retry."
    ),
    "xlsx_inflated": gettext_noop(
        "This XLSX file would unpack to far more than its size. Copy the rows into a new workbook and save that."
    ),
    "csv_broken": gettext_noop(
        "Line %(line)s cannot be read as CSV: a quotation mark may be missing. Correct it and upload the file again."
    ),
    "missing_columns": gettext_noop(
        "These columns are missing: %(columns)s. Take the heading from the template and upload the file again."
    ),
    "unknown_columns": gettext_noop(
        "These columns are not known: %(columns)s. Remove them or name them as in the template; nothing was imported."
    ),
    "repeated_columns": gettext_noop("These columns stand twice: %(columns)s. Keep one of each."),
    "too_many_today": gettext_noop("You have uploaded %(files)s files within a day. Upload the next one tomorrow."),
    "gone": gettext_noop("The uploaded file is no longer there. Upload it again."),
    "failed": gettext_noop("The file could not be worked through because of a fault on our side. Upload it again."),
}

ROW_PROBLEMS = {
    "required": gettext_noop("“%(column)s” is empty."),
    "date": gettext_noop("“%(column)s”: “%(value)s” is no date. Write 2026-03-12, 12.03.2026 or 12/03/2026."),
    "number": gettext_noop("“%(column)s”: “%(value)s” is no whole number."),
    "too_long": gettext_noop("“%(column)s” is longer than %(limit)s characters."),
    "formula": gettext_noop("“%(column)s” is a formula. Write the value itself."),
    "email": gettext_noop("“%(value)s” is no e-mail address."),
    "name": gettext_noop("“%(column)s”: names are written in Latin or Cyrillic letters."),
    "latin": gettext_noop("“%(column)s” takes Latin letters only."),
    "language": gettext_noop("The language “%(value)s” is not known. Write one of: %(known)s."),
    "country": gettext_noop("The country “%(value)s” is not known. Write one of: %(known)s."),
    "chapter": gettext_noop("There is no chapter “%(value)s” in this country. Leave it empty for the country’s."),
    "no_chapter": gettext_noop("The League has no chapter in this country yet. Create the chapter first."),
    "not_your_chapter": gettext_noop("This row belongs to another chapter. Ask the registrar to import it."),
    "tier": gettext_noop("The kind of membership “%(value)s” is not known. Write one of: %(known)s."),
    "birth_year": gettext_noop("The year of birth %(value)s cannot be right."),
    "in_future": gettext_noop("“%(column)s” lies in the future."),
    "period_order": gettext_noop("“Paid until” lies before the first day of that period."),
    "licence_number": gettext_noop("The number of a licence has letters, digits and the signs / . - № only."),
    "licence_issued": gettext_noop("A licence needs the day on which it was issued."),
    "licence_order": gettext_noop("The licence would expire before it was issued."),
    "member_number": gettext_noop("The number “%(value)s” is not of the form KZ-00042 with the country’s letters."),
    "email_in_file": gettext_noop("The same e-mail address stands in line %(line)s."),
    "licence_in_file": gettext_noop("The same licence stands in line %(line)s."),
    "number_in_file": gettext_noop("The same number of membership stands in line %(line)s."),
    "number_taken": gettext_noop("The number %(value)s belongs to another member."),
    "not_yours": gettext_noop("This person is not among your chapter’s any more. Ask the registrar."),
    "own_record": gettext_noop(
        "This row is about the person who uploaded, decides or confirms it. Somebody else has to import it."
    ),
    "closed_account": gettext_noop("The account with this address is closed. Ask the registrar."),
    "chapter_differs": gettext_noop("This person belongs to another chapter; an import does not transfer members."),
    "tier_differs": gettext_noop("This person’s kind of membership is another one; an import does not change it."),
    "number_differs": gettext_noop("This person has the number %(value)s, and numbers never change."),
    "standing_closed": gettext_noop("This person has resigned, died or been expelled; an import does not bring back."),
    "paid_earlier": gettext_noop("This person is paid until %(value)s already, later than the file says."),
    "looks_like": gettext_noop("May be somebody who is on record already: %(why)s. Decide below."),
    "changed_since": gettext_noop("The records have changed since the file was checked. Import this row anew."),
    "undo_signed_in": gettext_noop("Not undone: the person has used the account since."),
    "undo_changed": gettext_noop("Not undone: it was changed after the import (%(what)s)."),
    "undo_referenced": gettext_noop("Not undone: other records depend on it by now (%(what)s)."),
}


def sentence(code: str, params: Mapping[str, object]) -> str:
    """Return what a code says, in the active language."""
    text: str = _(FILE_PROBLEMS.get(code) or ROW_PROBLEMS[code])
    words = dict(params)
    if "column" in words:
        words["column"] = _column(words["column"])
    for name in ("columns", "what"):
        if name in words:
            words[name] = ", ".join(_column(key) for key in words[name])  # type: ignore[attr-defined]  # lists, as stored
    if "why" in words:
        words["why"] = ", ".join(str(IdentitySign(sign).label) for sign in words["why"])  # type: ignore[attr-defined]
    return text % words


def _column(key: object) -> str:
    """Return the label of a column, and what no column of ours is called as it stands."""
    label: str = _(LABELS[str(key)]) if key in LABELS else str(key)
    return label
