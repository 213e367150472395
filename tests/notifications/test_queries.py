"""How many queries the pages take, as literals: with one, three and three hundred notifications.

Each page is asked for twice; the first time fills the cache. Every page has two of these: the person behind the
session, and the number at the bell.
"""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from notifications import services
from notifications.models import Item, Mute
from tests.notifications.kinds import SITE_ONLY
from tests.notifications.pages import CENTRE, many_items, tell_about
from tests.notifications.test_deliveries import many_deliveries

pytestmark = [pytest.mark.django_db, pytest.mark.parametrize("count", [1, 3, 300])]

Ask = Callable[[str, int], None]


@pytest.fixture
def assert_queries(browser: Client, django_assert_num_queries: Callable) -> Ask:
    def ask(url: str, queries: int) -> None:
        assert browser.get(url).status_code == 200
        with django_assert_num_queries(queries):
            browser.get(url)

    return ask


def test_centre_of_unread(reader: User, count: int, assert_queries: Ask) -> None:
    many_items(reader, count)

    # kinds that are there, unread lines, read lines unless the page is full, subjects, mutes, bounces, reader, choices
    assert_queries(CENTRE, {1: 10, 3: 10, 300: 9}[count])


def test_centre_of_read(reader: User, count: int, assert_queries: Ask) -> None:
    many_items(reader, count, read=True)

    assert_queries(CENTRE, 10)


def test_centre_of_two_kinds(reader: User, count: int, assert_queries: Ask) -> None:
    many_items(reader, count)
    many_items(reader, count, kind=SITE_ONLY)

    assert_queries(CENTRE, {1: 11, 3: 11, 300: 10}[count])


def test_centre_of_a_group(reader: User, count: int, assert_queries: Ask) -> None:
    many_items(reader, count)

    assert_queries(f"{CENTRE}?group=tests.news", {1: 10, 3: 10, 300: 9}[count])


def test_open_item(browser: Client, reader: User, count: int, django_assert_num_queries: Callable) -> None:
    items = many_items(reader, count)
    browser.get(f"{CENTRE}{items[0].pk}/")

    with django_assert_num_queries(4):  # the person, the line, its mark, its subject
        assert browser.get(f"{CENTRE}{items[-1].pk}/").status_code == 302


def test_read_all(browser: Client, reader: User, count: int, django_assert_num_queries: Callable) -> None:
    many_items(reader, count)
    browser.get(CENTRE)

    with django_assert_num_queries(2):
        browser.post(f"{CENTRE}read/", {"up_to": timezone.now().isoformat()})
    assert Item.objects.unread().count() == 0


def test_pulse(browser: Client, reader: User, count: int, django_assert_num_queries: Callable) -> None:
    many_items(reader, count)
    etag = browser.get(f"{CENTRE}pulse/")["ETag"]

    with django_assert_num_queries(2):
        assert browser.get(f"{CENTRE}pulse/", headers={"if-none-match": etag}).status_code == 304


def test_settings(reader: User, count: int, assert_queries: Ask) -> None:
    for item in many_items(reader, count):
        Mute.objects.create(user=reader, scope=item.scope, created_at=timezone.now())

    # browsers are asked for only where there is push
    assert_queries(f"{CENTRE}settings/", 8)  # reader, choices, mutes, what they are about, subjects, bounces


def test_deliveries(reader: User, count: int, assert_queries: Ask) -> None:
    many_deliveries(reader, count)

    assert_queries(f"{CENTRE}deliveries/", 6)  # rows, subjects, choices, reader


def test_home(reader: User, home_pages: object, count: int, assert_queries: Ask) -> None:
    many_items(reader, count)

    assert_queries("/en/home/", 11)


def test_count_unread_is_one_query(reader: User, count: int, django_assert_num_queries: Callable) -> None:
    tell_about(reader, "One")
    many_items(reader, count)
    services.count_unread(reader)  # what is pulled is in the cache for a minute

    with django_assert_num_queries(1):
        assert services.count_unread(reader) == min(count + 1, 100)
