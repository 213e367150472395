"""Databases of the tests: migrated once for each state of the code, then copied by every process that needs one."""

import contextlib
import fcntl
import functools
import hashlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import psycopg
from django.apps import apps
from django.conf import settings
from django.db import connection, connections
from psycopg import sql

FOLDER = settings.VAR / "tests"
PREFIX = "call_template_"
PARTS = ("*.py", "migrations/*.py", "models/*.py", "services/*.py", "management/commands/*.py")

State = Literal["migrated", "furnished"]


def create_test_database(furnish: Callable[[], None]) -> None:
    """Point Django at a new test database: a copy of the furnished template, which the first to come here makes."""
    name = connection.creation._get_test_db_name()  # type: ignore[attr-defined]  # every engine has it
    with alone():
        if not copy_template(name, "furnished"):
            _forget_templates()
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            _keep_template(name, "migrated")
            furnish()
            _keep_template(name, "furnished")
            return
    point_to(name)


def copy_template(name: str, state: State) -> bool:
    """Make the database of this name (on SQLite a file or an address in memory) a copy of a template, if any."""
    copy = _copy_file if connection.vendor == "sqlite" else _copy_database
    return copy(name, _template_name(state))


@contextlib.contextmanager
def database_beside(folder: Path) -> Iterator[None]:
    """Work on a copy of the furnished template in which threads see each other's rows, and throw it away afterwards.

    The test's own transaction stays open and empty beside it. SQLite's copy is a file, which is what the platform
    runs on; the database of the other tests is in memory and one connection's.
    """
    outer = connections["default"]
    name = outer.settings_dict["NAME"]
    beside = str(folder / "race.sqlite3") if outer.vendor == "sqlite" else f"{name}_race"
    with alone():
        copy_template(beside, "furnished")
    outer.settings_dict["NAME"] = beside
    connections["default"] = connections.create_connection("default")
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = outer
        outer.settings_dict["NAME"] = name
        if outer.vendor != "sqlite":
            with _server() as server:
                _drop(server, beside)


@functools.cache  # code may change while tests run: they stay with what they began with
def _template_name(state: State) -> str:
    """Name a template by what makes it: the versions of the packages, our migrations, models and services."""
    ours = [Path(config.path) for config in apps.get_app_configs()]
    ours = [folder for folder in ours if folder.is_relative_to(settings.ROOT) and ".venv" not in folder.parts]
    code = [path for folder in ours for part in PARTS for path in folder.glob(part)]
    digest = hashlib.sha256(connection.vendor.encode())
    for path in [settings.ROOT / "requirements" / "test.txt", *sorted(code)]:
        digest.update(path.read_bytes())
    return f"{PREFIX}{digest.hexdigest()[:16]}_{state}"


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Let one process at a time look for the template and make it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def point_to(name: str) -> None:
    connection.close()
    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = name
    connection.ensure_connection()


def _forget_templates() -> None:
    if connection.vendor == "sqlite":
        for old in FOLDER.glob(f"{PREFIX}*"):
            old.unlink()
        return
    with _server() as server:
        for (found,) in server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX]):
            _drop(server, found)


def _keep_template(name: str, state: State) -> None:
    if connection.vendor == "sqlite":
        with contextlib.closing(sqlite3.connect(FOLDER / f"{_template_name(state)}.sqlite3")) as target:
            connection.connection.backup(target)
        return
    connection.close()  # PostgreSQL copies a database to which nobody is connected
    with _server() as server:
        _create_copy(server, _template_name(state), name)
    connection.ensure_connection()


def _copy_file(name: str, template: str) -> bool:
    path = FOLDER / f"{template}.sqlite3"
    if path.exists() and name.startswith("file:"):
        point_to(name)  # what is in memory lives as long as a connection to it
        with contextlib.closing(sqlite3.connect(path)) as source:
            source.backup(connection.connection)
    elif path.exists():
        shutil.copy(path, name)
    return path.exists()


def _server() -> psycopg.Connection[tuple[str, ...]]:
    parameters = {**connection.get_connection_params(), "dbname": "postgres"}
    keys = ("host", "port", "user", "password", "dbname")
    return psycopg.connect(autocommit=True, **{key: parameters[key] for key in keys if parameters.get(key)})


def _copy_database(name: str, template: str) -> bool:
    with _server() as server:
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template]).fetchone():
            return False
        _create_copy(server, name, template)
    return True


def _create_copy(server: psycopg.Connection[tuple[str, ...]], name: str, original: str) -> None:
    _drop(server, name)
    server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(original)))


def _drop(server: psycopg.Connection[tuple[str, ...]], name: str) -> None:
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
