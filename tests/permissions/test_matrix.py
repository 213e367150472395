"""Who may open what: every address of the project, asked by every role, against one table.

The table is `table.txt`. A new address must be added to it, or the first test fails; what an outcome means is said at
its top. Each request is rolled back, so that the order does not matter.
"""

import re

import pytest
from django.contrib.auth import SESSION_KEY
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from courses.models import CourseIndexPage
from tests.permissions.routes import make_path, walk_routes
from tests.permissions.table import ANY, ROLES, Row, read_table
from tests.permissions.world import World, make_world

pytestmark = pytest.mark.django_db

ROWS = read_table()
ROUTES = list(walk_routes())
NAMED = {200: "ok", 301: "go", 302: "go", 403: "no", 404: "-", 410: "gone", 422: "form"}


def row_of(route: str) -> Row | None:
    """Return the row of a route: its own, else the longest prefix that covers it."""
    rows = [row for row in ROWS if row.covers(route)]
    return max(rows, key=lambda row: (not row.route.endswith("**"), len(row.route)), default=None)


def test_every_address_stands_in_the_table() -> None:
    assert [route for route in ROUTES if row_of(route) is None] == []


def test_every_row_of_the_table_is_an_address() -> None:
    used = {row_of(route) for route in ROUTES}
    assert [row.route for row in ROWS if row not in used] == []


@pytest.fixture
def world(catalogues: dict[str, CourseIndexPage], settings: Settings) -> World:
    settings.REQUIRE_STAFF_MFA = False  # tests/accounts/test_second_factor.py proves that door
    return make_world(catalogues)


def outcome(response: HttpResponse) -> str:
    location = response.get("Location", "")
    if re.match(r"(/en)?/account/login/|/admin/login/|(/en)?/account/reauthenticate/", location):
        return "in"
    return NAMED.get(response.status_code, str(response.status_code))


def ask(client: Client, path: str) -> str:
    """Return what comes of opening a path, or of sending an empty form where it takes nothing else."""
    with transaction.atomic():
        response = client.get(path)
        if response.status_code == 405:
            response = client.post(path)
        transaction.set_rollback(True)
    return outcome(response)


@pytest.mark.parametrize("role", ROLES)
def test_role(role: str, world: World) -> None:
    user = world.people[role]
    column = ROLES.index(role)
    client = Client(raise_request_exception=True)
    faults = []
    for route in ROUTES:
        row = row_of(route)
        if row is None or row.outcomes[column] == ANY:
            continue
        if user is not None and SESSION_KEY not in client.session:  # the one before may have signed out
            client.force_login(user)
        got = ask(client, make_path(route, world.values_for(route)))
        if got != row.outcomes[column]:
            faults.append(f"{route}: {got}, not {row.outcomes[column]}")
    assert faults == []
