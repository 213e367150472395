"""What is accepted of the files that applicants hand in."""

import io
from pathlib import Path

import pytest
from django.utils import translation
from PIL import Image, PngImagePlugin

from members.models import ApplicationDocument
from members.services import applications
from members.services.applications import TransitionRefused
from members.services.documents import FileRefused, check_upload
from tests.factories.applications import NOW, PDF, World, picture, upload


@pytest.fixture(autouse=True)
def english() -> None:
    translation.activate("en")


@pytest.mark.parametrize(
    ("content", "name", "content_type"),
    [
        (PDF, "licence.pdf", "application/pdf"),
        (PDF, "LICENCE.PDF", "application/pdf"),
        (picture("PNG"), "scan.png", "image/png"),
        (picture("JPEG"), "scan.jpg", "image/jpeg"),
        (picture("JPEG"), "C:\\scans/scan.jpeg", "image/jpeg"),
    ],
)
def test_check_upload_accepts(content: bytes, name: str, content_type: str) -> None:
    checked = check_upload(upload(content, name))

    assert checked.content_type == content_type
    assert checked.size == len(checked.content.read())
    assert len(checked.sha256) == 64
    assert "/" not in checked.name


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "empty.pdf", "empty"),
        (b"%PDF-1.7 breaks off", "short.pdf", "breaks off"),
        (b"<html>", "page.pdf", "neither PDF nor JPEG nor PNG"),
        (b"MZ program", "program.exe", "Only PDF, JPEG and PNG"),
        (PDF, "no-suffix", "Only PDF, JPEG and PNG"),
        (PDF, "scan.png", "one format and its content another"),
        (picture("PNG"), "scan.pdf", "one format and its content another"),
        (picture("PNG"), "scan.jpg", "one format and its content another"),
        (picture("PNG")[:60], "half.png", "cannot be read"),
        (picture("JPEG")[:200], "half.jpg", "cannot be read"),
        (PDF + b"0" * 5 * 1024 * 1024 + b"%%EOF", "large.pdf", "larger than 5 MB"),
        (picture("PNG", size=(8000, 6000)), "huge.png", "40 megapixels"),
    ],
)
def test_check_upload_refuses(content: bytes, name: str, sentence: str) -> None:
    with pytest.raises(FileRefused, match=sentence):
        check_upload(upload(content, name))


def test_check_upload_strips_what_a_picture_hides() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    note = PngImagePlugin.PngInfo()
    note.add_text("Comment", "SecretComment")

    jpeg = check_upload(upload(picture("JPEG", exif=exif, comment=b"SecretComment"), "scan.jpg")).content.read()
    png = check_upload(upload(picture("PNG", pnginfo=note), "scan.png")).content.read()

    assert b"Secret" not in jpeg + png
    assert Image.open(io.BytesIO(png)).size == (40, 30)


@pytest.mark.django_db
def test_add_document_keeps_one_copy_under_a_name_that_says_nothing(application_files: Path) -> None:
    world = World()
    row = world.draft()

    document = row.documents.order_by("pk").first()
    assert document.name == "document.pdf"
    assert "document" not in Path(document.file.name).name
    with pytest.raises(TransitionRefused, match="this very file"):
        applications.add_document(
            row, actor=world.applicant, kind="other", upload=upload(PDF + b"\n", "again.pdf"), at=NOW
        )
    assert len(list(application_files.rglob("*.*")) or list((application_files / "applications").iterdir())) == 2


@pytest.mark.django_db
def test_add_document_is_bounded() -> None:
    world = World()
    row = world.draft()
    for number in range(18):
        content = upload(PDF + str(number).encode() + b"%%EOF", "more.pdf")
        applications.add_document(row, actor=world.applicant, kind="other", upload=content, at=NOW)

    with pytest.raises(TransitionRefused, match="at most 20 files"):
        applications.add_document(row, actor=world.applicant, kind="other", upload=upload(), at=NOW)


@pytest.mark.django_db
def test_remove_document_deletes_the_file_once_it_is_certain(
    application_files: Path, django_capture_on_commit_callbacks: object
) -> None:
    world = World()
    row = world.draft()
    document = row.documents.order_by("pk").first()

    with django_capture_on_commit_callbacks(execute=True):
        applications.remove_document(document, actor=world.applicant, at=NOW)
        applications.remove_document(document, actor=world.applicant, at=NOW)
        assert (application_files / document.file.name).exists()

    assert not (application_files / document.file.name).exists()
    assert ApplicationDocument.objects.count() == 1
