from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections

from accounts.models import User
from audit.models import ChainHead, raw_events


@pytest.fixture
def committed(db: None, tmp_path: Path) -> Iterator[None]:
    """A database in which threads see each other's rows; on PostgreSQL the rows are deleted at the end.

    See the fixture of the same name in tests/courses.
    """
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
            raw_events().delete()
            ChainHead.objects.all().delete()
            User.objects.all().delete()
        connections["default"].close()
        connections["default"] = outer
        outer.settings_dict["NAME"] = name
