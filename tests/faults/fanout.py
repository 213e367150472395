"""What one event for very many people costs: seconds, statements, memory; and what their badges cost afterwards."""

import json
import os
import re
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Count
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from notifications import services
from notifications.choices import MessageState
from notifications.models import Delivery, Event, Item, Message, Reader
from tests.faults import processes
from tests.faults.notifications import LETTER_TO_ALL, MENTION, SITE_TO_ALL

LINES = 10_000
CALLS = 300
TARGET_SECONDS = 20
TARGET_MEGABYTES = 300
TARGET_MILLISECONDS = 2


def work(event_id: int) -> None:
    """Tell one event, as a worker does; print what it took."""
    statements: list[int] = [0]
    memory: list[int] = []

    def count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        statements[0] += 1
        if sql.startswith("UPDATE") and '"cursor" =' in sql:
            memory.append(int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize())
        return execute(sql, params, many, context)

    started = time.monotonic()
    cpu = time.process_time()
    with connection.execute_wrapper(count):
        services.expand(event_id)
    print(
        json.dumps(
            {
                "seconds": time.monotonic() - started,
                "cpu": time.process_time() - cpu,
                "statements": statements[0],
                "chunks": len(memory),
                "early": memory[len(memory) // 10] / 2**20,
                "late": memory[-1] / 2**20,
                "peak": peak_megabytes(),
            }
        )
    )


def peak_megabytes() -> float:
    """Return the most memory this process has had. What getrusage says counts the parent it was forked from."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024  # type: ignore[index]  # Linux always says it


class Bench:
    """The parts of the benchmark, one after another on one database."""

    def __init__(self, people: int, folder: Path) -> None:
        self.people = people
        self.folder = folder
        self.problems: list[str] = []

    def must(self, what: str, *, hold: bool) -> None:
        if not hold:
            self.problems.append(f"Missed: {what}")

    def run(self) -> list[str]:

        call_command("migrate", run_syncdb=True, verbosity=0, interactive=False)
        self._create_people()
        self._site()
        self._badge()
        self._letters()
        return self.problems

    def _create_people(self) -> None:

        password = make_password(None)
        people = User.objects.bulk_create(
            (User(email=f"p{n}@example.org", name_native=f"Person {n}", password=password) for n in range(self.people)),
            batch_size=5000,
        )
        # Letters go out at any hour of the day at which somebody measures.
        readers = (Reader(user=person, quiet_hours=[None] * 7) for person in people)
        Reader.objects.bulk_create(readers, batch_size=5000)
        self.first = people[0]
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")

    def _notify(self, kind: Any, key: str, *, to: int | None = None) -> int:

        with transaction.atomic():
            event = services.notify(
                kind, subject_id=self.first.pk, key=key, recipients=None if to is None else [to], data={"number": 1}
            )
        return event.pk

    def _work(self, event_id: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.bench_notifications", "--worker", str(event_id)]
        return subprocess.Popen(command, cwd=processes.ROOT, stdout=subprocess.PIPE, text=True)

    def _wait_for(self, is_there: Callable[[], bool], seconds: float = 60) -> float:
        started = time.monotonic()
        while not is_there():
            if time.monotonic() - started > seconds:
                self.must(f"something within {seconds:.0f} seconds", hold=False)
                break
            time.sleep(0.01)
        return time.monotonic() - started

    def _report(self, title: str, result: dict[str, float], rows: int) -> None:
        print(f"{title}: {rows} people")
        print(f"  seconds                     {result['seconds']:10.1f}   (CPU of the worker {result['cpu']:.1f})")
        print(f"  people per second           {rows / result['seconds']:10.0f}")
        per_chunk = result["statements"] / result["chunks"]
        print(f"  statements per chunk        {per_chunk:10.1f}   ({result['chunks']} chunks, BEGIN and COMMIT aside)")
        early, late, peak = (result[name] for name in ("early", "late", "peak"))
        print(f"  MB at a tenth and at the end{early:10.1f}   {late:.1f}, peak {peak:.1f}")
        self.must(f"{title}: peak memory below {TARGET_MEGABYTES} MB", hold=peak < TARGET_MEGABYTES)
        self.must(f"{title}: flat memory", hold=late - early < 20)

    def _site(self) -> None:

        event_id = self._notify(SITE_TO_ALL, "to-all")
        worker = self._work(event_id)
        told = Event.objects.values_list("told", flat=True)
        self._wait_for(lambda: told.get(pk=event_id) >= self.people // 2)
        mention_id = self._notify(MENTION, "mention", to=self.first.pk)
        waited = self._wait_for(lambda: Item.objects.filter(event=mention_id).exists())
        before = told.get(pk=event_id)
        result = json.loads(worker.communicate(timeout=300)[0])
        rows = Item.objects.filter(event=event_id).count()
        self._report("On the site", result, rows)
        print(f"  a mention, on the site after {waited * 1000:9.0f}   ms, when {before} had been told; one worker")
        self.must("one line for each person", hold=rows == self.people)
        self.must("the mention before the rest", hold=before < self.people)
        self.must(f"{TARGET_SECONDS} seconds for everybody", hold=result["seconds"] <= TARGET_SECONDS)

    def _badge(self) -> None:

        now = timezone.now()
        event = Event.objects.order_by("pk").first()
        busy, tidy = User.objects.order_by("pk")[1:3]
        for person, unread in ((busy, LINES), (tidy, 10)):
            Item.objects.bulk_create(
                Item(
                    user=person, kind="faults.news", collapse_key=f"line:{n}", subject_id="1", scope="line",
                    event=event, created_at=now, updated_at=now, read_at=None if n < unread else now,
                )
                for n in range(LINES)
            )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        for title, person in ((f"{LINES} unread", busy), (f"10 unread of {LINES}", tidy)):
            services.count_unread(person)  # what is pulled is in the cache from now on
            with CaptureQueriesContext(connection) as queries:
                count = services.count_unread(person)
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF) {queries[0]['sql']}")
                plan = "\n".join(row[0] for row in cursor.fetchall())
            times = []
            for _call in range(CALLS):
                started = time.perf_counter()
                services.count_unread(person)
                times.append((time.perf_counter() - started) * 1000)
            median = statistics.median(times)
            scan = re.search(r"(?:Index|Index Only|Bitmap Index|Seq) Scan (?:using|on) \w+", plan)
            name = scan.group() if scan else plan
            print(f"Badge, {title}: {count}; {len(queries)} query, median {median:.2f} ms of {CALLS} calls, {name}")
            self.must("the badge in one query", hold=len(queries) == 1)
            self.must("the badge by an index", hold="Seq Scan" not in plan and "notifications_item_" in name)
            self.must(f"the badge below {TARGET_MILLISECONDS} ms", hold=median < TARGET_MILLISECONDS)

    def _letters(self) -> None:

        event_id = self._notify(LETTER_TO_ALL, "letters")
        with processes.running(["pump-0"], self.folder, dict(os.environ)):
            worker = self._work(event_id)
            told = Event.objects.values_list("told", flat=True)
            self._wait_for(lambda: told.get(pk=event_id) >= self.people // 2)
            mention_id = self._notify(MENTION, "mention of letters", to=self.first.pk)
            sent = Delivery.objects.filter(event=mention_id, message__state=MessageState.SENT)
            waited = self._wait_for(lambda: sent.exists())
            before = told.get(pk=event_id)
            states = dict(
                Message.objects.filter(kind=LETTER_TO_ALL.name).values_list("state").annotate(Count("pk")).order_by()
            )
            result = json.loads(worker.communicate(timeout=300)[0])
        rows = Delivery.objects.filter(event=event_id).count()
        self._report("On the site and a letter for each, while a pump sends", result, rows)
        gone = states.get(MessageState.SENT, 0)
        waiting = sum(states.values()) - gone
        print(f"  a mention, as a letter after {waited * 1000:9.0f}   ms, when {before} had been told,")
        print(f"                                           {gone} letters to all were sent and {waiting} were waiting")
        self.must("one letter for each person", hold=rows == self.people)
        self.must("the letter of the mention before the rest", hold=before < self.people and waiting > gone)
