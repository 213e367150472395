"""Facts are reported while workers are killed, Redis is flushed and letters are refused; then rows are counted."""

import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import redis
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from accounts.models import User
from notifications import services
from notifications.channels.mail import message_id
from notifications.choices import Channel, EventState, MessageState, Verdict
from notifications.models import Attempt, Delivery, Event, Item, Message, Reader
from notifications.registry import Kind
from tests.faults.notifications import HINT, MENTION, NEWS
from tests.faults.processes import Process, running
from tests.faults.sink import TAKEN, TAKEN_AND_DROPPED

SUBJECTS = 3
USUAL = {"450": 0.03, "550": 0.005, "554": 0.005, "dropped": 0.02, "taken-dropped": 0.03}
OUTAGES = [{"421": 1.0}, {"450": 1.0}, {"dropped": 0.5, "taken-dropped": 0.5}]
OUTAGE = 4.0  # seconds
FREEZE = 6.0  # seconds; longer than the leases in apps.py
DRAIN = 90.0  # seconds


class RolledBack(Exception):
    """Raised to undo a change together with what it reports."""


@dataclass(frozen=True)
class Plan:
    processes: list[str]
    events: int
    members: int
    seconds: float
    kills: int
    freezes: int
    flushes: int
    outages: int


@dataclass
class Report:
    figures: dict[str, int | float] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def must_be_zero(self, name: str, count: int) -> None:
        self.figures[name] = count
        if count:
            self.problems.append(f"{name}: {count}")


@dataclass
class World:
    """What the harness knows without asking the outbox: who must have been told what, and how often."""

    folder: Path
    members: list[User]
    expected: Counter[tuple[int, str]] = field(default_factory=Counter)  # by member and collapse key
    pairs: set[tuple[int, str]] = field(default_factory=set)  # by member and key of the event
    undone: list[str] = field(default_factory=list)
    did: Counter[str] = field(default_factory=Counter)

    def report(self, number: int) -> None:
        """Report one fact: mostly news for everybody, some hints, some mentions of one to three people."""
        kind, count = random.choices(
            [(NEWS, len(self.members)), (HINT, min(10, len(self.members))), (MENTION, random.randint(1, 3))],
            [75, 10, 15],
        )[0]
        people = random.sample(self.members, count)
        subject = random.choice(self.members[:SUBJECTS])
        key = f"fault:{number}"
        if random.random() < 0.02:
            self._undo(kind, subject, people, number)
        for _time in range(2 if random.random() < 0.02 else 1):  # the same fact twice is one event
            with transaction.atomic():
                event = services.notify(
                    kind, subject_id=subject.pk, key=key, recipients=[m.pk for m in people], data={"number": number}
                )
        for person in people:
            self.expected[person.pk, event.collapse_key] += 1
            self.pairs.add((person.pk, key))
        self.did["events"] += 1

    def _undo(self, kind: Kind, subject: User, people: list[User], number: int) -> None:
        key = f"undone:{number}"
        try:
            with transaction.atomic():
                services.notify(kind, subject_id=subject.pk, key=key, recipients=[m.pk for m in people])
                raise RolledBack
        except RolledBack:
            self.undone.append(key)

    def read(self) -> None:
        """Somebody opens the notification centre and reads it all."""
        now = timezone.now()
        services.mark_all_read(random.choice(self.members), up_to=now, at=now)
        self.did["readings"] += 1

    def mood(self, answers: dict[str, float]) -> None:
        draft = self.folder / "mood.draft"
        draft.write_text(json.dumps(answers))
        draft.replace(self.folder / "mood.json")

    def flush(self) -> None:
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            client.flushdb()
        self.did["flushes"] += 1


def run(plan: Plan, folder: Path, environment: dict[str, str]) -> Report:
    """Live through the plan, let everything settle, and count."""
    call_command("migrate", run_syncdb=True, verbosity=0, interactive=False)
    world = World(folder, create_members(plan.members))
    started = time.monotonic()
    with running(plan.processes, folder, environment) as processes:
        follow(schedule(plan, world, processes))
        world.mood({})
        drained = drain(processes)
        kills = sum(process.kills for process in processes)
        freezes = sum(process.freezes for process in processes)
    report = count(world)
    report.figures |= {
        "kills": kills,
        "freezes beyond every lease": freezes,
        "flushes of Redis": world.did["flushes"],
        "readings": world.did["readings"],
        "seconds": round(time.monotonic() - started, 1),
    }
    if not drained:
        report.problems.append(f"not everything was done {DRAIN:.0f} seconds after the last fault")
    return report


def create_members(number: int) -> list[User]:
    """Create people who may be told at any hour."""
    password = make_password(None)
    members = User.objects.bulk_create(
        User(email=f"member{n}@example.org", name_native=f"Member {n}", password=password) for n in range(number)
    )
    Reader.objects.bulk_create(Reader(user=member, quiet_hours=[None] * 7) for member in members)
    return members


Step = tuple[float, Callable[[], None]]


def schedule(plan: Plan, world: World, processes: list[Process]) -> list[Step]:
    """Spread facts and faults over the time at random; outages of the mail server one after another."""
    world.mood(USUAL)
    steps: list[Step] = []

    def spread(number: int, what: Callable[[], None]) -> None:
        steps.extend((random.uniform(0, plan.seconds), what) for _n in range(number))

    numbers = iter(range(1, plan.events + 1))
    spread(plan.events, lambda: world.report(next(numbers)))
    spread(plan.kills, lambda: kill_one(processes))
    spread(plan.flushes, world.flush)
    for _n in range(plan.freezes):
        start, victim = random.uniform(0, plan.seconds), random.choice(processes)
        steps += [(start, victim.freeze), (start + FREEZE, victim.thaw)]
    spread(plan.events // 20, world.read)
    for number in range(plan.outages):
        start = (number + random.uniform(0.2, 0.6)) * plan.seconds / plan.outages
        answers = OUTAGES[number % len(OUTAGES)]
        steps.append((start, lambda answers=answers: world.mood(answers)))  # type: ignore[misc]  # bound now, not later
        steps.append((start + min(OUTAGE, plan.seconds / plan.outages / 3), lambda: world.mood(USUAL)))
    return sorted(steps, key=lambda step: step[0])


def kill_one(processes: list[Process]) -> None:
    """Kill a process that is at work; where all have just started, wait until one is."""
    while not (ready := [process for process in processes if process.is_grown_up()]):
        time.sleep(0.2)
    random.choice(ready).kill()


def follow(steps: list[Step]) -> None:
    started = time.monotonic()
    for moment, what in steps:
        time.sleep(max(0.0, started + moment - time.monotonic()))
        what()


def drain(processes: list[Process]) -> bool:
    """Wait until nothing is left to do. Returns whether that came in time."""
    deadline = time.monotonic() + DRAIN
    while Event.objects.unfinished().exists() or Message.objects.unfinished().exists():
        if time.monotonic() > deadline:
            return False
        for process in processes:
            process.revive()
        time.sleep(0.25)
    return True


def count(world: World) -> Report:
    """Compare what must have happened with the rows and with the log of the mail server."""
    report = Report({"events": world.did["events"], "members": len(world.members)})
    _count_events(world, report)
    _count_items(world, report)
    _count_letters(world, report)
    return report


def _count_events(world: World, report: Report) -> None:
    keys = {key for _member, key in world.pairs}
    done = set(Event.objects.filter(state=EventState.DONE).values_list("key", flat=True))
    report.must_be_zero("events lost", len(keys - done))
    report.figures["changes undone"] = len(world.undone)
    report.must_be_zero("events of undone changes", Event.objects.filter(key__in=world.undone).count())
    report.must_be_zero("further events", len(done - keys))


def _count_items(world: World, report: Report) -> None:
    rows = Item.objects.values("user_id", "collapse_key").annotate(total=Sum("count")).order_by()
    seen = Counter({(row["user_id"], row["collapse_key"]): row["total"] for row in rows})
    report.figures["in-app notifications due"] = world.expected.total()
    report.figures["in-app lines"] = Item.objects.count()
    report.must_be_zero("in-app lost", (world.expected - seen).total())
    report.must_be_zero("in-app duplicates", (seen - world.expected).total())


def _count_letters(world: World, report: Report) -> None:
    lines = [line.split("\t") for line in (world.folder / "sink.log").read_text().splitlines()]
    taken = [(address, mid, subject) for answer, address, mid, subject in lines if answer in (TAKEN, TAKEN_AND_DROPPED)]
    times = Counter(mid for _address, mid, _subject in taken)
    messages = {message_id(message): message for message in Message.objects.select_related("user")}
    deliveries = Delivery.objects.filter(channel=Channel.MAIL).select_related("event", "message")
    pairs: Counter[tuple[int, str]] = Counter()
    ids: dict[tuple[int, str], set[str]] = defaultdict(set)
    undecided = unsent = 0
    verdicts: Counter[str] = Counter()
    for delivery in deliveries:
        pair = (delivery.user_id, delivery.event.key)
        pairs[pair] += 1
        verdicts[delivery.verdict] += 1
        undecided += delivery.verdict in (Verdict.WAITING, Verdict.DIGEST)
        letter = message_id(delivery.message) if delivery.message else ""
        unsent += delivery.verdict == Verdict.SENT and letter not in times
        if letter in times:
            ids[pair].add(letter)
    # The mail server's own view, which knows nothing of our rows: the subject of a letter names an event.
    named: dict[tuple[str, str], set[str]] = defaultdict(set)
    for address, mid, subject in taken:
        named[address, subject.split()[1]].add(mid)
    sent = [mid for mid, message in messages.items() if message.state == MessageState.SENT]
    repeated = {mid for mid, number in times.items() if number > 1}
    report.figures["letters due (member and event)"] = len(world.pairs)
    report.must_be_zero("letters without a record", len(world.pairs - set(pairs)))
    report.must_be_zero("letters with two records", sum(number > 1 for number in pairs.values()))
    report.must_be_zero("letters without an end", undecided)
    report.must_be_zero("letters noted as sent that never arrived", unsent + sum(mid not in times for mid in sent))
    report.must_be_zero("letters nobody knows of", sum(mid not in messages for mid in times))
    report.must_be_zero(
        "letters to the wrong person",
        sum(mid in messages and messages[mid].user.email != address for address, mid, _subject in taken),
    )
    report.must_be_zero("member and event with two Message-IDs", sum(len(found) > 1 for found in ids.values()))
    report.must_be_zero("the same, as the mail server sees it", sum(len(found) > 1 for found in named.values()))
    report.must_be_zero(
        "doubtful hints sent again", sum(mid in messages and messages[mid].kind == HINT.name for mid in repeated)
    )
    report.figures |= {
        "messages": len(messages),
        "messages taken by the mail server": len(times),
        "the same Message-ID again": times.total() - len(times),
        **{f"messages: {state}": number for state, number in Counter(m.state for m in messages.values()).items()},
        **{f"verdict: {verdict}": number for verdict, number in verdicts.items()},
        **{f"mail server: {answer}": number for answer, number in sorted(Counter(line[0] for line in lines).items())},
        "workers that died while sending": Attempt.objects.filter(ended_at=None).count(),
    }
