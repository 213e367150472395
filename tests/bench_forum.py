"""`make bench-forum`: a forum of a million posts: queries, plans, and server CPU as `make bench` measures it.

Two databases are made on the PostgreSQL of DATABASE_URL and kept for the next run: 10,000 posts and 1,000,000, the
latter in 60,000 threads of which one has 100,000 posts, among 20,000 members. Every page is that of a signed-in
member. No plan of a page may read the table of posts from its beginning to its end.
"""

import argparse
import http
import http.client
import json
import os
import re
import statistics
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit, urlunsplit

import psycopg

from tests import bench
from tests.faults import engines

SMALL, LARGE = 10_000, 1_000_000
REPLIES = 100
GROWTH = 1.3  # what a large forum, or a deep page, may cost beside a small one
TARGETS = {"index": (4, None), "room": (5, 12.0), "thread": (9, 12.0), "unread": (3, None), "reply": (None, 25.0)}
SOURCE = "Срок идёт с момента фактического задержания, а не с часа, который стоит в протоколе. " * 6


@dataclass(frozen=True)
class Page:
    """A page to measure, and whose target it has."""

    name: str
    kind: str
    path: str


def main() -> int:
    """Make both databases, measure every page, print a line for each. Returns 1 where a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench_forum")
    parser.add_argument("--posts", type=int, default=LARGE)
    options = parser.parse_args()
    url = os.environ.get("DATABASE_URL") or engines.POSTGRES
    if not url.startswith("postgres"):
        sys.exit("This measures PostgreSQL: set DATABASE_URL to one, or leave it unset.")
    faults: list[str] = []
    medians: dict[int, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for posts in (SMALL, options.posts):
            name = f"call_bench_forum_{posts}"
            database_url = urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
            environment = {
                **os.environ,
                "DATABASE_URL": database_url,
                "VAR_ROOT": folder,
                "ALLOWED_HOSTS": "127.0.0.1,testserver",
                "BASE_URL": "http://127.0.0.1",
                "SECRET_KEY": "of a bench alone, and long enough for the checks of a production machine " * 2,
                "DJANGO_SETTINGS_MODULE": "config.settings.production",
            }
            make(url, name, posts, environment)
            print(bench.describe(database_url))
            medians[posts] = measure_pages(posts, environment, faults)
    for name, median in medians[options.posts].items():
        if median > GROWTH * medians[SMALL][name]:
            small = medians[SMALL][name]
            faults.append(f"{name}: {median:.1f} ms with {options.posts} posts, {small:.1f} with {SMALL}")
    large = medians[options.posts]
    if large["thread, deep"] > GROWTH * large["thread, first"]:
        faults.append(f"a deep page costs {large['thread, deep']:.1f} ms, the first {large['thread, first']:.1f}")
    print("\n".join(f"Missed: {fault}" for fault in faults) or "All targets are met.")
    return bool(faults)


def make(url: str, name: str, posts: int, environment: dict[str, str]) -> None:
    """Fill a database unless it is there already."""
    with psycopg.connect(url, autocommit=True) as server:
        is_there = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if not is_there:
            server.execute(f"CREATE DATABASE {name}")
    bench.manage(environment, "migrate", "-v0")
    bench.manage(environment, "collectstatic", "--no-input", "-v0")
    if is_there:
        return
    began = time.monotonic()
    bench.manage(environment, "setup_site")
    prepare = Path(__file__).with_name("bench_forum_fill.py").read_text()
    print(bench.manage(environment | {"POSTS": str(posts)}, "shell", "-v0", "-c", prepare).strip())
    print(f"made in {time.monotonic() - began:.0f} s")


def measure_pages(posts: int, environment: dict[str, str], faults: list[str]) -> dict[str, float]:
    """Measure every page and a reply; note the targets that are missed."""
    inspect = Path(__file__).with_name("bench_forum_inspect.py").read_text()
    found = json.loads(bench.manage(environment, "shell", "-v0", "-c", inspect).split("RESULT")[1])
    pages = [Page(*page) for page in found["pages"]]
    medians: dict[str, float] = {}
    print(f"{'page':<24}{'queries':>8}{'CPU ms median':>15}{'p95':>8}{'bytes':>8}  at {posts} posts")
    with bench.server(environment) as (port, pid):
        cookie = f"sessionid={found['session']}"
        for page in pages:
            median, p95, size = bench.measure(port, pid, page.path, cookie)
            queries, scans = found["queries"][page.name], found["scans"][page.name]
            medians[page.name] = median
            print(f"{page.name:<24}{queries:>8}{median:>15.1f}{p95:>8.1f}{size:>8}")
            most, limit = TARGETS[page.kind]
            if most is not None and queries > most:
                faults.append(f"{page.name}: {queries} queries, {most} are the target")
            if limit is not None and posts != SMALL and median > limit:
                faults.append(f"{page.name}: {median:.1f} ms, {limit:.0f} are the target")
            faults += [f"{page.name} reads the whole table: {scan}" for scan in scans]
        medians["reply"], p95 = reply_often(port, pid, found["reply"], cookie)
        print(f"{'reply':<24}{'':>8}{medians['reply']:>15.1f}{p95:>8.1f}")
        limit = TARGETS["reply"][1] or 0.0
        if posts != SMALL and medians["reply"] > limit:
            faults.append(f"reply: {medians['reply']:.1f} ms, {limit:.0f} are the target")
    return medians


def reply_often(port: int, pid: int, path: str, cookie: str) -> tuple[float, float]:
    """Post replies through the form; return median and 95th percentile of milliseconds of CPU."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"X-Forwarded-Proto": "https", "Host": "127.0.0.1", "Referer": "https://127.0.0.1/"}
    connection.request("GET", path, headers={**headers, "Cookie": cookie})
    response = connection.getresponse()
    token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', response.read())
    kept = re.search(r"csrftoken=([^;]+)", response.headers.get("Set-Cookie", ""))
    if token is None or kept is None:
        sys.exit(f"{path} has no form.")
    headers |= {
        "Cookie": f"{cookie}; csrftoken={kept[1]}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    times = []
    for number in range(bench.WARM_UP + REPLIES):
        form = {"csrfmiddlewaretoken": token[1].decode(), "text": SOURCE, "token": str(uuid.uuid4())}
        before = bench.cpu_nanoseconds(pid)
        connection.request("POST", path, body=urlencode(form), headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.HTTPStatus.FOUND:
            sys.exit(f"A reply was answered {answer.status}.")
        if number >= bench.WARM_UP:
            times.append((bench.cpu_nanoseconds(pid) - before) / 1e6)
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]


if __name__ == "__main__":
    sys.exit(main())
