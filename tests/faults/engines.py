"""A database and a Redis of one's own, and what machine and versions a run speaks about."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

POSTGRES = "postgres://postgres@127.0.0.1:5432/postgres"
REDIS = "redis://127.0.0.1:6379/0"


@contextmanager
def database(url: str, folder: Path) -> Iterator[str]:
    """Create an empty database on the server of `url`, whose own need not exist; a file in the folder without one."""
    if not url.startswith("postgres"):
        yield f"sqlite:///{folder / 'faults.sqlite3'}"
        return
    url = urlunsplit(urlsplit(url)._replace(path="/postgres"))
    name = f"call_faults_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def empty_redis(url: str) -> Iterator[str]:
    """Find a database of that Redis in which nothing is, for it will be flushed; leave it empty.

    Those below ten belong to the platform and to the caches of the suite.
    """
    for number in range(15, 9, -1):
        candidate = urlunsplit(urlsplit(url)._replace(path=f"/{number}"))
        with redis.Redis.from_url(candidate) as client:
            if client.dbsize():
                continue
            try:
                yield candidate
            finally:
                client.flushdb()
            return
    raise SystemExit("The databases 10 to 15 of that Redis all hold something, and this would flush it.")


def describe(database_url: str, redis_url: str) -> str:
    """Name the machine and the engines beside the figures."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if "model name" in line), platform.machine())
    engine = "SQLite"
    if database_url.startswith("postgres"):
        with psycopg.connect(database_url) as connection:
            engine = f"PostgreSQL {connection.info.parameter_status('server_version')}"
    broker = "no broker"
    if redis_url:
        with redis.Redis.from_url(redis_url) as client:
            broker = f"Redis {client.info('server')['redis_version']}"
    load = os.getloadavg()[0]
    return f"{model}, {os.cpu_count()} cores, load {load:.1f}; Python {platform.python_version()}, {engine}, {broker}"
