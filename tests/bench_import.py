"""`make bench-import`: a file of 5,000 members from the upload to the last row, with progress and memory.

Makes a test database of its own beside the one that DATABASE_URL names, SQLite in memory without it, and drops it.
Every task is a call that stops after its chunk, so that memory is looked at between all of them.
"""

import argparse
import csv
import io
import os
import platform
import resource
import sys
import tempfile
import time
from pathlib import Path

import django

ROWS = 5_000
HEADING = ["email", "name", "country", "tier", "joined_on", "paid_until"]
HEADING += ["birth_year", "licence_number", "licence_issued_on"]


def main() -> int:
    """Make an empty database, import the file, print what it took, undo it. Returns 1 where memory grows."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench_import")
    parser.add_argument("--rows", type=int, default=ROWS)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    with tempfile.TemporaryDirectory() as name:
        os.environ["VAR_ROOT"] = name
        if "DATABASE_URL" not in os.environ:
            os.environ["DATABASE_URL"] = f"sqlite:///{Path(name) / 'bench.sqlite3'}"
        django.setup()
        from django.test.utils import setup_databases, teardown_databases  # noqa: PLC0415 -- after setup

        old = setup_databases(verbosity=0, interactive=False)
        try:
            return run(options.rows)
        finally:
            teardown_databases(old, verbosity=0)


def make_file(rows: int) -> bytes:
    """Return a CSV file of people, half of them with a licence."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(HEADING)
    letters = "абвгдежзиклмнопрстуф"
    for number in range(rows):
        name = "".join(letters[int(digit)] for digit in f"{number:06d}")
        licence = [f"{number:07d}", "2010-09-01"] if number % 2 else ["", ""]
        row = [f"bench{number}@example.org", f"Айгуль {name.title()}", "KZ", "full", "12.03.2021", "31.12.2098"]
        writer.writerow([*row, 1950 + number % 50, *licence])
    return text.getvalue().encode()


def run(rows: int) -> int:
    """Import and undo."""
    from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: PLC0415 -- needs Django to be set up
    from django.db import connection  # noqa: PLC0415 -- the same
    from django.utils import timezone  # noqa: PLC0415 -- the same

    from members.models import ImportBatch, Membership  # noqa: PLC0415 -- the same
    from members.services import imports  # noqa: PLC0415 -- the same
    from tests.factories.imports import registrar  # noqa: PLC0415 -- the same
    from tests.factories.members import ChapterFactory  # noqa: PLC0415 -- the same
    from tests.factories.membership import TierFactory  # noqa: PLC0415 -- the same

    ChapterFactory()
    TierFactory()
    office = registrar()
    content = make_file(rows)
    print(
        f"{platform.platform()}, {os.cpu_count()} processors, Python {platform.python_version()}, {connection.vendor}"
    )
    print(f"{rows} rows, {len(content) / 1024:.0f} KiB")
    # The tasks are called here one by one, not by the service.
    imports.batches.tasks.advance_import.delay_on_commit = lambda _pk: None
    file = SimpleUploadedFile("members.csv", content)
    batch = imports.upload_import(file, name="members.csv", chapter=None, actor=office, at=timezone.now())
    peaks = []
    for step in ("check", "import", "undo"):
        if step == "import":
            imports.confirm_import(batch, version=0, actor=office, at=timezone.now())
        if step == "undo":
            imports.start_undo(batch, version=1, actor=office, at=timezone.now())
        started, done, seen = time.monotonic(), False, []
        while not done:
            done = imports.advance_import(batch.pk, at=timezone.now(), budget=-1 if step == "import" else 20)
            seen.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        seconds = time.monotonic() - started
        batch = ImportBatch.objects.get(pk=batch.pk)
        peaks.append((seen[0], seen[-1]))
        print(
            f"{step:7} {seconds:6.1f} s  {rows / seconds:7.0f} rows/s  "
            f"peak {seen[-1]:.0f} MiB after {len(seen)} task(s), {seen[0]:.0f} MiB after the first; {batch.status}, "
            f"{batch.rows_done}/{batch.rows_total}; {Membership.objects.count()} memberships"
        )
    first, last = peaks[1]
    if last - first > 64:
        print(f"Memory grew by {last - first:.0f} MiB during the import.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
