"""`make bench-notifications`: one event for 100,000 people on PostgreSQL, and the badge of somebody with 10,000 lines.

The worker is a process of its own that calls what its task calls; it counts its statements and looks at its memory
after each chunk. In the middle somebody is mentioned. In the second part every person also gets a letter, and two
pumps send them while the mention has to find its way to the mail server past all of them.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import django

from tests.faults import engines, processes

PEOPLE = 100_000


def main() -> int:
    """Run both parts. Returns 1 where a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench_notifications")
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        django.setup()
        from tests.faults import fanout  # noqa: PLC0415 -- needs Django to be set up

        fanout.work(options.worker)
        return 0
    url = os.environ.get("DATABASE_URL") or engines.POSTGRES
    with (
        tempfile.TemporaryDirectory() as name,
        engines.database(url, Path(name)) as database_url,
        processes.sink(Path(name)) as port,
    ):
        environment = {
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "DATABASE_URL": database_url,
            "REDIS_URL": "",
            "SINK_PORT": str(port),
            "VAR_ROOT": name,
        }
        os.environ.update(environment)
        django.setup()
        from tests.faults import fanout  # noqa: PLC0415 -- the same

        print(engines.describe(database_url, ""))
        problems = fanout.Bench(options.people, Path(name)).run()
        django.db.connections.close_all()
    print("\n".join(problems) if problems else "All targets are met.")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
