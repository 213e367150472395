"""The fault harness in small: `make fault-notifications` runs it for longer."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
HAS_POSTGRES = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
SMALL = {"events": 60, "members": 10, "kills": 3, "freezes": 1, "flushes": 3, "outages": 1, "seconds": 9}

with_postgres = pytest.mark.skipif(not HAS_POSTGRES, reason="this run has no PostgreSQL: DATABASE_URL names one")
with_redis = pytest.mark.skipif(not settings.REDIS_URL, reason="this run has no Redis: REDIS_URL names one")


@pytest.mark.parametrize(
    "engines",
    [
        pytest.param(["--engine", "sqlite", "--pumps", "2"], id="SQLite without a broker"),
        pytest.param(["--engine", "postgresql", "--pumps", "2"], id="PostgreSQL without a broker", marks=with_postgres),
        pytest.param(["--engine", "postgresql"], id="PostgreSQL and Redis", marks=[with_postgres, with_redis]),
    ],
)
def test_nothing_is_lost_or_told_twice_while_processes_are_killed(engines: list[str]) -> None:
    small = [f"--{name}={number}" for name, number in SMALL.items()]
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults", *engines, *small, "--json"],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    report = json.loads(done.stdout)
    figures = report["figures"]
    assert report["problems"] == []
    assert figures["events"] == 60
    assert figures["kills"] == 3
    assert figures["events lost"] == figures["in-app lost"] == figures["in-app duplicates"] == 0
    assert figures["letters without an end"] == figures["member and event with two Message-IDs"] == 0
    assert figures["messages taken by the mail server"] > 0
