"""Files that lessons show."""

import io

from django.core.files.base import ContentFile
from PIL import Image

from pages.models import SiteDocument, SiteImage


def create_image(title: str = "Зал суда") -> SiteImage:
    """Store a small picture."""
    content = io.BytesIO()
    Image.new("RGB", (32, 16), "navy").save(content, "PNG")
    image = SiteImage(title=title, file=ContentFile(content.getvalue(), "hall.png"), width=32, height=16)
    image.save()
    return image


def create_document(title: str = "Ходатайство", name: str = "motion.pdf") -> SiteDocument:
    """Store a file of two kilobytes."""
    document = SiteDocument(title=title, file=ContentFile(b"x" * 2000, name))
    document.file_size = 2000
    document.save()
    return document
