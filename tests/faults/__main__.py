"""Sets up engines and surroundings, then runs the harness: Django learns where they are from the environment."""

import argparse
import dataclasses
import json
import os
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

import django

from tests.faults import engines, processes


def main() -> int:
    """Run one plan and print what came of it. Returns 1 where anything was lost or told twice."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("--engine", choices=("postgresql", "sqlite"), default="postgresql")
    parser.add_argument("--pumps", type=int, default=0, help="so many pumps, and no broker at all")
    defaults = {"events": 1000, "members": 50, "kills": 60, "freezes": 5, "flushes": 8, "outages": 3}
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--seconds", type=float, default=90)
    parser.add_argument("--json", action="store_true", help="print one object for a test to read")
    options = parser.parse_args()
    url = os.environ.get("DATABASE_URL") or engines.POSTGRES
    redis_url = os.environ.get("REDIS_URL") or engines.REDIS
    with (
        tempfile.TemporaryDirectory() as name,
        nullcontext("") if options.pumps else engines.empty_redis(redis_url) as broker,
        engines.database(url if options.engine == "postgresql" else "", Path(name)) as database_url,
        processes.sink(Path(name)) as port,
    ):
        folder = Path(name)
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "DATABASE_URL": database_url,
            "REDIS_URL": broker,
            "SINK_PORT": str(port),
            "VAR_ROOT": name,
        }
        os.environ.update(environment)
        django.setup()
        from tests.faults import harness  # noqa: PLC0415 -- needs Django to be set up

        plan = harness.Plan(
            processes=[f"pump-{n}" for n in range(options.pumps)] or ["prefork-0", "solo-0", "beat-0"],
            events=options.events,
            members=options.members,
            seconds=options.seconds,
            kills=options.kills,
            freezes=options.freezes,
            flushes=0 if options.pumps else options.flushes,
            outages=options.outages,
        )
        machine = engines.describe(database_url, broker)
        report = harness.run(plan, folder, environment)
        if options.json:
            print(json.dumps(dataclasses.asdict(report)))
        else:
            print(f"{machine}\n{', '.join(plan.processes)}, {plan.seconds:.0f} seconds of faults")
            for figure, number in report.figures.items():
                print(f"  {figure:<45}{number:>9}")
            print("\n".join(report.problems) if report.problems else "Nothing lost, nothing told twice.")
        if report.problems:
            for log in sorted(folder.glob("*-*.log")):
                print(f"--- {log.name}\n{log.read_text()[-3000:]}", file=sys.stderr)
        django.db.connections.close_all()
    return bool(report.problems)


if __name__ == "__main__":
    sys.exit(main())
