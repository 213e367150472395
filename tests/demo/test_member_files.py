"""The files of the demo world's members, with a world of their own: they come with the commit and go with a reset."""

import datetime as dt
import hashlib
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from audit.services import verify
from demo.loader import load_membership, read_demo, remove_demo
from members.models import ApplicationDocument, CpdClaim
from members.services.documents import check_upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def private_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileSystemStorage:
    """The private storage in a folder of the test."""
    storage = FileSystemStorage(tmp_path / "private", base_url=None)
    monkeypatch.setattr("demo.loader.book.private_storage", lambda: storage)
    monkeypatch.setattr(ApplicationDocument._meta.get_field("file"), "storage", storage)
    monkeypatch.setattr(CpdClaim._meta.get_field("evidence"), "storage", storage)
    return storage


def test_files_come_with_the_commit_are_what_the_rows_say_and_go_with_a_reset(
    private_files: FileSystemStorage, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    files, moment = read_demo(), timezone.now()
    with django_capture_on_commit_callbacks(execute=True):
        load_membership(files, at=moment)

    for document in ApplicationDocument.objects.all():
        with private_files.open(document.file.name or "") as file:
            content = file.read()
            file.name = document.name
            assert check_upload(file).content_type == document.content_type
        assert (len(content), hashlib.sha256(content).hexdigest()) == (document.size, document.sha256)
    kept = [*private_files.listdir("applications")[1], *private_files.listdir("cpd")[1]]
    evidence = CpdClaim.objects.exclude(evidence="")
    assert len(kept) == ApplicationDocument.objects.count() + evidence.count()
    assert verify(at=timezone.now() + dt.timedelta(minutes=1)).is_whole

    with django_capture_on_commit_callbacks(execute=True):
        remove_demo([person["email"] for person in files.people])

    assert not User.objects.exists()
    assert private_files.listdir("applications")[1] == private_files.listdir("cpd")[1] == []
