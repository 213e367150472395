import datetime as dt
import re
import time
from typing import Any

import pypdfium2
import pytest
import segno
from fontTools.ttLib import TTFont

from courses.models import Certificate
from courses.services.certificate_pdf import FONTS, WORDINGS, TextNotPrintable, render_certificate

VERIFY_URL = "https://members.example.org/ru/verify/7k3m9x2q4wvb8r1t/"
LONG_NAME = ("Нурмухаммедова-Абдыкалыкова " * 6)[:149] + "а"
LONG_TITLE = ("Стратегические дела: жалоба в Комитет ООН по правам человека и её подготовка " * 4)[:254] + "я"
QR_MILLIMETRES = 23
QR_TOP_MILLIMETRES = 153.5

# Every letter that the language has and Russian or English has not, in names and beside common ones.
LETTERS = {
    "kk": "Әлия Ғани Қуаныш Маңғыстау Өтеген Ұлан Үміт Һәм Іңкәр әғқңөұүһі",
    "ky": "Өмүрбек Үсөнов Жаңыл Ысык-Көл өүң",
    "tg": "Ӣсо Ӯктам Ҳоҷӣ Ҷамшед Ғафур Қодирӣ ӣӯҳҷғқ",
    "uz": "Oʻktam Gʻulom Sheʼrzod oʻgʻli Ўткир Қодир Ғани Ҳамид ўқғҳ",
    "tk": "Ägä Ňurmyrat Öwez Şöhrat Ürgenç Ýazgül Žanna Çary äňöşüýžç",
    "ru": "Съешь ещё этих мягких французских булок, да выпей чаю. ЁЪЫЭ № «»",
    "en": "The quick brown fox jumps over the lazy dog “O’Neill–Smith”",
}


def certificate(**fields: Any) -> Certificate:
    return Certificate(
        **{
            "serial": "CALL-2026-00418",
            "language": "ru",
            "holder_name": "Айгуль Сериковна Нурпеисова",
            "course_title": "Суд присяжных: отбор, речь, вердикт",
            "cpd_minutes": 1080,
            "started_on": dt.date(2026, 9, 21),
            "completed_on": dt.date(2026, 11, 1),
            "issued_on": dt.date(2026, 11, 2),
            "facilitators": ["Чолпон Осмонова", "Жанар Сулейменова"],
            **fields,
        }
    )


def render(**fields: Any) -> bytes:
    return render_certificate(certificate(**fields), verify_url=VERIFY_URL)


def lines_of(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    assert len(document) == 1
    return [line.strip() for line in document[0].get_textpage().get_text_range().replace("\u200b", "").splitlines()]


def text_of(pdf: bytes) -> str:
    return " ".join(lines_of(pdf))


def test_certificate_pdf_prints_every_field_in_russian() -> None:
    lines = lines_of(render())

    assert lines == [
        "Центральноазиатская лига юристов",
        "Central Asian League of Lawyers",
        "Сертификат",
        "о завершении курса профессионального развития",
        "Айгуль Сериковна Нурпеисова",
        "Настоящим подтверждается, что в полном объёме освоен курс",
        "«Суд присяжных: отбор, речь, вердикт»",
        "18 часов профессионального развития 21 сентября – 1 ноября 2026 года",
        "Тренеры курса",
        "Чолпон Осмонова",
        "Жанар Сулейменова",
        "Действителен без подписи; проверяется по адресу:",
        "members.example.org/ru/verify/7k3m9x2q4wvb8r1t/",
        "Дата выдачи",
        "2 ноября 2026 года",
        "Регистрационный номер",
        "CALL-2026-00418",
    ]


def test_certificate_pdf_prints_every_field_in_english() -> None:
    lines = lines_of(
        render(
            language="en",
            holder_name="Aigul Nurpeisova",
            course_title="Jury trials: selection, speech, verdict",
            facilitators=["Cholpon Osmonova"],
        )
    )

    assert lines == [
        "Central Asian League of Lawyers",
        "Центральноазиатская лига юристов",
        "Certificate",
        "This is to certify that",
        "Aigul Nurpeisova",
        "has completed in full the professional development course",
        "“Jury trials: selection, speech, verdict”",
        "18 hours of professional development 21 September – 1 November 2026",
        "Course facilitator",
        "Cholpon Osmonova",
        "Valid without a signature; verify it at:",
        "members.example.org/ru/verify/7k3m9x2q4wvb8r1t/",
        "Date of issue",
        "2 November 2026",
        "Certificate number",
        "CALL-2026-00418",
    ]


@pytest.mark.parametrize("language", ["kk", "ky", "tg", "uz", "tk", "xx"])
def test_certificate_pdf_is_worded_in_russian_where_there_is_no_wording(language: str) -> None:
    assert render(language=language) == render(language="ru")


@pytest.mark.parametrize("language", LETTERS)
def test_certificate_pdf_has_every_letter_of_the_language(language: str) -> None:
    letters = LETTERS[language]

    for path in FONTS.glob("*.ttf"):
        mapped = TTFont(path).getBestCmap()
        assert {letter: mapped.get(ord(letter), ".notdef") for letter in letters} == {
            letter: mapped[ord(letter)] for letter in letters
        }, path.name
    # The export to PDF/A refuses glyph 0, see below: that it gives a file at all says that none is in it.
    text = text_of(render(holder_name=letters, course_title=letters, facilitators=[letters]))
    assert text.count(letters) == 3


@pytest.mark.parametrize("text", ["Ли 李", "Курс 😀"])
@pytest.mark.parametrize("field", ["holder_name", "course_title"])
def test_certificate_pdf_is_refused_rather_than_printed_with_a_hole(field: str, text: str) -> None:
    with pytest.raises(TextNotPrintable, match=r"CALL-2026-00418.*could not be displayed"):
        render(**{field: text})


@pytest.mark.parametrize(
    "text",
    [
        '#panic("x") *bold* _it_ $x^2$ "quoted" \\ @ref <label>',
        "= Heading #include #read('/etc/passwd')",
        "`raw` ~ -- --- // comment /* and */ this",
        "{holder} {0} %s %(name)s {{ x }} </svg>",
        "https://example.org/#anchor",
    ],
)
def test_certificate_pdf_prints_markup_as_it_is_written(text: str) -> None:
    printed = text_of(render(holder_name=text, course_title=text, facilitators=[text], serial=text[:20].strip()))

    assert printed.count(text) == 3
    assert printed.endswith(f"Регистрационный номер {text[:20].strip()}")


def test_certificate_pdf_drops_invisible_controls_and_composes_letters() -> None:
    text = text_of(render(holder_name="Айгу\u00adль\n \u202eИ\u0306ванова\u202c\x00"))

    assert "развития Айгуль Йванова Настоящим" in text


@pytest.mark.parametrize("facilitators", [[], [LONG_NAME], [LONG_NAME] * 3])
def test_certificate_pdf_fits_long_names_and_titles_on_one_page(facilitators: list[str]) -> None:
    pdf = render(holder_name=LONG_NAME, course_title=LONG_TITLE, facilitators=facilitators)

    text = text_of(pdf)
    assert len(LONG_NAME) == 150
    assert len(LONG_TITLE) == 255
    assert f"«{LONG_TITLE}»" in text
    assert text.count(LONG_NAME) == 1 + len(facilitators)
    assert_inside_the_frame(pdf)


def test_certificate_pdf_survives_an_empty_name() -> None:
    assert "развития Настоящим подтверждается" in text_of(render(holder_name=""))


def test_certificate_pdf_breaks_a_word_that_no_line_can_hold() -> None:
    word = "Щ" * 150

    pdf = render(holder_name=word, course_title=word, facilitators=[word] * 3)

    assert "".join(lines_of(pdf)).count(word) == 5
    assert_inside_the_frame(pdf)


def assert_inside_the_frame(pdf: bytes) -> None:
    """No letter touches the ornament, and no line of text touches another."""
    page = pypdfium2.PdfDocument(pdf)[0]
    width, height = page.get_size()
    margin = 20.5 * 72 / 25.4
    text_page = page.get_textpage()
    boxes = [text_page.get_rect(index) for index in range(text_page.count_rects())]
    for left, bottom, right, top in boxes:
        assert left > margin
        assert bottom > margin
        assert right < width - margin
        assert top < height - margin
    for number, (left, bottom, right, top) in enumerate(boxes):
        for other_left, other_bottom, other_right, other_top in boxes[number + 1 :]:
            apart = right <= other_left or other_right <= left or top <= other_bottom or other_top <= bottom
            assert apart


@pytest.mark.parametrize(
    ("language", "minutes", "phrase"),
    [
        ("ru", 60, "1 час профессионального"),
        ("ru", 90, "1,5 часа профессионального"),
        ("ru", 120, "2 часа профессионального"),
        ("ru", 300, "5 часов профессионального"),
        ("ru", 600, "10 часов профессионального"),
        ("ru", 660, "11 часов профессионального"),
        ("ru", 720, "12 часов профессионального"),
        ("ru", 1260, "21 час профессионального"),
        ("ru", 1320, "22 часа профессионального"),
        ("ru", 6660, "111 часов профессионального"),
        ("ru", 95, "1,6 часа профессионального"),
        ("en", 60, "1 hour of"),
        ("en", 90, "1.5 hours of"),
        ("en", 6000, "100 hours of"),
    ],
)
def test_certificate_pdf_counts_hours_grammatically(language: str, minutes: int, phrase: str) -> None:
    text = text_of(render(language=language, cpd_minutes=minutes))

    assert re.search(rf"[»”] {phrase}", text)


@pytest.mark.parametrize("minutes", [0, 2])
def test_certificate_pdf_names_no_hours_when_there_are_none(minutes: int) -> None:
    assert "«Суд присяжных: отбор, речь, вердикт» 21 сентября –" in text_of(render(cpd_minutes=minutes))


@pytest.mark.parametrize(
    ("language", "first", "last", "phrase"),
    [
        ("ru", (2026, 5, 3), (2026, 5, 3), "развития 3 мая 2026 года Тренеры"),
        ("ru", (2026, 5, 3), (2026, 5, 15), "развития 3–15 мая 2026 года"),
        ("ru", (2025, 12, 28), (2026, 1, 3), "развития 28 декабря 2025 года – 3 января 2026 года"),
        ("en", (2026, 5, 3), (2026, 5, 3), "development 3 May 2026 Course"),
        ("en", (2026, 5, 3), (2026, 5, 15), "development 3–15 May 2026"),
        ("en", (2025, 12, 28), (2026, 1, 3), "development 28 December 2025 – 3 January 2026"),
    ],
)
def test_certificate_pdf_says_the_dates_once(
    language: str, first: tuple[int, int, int], last: tuple[int, int, int], phrase: str
) -> None:
    pdf = render(language=language, started_on=dt.date(*first), completed_on=dt.date(*last))

    assert phrase in text_of(pdf)


@pytest.mark.parametrize(
    ("names", "phrase"),
    [
        ([], "года Действителен без подписи"),
        (["", " \u202e"], "года Действителен без подписи"),
        (["Анна Ким"], "Тренер курса Анна Ким Действителен"),
        (["А", "Б", "В"], "Тренеры курса А Б В Действителен"),
        (["А", "Б", "В", "Г"], "Тренеры курса А Б В и другие Действителен"),
    ],
)
def test_certificate_pdf_names_up_to_three_facilitators(names: list[str], phrase: str) -> None:
    assert phrase in text_of(render(facilitators=names))


def test_certificate_pdf_leaves_a_title_with_quotation_marks_alone() -> None:
    lines = lines_of(render(course_title="Дело «А против Б»"))

    assert "Дело «А против Б»" in lines


def test_certificate_pdf_shows_the_code_of_the_verification_address() -> None:
    matrix = [list(row) for row in segno.make_qr(VERIFY_URL, error="m").matrix]
    page = pypdfium2.PdfDocument(render())[0]
    scale = 6
    picture = page.render(scale=scale).to_pil().convert("L")
    pixels_per_millimetre = 72 / 25.4 * scale
    module = QR_MILLIMETRES * pixels_per_millimetre / len(matrix)
    left = picture.width / 2 - QR_MILLIMETRES * pixels_per_millimetre / 2
    top = QR_TOP_MILLIMETRES * pixels_per_millimetre

    def is_dark(row: int, column: int) -> bool:
        at = (int(left + (column + 0.5) * module), int(top + (row + 0.5) * module))
        return bool(picture.getpixel(at) < 128)

    size = range(len(matrix))
    assert [[is_dark(row, column) for column in size] for row in size] == [
        [bool(cell) for cell in row] for row in matrix
    ]
    margin = (*range(-4, 0), *range(len(matrix), len(matrix) + 4))
    around = range(-4, len(matrix) + 4)
    assert not any(is_dark(row, column) for row in around for column in margin)
    assert not any(is_dark(row, column) for row in range(-4, 0) for column in around)


def test_certificate_pdf_is_archival_tagged_and_described() -> None:
    pdf = render()

    document = pypdfium2.PdfDocument(pdf)
    width, height = document[0].get_size()
    assert (round(width * 25.4 / 72), round(height * 25.4 / 72)) == (297, 210)
    assert document.is_tagged()
    assert document.get_metadata_value("Title") == "Сертификат № CALL-2026-00418"
    assert b"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in pdf
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf
    assert b"<rdf:li>ru</rdf:li>" in pdf
    assert b"<rdf:li>en</rdf:li>" in render(language="en")


def test_certificate_pdf_uses_the_bundled_fonts_only() -> None:
    page = pypdfium2.PdfDocument(render())[0]

    fonts = {
        thing.get_font().get_base_name().partition("+")[2]
        for thing in page.get_objects(max_depth=5)
        if isinstance(thing, pypdfium2.PdfTextObj)
    }
    assert fonts == {"LeagueSerif-SemiBold", "LeagueSans-Regular"}


def test_certificate_pdf_is_the_same_every_time() -> None:
    first = render()

    time.sleep(1.1)
    assert render() == first
    assert render(serial="CALL-2026-00419") != first


def test_certificate_pdf_is_made_within_two_seconds_and_is_small() -> None:
    started = time.perf_counter()

    pdf = render(holder_name=LONG_NAME, course_title=LONG_TITLE, facilitators=[LONG_NAME] * 3)

    assert time.perf_counter() - started < 2
    assert len(pdf) < 100_000


def test_certificate_wordings_are_complete_and_alike() -> None:
    for wording in WORDINGS.values():
        assert len(wording.months) == 12
        for phrase in wording.hours:
            assert "{hours}" in phrase


def test_certificate_fonts_are_small() -> None:
    for path in FONTS.glob("*.ttf"):
        assert path.stat().st_size < 200_000
