"""Run by `tests.bench_forum` within `manage.py shell`: a session, and of each page its queries and their plans."""

import json

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.cached_db import SessionStore
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from forum.models import Room, Thread

SCANS = ("forum_post", "forum_threadread", "forum_thread")


def scans_of(plan: dict) -> list[str]:
    """Return the tables that a plan reads from beginning to end."""
    own = [plan["Relation Name"]] if plan["Node Type"] == "Seq Scan" and plan.get("Relation Name") in SCANS else []
    return own + [table for part in plan.get("Plans", []) for table in scans_of(part)]


reader = User.objects.get(email="member0@example.org")
session = SessionStore()
session[SESSION_KEY] = str(reader.pk)
session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
session[HASH_SESSION_KEY] = reader.get_session_auth_hash()
session.save()
room, deep = Room.objects.get(slug="bench-1"), Thread.objects.get(pk=1)
middle = (
    Thread.objects.filter(room=room).order_by("-bump_seq").values_list("bump_seq", flat=True)[room.thread_count // 2]
)
pages = [
    ("index", "index", "/forum/"),
    ("room, first", "room", room.get_absolute_url()),
    ("room, deep", "room", f"{room.get_absolute_url()}?before={middle}"),
    ("thread, first", "thread", deep.get_absolute_url()),
    ("thread, deep", "thread", f"{deep.get_absolute_url()}?page={deep.page_count // 2}"),
    ("thread, last", "thread", f"{deep.get_absolute_url()}?page={deep.page_count - 1}"),
    ("unread, followed", "unread", "/forum/unread/"),
    ("unread, all", "unread", "/forum/unread/?tab=all"),
]
client = Client(headers={"x-forwarded-proto": "https"})
client.cookies["sessionid"] = session.session_key
queries, scans = {}, {}
for name, _kind, path in pages:
    client.get(path)
    with CaptureQueriesContext(connection) as caught:
        response = client.get(path)
    assert response.status_code == 200, (path, response.status_code)
    queries[name] = len(caught)
    found = set()
    for query in caught.captured_queries:
        if query["sql"].startswith("SELECT"):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {query['sql']}")
                found |= set(scans_of(cursor.fetchone()[0][0]["Plan"]))
    scans[name] = sorted(found)
short = Thread.objects.filter(room=room).order_by("pk")[1]
print(
    "RESULT"
    + json.dumps(
        {
            "session": session.session_key,
            "pages": pages,
            "queries": queries,
            "scans": scans,
            "reply": f"{short.get_absolute_url()}reply/",
        }
    )
)
