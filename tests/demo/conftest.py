import datetime as dt
from collections.abc import Callable, Iterator
from functools import partial
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoDbBlocker, Settings

from demo.loader import load_membership, read_demo
from tests.demo.content import write_world

Load = Callable[..., str]


@pytest.fixture
def world_files(tmp_path: Path) -> Path:
    """The folder of a miniature demo world."""
    return write_world(tmp_path / "content")


@pytest.fixture
def load(world_files: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Load:
    """Run load_demo on the miniature; return what it printed."""
    settings.DEBUG = True
    monkeypatch.setattr("demo.management.commands.load_demo.read_demo", partial(read_demo, world_files))

    def do(*arguments: str) -> str:
        output = StringIO()
        call_command("load_demo", *arguments, stdout=output)
        return output.getvalue()

    return do


@pytest.fixture(scope="module")
def loaded_at(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dt.datetime]:
    """The moment at which the members of the demo world were loaded, without its pages: once for a module's tests."""
    with django_db_blocker.unblock(), transaction.atomic():
        at = timezone.now()
        load_membership(read_demo(), at=at)
        yield at
        transaction.set_rollback(True)
