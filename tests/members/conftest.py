from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage

from members.models import ApplicationDocument


@pytest.fixture(autouse=True)
def application_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Documents that a test hands in are files of that test."""
    folder = tmp_path / "application_documents"
    monkeypatch.setattr(
        ApplicationDocument._meta.get_field("file"), "storage", FileSystemStorage(folder, base_url=None)
    )
    return folder
