"""The embedded database, as a process of the platform opens it; the suite itself may run on another engine."""

from pathlib import Path

import pytest

from tests.config.environment import run_python

DEVELOPMENT = {"DJANGO_SETTINGS_MODULE": "config.settings.development"}


def ask(code: str, folder: Path) -> str:
    setup = "import django; django.setup()\nfrom django.db import connection\n"
    result = run_python(setup + code, DATABASE_URL=f"sqlite:///{folder / 'league.sqlite3'}", **DEVELOPMENT)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("foreign_keys", "1"), ("synchronous", "1"), ("busy_timeout", "20000")],
)
def test_sqlite_pragma(pragma: str, value: str, tmp_path: Path) -> None:
    answer = ask(
        f"cursor = connection.cursor(); cursor.execute('PRAGMA {pragma}'); print(cursor.fetchone()[0])",
        tmp_path,
    )

    assert answer == value


def test_sqlite_writers_queue_at_the_start_of_a_transaction(tmp_path: Path) -> None:
    code = (
        "import sqlite3\n"
        "from django.db import transaction\n"
        "other = sqlite3.connect(connection.settings_dict['NAME'], timeout=0)\n"
        "with transaction.atomic():\n"
        "    try:\n"
        "        other.execute('BEGIN IMMEDIATE')\n"
        "        print('started')\n"
        "    except sqlite3.OperationalError as error:\n"
        "        print(error)\n"
    )

    answer = ask(code, tmp_path)

    assert answer == "database is locked"
