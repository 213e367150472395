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

# What needs no service always runs; the others where the run has their engines, which its last line names.
VARIANTS = [pytest.param(["--engine", "sqlite", "--pumps", "2"], id="SQLite without a broker")]
if HAS_POSTGRES:
    VARIANTS += [pytest.param(["--engine", "postgresql", "--pumps", "2"], id="PostgreSQL without a broker")]
if HAS_POSTGRES and settings.REDIS_URL:
    VARIANTS += [pytest.param(["--engine", "postgresql"], id="PostgreSQL and Redis")]


@pytest.mark.parametrize("engines", VARIANTS)
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
