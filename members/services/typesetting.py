"""Printing with typst: data in, a PDF out, with the League's two fonts and nothing of the machine's."""

import datetime as dt
import functools
import io
import json
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import segno
import typst
from django.conf import settings

TEMPLATES = Path(__file__).resolve().parent.parent / "typst"
FONTS = settings.ROOT / "courses" / "fonts"  # the certificate's, which have every letter of the region


class TextNotPrintable(ValueError):
    """Raised when a text holds a character that the fonts do not have."""


def render_pdf(template: str, printed: Mapping[str, object], *, on: dt.date) -> bytes:
    """Render a template with its data; the same data and day always give the same bytes. Raises TextNotPrintable."""
    path = TEMPLATES / template
    try:
        pdf: bytes = typst.compile(
            str(path),
            root=str(TEMPLATES),
            font_paths=_fonts(),
            ignore_system_fonts=True,
            # Data, never markup: a name with # or * in it is printed as it is.
            sys_inputs={"printed": json.dumps(printed, ensure_ascii=False)},
            pdf_standards=["a-2a", "ua-1"],
            timestamp=dt.datetime.combine(on, dt.time(), tzinfo=dt.UTC),
        )
    except typst.TypstError as error:
        if "could not be displayed" in str(error):
            raise TextNotPrintable(f"{template}: {error}") from error
        raise
    return pdf


@functools.cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])


def plain(text: str) -> str:
    """Return a text as it can be printed in one run: composed letters, single spaces, no invisible controls."""
    spaced = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(letter for letter in spaced if unicodedata.category(letter) not in {"Cc", "Cf", "Cs"})


def qr_svg(url: str) -> str:
    """Return a square code as an SVG picture without margin: the page around it is the quiet zone."""
    picture = io.BytesIO()
    segno.make_qr(url, error="m").save(picture, kind="svg", border=0, dark="#1d1b17", xmldecl=False, svgclass=None)
    return picture.getvalue().decode()


def qr_data_uri(url: str) -> str:
    """Return a square code on white with its margin, as an address of a picture: no page needs a file for it."""
    code: str = segno.make_qr(url, error="m").svg_data_uri(border=4, dark="#1d1b17", light="#fff", svgclass=None)
    return code
