from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.core.files.storage import FileSystemStorage
from django.db import connections, transaction
from django.utils import translation

from accounts.models import User
from members.models import ApplicationDocument


@pytest.fixture
def english() -> Iterator[None]:
    """The sentences of services in the language of the code."""
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def application_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Documents that a test hands in are files of that test."""
    folder = tmp_path / "application_documents"
    monkeypatch.setattr(
        ApplicationDocument._meta.get_field("file"), "storage", FileSystemStorage(folder, base_url=None)
    )
    return folder


@pytest.fixture
def committed(db: None, tmp_path: Path) -> Iterator[None]:
    """A database in which threads see each other's rows; see the fixture of the same name of the courses.

    Whatever the test leaves in members, the audit log, events and people goes at its end, whatever protects it.
    """
    outer = connections["default"]
    name = outer.settings_dict["NAME"]
    labels = ("members", "audit", "notifications")
    models = [model for label in labels for model in apps.get_app_config(label).get_models(include_auto_created=True)]
    kept = {model: set(model._base_manager.values_list("pk", flat=True)) for model in (*models, User)}
    if outer.vendor == "sqlite":
        copy = tmp_path / "race.sqlite3"
        copy.write_bytes(outer.connection.serialize())
        outer.settings_dict["NAME"] = str(copy)
    connections["default"] = connections.create_connection("default")
    try:
        yield
    finally:
        if outer.vendor != "sqlite":
            with transaction.atomic():  # the database checks what points at what at the end
                for model in models:
                    rows = model._base_manager.exclude(pk__in=kept[model])
                    rows._raw_delete(rows.db)
                User.objects.exclude(pk__in=kept[User]).delete()
        connections["default"].close()
        connections["default"] = outer
        outer.settings_dict["NAME"] = name
