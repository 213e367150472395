"""The printed certificate: its wording, and the PDF made of it.

The words stand here and not in the translation catalogue: what a certificate says must not change because a
catalogue was updated between two issues. How it looks is in `courses/typst/certificate.typ`.
"""

import datetime as dt
import functools
import io
import json
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import segno
import typst

from courses.models import Certificate

APP = Path(__file__).resolve().parent.parent
TEMPLATE = APP / "typst" / "certificate.typ"
FONTS = APP / "fonts"

FACILITATORS_PRINTED = 3
QUOTATION_MARKS = frozenset("«»„“”\"'")


class TextNotPrintable(ValueError):
    """Raised when a name or title holds a character that the certificate's fonts do not have."""


def russian_plural(hours: Decimal) -> int:
    """Choose час (0), часа (1) or часов (2); a fraction always takes часа."""
    if hours != hours.to_integral_value():
        return 1
    last, last_two = int(hours) % 10, int(hours) % 100
    if last == 1 and last_two != 11:
        return 0
    return 1 if last in (2, 3, 4) and last_two not in (12, 13, 14) else 2


def english_plural(hours: Decimal) -> int:
    return 0 if hours == 1 else 1


@dataclass(frozen=True, kw_only=True)
class Wording:
    """Everything that is printed in one language besides the certificate's own fields."""

    language: str
    league: str
    league_elsewhere: str  # the same name in the other language of the League
    league_elsewhere_language: str
    heading: str
    before_name: str
    after_name: str
    quotation_marks: tuple[str, str]
    hours: tuple[str, ...]  # by plural form
    plural: Callable[[Decimal], int]
    decimal_point: str
    months: tuple[str, ...]
    day: str
    days_of_month: str
    days_of_year: str
    days: str
    facilitator: str
    facilitators: str
    others: str
    issued: str
    serial: str
    verification: str
    qr: str
    document_title: str


WORDINGS: dict[str, Wording] = {
    "ru": Wording(
        language="ru",
        league="Центральноазиатская лига юристов",
        league_elsewhere="Central Asian League of Lawyers",
        league_elsewhere_language="en",
        heading="Сертификат",
        before_name="о завершении курса профессионального развития",
        after_name="Настоящим подтверждается, что в полном объёме освоен курс",
        quotation_marks=("«", "»"),
        hours=(
            "{hours} час профессионального развития",
            "{hours} часа профессионального развития",
            "{hours} часов профессионального развития",
        ),
        plural=russian_plural,
        decimal_point=",",
        months=(
            "января",
            "февраля",
            "марта",
            "апреля",
            "мая",
            "июня",
            "июля",
            "августа",
            "сентября",
            "октября",
            "ноября",
            "декабря",
        ),
        day="{day} {month} {year} года",
        days_of_month="{first_day}–{last_day} {last_month} {last_year} года",
        days_of_year="{first_day} {first_month} – {last_day} {last_month} {last_year} года",
        days="{first_day} {first_month} {first_year} года – {last_day} {last_month} {last_year} года",
        facilitator="Тренер курса",
        facilitators="Тренеры курса",
        others="и другие",
        issued="Дата выдачи",
        serial="Регистрационный номер",
        verification="Действителен без подписи; проверяется по адресу:",
        qr="QR-код с адресом проверки сертификата: {url}",
        document_title="Сертификат № {serial}",
    ),
    "en": Wording(
        language="en",
        league="Central Asian League of Lawyers",
        league_elsewhere="Центральноазиатская лига юристов",
        league_elsewhere_language="ru",
        heading="Certificate",
        before_name="This is to certify that",
        after_name="has completed in full the professional development course",
        quotation_marks=("“", "”"),
        hours=("{hours} hour of professional development", "{hours} hours of professional development"),
        plural=english_plural,
        decimal_point=".",
        months=(
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ),
        day="{day} {month} {year}",
        days_of_month="{first_day}–{last_day} {last_month} {last_year}",
        days_of_year="{first_day} {first_month} – {last_day} {last_month} {last_year}",
        days="{first_day} {first_month} {first_year} – {last_day} {last_month} {last_year}",
        facilitator="Course facilitator",
        facilitators="Course facilitators",
        others="and others",
        issued="Date of issue",
        serial="Certificate number",
        verification="Valid without a signature; verify it at:",
        qr="QR code with the verification address of this certificate: {url}",
        document_title="Certificate No. {serial}",
    ),
}


def render_certificate(certificate: Certificate, *, verify_url: str) -> bytes:
    """Render a certificate as a PDF of one page; the same certificate always gives the same bytes.

    Only the bundled fonts are used, and nothing is read from the network. Raises TextNotPrintable.
    """
    wording = WORDINGS.get(certificate.language, WORDINGS["ru"])
    printed = _printed(certificate, wording=wording, verify_url=verify_url)
    try:
        pdf: bytes = typst.compile(
            str(TEMPLATE),
            root=str(TEMPLATE.parent),
            font_paths=_fonts(),
            ignore_system_fonts=True,
            # Data, never markup: a name with # or * in it is printed as it is.
            sys_inputs={"certificate": json.dumps(printed, ensure_ascii=False)},
            # For archives and screen readers: level A of PDF/A-2 includes level B, PDF/UA asks for more.
            pdf_standards=["a-2a", "ua-1"],
            timestamp=dt.datetime.combine(certificate.issued_on, dt.time(), tzinfo=dt.UTC),
        )
    except typst.TypstError as error:
        if "could not be displayed" in str(error):
            raise TextNotPrintable(f"Certificate {certificate.serial}: {error}") from error
        raise
    return pdf


@functools.cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])


def _printed(certificate: Certificate, *, wording: Wording, verify_url: str) -> dict[str, object]:
    """Compose all that the template places on the page; it decides nothing but where and how large."""
    facilitators = [name for name in map(_plain, certificate.facilitators) if name]
    serial = _plain(certificate.serial)
    return {
        "language": wording.language,
        "document_title": wording.document_title.format(serial=serial),
        "league": wording.league,
        "league_elsewhere": {"text": wording.league_elsewhere, "language": wording.league_elsewhere_language},
        "heading": wording.heading,
        "before_name": wording.before_name,
        "holder": _plain(certificate.holder_name),
        "after_name": wording.after_name,
        "course": _quoted(_plain(certificate.course_title), wording=wording),
        "extent": [
            *_hours(certificate.cpd_minutes, wording=wording),
            _period(certificate.started_on, certificate.completed_on, wording=wording),
        ],
        "facilitators": {
            "label": wording.facilitator if len(facilitators) == 1 else wording.facilitators,
            "names": facilitators[:FACILITATORS_PRINTED],
            "others": wording.others if len(facilitators) > FACILITATORS_PRINTED else "",
        },
        "issued": {
            "label": wording.issued,
            "text": _period(certificate.issued_on, certificate.issued_on, wording=wording),
        },
        "serial": {"label": wording.serial, "text": serial},
        "verification": {
            "label": wording.verification,
            "url": verify_url,
            "text": verify_url.removeprefix("https://").removeprefix("http://"),
            "qr": _qr(verify_url),
            "alternative": wording.qr.format(url=verify_url),
        },
    }


def _plain(text: str) -> str:
    """Return a text as it can be printed in one run: composed letters, single spaces, no invisible controls.

    A control for the direction of writing could make a name read as another one.
    """
    spaced = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(letter for letter in spaced if unicodedata.category(letter) not in {"Cc", "Cf", "Cs"})


def _quoted(title: str, *, wording: Wording) -> str:
    """Put a title in quotation marks, unless it has some of its own and would have to nest them."""
    if QUOTATION_MARKS.intersection(title):
        return title
    return title.join(wording.quotation_marks)


def _hours(minutes: int, *, wording: Wording) -> list[str]:
    """Return the phrase for hours of sixty minutes, to one decimal; none when there is nothing to credit."""
    hours = (Decimal(minutes) / 60).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    if not hours:
        return []
    if hours == hours.to_integral_value():
        hours = hours.to_integral_value()
    number = f"{hours:f}".replace(".", wording.decimal_point)
    return [wording.hours[wording.plural(hours)].format(hours=number)]


def _period(first: dt.date, last: dt.date, *, wording: Wording) -> str:
    """Return two dates as one phrase that says nothing twice."""
    if first == last:
        return wording.day.format(day=last.day, month=wording.months[last.month - 1], year=last.year)
    if first.year != last.year:
        phrase = wording.days
    else:
        phrase = wording.days_of_month if first.month == last.month else wording.days_of_year
    return phrase.format(
        first_day=first.day,
        first_month=wording.months[first.month - 1],
        first_year=first.year,
        last_day=last.day,
        last_month=wording.months[last.month - 1],
        last_year=last.year,
    )


def _qr(url: str) -> str:
    """Return the code as an SVG picture without margin; the page around it is the quiet zone."""
    picture = io.BytesIO()
    segno.make_qr(url, error="m").save(picture, kind="svg", border=0, dark="#1d1b17", xmldecl=False, svgclass=None)
    return picture.getvalue().decode()
