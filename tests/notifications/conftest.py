from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections
from django.test import Client

from accounts.models import User
from notifications.models import Event
from tests.factories.accounts import UserFactory


@pytest.fixture
def reader(db: None) -> User:
    """Somebody who reads in English, zone Almaty."""
    return UserFactory(email="reader@example.org", name_native="Айгуль", language="en")


@pytest.fixture
def browser(client: Client, reader: User) -> Client:
    """The reader's browser."""
    client.force_login(reader)
    return client


@pytest.fixture
def committed(db: None, tmp_path: Path) -> Iterator[None]:
    """A database in which threads see each other's rows; see the fixture of the same name in tests/courses."""
    outer = connections["default"]
    name = outer.settings_dict["NAME"]
    if outer.vendor == "sqlite":
        copy = tmp_path / "race.sqlite3"
        copy.write_bytes(outer.connection.serialize())
        outer.settings_dict["NAME"] = str(copy)
    connections["default"] = connections.create_connection("default")
    try:
        yield
    finally:
        if outer.vendor != "sqlite":
            for model in (Event, User):
                model.objects.all().delete()
        connections["default"].close()
        connections["default"] = outer
        outer.settings_dict["NAME"] = name
