"""What is killed: workers and beat, or pumps, and the mail server that never is."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
QUICK = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"]
CELERY = [str(BIN / "celery"), "--app", "config", "--quiet"]
COMMANDS = {
    "prefork": [*CELERY, "worker", "--pool", "prefork", "--concurrency", "2", *QUICK],
    "solo": [*CELERY, "worker", "--pool", "solo", *QUICK],
    "beat": [*CELERY, "beat", "--loglevel", "WARNING"],
    "pump": [sys.executable, str(ROOT / "manage.py"), "pump"],
}
GROWN_UP = 4.0  # seconds; a process that has not started up yet is killed for nothing


@dataclass
class Process:
    """A process that comes back each time it is killed."""

    name: str
    folder: Path
    environment: dict[str, str]
    kills: int = 0
    freezes: int = 0
    _running: subprocess.Popen[bytes] = field(init=False)
    _since: float = 0.0

    def start(self) -> None:
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self._running = subprocess.Popen(
                COMMANDS[self.name.partition("-")[0]],
                cwd=ROOT,
                env=self.environment | {"PYTHONUNBUFFERED": "1"},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._since = time.monotonic()

    def is_grown_up(self) -> bool:
        return time.monotonic() - self._since > GROWN_UP

    def kill(self) -> None:
        """Kill a child of a pool, which its parent replaces, or the whole group, which is started again."""
        self.kills += 1
        children = self._children()
        if children and random.random() < 0.6:
            os.kill(random.choice(children), signal.SIGKILL)
        else:
            self.end(signal.SIGKILL)
            self.start()

    def freeze(self) -> None:
        """Stop the whole group where it stands, with its locks and leases; `thaw` lets it go on as if nothing were."""
        self.freezes += 1
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._running.pid, number)

    def revive(self) -> None:
        """Start again a process that ended by itself, as a supervisor does."""
        if self._running.poll() is not None:
            self.start()

    def _children(self) -> list[int]:
        pid = self._running.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def end(self, number: int) -> None:
        """End the whole group and wait for it."""
        try:
            os.killpg(self._running.pid, number)
            self._running.wait(timeout=10)
        except ProcessLookupError:
            self._running.wait()
        except subprocess.TimeoutExpired:
            os.killpg(self._running.pid, signal.SIGKILL)
            self._running.wait()


@contextmanager
def running(names: list[str], folder: Path, environment: dict[str, str]) -> Iterator[list[Process]]:
    """Run these processes for the length of the block."""
    processes = [Process(name, folder, environment | {"VAR_ROOT": str(folder / name)}) for name in names]
    try:
        for process in processes:
            process.start()
        yield processes
    finally:
        for process in processes:
            process.end(signal.SIGKILL)


@contextmanager
def sink(folder: Path) -> Iterator[int]:
    """Run the mail server; yield its port."""
    mood = folder / "mood.json"
    mood.write_text("{}")
    command = [sys.executable, "-m", "tests.faults.sink", str(folder / "sink.log"), str(mood)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.communicate(timeout=10)
