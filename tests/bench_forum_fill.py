"""Run by `tests.bench_forum` within `manage.py shell`: a forum of POSTS posts, written by the database itself."""

import datetime as dt
import os

from django.contrib.auth.hashers import make_password
from django.db import connection
from django.utils import timezone

from accounts.models import User
from forum.choices import Audience, Right
from forum.models import Room, RoomRule
from members.models import Chapter, Membership, Profile, Tier, league_day

POSTS = int(os.environ["POSTS"])
MEMBERS = min(20_000, max(200, POSTS // 50))
THREADS = max(600, POSTS * 6 // 100)
DEEP = POSTS // 10  # posts of the one long thread
EACH = (POSTS - DEEP) // (THREADS - 1)
ROOMS = 12
TEXT = "Срок идёт с момента фактического задержания, а не с часа, который стоит в протоколе. " * 6

now, password = timezone.now(), make_password(None)
tier, _is_new = Tier.objects.get_or_create(code="full", defaults={"name_ru": "Адвокат", "name_en": "Advocate"})
chapter = Chapter.objects.create(country="KZ", name_ru="Казахстан", name_en="Kazakhstan", city="Алматы")
for begin in range(0, MEMBERS, 5000):
    people = User.objects.bulk_create(
        User(email=f"member{number}@example.org", name_native=f"Айгуль {number}", password=password)
        for number in range(begin, min(begin + 5000, MEMBERS))
    )
    Profile.objects.bulk_create(
        Profile(user=person, chapter=chapter, sort_name=person.name_native) for person in people
    )
    Membership.objects.bulk_create(
        Membership(
            user=person,
            number=f"KZ-{person.pk:06d}",
            chapter=chapter,
            tier=tier,
            joined_on=league_day(),
            standing="active",
        )
        for person in people
    )
User.objects.update(joined_at=now - dt.timedelta(days=1000))
rooms = Room.objects.bulk_create(
    Room(slug=f"bench-{number}", name_ru=f"Раздел {number}", name_en=f"Room {number}", position=number)
    for number in range(ROOMS)
)
RoomRule.objects.bulk_create(RoomRule(room=room, audience=Audience.MEMBERS, right=Right.START) for room in rooms)
first, least = rooms[0].pk, User.objects.order_by("pk")[0].pk

with connection.cursor() as cursor:

    def run(sql: str, **values: object) -> None:
        cursor.execute(sql, values)

    run(
        """
        INSERT INTO forum_thread (id, room_id, kind, title, state, starter_id, created_at, last_no, last_public_no,
                                  visible_count, last_seq, bump_seq, close_reason)
        SELECT n, %(first)s + n %% %(rooms)s, 'discussion', 'Срок задержания, вопрос ' || n, 'live',
               %(least)s + n %% %(members)s, now() - interval '400 days', 0, 0, 0, 0, 0, ''
        FROM generate_series(1, %(threads)s) n
        """,
        first=first, rooms=ROOMS, least=least, members=MEMBERS, threads=THREADS,
    )  # fmt: skip
    # The posts of a thread come one after another, with those of other threads in between.
    run(
        """
        INSERT INTO forum_post (thread_id, no, seq, author_id, state, source, html, written_at, published_at, version,
                                reason, client_token)
        SELECT thread, no, row_number() OVER (ORDER BY moment, thread, no),
               %(least)s + (thread * 7 + no) %% %(members)s, 'public', %(text)s, '<p>' || %(text)s || '</p>',
               now() - interval '1 day' * (1 - moment) * 300, now() - interval '1 day' * (1 - moment) * 300, 1, '', ''
        FROM (
            SELECT t AS thread, n AS no,
                   CASE WHEN t = 1 THEN n::float / %(deep)s ELSE (t::float + n * 0.9) / %(threads)s END AS moment
            FROM generate_series(1, %(threads)s) t
            CROSS JOIN LATERAL generate_series(1, CASE WHEN t = 1 THEN %(deep)s ELSE %(each)s END) n
        ) AS made
        """,
        least=least, members=MEMBERS, text=TEXT, deep=DEEP, each=EACH, threads=THREADS,
    )  # fmt: skip
    run(
        """
        UPDATE forum_thread SET last_no = p.no, last_public_no = p.no, visible_count = p.no, last_seq = p.seq,
               bump_seq = p.seq, last_at = p.published_at, last_by_id = p.author_id
        FROM (SELECT DISTINCT ON (thread_id) * FROM forum_post ORDER BY thread_id, no DESC) p
        WHERE p.thread_id = forum_thread.id
        """
    )
    run(
        """
        UPDATE forum_room SET thread_count = c.threads, post_count = c.posts, last_seq = c.last,
               last_thread_id = c.thread
        FROM (SELECT room_id, count(*) AS threads, sum(visible_count) AS posts, max(last_seq) AS last,
                     (array_agg(id ORDER BY last_seq DESC))[1] AS thread FROM forum_thread GROUP BY room_id) c
        WHERE c.room_id = forum_room.id
        """
    )
    run("UPDATE forum_clock SET seq = (SELECT max(seq) FROM forum_post)")
    run(
        """
        INSERT INTO forum_clockday (day, seq)
        SELECT (now() - interval '1 day' * d)::date, coalesce((SELECT max(seq) FROM forum_post
               WHERE seq <= (1 - d / 300.0) * (SELECT max(seq) FROM forum_post)), 0) FROM generate_series(0, 299) d
        """
    )
    # Sixty threads read by each member, and by the reader who is measured every third of all.
    run(
        """
        INSERT INTO forum_threadread (user_id, thread_id, read_no, level, level_reason, is_pin_dismissed)
        SELECT %(least)s + m, 1 + (m * 61 + n * 997) %% %(threads)s, 3, CASE WHEN n %% 3 = 0 THEN 2 END, '', false
        FROM generate_series(1, %(members)s - 1) m CROSS JOIN generate_series(1, 60) n ON CONFLICT DO NOTHING
        """,
        least=least, members=MEMBERS, threads=THREADS,
    )  # fmt: skip
    run(
        """
        INSERT INTO forum_threadread (user_id, thread_id, read_no, level, level_reason, is_pin_dismissed)
        SELECT %(least)s, n, 3, 2, 'posted', false FROM generate_series(1, %(threads)s, 3) n ON CONFLICT DO NOTHING
        """,
        least=least, threads=THREADS,
    )  # fmt: skip
    for table in ("forum_thread", "forum_post", "forum_threadread"):
        run(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
    run("VACUUM ANALYZE")
print(f"{POSTS} posts in {THREADS} threads, one of {DEEP}; {MEMBERS} members")
