"""`make bench-directory`: the directory over 50,000 members: queries, and server CPU as `make bench` measures it.

A database of its own is created on the engine of DATABASE_URL (PostgreSQL on this machine without it) and filled by
bulk inserts, the directory's index with `members.services.profiles.tags_of`. Every page is that of a signed-in member;
a share of the members hides the name or single fields. "Wall" is what the reader waits, the database's work included.
"""

import argparse
import datetime as dt
import http.client
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import django
from django.conf import settings

from tests import bench
from tests.faults import engines

MEMBERS = 50_000
BATCH = 5000
TARGET_CPU = 15.0  # milliseconds at the median
TARGET_QUERIES = 8
PAGES = {
    "everybody": "",
    "country, language": "?country=KZ&language=ru",
    "two areas, two traits": "?area=jury&area=criminal&trait=jury&trait=pro_bono",
    "city": "?city=" + quote("Алматы"),
    "name": "?q=" + quote("касымбек"),
    "name, city, language": "?q=" + quote("нурлан алматы") + "&language=kk",
    "rare language": "?language=zh&area=tax",
    "nobody": "?q=zzyzx",
}
FIRST = "Нурлан Айгуль Чолпон Данияр Жанар Ерлан Азамат Бегимай Фаррух Мадина Шохрат Огулджан Тимур Лола Рустам".split()  # noqa: SIM905 -- a list of names is read as words
STEMS = "Касымбек Сулейман Турдубай Осмон Абен Исак Рахмон Назар Бердымурад Юлдаш Каримов Алиев Сапар Жумабай".split()  # noqa: SIM905 -- the same
CITIES = {
    "KZ": ["Алматы", "Астана", "Шымкент", "Қарағанды"],
    "KG": ["Бишкек", "Ош", "Каракол"],
    "TJ": ["Душанбе", "Худжанд"],
    "TM": ["Ашхабад", "Мары"],
    "UZ": ["Ташкент", "Самарканд", "Бухара"],
}


def main() -> int:
    """Fill a database, measure every page, print a line for each. Returns 1 where a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench_directory")
    parser.add_argument("--members", type=int, default=MEMBERS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("DATABASE_URL") or engines.POSTGRES
        with engines.database(url, Path(folder)) as database_url:
            environment = {
                **os.environ,
                "DATABASE_URL": database_url,
                "VAR_ROOT": folder,
                "ALLOWED_HOSTS": "127.0.0.1,testserver",
                "BASE_URL": "http://127.0.0.1",
            }
            os.environ.update(environment)
            os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
            django.setup()
            # Sessions made in this process are read by the server: both sign with one key.
            environment["SECRET_KEY"] = settings.SECRET_KEY
            print(bench.describe(database_url))
            is_missed = run(options.members, {**environment, "DJANGO_SETTINGS_MODULE": "config.settings.production"})
            django.db.connections.close_all()
    print("A target is missed." if is_missed else "All targets are met.")
    return is_missed


def run(members: int, production: dict[str, str]) -> bool:
    """Fill the database and measure."""
    bench.manage(production, "migrate", "-v0")
    bench.manage(production, "setup_site")
    bench.manage(production, "collectstatic", "--no-input", "-v0")
    began = time.monotonic()
    rows = fill(members)
    print(f"{members} members, {rows} rows of the index, made in {time.monotonic() - began:.0f} s")
    queries = count_queries()
    is_missed = False
    print(f"{'page':<24}{'queries':>8}{'CPU ms median':>15}{'p95':>8}{'wall ms':>9}{'p95':>8}{'bytes':>8}")
    with bench.server(production) as (port, pid):
        for name, query in PAGES.items():
            cpu, wall, size = measure(port, pid, f"/en/members/{query}", f"sessionid={open_session()}")
            numbers = (statistics.median(cpu), late(cpu), statistics.median(wall), late(wall))
            print(
                f"{name:<24}{queries[name]:>8}{numbers[0]:>15.1f}{numbers[1]:>8.1f}"
                f"{numbers[2]:>9.1f}{numbers[3]:>8.1f}{size:>8}"
            )
            is_missed |= queries[name] > TARGET_QUERIES or numbers[0] > TARGET_CPU
    print(f"Targets: {TARGET_QUERIES} queries, {TARGET_CPU:.0f} ms of CPU at the median.")
    return is_missed


def late(times: list[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(times, n=20)[-1]


def measure(port: int, pid: int, path: str, cookie: str) -> tuple[list[float], list[float], int]:
    """Return milliseconds of CPU and of waiting for every request, and the bytes of the last."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    cpu, wall, size = [], [], 0
    for number in range(bench.WARM_UP + bench.REQUESTS):
        before, began = bench.cpu_nanoseconds(pid), time.perf_counter()
        status, size = bench.request(connection, path, cookie)
        if status != http.HTTPStatus.OK:
            sys.exit(f"{path} answered {status}.")
        if number >= bench.WARM_UP:
            cpu.append((bench.cpu_nanoseconds(pid) - before) / 1e6)
            wall.append((time.perf_counter() - began) * 1000)
    return cpu, wall, size


def fill(members: int) -> int:
    """Create members of five chapters with everything that a profile has; return the number of rows of the index."""
    from django.contrib.auth.hashers import make_password  # noqa: PLC0415 -- needs Django to be set up
    from django.db import connection  # noqa: PLC0415 -- the same

    from accounts.models import User  # noqa: PLC0415 -- the same
    from members.choices import (  # noqa: PLC0415 -- the same
        Audience,
        Country,
        PracticeArea,
        ProfileField,
        Standing,
        WorkLanguage,
    )
    from members.models import Chapter, Membership, Profile, ProfileTag, SafetyProfile, Tier  # noqa: PLC0415 -- same
    from members.rules.folding import fold  # noqa: PLC0415 -- the same
    from members.services.profiles import tags_of  # noqa: PLC0415 -- the same

    dice = random.Random(4)
    password = make_password(None)
    chapters = [
        Chapter.objects.create(country=country, name_ru=country.label, name_en=country.label, city=CITIES[country][0])
        for country in Country
    ]
    for country in Country:
        is_open = country not in {Country.TAJIKISTAN, Country.TURKMENISTAN}
        rules = {"directory_public_allowed": is_open, "photo_allowed": is_open, "chapter_size_shown": is_open}
        SafetyProfile.objects.update_or_create(country=country, defaults=rules)
    tier, _is_new = Tier.objects.get_or_create(code="full", defaults={"name_ru": "Адвокат", "name_en": "Advocate"})
    areas, languages = PracticeArea.values, WorkLanguage.values
    rows = 0
    for start in range(0, members, BATCH):
        people = User.objects.bulk_create(
            User(
                email=f"member{number}@example.org",
                name_native=f"{dice.choice(FIRST)} {dice.choice(STEMS)}{dice.choice(['ов', 'ова', 'бекова', 'зода'])}",
                password=password,
            )
            for number in range(start, min(start + BATCH, members))
        )
        profiles = []
        for person in people:
            chapter = dice.choices(chapters, (35, 22, 8, 3, 32))[0]
            profiles.append(
                Profile(
                    user=person,
                    chapter=chapter,
                    city=dice.choice(CITIES[chapter.country]),
                    areas=dice.sample(areas, dice.randint(1, 4)),
                    languages=["ru", dice.choice(languages[1:8]), *dice.sample(languages[8:], dice.random() < 0.03)],
                    has_jury_experience=dice.random() < 0.2,
                    does_pro_bono=dice.random() < 0.3,
                    accepts_referrals=dice.random() < 0.5,
                    is_mentor=dice.random() < 0.05,
                    bio="Уголовная защита. " * 20,
                    name_audience=dice.choices((0, 1, 2, 3), (2, 5, 85, 8))[0],
                    audiences={ProfileField.CITY: Audience.CHAPTER} if dice.random() < 0.1 else {},
                    sort_name=fold(person.name_native),
                )
            )
        Profile.objects.bulk_create(profiles)
        standings = (Standing.ACTIVE, Standing.GRACE, Standing.LAPSED)
        Membership.objects.bulk_create(
            Membership(
                user=profile.user,
                number=f"{profile.chapter.country}-{profile.user_id:06d}",
                chapter=profile.chapter,
                tier=tier,
                joined_on=dt.date(2024, 1, 1),
                standing=dice.choices(standings, (80, 5, 15))[0],
            )
            for profile in profiles
        )
        tags = [
            ProfileTag(profile=profile, kind=kind, code=code, audience=audience)
            for profile in profiles
            for (kind, code), audience in tags_of(profile).items()
        ]
        ProfileTag.objects.bulk_create(tags, batch_size=10_000)
        rows += len(tags)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    return rows


def open_session() -> str:
    """Return the key of a session of an active member."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: PLC0415 -- as above
    from django.contrib.sessions.backends.db import SessionStore  # noqa: PLC0415 -- as above

    reader = active_member()
    session = SessionStore()
    session[SESSION_KEY] = str(reader.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = reader.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def active_member():  # type: ignore[no-untyped-def]
    """Return the first active member."""
    from accounts.models import User  # noqa: PLC0415 -- as above

    return User.objects.filter(membership__standing="active").order_by("pk")[0]


def count_queries() -> dict[str, int]:
    """Return how many queries each page takes once its numbers are kept, which they are for a minute."""
    from django.db import connection  # noqa: PLC0415 -- as above
    from django.test import Client  # noqa: PLC0415 -- as above
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415 -- as above

    client = Client()
    client.force_login(active_member())
    counts = {}
    for name, query in PAGES.items():
        client.get(f"/en/members/{query}")
        with CaptureQueriesContext(
            connection,
        ) as caught:
            client.get(f"/en/members/{query}")
        counts[name] = len(caught)
    return counts


if __name__ == "__main__":
    sys.exit(main())
