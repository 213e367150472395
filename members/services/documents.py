"""Files that applicants hand in: what is accepted, and how it is made harmless."""

import hashlib
import io
import warnings
from dataclasses import dataclass
from pathlib import PurePath

from django.core.files.base import ContentFile, File
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

MOST_BYTES = 5 * 1024 * 1024
MOST_PIXELS = 40_000_000  # a page scanned at 600 dpi
PDF, JPEG, PNG = "application/pdf", "image/jpeg", "image/png"
BY_SUFFIX = {".pdf": PDF, ".jpg": JPEG, ".jpeg": JPEG, ".png": PNG}
PDF_TAIL = 1024  # bytes within which a PDF says that it ends


class FileRefused(Exception):
    """Raised for a file that is not accepted; `sentence` says why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class CheckedFile:
    """What a file really is, and its bytes as they are kept: a picture without its metadata."""

    name: str
    content_type: str
    size: int
    sha256: str
    content: "ContentFile[bytes]"


def check_upload(upload: File) -> CheckedFile:
    """Look into a file and return it as it may be kept. Raises FileRefused.

    PDF, JPEG and PNG up to 5 MB; the name and the content must agree.
    """
    name = PurePath(upload.name or "").name[-200:]
    if upload.size is not None and upload.size > MOST_BYTES:
        raise FileRefused(_("The file is larger than 5 MB. Scan it at a lower resolution and upload it again."))
    upload.seek(0)
    data = upload.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise FileRefused(_("The file is larger than 5 MB. Scan it at a lower resolution and upload it again."))
    if not data:
        raise FileRefused(_("The file is empty. Choose it again."))
    promised, found = BY_SUFFIX.get(PurePath(name).suffix.lower()), _sniff(data)
    if promised is None:
        raise FileRefused(_("Only PDF, JPEG and PNG files are accepted. Save the document in one of these formats."))
    if found is None:
        raise FileRefused(
            _("The content of this file is neither PDF nor JPEG nor PNG, whatever its name says. Save it anew.")
        )
    if found != promised:
        raise FileRefused(
            _("The name of the file says one format and its content another. Rename it, or save it anew.")
        )
    if found == PDF:
        _check_pdf(data)
    else:
        data = _redraw(data, found)
    return CheckedFile(name, found, len(data), hashlib.sha256(data).hexdigest(), ContentFile(data, name=name))


def _sniff(data: bytes) -> str | None:
    if data.startswith(b"%PDF-"):
        return PDF
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    return PNG if data.startswith(b"\x89PNG\r\n\x1a\n") else None


def _check_pdf(data: bytes) -> None:
    if b"%%EOF" not in data[-PDF_TAIL:]:
        raise FileRefused(_("This PDF file breaks off before its end. Save it anew and upload it again."))


def _redraw(data: bytes, content_type: str) -> bytes:
    """Decode a picture and write it anew: what cannot be decoded is refused, what was hidden in it is gone."""
    broken = _("This picture cannot be read. Save it anew as JPEG or PNG and upload it again.")
    output = io.BytesIO()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of what is refused below
            with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise FileRefused(
                        _("The picture is larger than 40 megapixels. Make it smaller and upload it again.")
                    )
                upright = ImageOps.exif_transpose(picture)
                is_clear = "transparency" in upright.info or upright.mode in {"LA", "RGBA", "PA"}
                clean = upright.convert("RGBA" if is_clear and content_type == PNG else "RGB")
                clean.info = {}  # comments and profiles would be written again
                clean.save(output, "PNG" if content_type == PNG else "JPEG", quality=90)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise FileRefused(broken) from error
    return output.getvalue()
